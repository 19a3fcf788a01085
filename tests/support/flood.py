#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A flood of random tuples as a capture, and the check that what was coarsened was coarsened rightly.

usage: flood.py write FILE PACKETS PAIRS
       flood.py check FILE RECORDS
       flood.py send IFNAME PACKETS PAIRS SEED

write: PACKETS packets with random ports between PAIRS pairs of addresses (TCP and UDP, IPv4 and IPv6 in turns).
check: whatever row its packets ended in, each pair of addresses and protocol has its packets, as long as the rows
of IP addresses had room; the MAC addresses have theirs, always; and all packets are in records.
send: the packets leave by an interface, now; SEED makes them others than those of another call.
"""
import collections
import json
import random
import socket
import struct
import sys

MACS = [bytes.fromhex("0200000000%02x" % i) for i in range(1, 9)]


def address(version, number):
    if version == 4:
        return struct.pack(">I", 0x0a000000 + number)
    return bytes.fromhex("20010db8") + struct.pack(">QI", 0, number)


def packet(choose, number, pairs):
    version, protocol = (4, 6)[number & 1], (6, 17)[number >> 1 & 1]
    pair = choose.randrange(pairs)
    src, dst = address(version, 2 * pair), address(version, 2 * pair + 1)
    l4 = struct.pack(">HH", choose.randrange(1, 65536), choose.randrange(1, 65536))
    if protocol == 6:
        l4 += struct.pack(">IIBBHHH", 1, 0, 0x50, 0x10, 1000, 0, 0)
    else:
        l4 += struct.pack(">HH", 8, 0)
    if version == 4:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), 0, 0, 64, protocol, 0) + src + dst
    else:
        ip = struct.pack(">IHBB", 6 << 28, len(l4), protocol, 64) + src + dst
    macs = MACS[pair % 8], MACS[(pair + 1) % 8]
    frame = macs[1] + macs[0] + struct.pack(">H", 0x0800 if version == 4 else 0x86dd) + ip + l4
    return frame, (version, src, dst, protocol), macs[0]


def packets(seed, count, pairs):
    choose = random.Random(seed)
    for number in range(count):
        yield packet(choose, number, pairs)


def write(path, count, pairs):
    seed = 20_01_2024
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for number, (frame, _, _) in enumerate(packets(seed, count, pairs)):
            f.write(struct.pack("<IIII", 1700000000 + number * 20 // count, 0, len(frame), len(frame)) + frame)
    with open(path + ".json", "w", encoding="ascii") as f:
        json.dump({"seed": seed, "count": count, "pairs": pairs}, f)


def send(ifname, count, pairs, seed):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((ifname, 0))
        for frame, _, _ in packets(seed, count, pairs):
            sock.send(frame)


def check(path, records):
    with open(path + ".json", encoding="ascii") as f:
        made = json.load(f)
    pairs, macs = collections.Counter(), collections.Counter()
    for _, key, mac in packets(made["seed"], made["count"], made["pairs"]):
        pairs[key] += 1
        macs[mac] += 1
    got_pairs, got_macs, rows = collections.Counter(), collections.Counter(), collections.Counter()
    total = 0
    with open(records, encoding="ascii") as f:
        for line in f:
            r = json.loads(line)
            n = r["packetDeltaCount"]
            total += n
            rows[r["uid"].split("/")[2]] += n
            if "sourceMacAddress" in r:
                got_macs[bytes.fromhex(r["sourceMacAddress"].replace(":", ""))] += n
            if "protocolIdentifier" in r:
                version = r["ipVersion"]
                family = socket.AF_INET if version == 4 else socket.AF_INET6
                got_pairs[(version, socket.inet_pton(family, r["sourceIPv%dAddress" % version]),
                           socket.inet_pton(family, r["destinationIPv%dAddress" % version]),
                           r["protocolIdentifier"])] += n
    print("%d packets in rows %s" % (total, dict(rows)))
    assert total == made["count"], "%d packets in records, %d were sent" % (total, made["count"])
    if not rows["eth"] and not rows["hook"]:
        assert got_pairs == pairs, "packets of a pair of addresses"
    assert all(got_pairs[k] <= pairs[k] for k in got_pairs), "a pair has more packets than it sent"
    if not rows["hook"]:
        assert got_macs == macs, "packets of a MAC address"


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) == 4 and sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3])
    elif len(sys.argv) == 6 and sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(__doc__)
