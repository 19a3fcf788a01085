#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/conformance.md: every item has its row, and every test that a row names is there."""
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/conformance.md")
TESTS = pathlib.Path("tests")
ITEMS = {"M": 8, "S": 7, "E": 11, "T": 12, "X": 11, "O": 8, "F": 7, "N": 14, "R": 4}


def items_of(cell):
    """M4, M5 and S1-S4, one by one."""
    for part in cell.split(","):
        first, _, last = part.strip().partition("-")
        letter, begin = first[0], int(first[1:])
        for number in range(begin, int(last[1:] if last else begin) + 1):
            yield f"{letter}{number}"


def fault_of(reference, names):
    """Why a reference is none; None: it is one."""
    path = TESTS / reference
    if not path.suffix and not path.is_dir():
        path = path.with_suffix(".c")
    if not path.exists():
        return f"there is no {path}"
    there = re.findall(r"^Test\(\w+, (\w+)", path.read_text(), re.M) if path.suffix == ".c" else []
    for name in filter(None, (n.strip() for n in names.split(","))):
        start = name.removesuffix("...")
        if name not in there and not (start != name and any(t.startswith(start) for t in there)):
            return f"{path} has no test {name}"
    return None


def main():
    seen, faults = set(), []
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or not re.fullmatch(r"[A-Z]\d+([-, A-Z0-9]*)", cells[0]):
            continue
        seen.update(items_of(cells[0]))
        references = re.findall(r"`([\w/.]+)`(?: \[([^\]]*)\])?", cells[3])
        if not references and not cells[3].startswith("none: "):
            faults.append(f"{PAGE}:{number}: {cells[0]} names no test, nor says \"none: why\"")
        faults += [f"{PAGE}:{number}: {fault}" for fault in (fault_of(*r) for r in references) if fault]
    missing = [f"{k}{n}" for k, most in ITEMS.items() for n in range(1, most + 1) if f"{k}{n}" not in seen]
    if missing:
        faults.append(f"{PAGE}: no row for {', '.join(missing)}")
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
