#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays tunnel captures with every decapsulation on, and compares the flows with tshark's innermost headers.

usage: inner.py NFPROBE CAPTURES [FILE ...]

Frame by frame tshark's list of protocols tells the innermost IP header and the transport header behind it. As defined
in ebpf/decap.h the first fragment of an outer datagram tells what is inside, and later ones do not; what ICMP errors
quote and what is compressed (IPComp) is no packet of its own. Packets per innermost 5-tuple have to be equal, and all packets have to be there.
IPv6 protocols without ports are compared by addresses alone. inner-exceptions.tsv beside this file lists the captures
that may differ, with the reason; an exception that is not needed any more is a failure too. Without FILE, captures
without a tunnel are left out.
"""
import collections
import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TUNNELS = ("ipip", "6in4", "gre", "erspan", "vxlan", "geneve", "gtp-u", "l2tp", "teredo", "mpls-in-udp")
NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "dccp": 33, "udplite": 136, "icmp": 1, "icmpv6": 58}
PORTS = {"tcp": "tcp", "udp": "udp", "sctp": "sctp", "dccp": "dccp", "udplite": "udp"}
FIELDS = ["frame.protocols", "ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.fraghdr.nxt",
          "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport",
          "dccp.srcport", "dccp.dstport"]
OPTIONS = ["ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE"]


def protocol_of(number, version):
    return number if version == 4 or number in NUMBERS.values() else 0


def innermost(protocols, fields):
    """(version, src, dst, protocol, sport, dport) of a frame, or None without an IP header."""
    seen = collections.Counter()
    ip = transport = None
    for name in protocols:
        if name == "ipcomp":
            break
        index = seen[name]
        seen[name] += 1
        if name in ("ip", "ipv6"):
            ip, transport = (name, index), None
        elif name in NUMBERS and ip and not transport:
            ports = PORTS.get(name)
            place = seen["udp"] + seen["udplite"] - 1 if ports == "udp" else index
            transport = (NUMBERS[name], ports, place)
        if name in ("icmp", "icmpv6"):
            break  # what follows is quoted
    if not ip:
        return None
    name, index = ip
    version = 4 if name == "ip" else 6
    try:
        src, dst = fields[name + ".src"][index], fields[name + ".dst"][index]
        if transport and transport[1]:
            number, ports, place = transport
            return (version, src, dst, number, int(fields[ports + ".srcport"][place]),
                    int(fields[ports + ".dstport"][place]))
        if transport:
            number = transport[0]
        elif version == 4:
            number = int(fields["ip.proto"][index])
        elif fields["ipv6.fraghdr.nxt"]:
            number = int(fields["ipv6.fraghdr.nxt"][-1])
        else:
            number = int(fields["ipv6.nxt"][index])
    except IndexError:
        return None
    return (version, src, dst, protocol_of(number, version), 0, 0)


def tshark(path):
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=,"]
    for option in OPTIONS:
        command += ["-o", option]
    for field in FIELDS:
        command += ["-e", field]
    flows = collections.Counter()
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        values = (line.split("\t") + [""] * len(FIELDS))[:len(FIELDS)]
        fields = {f: v.split(",") if v else [] for f, v in zip(FIELDS, values)}
        key = innermost(values[0].split(":"), fields)
        if key:
            flows[key] += 1
    return flows


def nfprobe(program, path):
    result = subprocess.run([program, "replay", path, "--interval", "1h", "--json", "--decapsulate", "all"],
                            capture_output=True, text=True)
    if result.returncode:
        return None, 0, "exit code %d: %s" % (result.returncode, result.stderr.strip())
    flows, packets = collections.Counter(), 0
    for line in result.stdout.splitlines():
        r = json.loads(line)
        packets += r["packetDeltaCount"]
        if "protocolIdentifier" not in r:
            continue
        version, number = r["ipVersion"], r["protocolIdentifier"]
        ports = (0, 0) if number in (1, 58) else (r.get("sourceTransportPort", 0), r.get("destinationTransportPort", 0))
        key = (version, r["sourceIPv%dAddress" % version], r["destinationIPv%dAddress" % version],
               protocol_of(number, version)) + ports
        flows[key] += r["packetDeltaCount"]
    return flows, packets, None


def check(program, path, packets):
    ours, counted, fault = nfprobe(program, path)
    if fault:
        return [fault]
    truth = tshark(path)
    faults = [] if counted == packets else ["%d packets counted, the capture has %d" % (counted, packets)]
    return faults + ["%s: %d packets, tshark has %d" % (key, ours[key], truth[key])
            for key in sorted(set(ours) | set(truth)) if ours[key] != truth[key]]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, folder, only = sys.argv[1], sys.argv[2], set(sys.argv[3:])
    with open(os.path.join(HERE, "inner-exceptions.tsv"), newline="") as f:
        exceptions = {r[0] for r in csv.reader(f, delimiter="\t") if r and not r[0].startswith("#")}
    with open(os.path.join(folder, "index.tsv"), newline="") as f:
        rows = [r for r in csv.DictReader(f, delimiter="\t")
                if (r["file"] in only if only else any(t in r["encapsulations"] for t in TUNNELS))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda r: check(program, os.path.join(folder, r["file"]), int(r["packets"])), rows))
    bad = 0
    for name, faults in zip((r["file"] for r in rows), results):
        if not faults and name in exceptions and not only:
            faults = ["agrees: the exception is not needed"]
        elif name in exceptions:
            continue
        bad += bool(faults)
        for fault in faults[:10]:
            print("%s: %s" % (name, fault))
        if len(faults) > 10:
            print("%s: and %d more" % (name, len(faults) - 10))
    print("%d tunnel captures agree or are excused, %d do not" % (len(rows) - bad, bad))
    sys.exit(1 if bad or not rows else 0)


if __name__ == "__main__":
    main()
