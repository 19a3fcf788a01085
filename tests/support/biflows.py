#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""biflows.py UNIFLOWS BIFLOWS SERVER-PORT <STATUS: the records (ipfix.py records) that two collectors got of the same
traffic, one with `biflow: true`. Fails with a line each for what is wrong; prints what there was."""
import collections
import json
import sys

ICMP_REQUESTS = {(1, 8 << 8), (58, 128 << 8)}


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def total(records, field):
    return sum(r[field] + r.get("reverse" + field[0].upper() + field[1:], 0) for r in records)


def ends(record):
    family = "IPv4" if "sourceIPv4Address" in record else "IPv6"
    return (record[f"source{family}Address"], record.get("sourceTransportPort", 0),
            record[f"destination{family}Address"], record.get("destinationTransportPort", 0))


def main(argv):
    single, both = load(argv[1]), load(argv[2])
    port = int(argv[3])
    status = json.load(sys.stdin)
    wrong = []

    def expect(fine, text):
        if not fine:
            wrong.append(text)

    for field in ("packetDeltaCount", "octetDeltaCount", "layer2OctetDeltaCount"):
        expect(total(single, field) == total(both, field),
               f"{field}: {total(single, field)} in uniflows, {total(both, field)} in biflows")
    expect(total(both, "packetDeltaCount") == status["recorded"], "the packets are not those of the books")
    pairs = [r for r in both if "reversePacketDeltaCount" in r]
    expect(len(both) + len(pairs) == len(single), f"{len(both)} records, {len(pairs)} of them pairs, of {len(single)}")
    expect(len({r["flowId"] for r in both}) == len(both), "a flowId came twice")
    expect({r["flowId"] for r in both} <= {r["flowId"] for r in single}, "a flowId that no uniflow has")
    expect(all("biflowDirection" in r for r in both), "a record without biflowDirection")
    expect(not any("biflowDirection" in r or "reversePacketDeltaCount" in r for r in single),
           "a uniflow of the other collector has a direction")
    counters = status["daemon"]["biflow"]
    expect(counters == {"biflows": len(pairs), "uniflows": len(both) - len(pairs), "crowded": 0,
                        "directions_evicted": 0}, f"counters {counters}")

    tcp = [r for r in both if r["protocolIdentifier"] == 6]
    for r in tcp:
        forward = r["destinationTransportPort"] == port
        expect(forward or "reversePacketDeltaCount" not in r, f"TCP the wrong way round: {r}")
        expect(r["biflowDirection"] == (1 if forward else 2), f"TCP with direction {r['biflowDirection']}: {r}")
    buckets = collections.defaultdict(set)
    for r in tcp:
        if "reversePacketDeltaCount" in r:
            buckets[ends(r)].add(r["monitoringIntervalStartMilliSeconds"])
    expect(max(map(len, buckets.values()), default=0) >= 3, "no TCP connection over three buckets")
    for r in pairs:
        expect(r["flowDirection"] == r["reverseFlowDirection"], f"in with out: {r}")
        expect(r["ingressInterface"] == r["reverseEgressInterface"] or not r["reverseEgressInterface"] or
               not r["ingressInterface"], f"interfaces: {r}")
        if r["protocolIdentifier"] in (1, 58):
            expect((r["protocolIdentifier"], r["destinationTransportPort"]) in ICMP_REQUESTS, f"ICMP: {r}")
            expect(r["packetDeltaCount"] == r["reversePacketDeltaCount"], f"unanswered: {r}")
    kinds = collections.Counter(r["protocolIdentifier"] for r in pairs)
    for protocol in (1, 6, 17, 58):
        expect(kinds[protocol], f"no pair of protocol {protocol}")
    alone = [r for r in both if r["protocolIdentifier"] == 17 and "reversePacketDeltaCount" not in r]
    expect(alone and all(r["biflowDirection"] == 1 for r in alone), f"UDP without an answer: {alone}")
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{total(both, 'packetDeltaCount')} packets, {len(single)} uniflows: {len(pairs)} pairs by protocol "
          f"{dict(sorted(kinds.items()))}, {len(both) - len(pairs)} alone")


if __name__ == "__main__":
    main(sys.argv)
