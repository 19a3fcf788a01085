#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a capture of UDP frames: capture.py FILE [--flows N] [--packets N] [--gap NS] [--link TYPE]

Flow n (from 0) is 10.1.x.y:1000 -> 10.2.0.1:2000, x.y being n, with payloads of n % 1000 octets. --packets of
each, in turns, one frame every --gap ns from 1500000000 s on (nanosecond pcap). FILE "-" is standard output."""
import argparse
import struct
import sys

START = 1500000000 * 10**9


def frame(flow):
    payload = bytes(flow % 1000)
    udp = struct.pack("!HHHH", 1000, 2000, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                     bytes((10, 1, flow >> 8 & 255, flow & 255)), bytes((10, 2, 0, 1)))
    return bytes.fromhex("020000000002 020000000001 0800") + ip + udp


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    for name, default in (("flows", 1), ("packets", 1), ("gap", 1000000), ("link", 1)):
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    frames = [frame(n) for n in range(args.flows)]
    out = sys.stdout.buffer if args.file == "-" else open(args.file, "wb")
    with out:
        out.write(struct.pack("=IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, args.link))
        for n in range(args.flows * args.packets):
            data = frames[n % args.flows]
            seconds, rest = divmod(START + n * args.gap, 10**9)
            out.write(struct.pack("=IIII", seconds, rest, len(data), len(data)) + data)


main()
