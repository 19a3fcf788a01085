#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What pmacct's nfacctd printed (JSON), against what nfdump says that it got.

  pmacct.py packets FILE VERSION       packets of the rows of an export version, 0 without a file
  pmacct.py sent DIR                   packets of what nfdump got that have IP addresses: pmacct prints no others
  pmacct.py compare FILE VERSION DIR   packets and octets of each flow, VLAN and MAC addresses, direction and interfaces,
                                       times that lie where nfdump has them; exit code 1 and one line a difference"""
import json
import os
import sys

import records


def load(path, version):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [row for row in rows if row["export_proto_version"] == version]


def key(row):
    return (row["ip_src"], row["ip_dst"], row["ip_proto"], row["port_src"], row["port_dst"])


def gather(rows, identity, packets, octets):
    flows = {}
    for row in rows:
        flow = flows.setdefault(identity(row), [0, 0])
        flow[0] += row[packets]
        flow[1] += row[octets]
    return flows


def compare(rows, known):
    known = [r for r in known if r["src"] is not None]
    names = {str(r["proto"]) for r in known}
    want = gather(known, lambda r: (r["src"], r["dst"], r["proto"], r["sport"], r["dport"]), "packets", "octets")
    rows = [r for r in rows if r["ip_proto"] in names and r["ip_src"]]
    have = gather(rows, lambda r: key(r)[:2] + (int(r["ip_proto"]),) + key(r)[3:], "packets", "bytes")
    for flow in sorted(set(want) | set(have), key=str):
        if want.get(flow) != have.get(flow):
            yield f"{flow}: pmacct has {have.get(flow)}, nfdump {want.get(flow)}"
    first = min(r["first"] for r in known) / 1000
    last = max(r["last"] for r in known) / 1000
    for row in rows:
        start, end = float(row["timestamp_start"]), float(row["timestamp_end"])
        if not first - 0.001 <= start <= end <= last + 0.001:
            yield f"{key(row)}: times {start} to {end}, all are from {first} to {last}"
    for name, have_all, want_all in (
            ("MAC addresses", {r["mac_src"] for r in rows}, {r["smac"] for r in known}),
            ("VLAN", {r["vlan"] for r in rows}, {r["vlan"] for r in known}),
            ("interfaces", {r["iface_in"] for r in rows}, {r["in"] for r in known})):
        if have_all != want_all:
            yield f"{name}: pmacct has {sorted(have_all)}, nfdump {sorted(want_all)}"


def main(argv):
    if argv[1] == "sent":
        print(sum(r["packets"] for r in records.load(argv[2], []) if r["src"] is not None))
        return
    rows = load(argv[2], int(argv[3]))
    if argv[1] == "packets":
        print(sum(row["packets"] for row in rows))
    elif argv[1] == "compare":
        differences = list(compare(rows, records.load(argv[4], [])))
        print("\n".join(differences))
        sys.exit(1 if differences or not rows else 0)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
