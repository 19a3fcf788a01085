#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts what scripts/bench printed into a document: tables.py FIGURES.json DOCUMENT.md

Replaces what stands between <!-- bench: NAME --> and <!-- /bench --> for each NAME that there are figures for; the other
blocks stay as they are, and that is said. NAME: machine, targets, sweep, switch, loss, pipeline, peers, veth."""
import json
import pathlib
import re
import sys

BLOCK = re.compile(r"(<!-- bench: (\w+) -->\n)(.*?)(<!-- /bench -->)", re.S)
# Name, how it reads, target (the issue's), whether less is better.
TARGETS = (
    ("packet_tcp4_hot_added_ns", "tcp4, 1,024 flows", 30, True),
    ("packet_tcp6_hot_added_ns", "tcp6, 1,024 flows", 40, True),
    ("packet_tcp4_1m_added_ns", "tcp4, 1 M flows", 160, True),
    ("packet_tcp4_flood_added_ns", "tcp4, every packet a new flow, tables full", 150, True),
    ("drain_entries_per_s", "entries drained a second", 40e6, False),
    ("pipeline_udp_records_per_s", "table to datagrams, records a second", 5e6, False),
    ("pipeline_slowdown_percent_facts", "records a second that facts of a full table cost, percent", 30, True),
    ("peers_best_over_nfprobe_cpu", "CPU of the best peer over ours", 10, False),
)


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def flows_text(value):
    power = value & value - 1 == 0
    for unit, size in (("M", 1 << 20 if power else 1_000_000), ("k", 1 << 10 if power else 1000)):
        if value >= size:
            return f"{value // size} {unit}"
    return str(value)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def machine(figures):
    row = figures.get("machine")
    return row and (f"{row['cpus']} CPUs ({row['cpu']}), {row['memory_mib'] // 1024} GiB, Linux {row['kernel'].split('-')[0]}, "
                    f"{row['date']}.\n")


def targets(figures):
    rows = []
    for name, text, target, less in TARGETS:
        if name not in figures:
            continue
        value = figures[name]["value"]
        met = value <= target if less else value >= target
        rows.append((f"`{name}`: {text}", number(value), f"{'at most' if less else 'at least'} {number(target)}",
                     "yes" if met else "no"))
    return rows and table(("figure", "measured", "target", "met"), rows)


def sweep(figures):
    rows = {}
    for row in figures.values():
        if "sweep" in row:
            # A mix of four has four flows at least.
            place = 1 if row["flows"] < 1024 else row["flows"]
            rows.setdefault((row["packet"], row["spread"]), {})[place] = row
    if not rows:
        return None
    sizes = sorted({size for cells in rows.values() for size in cells})
    return table(("packets", "flows", *(flows_text(size) for size in sizes)), [
        (packet, spread, *(f"{cells[size]['value']:.0f} ({cells[size]['kernel_hash_lookup']:.0f})" if size in cells else ""
                           for size in sizes)) for (packet, spread), cells in rows.items()])


def switch(figures):
    worst, rotation = figures.get("packet_worst_at_switch_ns"), figures.get("rotation_ms")
    if not worst or not rotation:
        return None
    busy = figures["rotation_busy_ms"]
    us = lambda ns: f"{ns / 1000:.1f} us"
    return table(("", "at a switch", "elsewhere"), [
        ("slowest of the packets, over the median", us(worst["value"]), us(worst["elsewhere_worst"])),
        ("99.9 % of them below", us(worst["p999"]), us(worst["elsewhere_p999"])),
    ]) + "\n" + table(("rotation of a bucket, all protocols", "median", "most"), [
        ("nothing else to do", f"{rotation['value']:.0f} ms", f"{rotation['most']:.0f} ms"),
        ("one CPU counts packets without pause", f"{busy['value']:.0f} ms", f"{busy['most']:.0f} ms"),
    ])


def loss(figures):
    rows = []
    for name, row in figures.items():
        if name.startswith("loss_flows_"):
            fixed = figures[name.replace("loss_", "loss_fixed_")]
            share = [f"{100 * part['coarsened'] / part['packets']:.1f} %" for part in (row, fixed)]
            rows.append((flows_text(row["flows"]), f"{row['lost']}", share[0],
                         f"{100 * row['first_bucket_coarsened'] / row['packets']:.1f} %", share[1]))
    return rows and table(("flows", "packets lost", "coarsened, size settled", "in the first bucket", "`flows: 65536`"), rows)


def pipeline(figures):
    names = ("drain_entries_per_s", "harvest_entries_per_s", "export_records_per_s", "pipeline_udp_records_per_s")
    columns = (("", "one CPU"), ("_spread", "each flow on one of four"), ("_twice", "each flow on two"),
               ("_netflow9", "NetFlow v9"), ("_segmented", "IPFIX, cut by the kernel"),
               ("_netflow9_segmented", "v9, cut by the kernel"))
    columns = [column for column in columns if names[3] + column[0] in figures]
    if len(columns) < 2:
        return None
    return table(("", *(text for _, text in columns)), [
        (f"`{name}`", *(number(figures[name + suffix]["value"]) if name + suffix in figures else "" for suffix, _ in columns))
        for name in names])


def peers(figures):
    rows = []
    for name, row in figures.items():
        found = re.fullmatch(r"peer_(\w+)_cpu_s_per_mpkt", name)
        if found:
            full = figures.get(f"peer_{found[1]}_unseen_at_full_speed")
            rows.append((found[1], f"{row['value']:.3f} s", f"{row['spread'][0]:.3f}-{row['spread'][1]:.3f}", row["unseen"],
                         f"{row['memory_kib'] / 1024:.0f} MiB",
                         f"{full['value']:.1f} % of {full['mpps']} M/s" if full else "not measured"))
    # With its heading: a page without these figures has no such section.
    return rows and ("## Beside other meters\n\nThe same packets at the same rate to each, 10,000 flows; CPU is all that the machine "
                     "did beyond the same\ntraffic unmetered, interrupts included, until the last record was out.\n\n") + table(
        ("", "CPU a million packets", "spread", "unseen", "memory", "unseen at full speed"), rows)


def veth(figures):
    rows = [(name[5:-11].replace("_", " "), f"{row['mpps']} M/s", f"{row['value']:.3f}")
            for name, row in figures.items() if name.startswith("veth_")]
    return rows and ("## On a veth pair\n\nAs fast as one CPU sends, 1,024 flows.\n\n") + table(
        ("program", "packets", "of the throughput with none"), rows)


BLOCKS = {make.__name__: make for make in (machine, targets, sweep, switch, loss, pipeline, peers, veth)}


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    figures = {row["name"]: row for row in map(json.loads, open(sys.argv[1]))}
    document = pathlib.Path(sys.argv[2])

    def replace(match):
        if match[2] not in BLOCKS:
            raise SystemExit(f"tables.py: {document}: no such table: {match[2]}")
        made = BLOCKS[match[2]](figures)
        if not made:
            print(f"tables.py: no figures for {match[2]}: left as it is", file=sys.stderr)
        return match[1] + (made or match[3]) + match[4]

    text = document.read_text()
    document.write_text(BLOCK.sub(replace, text))


if __name__ == "__main__":
    main()
