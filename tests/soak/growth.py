#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""growth.py BEFORE AFTER: two lines "NAME VALUE NAME VALUE ..."; exit code 1 and a line for each that grew beyond noise."""
import sys

# What may come and go: a bucket's maps and pins, a connection. Memory: up to `resend` (8 MiB) for each of three collectors, which
# resets fill, and the allocator's arenas.
SLACK = {"descriptors": 8, "threads": 1, "pins": 60, "memory_kib": 40960, "map_kib": 16384}


def read(line):
    words = line.split()
    return dict(zip(words[::2], map(int, words[1::2])))


before, after = (read(line) for line in sys.argv[1:3])
grown = [name for name, slack in SLACK.items() if after[name] > before[name] + slack]
for name in grown:
    print(f"{name}: {before[name]}, then {after[name]}")
sys.exit(bool(grown))
