#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes flows as ntopng does (ntopng src/ZMQCollectorInterface.cpp and ZMQParserInterface.cpp, nDPI
ndpi_serializer.c), sharing no code with the exporter, and is strict where ntopng is silent.

  ntopng.py subscribe connect|bind ENDPOINT FILE [PAUSE]   one JSON line a message into FILE until killed;
                                             PAUSE: seconds of sleep after each message
  ntopng.py check FILE                       a summary (JSON); exit code 1 and a line each for what is wrong
  ntopng.py records FILE                     the flows, one JSON a line"""
import ipaddress
import json
import struct
import sys
import time

TOPICS = ["flow", "event", "counter", "template", "option", "hello", "listening-ports", "snmp-ifaces", "message"]
NTOP = 57472
NAMES = {1: "IN_BYTES", 2: "IN_PKTS", 4: "PROTOCOL", 5: "SRC_TOS", 6: "TCP_FLAGS", 7: "L4_SRC_PORT",
         8: "IPV4_SRC_ADDR", 10: "INPUT_SNMP", 11: "L4_DST_PORT", 12: "IPV4_DST_ADDR", 14: "OUTPUT_SNMP",
         16: "SRC_AS", 17: "DST_AS", 21: "LAST_SWITCHED", 22: "FIRST_SWITCHED", 23: "OUT_BYTES",
         24: "OUT_PKTS", 27: "IPV6_SRC_ADDR", 28: "IPV6_DST_ADDR", 55: "DST_TOS", 56: "IN_SRC_MAC",
         58: "SRC_VLAN", 60: "IP_PROTOCOL_VERSION", 61: "DIRECTION", 80: "IN_DST_MAC",
         130: "EXPORTER_IPV4_ADDRESS", 131: "EXPORTER_IPV6_ADDRESS", 136: "FLOW_END_REASON",
         234: "INGRESS_VRFID", NTOP + 78: "CLIENT_TCP_FLAGS", NTOP + 79: "SERVER_TCP_FLAGS"}
TEXTS = {27, 28, 56, 80, 130, 131, 136}
MANDATORY = {"FIRST_SWITCHED", "LAST_SWITCHED", "L4_SRC_PORT", "L4_DST_PORT", "IP_PROTOCOL_VERSION", "PROTOCOL",
             "IN_BYTES", "IN_PKTS", "OUT_BYTES", "OUT_PKTS"}
WIDTHS = {2: 1, 3: 2, 4: 4, 5: 8}


class Wrong(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def number(data, at, kind):
    width = WIDTHS[kind]
    expect(at + width <= len(data), "cut short")
    value = int.from_bytes(data[at:at + width], "big")
    expect(width == 1 or value >= 1 << 8 * (width // 2), f"{value} in {width} octets")
    return value, at + width


def flow(fields):
    got = {}
    for key, value in fields:
        expect(key in NAMES, f"ntopng does not know id {key}")
        expect(NAMES[key] not in got, f"{NAMES[key]} comes twice")
        expect(isinstance(value, str) == (key in TEXTS), f"{NAMES[key]} is {value!r}")
        expect(isinstance(value, str) or value < 1 << 32, f"{NAMES[key]} has more than 32 bits: {value}")
        got[NAMES[key]] = value
    for name in MANDATORY - {"L4_SRC_PORT", "L4_DST_PORT"}:
        expect(name in got, f"no {name}")
    families = {name[:4] for name in got if name.endswith("C_ADDR") or name.endswith("T_ADDR")}
    expect(len(families) == 1, f"addresses of {families}")
    expect(got["IP_PROTOCOL_VERSION"] == (4 if families == {"IPV4"} else 6), "version and addresses differ")
    for name in ("IPV4_SRC_ADDR", "IPV4_DST_ADDR", "IPV6_SRC_ADDR", "IPV6_DST_ADDR"):
        if name in got:
            got[name] = str(ipaddress.ip_address(got[name]))
    expect(1e9 < got["FIRST_SWITCHED"] <= got["LAST_SWITCHED"] < 2.2e9,
           f"times {got['FIRST_SWITCHED']} {got['LAST_SWITCHED']}")
    expect(("EXPORTER_IPV4_ADDRESS" in got) != ("EXPORTER_IPV6_ADDRESS" in got), "one exporter address")
    if got["PROTOCOL"] == 6:
        expect("TCP_FLAGS" in got, "TCP without flags")
        flags = got.get("CLIENT_TCP_FLAGS", 0) | got.get("SERVER_TCP_FLAGS", 0)
        expect(flags in (0, got["TCP_FLAGS"]), "flags of both sides and of all differ")
        # Without a SYN there ntopng takes the side with the higher port for the client.
        if "CLIENT_TCP_FLAGS" not in got:
            expect(got["TCP_FLAGS"] & 0x12 == 0x12 and got["L4_SRC_PORT"] < got["L4_DST_PORT"], "no CLIENT_TCP_FLAGS")
    return got


def flows(data):
    expect(data[:2] == b"\1\1", "no TLV")
    at, out, fields = 2, [], []
    while at < len(data):
        kind = data[at]
        at += 1
        if kind == 1:
            expect(fields, "empty record")
            out.append(flow(fields))
            fields = []
            continue
        expect(kind >> 4 in (2, 3, 4), f"type of key {kind >> 4}")
        key, at = number(data, at, kind >> 4)
        if kind & 15 == 11:
            length = int.from_bytes(data[at:at + 2], "big")
            expect(at + 2 + length <= len(data), "text cut short")
            value = data[at + 2:at + 2 + length].decode()
            at += 2 + length
        else:
            expect(kind & 15 in WIDTHS, f"type of value {kind & 15}")
            value, at = number(data, at, kind & 15)
        fields.append((key, value))
    expect(not fields, "no end of record")
    expect(0 < len(out) <= 255, f"{len(out)} records")
    return out


def message(parts):
    expect(len(parts) == 2, f"{len(parts)} parts")
    header, payload = parts
    expect(len(header) == 36, f"header of {len(header)} octets")
    url, version, flags, pad = struct.unpack_from("16sBBH", header)
    size, compressed = struct.unpack_from("<II", header, 20)
    msg_id, source = struct.unpack_from(">II", header, 28)
    topic = url.rstrip(b"\0").decode()
    expect(topic in TOPICS, f"topic {topic}")
    expect(version == 4 and pad == 0, f"version {version}")
    expect(size == compressed == len(payload) <= 131072, f"sizes {size}, {compressed} of {len(payload)}")
    expect(flags == (2 if topic == "flow" else 0), f"{topic} with flags {flags}")
    out = {"topic": topic, "msg_id": msg_id, "source": source}
    if topic == "flow":
        out["records"] = flows(payload)
    else:
        out["json"] = json.loads(payload)
    return out


def described(topic, value):
    if topic == "template":
        names = {(row["PEN"], row["field"]): row["name"] for row in value}
        expect(MANDATORY <= set(names.values()), "mandatory names are missing")
        for row in value:
            expect({"PEN", "field", "len", "format", "name", "descr"} == set(row), f"template row {row}")
    elif topic == "event":
        for section, keys in {"iface": {"name", "speed", "ip"}, "avg": {"bps", "pps"},
                              "probe": {"ip", "public_ip", "version", "osname", "uuid", "unique_source_id"},
                              "timeout": {"lifetime", "idle"}, "drops": {"export_queue_full"},
                              "zmq": {"num_flow_exports", "num_exporters"}}.items():
            expect(keys <= set(value[section]), f"event without {keys - set(value[section])}")
        expect({"time", "bytes", "packets", "flow_collection"} <= set(value), "event")
    elif topic == "option":
        expect({"PEN", "field", "value", "map"} == set(value), f"option {value}")
    elif topic == "snmp-ifaces":
        for exporter, names in value.items():
            ipaddress.ip_address(exporter)
            expect(all(int(index) > 0 and isinstance(name, str) for index, name in names.items()), "names")


def subscribe(mode, endpoint, path, pause):
    import zmq
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 4 if pause else 1000)
    if pause:
        socket.setsockopt(zmq.RCVBUF, 16384)
    socket.ipv6 = True
    getattr(socket, mode)(endpoint)
    for topic in TOPICS:
        socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
    with open(path, "a", buffering=1, encoding="utf-8") as out:
        while True:
            parts = socket.recv_multipart()
            try:
                got = message(parts)
                if "json" in got:
                    described(got["topic"], got["json"])
            except (Wrong, ValueError, KeyError, IndexError, struct.error) as error:
                got = {"topic": "error", "msg_id": -1, "source": 0, "error": repr(error)}
            out.write(json.dumps(got) + "\n")
            time.sleep(pause)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def check(path):
    errors, last, topics = [], {}, {}
    total = dict.fromkeys(("flows", "packets", "octets", "restarts", "gaps"), 0)
    for got in lines(path):
        topics[got["topic"]] = topics.get(got["topic"], 0) + 1
        if "error" in got:
            errors.append(got["error"])
            continue
        source = got["source"]
        if source in last:
            if got["msg_id"] <= last[source]:
                total["restarts"] += 1
            else:
                total["gaps"] += got["msg_id"] - last[source] - 1
        last[source] = got["msg_id"]
        for record in got.get("records", ()):
            total["flows"] += 1
            total["packets"] += record["IN_PKTS"] + record["OUT_PKTS"]
            total["octets"] += record["IN_BYTES"] + record["OUT_BYTES"]
    print(json.dumps({**total, "sources": len(last), "topics": topics}))
    for error in errors[:10]:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def main():
    verb, *rest = sys.argv[1:]
    if verb == "subscribe":
        subscribe(rest[0], rest[1], rest[2], float(rest[3]) if len(rest) > 3 else 0)
    elif verb == "check":
        sys.exit(check(rest[0]))
    elif verb == "records":
        for got in lines(rest[0]):
            for record in got.get("records", ()):
                print(json.dumps(record))
    else:
        sys.exit(__doc__)


main()
