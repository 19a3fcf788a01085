#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what scripts/bench printed: plots.py FIGURES.json FOLDER

Writes packet.svg (ns a packet against flows), loss.svg (what becomes of flows that do not fit), rates.svg (drain, encode,
send). A plot whose figures are missing is left out, and said so."""
import json
import pathlib
import re
import subprocess
import sys

from tables import flows_text

HEAD = """set terminal svg size 760,420 dynamic noenhanced font 'sans-serif,13' background '#ffffff'
set output '{out}'
set border 3 lc rgb '#777777'
set tics nomirror textcolor rgb '#333333'
set grid ytics lc rgb '#dddddd' lt 1
set key outside right top textcolor rgb '#333333'
"""
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7d4f9e", "#b8860b", "#444444", "#0e9aa7", "#a83279")


def block(name, rows):
    return f"${name} << EOD\n" + "\n".join(" ".join(str(cell) for cell in row) for row in rows) + "\nEOD\n"


def draw(folder, name, script):
    out = folder / name
    subprocess.run(["gnuplot", "-"], input=HEAD.format(out=out) + script, text=True, check=True)
    print(f"plots.py: {out}", file=sys.stderr)


def lines(series, ylabel, xlabel="flows in the bucket", ylog=False):
    """series: label -> [(x, y)]"""
    text = f"set logscale x 2\nset xlabel '{xlabel}'\nset ylabel '{ylabel}'\n"
    xs = sorted({x for points in series.values() for x, _ in points})
    text += "set xtics (" + ", ".join(f"'{flows_text(x)}' {x}" for x in xs) + ")\n"
    text += "set logscale y\n" if ylog else "set yrange [0:*]\n"
    parts, kinds = [], {}
    for i, (label, points) in enumerate(series.items()):
        text += block(f"d{i}", sorted(points))
        # One colour for each kind, one dash for each spread.
        kind, dash = label.removesuffix(" Zipf"), 2 if label.endswith(" Zipf") else 1
        colour = COLOURS[kinds.setdefault(kind, len(kinds)) % len(COLOURS)]
        parts.append(f"$d{i} with linespoints pt 7 ps 0.6 lw 2 dt {dash} lc rgb '{colour}' title '{label}'")
    return text + "plot " + ", ".join(parts) + "\n"


def packet(figures):
    """Rows of the sweep: kind, spread, flows; the look-up beside it is that of the same round."""
    series = {}
    for row in figures.values():
        if "sweep" not in row:
            continue
        spread = " Zipf" if row["spread"] == "Zipf" else ""
        # A mix of four has four flows at least.
        flows = 1 if row["flows"] < 1024 else row["flows"]
        series.setdefault(row["packet"] + spread, []).append((flows, row["value"]))
        if row["packet"] == "tcp4":
            series.setdefault("HASH look-up" + spread, []).append((flows, row["kernel_hash_lookup"]))
    return series and lines(series, "ns a packet, over an empty program", ylog=True)


def loss(figures):
    series = {"lost": [], "coarsened": []}
    for name, row in figures.items():
        if name.startswith("loss_flows_"):
            series["lost"].append((row["flows"], 100 * row["lost"] / row["packets"]))
            series["coarsened"].append((row["flows"], 100 * row["coarsened"] / row["packets"]))
    return series["lost"] and lines(series, "% of packets")


def rates(figures):
    rows = [(name, figures[name]["value"] / 1e6) for name in figures
            if re.search(r"_per_s(_netflow9)?(_segmented)?$", name)]
    if not rows:
        return None
    text = block("d", [(i, f"{value:.3f}", f'"{name.replace("_per_s", "").replace("_", " ")}"', f'"{value:.1f}"') for i, (name, value) in enumerate(reversed(rows))])
    return (text + "unset key\nset logscale x\nset xrange [0.01:*]\nset xlabel 'millions a second, one core'\n"
            f"set yrange [-0.6:{len(rows) - 0.4}]\nset lmargin 36\nset grid xtics noytics lc rgb '#dddddd' lt 1\n"
            f"plot $d using (0.01):1:(0.01):2:($1-0.35):($1+0.35):ytic(3) with boxxyerror fs solid lc rgb '{COLOURS[0]}', "
            "$d using 2:1:4 with labels left offset 0.5,0 tc rgb '#333333'\n")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    figures = {}
    for line in open(sys.argv[1]):
        row = json.loads(line)
        figures[row["name"]] = row
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (("packet.svg", packet), ("loss.svg", loss), ("rates.svg", rates)):
        script = make(figures)
        if script:
            draw(folder, name, script)
        else:
            print(f"plots.py: no figures for {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
