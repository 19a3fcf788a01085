#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What nfdump says that it got, as plain records; and whether that is what was sent.

  records.py list DIR [KEY=VALUE...]     the records, one JSON a line
  records.py sum DIR [KEY=VALUE...]      "packets octets records" of those whose keys have the values
  records.py compare EXPECTED DIR [KEY=VALUE...]
        EXPECTED: rows of frames.py. Each flow's packets, octets, flags, TOS, VLAN and MAC addresses,
        summed over buckets; exit code 1 and one line for each difference

Keys: src dst sport dport proto packets octets flags tos vlan smac dmac in out direction first last."""
import datetime
import ipaddress
import json
import subprocess
import sys

FLAGS = "CEUAPRSF"  # nfdump's letters, high bit first
NO_MAC = "00:00:00:00:00:00"


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
                 .timestamp() * 1000)


def address(flow, side):
    for key in (f"{side}4_addr", f"{side}6_addr"):
        if key in flow and not ipaddress.ip_address(flow[key]).is_unspecified:
            return str(ipaddress.ip_address(flow[key]))
    return None


def plain(flow):
    icmp = "icmp_type" in flow
    src = address(flow, "src")
    return {
        "src": src, "dst": address(flow, "dst"),
        "sport": 0 if icmp else flow.get("src_port", 0),
        "dport": flow["icmp_type"] << 8 | flow["icmp_code"] if icmp else flow.get("dst_port", 0),
        "proto": flow.get("proto", 0) if src else None,
        "packets": flow["in_packets"], "octets": flow["in_bytes"],
        "flags": sum(0x80 >> i for i, c in enumerate(flow.get("tcp_flags", "")) if c == FLAGS[i]),
        "tos": flow.get("src_tos", 0), "vlan": flow.get("src_vlan", 0),
        "smac": flow.get("in_src_mac", NO_MAC), "dmac": flow.get("in_dst_mac", NO_MAC),
        "in": flow.get("input_snmp", 0), "out": flow.get("output_snmp", 0),
        "direction": flow.get("direction", 0),
        "first": milliseconds(flow["first"]), "last": milliseconds(flow["last"]),
        "received": milliseconds(flow["received"]),
    }


def load(folder, conditions):
    text = subprocess.run(["nfdump", "-q", "-N", "-R", folder, "-o", "json"], check=True,
                          env={"TZ": "UTC", "PATH": "/usr/bin:/bin"}, text=True,
                          stdout=subprocess.PIPE).stdout.strip().strip("[]").strip().rstrip(",")
    if text == "No matching flows":
        text = ""
    records = [plain(flow) for flow in json.loads(f"[{text}]") if flow.get("type") == "FLOW"]
    wanted = dict(condition.split("=", 1) for condition in conditions)
    return [r for r in records if all(str(r[k]) == v for k, v in wanted.items())]


def identity(row):
    # A record without IP addresses has nothing else that nfdump shows: all of them are one flow.
    if row["proto"] is None:
        return (None, None, None, 0, 0)
    return tuple(row[k] for k in ("src", "dst", "proto", "sport", "dport"))


def gather(rows):
    flows = {}
    for row in rows:
        flow = flows.setdefault(identity(row), {
            "packets": 0, "octets": 0, "flags": 0, "tos": set(), "vlan": set(), "smac": set(), "dmac": set()})
        for key in ("packets", "octets"):
            flow[key] += row[key]
        flow["flags"] |= row["flags"]
        for key in ("tos", "vlan", "smac", "dmac"):
            flow[key].add(row[key])
    return flows


def compare(expected, got):
    differences = []
    want, have = gather(expected), gather(got)
    for key in sorted(set(want) | set(have), key=str):
        name = " ".join(str(part) for part in key)
        if key not in have:
            differences.append(f"{name}: no record")
        elif key not in want:
            differences.append(f"{name}: {have[key]['packets']} packets that nobody sent")
        else:
            for field, value in want[key].items():
                if have[key][field] != value:
                    differences.append(f"{name}: {field} {have[key][field]}, sent {value}")
    return differences


def check_times(records):
    differences = []
    for r in records:
        if not r["first"] <= r["last"] <= r["received"] + 1000 or r["received"] - r["first"] > 120000:
            differences.append(f"{r['src']} {r['dst']}: times {r['first']} {r['last']} {r['received']}")
    return differences


def main(argv):
    if argv[1] == "list":
        for record in load(argv[2], argv[3:]):
            print(json.dumps(record))
    elif argv[1] == "sum":
        records = load(argv[2], argv[3:])
        print(sum(r["packets"] for r in records), sum(r["octets"] for r in records), len(records))
    elif argv[1] == "compare":
        with open(argv[2], encoding="utf-8") as file:
            expected = json.load(file)
        records = load(argv[3], argv[4:])
        differences = compare(expected, records) + check_times(records)
        for difference in differences:
            print(difference)
        sys.exit(1 if differences else 0)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
