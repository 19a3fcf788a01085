#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernels.md out of what scripts/kernels left in a folder: nothing stands there that no run printed.
kernels.py FOLDER <LIST-OF-KERNELS: the document on stdout. Of each kernel:
  NAME.release, NAME.compilers, NAME.uptime   uname -r; names and versions, a line each; seconds
  NAME.{dev,bpf19,e2e}.xml                    CTest's reports: kernel tests by the first and the second compiler, end to end
"""
import collections
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

TOP = pathlib.Path(__file__).resolve().parents[2]
FACT = re.compile(r"^fact: (.+)\t(.+)$", re.M)
FUNCTIONS = re.compile(r"^\[====\] Synthesis: Tested: (\d+) \| Passing: (\d+)", re.M)
LOADER = importlib.machinery.SourceFileLoader("report", str(TOP / "scripts/test-report"))
REPORT = importlib.util.module_from_spec(importlib.util.spec_from_loader("report", LOADER))
LOADER.exec_module(REPORT)

HEAD = """# Kernels

`scripts/kernels` runs Debian's kernels in qemu, one after another. On each, of the kernel tests: {dev}, with the BPF programs as
{first} compiles them; once more as {second} does: {bpf19}; end to end: {e2e}. This page is written by `scripts/kernels --docs`
from what that run printed, and says nothing else; a test that fails would stand here as failed.

Required is the first kernel of the table. What a kernel lacks is found out by trying, not by its version; `nfprobe doctor`
tells what was chosen on yours.
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
        self.release = (folder / f"{name}.release").read_text().strip()
        self.compilers = (folder / f"{name}.compilers").read_text().split("\n")[:2]
        self.minutes = round(float((folder / f"{name}.uptime").read_text()) / 60)
        self.runs = {part: self.read(folder / f"{name}.{part}.xml") for part in ("dev", "bpf19", "e2e")}
        self.facts, self.programs = {}, {}
        for part in ("dev", "bpf19"):
            for topic, how in self.runs[part]["facts"]:
                if topic.startswith("program\t"):
                    _, hook, asked = topic.split("\t")
                    self.programs.setdefault(hook, {}).setdefault(asked, {})[part] = how
                elif self.facts.setdefault(topic, how) != how:
                    sys.exit(f"{name}: {topic}: {self.facts[topic]} and {how}")

    @staticmethod
    def read(path):
        run = {"count": collections.Counter(), "skips": [], "failed": [], "facts": [], "names": []}
        for name, outcome, reasons in REPORT.read(str(path)):
            test = name.split(": ", 1)[1]
            run["names"].append(test)
            run["count"][outcome] += 1
            if outcome == "failed":
                run["failed"].append(test)
            run["skips"] += [(test, reason) for reason in reasons]
        for case in ET.parse(path).getroot().iter("testcase"):
            output = case.findtext("system-out") or ""
            run["facts"] += FACT.findall(output)
            for tested, passing in FUNCTIONS.findall(output):
                run["count"]["functions"] += int(passing)
        return run

    def sums(self, part):
        count = self.runs[part]["count"]
        text = f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"
        return text + (f" ({count['functions']} functions passed)" if count["functions"] else "")


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
        words = [word(by[part]) if part in by else "not run" for part in ("dev", "bpf19")]
        if words[0] == words[1]:
            return words[0]
        return ", ".join(f"{c}: {w}" for c, w in zip(kernel.compilers, words))

    table(["programs"] + hooks, [[a] + [both(kernel.programs[h].get(a, {})) for h in hooks] for a in asked])
    for how, number in notes.items():
        print(f"[{number}] {how}\n")


def skips(kernel):
    rows = collections.OrderedDict()
    for part in ("dev", "bpf19", "e2e"):
        for test, reason in kernel.runs[part]["skips"]:
            suite, _, words = reason.partition(": ")
            where, words = (f"{test} [{suite.partition('::')[2]}]", words) if "::" in suite else (test, reason)
            rows.setdefault(re.sub(r"\s+", " ", words), []).append(where)
    return [[reason, ", ".join(f"`{t}`" for t in dict.fromkeys(tests))] for reason, tests in rows.items()]


def main():
    folder = pathlib.Path(sys.argv[1])
    kernels = [Kernel(folder, *line.split()) for line in sys.stdin]
    first, second = kernels[0].compilers
    names = {part: sorted({re.sub(".*/(test_)?", "", n) for k in kernels for n in k.runs[part]["names"]})
             for part in ("dev", "bpf19", "e2e")}
    print(HEAD.format(first=first, second=second, **{part: ", ".join(n) for part, n in names.items()}))

    head = ["", *(k.name for k in kernels)]
    rows = [["Linux", *(k.release for k in kernels)], ["Debian suite", *(k.suite for k in kernels)]]
    for topic in kernels[0].facts:
        rows.append([topic, *(k.facts.get(topic, "not run") for k in kernels)])
    print("## What is used, and what stands in for it\n")
    table(head, rows)

    for kernel in kernels:
        print(f"## {kernel.name}: Linux {kernel.release}\n")
        table(["tests", "result"],
              [[f"kernel, {first}", kernel.sums("dev")], [f"kernel, {second}", kernel.sums("bpf19")],
               ["end to end", kernel.sums("e2e")], ["how long", f"{kernel.minutes} minutes, emulated"]])
        failed = [t for run in kernel.runs.values() for t in run["failed"]]
        if failed:
            print("Failed: " + ", ".join(f"`{t}`" for t in failed) + ".\n")
        programs(kernel, {})
        rows = skips(kernel)
        if rows:
            table(["skipped, because", "test [function]"], rows)


if __name__ == "__main__":
    main()
