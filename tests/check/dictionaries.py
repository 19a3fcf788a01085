#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each dictionary of a fuzz target can be read, those of our own languages find their words in the sources; each dictionary and each
folder of kept inputs has its target."""
import pathlib
import subprocess
import sys

FUZZ = pathlib.Path("tests/fuzz")
LANGUAGES = {"conf": "interval", "templates": "flowId", "enrich": "cidr"}


def main():
    faults = []
    topics = {path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c")}
    dictionaries = {path.stem for path in FUZZ.glob("*.dict")}
    for topic in sorted((dictionaries | {path.name for path in (FUZZ / "corpus").iterdir()}) - topics):
        faults.append(f"{topic}: there is no tests/fuzz/fuzz_{topic}.c")
    for topic in sorted(dictionaries | set(LANGUAGES)):
        made = subprocess.run([FUZZ / "words.py", topic], capture_output=True, text=True, check=False)
        if made.returncode or f'"{LANGUAGES.get(topic, "")}' not in made.stdout:
            faults.append(f"{topic}: {made.stderr.strip() or 'no such words'}")
    print("\n".join(faults))
    print(f"{len(dictionaries)} dictionaries, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
