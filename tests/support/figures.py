#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what a benchmark printed: figures.py NAME... <LINES

Each line is a JSON object with name, value (a finite number), unit and vs; no name comes
twice; each NAME is the beginning of one."""
import json
import math
import sys

names = []
for line in sys.stdin:
    row = json.loads(line)
    missing = [key for key in ("name", "value", "unit", "vs") if key not in row]
    if missing:
        sys.exit(f"no {', '.join(missing)}: {line}")
    if not isinstance(row["value"], (int, float)) or isinstance(row["value"], bool) or not math.isfinite(row["value"]):
        sys.exit(f"the value is no number: {line}")
    if row["name"] in names:
        sys.exit(f"the name came before: {line}")
    names.append(row["name"])
for wanted in sys.argv[1:]:
    if not any(name.startswith(wanted) for name in names):
        sys.exit(f"no figure {wanted}...")
if not names:
    sys.exit("no figures")
print(f"{len(names)} figures", file=sys.stderr)
