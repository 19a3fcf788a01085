#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every header compiles alone, with the warnings of the build: what it uses it includes itself."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys


def flags():
    """Compiler and flags of the library's first source in this build."""
    build = pathlib.Path(os.environ["NFP_BUILD"])
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if "libnfprobe.dir" not in entry["command"]:
            continue
        words = shlex.split(entry["command"])
        cut = next(i for i, word in enumerate(words) if word in ("-MD", "-o", "-c"))
        return words[:cut] + ["-Itests"]
    sys.exit("the library has no source in compile_commands.json")


def compile_alone(command, header):
    text = f'#include "{header}"\nextern int nfp_not_empty;\n'
    done = subprocess.run(command + ["-Werror", "-fsyntax-only", "-x", "c", "-"], input=text,
                          capture_output=True, text=True, check=False)
    return header, done.returncode, done.stderr


def main():
    # *.bpf.h is for the BPF target alone; those headers are compiled with the object.
    headers = [p for top in ("exporter", "ebpf", "tests/support") for p in
               sorted(pathlib.Path(top).rglob("*.h")) if not p.name.endswith(".bpf.h")]
    command = flags()
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, code, message in pool.map(lambda h: compile_alone(command, h), headers):
            if code != 0:
                print(f"{header} does not compile alone:\n{message}")
                bad += 1
    print(f"{len(headers)} headers, {bad} do not compile alone")
    sys.exit(1 if bad or not headers else 0)


if __name__ == "__main__":
    main()
