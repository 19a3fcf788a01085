#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernels.md has every kernel that scripts/kernels runs, every topic that tests/kernel/test_matrix.c finds out, and no
failure; what README.md and the manual page ask for is the oldest of these kernels."""
import pathlib
import re
import subprocess
import sys

DOC = pathlib.Path("docs/kernels.md")


def complaints(doc, kernels, matrix, readme):
    faults = []
    heads = re.findall(r"^## (\S+): Linux (\S+)$", doc, re.M)
    for name in kernels:
        if name not in (h for h, _ in heads):
            faults.append(f"{DOC} has no kernel {name}: run scripts/kernels --docs")
        elif name != "newest" and not dict(heads)[name].startswith(name + "."):
            faults.append(f"{DOC}: {name} is Linux {dict(heads)[name]}")
    faults += [f"{DOC} has {name}, which nothing runs" for name, _ in heads if name not in kernels]
    topics = re.findall(r'\bfact\("([^"]+)"', matrix) + re.findall(r'^\t\t\{ "([^"]+)", "\w+", NFP_DIRECTION', matrix, re.M)
    if len(topics) < 8:
        faults.append("topics of tests/kernel/test_matrix.c are not recognised")
    topics += re.findall(r'^\t\{ "([^"]+)", (?:0|ALL\b|\{)', matrix, re.M)
    faults += [f"{DOC} says nothing of \"{topic}\"" for topic in topics if topic not in doc]
    if re.search(r"\| failed|not run|no \[\d+\].*: yes", doc):
        faults.append(f"{DOC} tells of failures, of what did not run, or of compilers that differ")
    if f"Linux {kernels[0]} or later" not in readme:
        faults.append(f"README.md does not ask for Linux {kernels[0]} or later")
    return faults


def main():
    if not DOC.exists():
        print(f"SKIP: {DOC} is not written yet: scripts/kernels --docs does")
        sys.exit(77)
    listed = subprocess.run(["scripts/vm", "--list"], capture_output=True, text=True, check=True).stdout
    kernels = [line.split()[0] for line in listed.splitlines()]
    texts = [pathlib.Path(p).read_text() for p in ("tests/kernel/test_matrix.c", "README.md")]
    found = complaints(DOC.read_text(), kernels, *texts)
    # And it would notice: a kernel more, a topic more, a failure.
    doc = DOC.read_text()
    for wrong in ((doc, kernels + ["9.9"], *texts), (doc, kernels, texts[0] + '\tfact("moon", "full");', texts[1]),
                  (doc.replace("| passed", "| failed", 1), kernels, *texts)):
        if not found and not complaints(*wrong):
            found.append("this check notices nothing")
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
