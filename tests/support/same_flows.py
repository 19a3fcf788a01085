#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""same_flows.py PACKETS FILE...: JSON lines of records, the same flows in each file: sums of packets, IP and
layer-2 bytes, the TCP flags. PACKETS: how many there must be in all. Exit code 1 and lines that tell."""
import json
import os
import sys

KEY = ("ipVersion", "sourceIPv4Address", "sourceIPv6Address", "destinationIPv4Address", "destinationIPv6Address",
       "protocolIdentifier", "sourceTransportPort", "destinationTransportPort", "icmpTypeCodeIPv4",
       "icmpTypeCodeIPv6", "ethernetType", "vlanId", "dot1qVlanId", "dot1qCustomerVlanId", "ipDiffServCodePoint")
MACS = ("sourceMacAddress", "destinationMacAddress") # part of the key where there is no IP


def read(path):
    flows = {}
    with open(path) as f:
        for line in f:
            record = json.loads(line)
            names = KEY if "ipVersion" in record else KEY + MACS
            flow = flows.setdefault(tuple(record.get(name) for name in names), [0, 0, 0, 0])
            flow[0] += record["packetDeltaCount"]
            flow[1] += record["octetDeltaCount"]
            flow[2] += record["layer2OctetDeltaCount"]
            flow[3] |= record.get("tcpControlBits", 0)
    return flows


def main():
    wanted, paths = int(sys.argv[1]), sys.argv[2:]
    first = read(paths[0])
    bad = 0
    for path in paths:
        flows = read(path)
        packets = sum(flow[0] for flow in flows.values())
        if packets != wanted:
            print(f"{os.path.basename(path)}: {packets} packets, not {wanted}")
            bad += 1
        for key in sorted(first.keys() | flows.keys(), key=str):
            if first.get(key) != flows.get(key):
                bad += 1
                if bad < 20:
                    print(f"{key}: {os.path.basename(paths[0])} {first.get(key)}, "
                          f"{os.path.basename(path)} {flows.get(key)}")
    sys.exit(bad > 0)


main()
