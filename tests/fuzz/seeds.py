#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""First inputs for fuzz_parse out of captures: seeds.py DIR CAPTURE...

Of each capture some frames, spread over all of it, as files in DIR: one byte for the link (0: Ethernet, 2: none), then
what the parser reads of a frame. Captures of other link types are left out."""
import hashlib
import os
import struct
import sys

FRAMES = 40  # of each capture
BYTES = 640  # of each frame; headers end before
LINKS = {1: 0, 12: 2, 101: 2, 228: 2, 229: 2}
PCAP = (0xa1b2c3d4, 0xa1b23c4d)
PCAPNG, BYTE_ORDER = 0x0a0d0d0a, 0x1a2b3c4d


def read_pcap(data, order):
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xffff
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        yield link, data[at + 16:at + 16 + size]
        at += 16 + size


def read_pcapng(data):
    at, order, links = 0, "<", []
    while at + 12 <= len(data):
        if struct.unpack_from("<I", data, at)[0] == PCAPNG:
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == BYTE_ORDER else ">"
            links = []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12:
            return
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        elif kind == 6:
            interface, captured = struct.unpack_from(order + "I8xI", data, at + 8)
            if interface < len(links):
                yield links[interface], data[at + 28:at + 28 + captured]
        at += size


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 24:
        return []
    for order in "<>":
        if struct.unpack_from(order + "I", data)[0] in PCAP:
            return list(read_pcap(data, order))
    return list(read_pcapng(data)) if struct.unpack_from("<I", data)[0] == PCAPNG else []


def main():
    folder, paths = sys.argv[1], sys.argv[2:]
    seeds = set()
    for path in paths:
        frames = [(LINKS[link], frame[:BYTES]) for link, frame in read(path) if link in LINKS]
        seeds.update(bytes((link,)) + frame for link, frame in frames[::max(1, len(frames) // FRAMES)])
    for seed in seeds:
        with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()), "wb") as f:
            f.write(seed)
    print(f"{len(seeds)} frames of {len(paths)} captures")
    sys.exit(not seeds)


main()
