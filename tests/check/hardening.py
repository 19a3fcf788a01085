#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The binary has what the flags of CMakeLists.txt promise, as readelf sees it: of this build, and of the release
beside it if it has been built."""
import os
import pathlib
import platform
import re
import subprocess
import sys

ENDBR64 = b"\xf3\x0f\x1e\xfa"
FUNCTIONS = 500  # that can be called by pointer; there are more than a thousand
MACHINE_PATHS = re.compile(rb"(?:/home|/root|/tmp|/build|/src)/[\w./-]*\.[ch]\b")


def readelf(path, *options):
    return subprocess.run(["readelf", "--wide", *options, path], check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


def faults(path, release):
    """Yields what is missing."""
    header, segments = readelf(path, "--file-header"), readelf(path, "--segments")
    dynamic, symbols = readelf(path, "--dynamic"), readelf(path, "--dyn-syms")
    if not re.search(r"Type:\s+DYN", header) or "PIE" not in dynamic:
        yield "is no position-independent executable"
    if "GNU_RELRO" not in segments:
        yield "has no read-only relocations"
    if not re.search(r"FLAGS.*\b(BIND_)?NOW\b", dynamic):
        yield "binds symbols late, so that their table stays writable"
    if not re.search(r"GNU_STACK.* RW ", segments):
        yield "has an executable stack"
    if re.search(r"^\s*LOAD.* RWE ", segments, re.M):
        yield "has a segment that is writable and executable"
    if "(RPATH)" in dynamic or "(RUNPATH)" in dynamic:
        yield "looks for libraries at a place of its own"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    # Debian 12's C library starts programs without the mark that would switch it on; the code is ready for it.
    if platform.machine() == "x86_64" and pathlib.Path(path).read_bytes().count(ENDBR64) < FUNCTIONS:
        yield "has no targets for control-flow protection (endbr64)"
    if release and not re.search(r"__\w+_chk@", symbols.replace("__stack_chk", "")):
        yield "has no fortified calls"
    if release:
        found = MACHINE_PATHS.search(pathlib.Path(path).read_bytes())
        if found:
            yield f"has a path of the machine in it: {found.group().decode()}"


def main():
    binary = pathlib.Path(os.environ["NFPROBE"])
    cache = pathlib.Path(os.environ["NFP_BUILD"], "CMakeCache.txt").read_text(encoding="utf-8")
    if re.search(r"^NFP_SANITIZE:\w+=.", cache, re.M):
        print("SKIP: a build for sanitizers is not for use")
        sys.exit(77)
    binaries = [(binary, "CMAKE_BUILD_TYPE:STRING=Release" in cache)]
    beside = binary.parent.parent / "release" / binary.name
    if beside.exists() and beside != binary:
        binaries.append((beside, True))
    complaints = [f"{path} {fault}" for path, release in binaries for fault in faults(path, release)]
    print("\n".join(complaints))
    print(f"{len(binaries)} binaries, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
