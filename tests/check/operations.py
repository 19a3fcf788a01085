#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/operations.md tells of every counter, metric and reason that the code has, and of none that it has not."""
import pathlib
import re
import sys

DOC = "docs/operations.md"
ROW = re.compile(r'\{ "(\w+)", "(\w+)", (?:COUNTER|GAUGE),')
METRIC = re.compile(r'\b(?:hook_value\(out, l|head\(out), "(\w+)"')
COUNTER = re.compile(r"^NFP_COUNTER\((\w+),", re.M)
REASON = re.compile(r'\[NFP_LOST_\w+\] = "(\w+)"')
WORD = re.compile(r"`([^`]+)`")


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def tables(text):
    """Headings -> rows of the table below them, as lists of cells; of the section Counters."""
    found, heading = {}, None
    for line in text.split("\n## Counters\n", 1)[-1].split("\n## ", 1)[0].splitlines():
        if line.startswith("### "):
            heading = line[4:]
        elif line.startswith("Reasons of"):
            heading = "reasons"
        elif line.startswith("| ") and heading and not re.match(r"\| (metric|counter|reason) \|", line):
            found.setdefault(heading, []).append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def words(rows, column):
    return [word for row in rows for word in WORD.findall(row[column])]


def complaints(doc, metrics_c, counters_def, ledger_c):
    found = tables(doc)
    counters = found.pop("The packet path", [])
    reasons = found.pop("reasons", [])
    others = [row for rows in found.values() for row in rows]
    rows = ROW.findall(metrics_c)
    known = {
        "metric": ({metric for _, metric in rows} | set(METRIC.findall(metrics_c)), words(others, 0)),
        "counter": (set(COUNTER.findall(counters_def)), words(counters, 0)),
        "reason": (set(REASON.findall(ledger_c)), words(reasons, 0)),
    }
    for kind, (wanted, told) in known.items():
        if not wanted:
            yield f"no {kind} was found in the code: this check reads nothing"
        for name in sorted(wanted - set(told)):
            yield f"{DOC}: no row for {kind} `{name}`: what it means, what to do"
        for name in sorted(set(told) - wanted):
            yield f"{DOC}: `{name}` is no {kind} (any more)"
    # The same table tells what a metric is called in the status, but for those it calls "the same".
    told = {word.rsplit(".", 1)[-1] for word in words(others, 1)} | set(words(others, 0))
    for member, _ in rows:
        if member not in told:
            yield f"{DOC}: no name `{member}` in the column of the status"


def self_test():
    doc = "\n## Counters\n\n### A\n\n| metric | status | x | y |\n|---|---|---|---|\n| `m_total` | `a.m` | x | |\n\nReasons of `lost`:\n\n" \
          "| reason | x | y |\n|---|---|---|\n| `r` | x | |\n\n### The packet path\n\n| counter | x | y |\n|---|---|---|\n| `c` | x | |\n"
    code = ['{ "m", "m_total", COUNTER, "x" }', 'NFP_COUNTER(c, "x")', '[NFP_LOST_r] = "r"']
    assert not list(complaints(doc, *code)), list(complaints(doc, *code))
    assert len(list(complaints(doc.replace("`m_total`", "`n_total`"), *code))) == 2
    assert len(list(complaints(doc.replace("`a.m`", "-"), *code))) == 1
    assert len(list(complaints(doc, code[0], code[1] + '\nNFP_COUNTER(d, "x")', code[2]))) == 1
    assert len(list(complaints(doc, code[0], code[1], "nothing"))) == 2


def main():
    self_test()
    found = list(complaints(read(DOC), read("exporter/app/metrics.c"), read("ebpf/counters.def"), read("exporter/app/ledger.c")))
    print("\n".join(found))
    print(f"{len(found)} complaints")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
