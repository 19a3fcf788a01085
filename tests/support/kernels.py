#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernels.md out of what scripts/kernels left in a folder: nothing stands there that no run printed.
kernels.py FOLDER <LIST-OF-KERNELS: the document on stdout. Of each kernel:
  NAME.release, NAME.compilers, NAME.uptime   uname -r; names and versions, a line each; seconds, when it came to its end
  NAME.{dev,bpf19}.TEST.xml                   CTest's reports, by the first and by the second compiler
"""
import collections
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

PARTS = ("dev", "bpf19")
TOP = pathlib.Path(__file__).resolve().parents[2]
FACT = re.compile(r"^fact: (.+)\t(.+)$", re.M)
FUNCTIONS = re.compile(r"^\[====\] Synthesis: Tested: (\d+) \| Passing: (\d+)", re.M)
LOADER = importlib.machinery.SourceFileLoader("report", str(TOP / "scripts/test-report"))
REPORT = importlib.util.module_from_spec(importlib.util.spec_from_loader("report", LOADER))
LOADER.exec_module(REPORT)

HEAD = """# Kernels

`scripts/kernels` runs Debian's kernels in qemu, with the BPF programs as {first} and as {second} compile
them. This page is written by `scripts/kernels --docs` from what that run printed, and says nothing else; a test that fails
stands here as failed.

Required is the first kernel of the table. What a kernel lacks is found out by trying, not by its version; `nfprobe doctor`
tells what was chosen on yours. `tcx`: BPF links of the interface; `clsact`: filters on the qdisc of that name.
"""


def cell(text):
    return text.replace("|", "\\|")


def table(head, rows):
    print("| " + " | ".join(map(cell, head)) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(cell, row)) + " |")
    print()


class Kernel:
    def __init__(self, folder, name, suite):
        self.name, self.suite = name, suite
        if not (folder / f"{name}.release").exists():
            sys.exit(f"{folder} has nothing of kernel {name}: scripts/kernels --results {folder} {name}")
        self.release = (folder / f"{name}.release").read_text().strip()
        self.compilers = (folder / f"{name}.compilers").read_text().split("\n")[:2]
        uptime = folder / f"{name}.uptime"
        self.minutes = round(float(uptime.read_text()) / 60) if uptime.exists() else None
        self.runs = {part: self.read(folder.glob(f"{name}.{part}.*.xml")) for part in PARTS}
        self.facts, self.programs = {}, {}
        for part in PARTS:
            for topic, how in self.runs[part]["facts"]:
                if topic.startswith("program\t"):
                    _, hook, asked = topic.split("\t")
                    self.programs.setdefault(hook, {}).setdefault(asked, {})[part] = how
                elif self.facts.setdefault(topic, how) != how:
                    sys.exit(f"{name}: {topic}: {self.facts[topic]} and {how}")

    def tests(self):
        return sorted({t for run in self.runs.values() for t in run["outcomes"]}, key=lambda t: (not t.startswith("kernel"), t))

    @staticmethod
    def read(paths):
        run = {"outcomes": {}, "skips": [], "facts": []}
        for path in sorted(paths):
            for name, outcome, reasons in REPORT.read(str(path)):
                test = name.split(": ", 1)[1]
                run["outcomes"][test] = outcome
                run["skips"] += [(test, reason) for reason in reasons]
            for case in ET.parse(path).getroot().iter("testcase"):
                output = case.findtext("system-out") or ""
                run["facts"] += FACT.findall(output)
                for tested, passing in FUNCTIONS.findall(output):
                    run["outcomes"][case.get("name")] += f" ({passing} of {tested} functions)"
        return run


def programs(kernel, notes):
    """Rows of what is asked, columns of hooks; a refusal is a number, its sentence below."""
    hooks = list(kernel.programs)
    asked = list(dict.fromkeys(a for rows in kernel.programs.values() for a in rows))

    def word(how):
        if how == "taken":
            return "yes"
        return f"no [{notes.setdefault(how, len(notes) + 1)}]"

    def both(by):
        if not by:
            return ""
        words = [word(by[part]) if part in by else "not run" for part in PARTS]
        if words[0] == words[1]:
            return words[0]
        return ", ".join(f"{c}: {w}" for c, w in zip(kernel.compilers, words))

    table(["programs"] + hooks, [[a] + [both(kernel.programs[h].get(a, {})) for h in hooks] for a in asked])
    for how, number in notes.items():
        print(f"[{number}] {how}\n")


def skips(kernel):
    rows = collections.OrderedDict()
    for part in PARTS:
        for test, reason in kernel.runs[part]["skips"]:
            suite, _, words = reason.partition(": ")
            where, words = (f"{test} [{suite.partition('::')[2]}]", words) if "::" in suite else (test, reason)
            rows.setdefault(re.sub(r"\s+", " ", words), []).append(where)
    return [[reason, ", ".join(f"`{t}`" for t in dict.fromkeys(tests))] for reason, tests in rows.items()]


def main():
    folder = pathlib.Path(sys.argv[1])
    kernels = [Kernel(folder, *line.split()) for line in sys.stdin]
    first, second = kernels[0].compilers
    print(HEAD.format(first=first, second=second))

    head = ["", *(k.name for k in kernels)]
    rows = [["Linux", *(k.release for k in kernels)], ["Debian suite", *(k.suite for k in kernels)]]
    for topic in kernels[0].facts:
        rows.append([topic, *(k.facts.get(topic, "not run") for k in kernels)])
    print("## What is used, and what stands in for it\n")
    table(head, rows)

    for kernel in kernels:
        print(f"## {kernel.name}: Linux {kernel.release}\n")
        programs(kernel, {})
        table(["test", f"programs by {first}", f"programs by {second}"],
              [[f"`{test}`"] + [kernel.runs[part]["outcomes"].get(test, "") for part in PARTS] for test in kernel.tests()])
        if kernel.minutes is not None:
            print(f"All of it took {kernel.minutes} minutes, emulated.\n")
        rows = skips(kernel)
        if rows:
            table(["skipped, because", "test [function]"], rows)


if __name__ == "__main__":
    main()
