#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""House rules that a script can see: each source has its test, no file is long, each names its
licence."""
import pathlib
import re
import sys

LONGEST = 600
# Sources without a test file of their own, and why that is right.
NO_TWIN = {
    "exporter/main.c": "hands over to cli/, nothing to test alone",
}
SOURCE_SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".cmake"}
SOURCE_TOPS = ("exporter", "ebpf", "tests", "bench", "cmake", "scripts", ".ci")
PUBLIC = re.compile(r"^(?!static\b)[A-Za-z_][\w \t*]*\b(nfp_\w+)\s*\([^;{]*\)\s*\{", re.M)
SPDX = re.compile(r"SPDX-License-Identifier: (GPL-2\.0-only|GPL-2\.0-or-later)\b")


def twins(source):
    """Where the test of exporter/<room>/<name>.c may be."""
    room, name = source.parts[1], source.stem
    return [
        pathlib.Path("tests/unit", room, f"test_{name}.c"),
        pathlib.Path("tests/kernel", f"test_{name}.c"),
        pathlib.Path("tests/kernel", f"test_{room}_{name}.c"),
        pathlib.Path("tests/e2e", f"{room}_{name}.sh"),
    ]


def has_public_function(text):
    return PUBLIC.search(text) is not None


def self_test():
    assert has_public_function("NfpX *nfp_x_new(int a,\n\t\t const char *b)\n{\n}\n")
    assert has_public_function("int nfp_x(void)\n{")
    assert not has_public_function("static int nfp_x(void)\n{")
    assert RAW.search('\tfprintf(stderr, "x")') and not RAW.search('\tfprintf(out, "x")')
    assert not has_public_function("int nfp_x(void);\n\nstatic int y(void)\n{")
    assert pathlib.Path("tests/unit/base/test_log.c") in twins(pathlib.Path("exporter/base/log.c"))


def missing_twins():
    for source in sorted(pathlib.Path("exporter").rglob("*.c")):
        if str(source) in NO_TWIN or not has_public_function(source.read_text(encoding="utf-8")):
            continue
        if not any(twin.exists() for twin in twins(source)):
            yield f"{source}: no test: {twins(source)[0]} or tests/kernel/test_{source.stem}.c"
    for source in NO_TWIN:
        if not pathlib.Path(source).exists():
            yield f"{source}: in NO_TWIN, but there is no such file"


RAW = re.compile(r"\b(fprintf\s*\(\s*stderr|g_printerr|perror|openlog|g_warning|g_critical|g_message)\b")


def raw_complaints():
    """What a running nfprobe tells goes through base/log.h, which gives it a form and a limit; commands speak for themselves."""
    for path in sorted(pathlib.Path("exporter").rglob("*.c")):
        if path.parts[1] == "cli":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if RAW.search(line):
                yield f"{path}:{number}: {line.strip()}: nfp_log() says it in the form that the log has"


def sources():
    for top in SOURCE_TOPS:
        for path in sorted(pathlib.Path(top).rglob("*")):
            if path.is_file() and "corpus" not in path.parts and (
                    path.suffix in SOURCE_SUFFIXES or path.suffix == ""):
                yield path


def main():
    self_test()
    complaints = list(missing_twins()) + list(raw_complaints())
    for path in sources():
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = text.count("\n")
        if lines > LONGEST:
            complaints.append(f"{path}: {lines} lines; split it by topic ({LONGEST} at most)")
        if path.suffix in SOURCE_SUFFIXES and not SPDX.search(text[:400]):
            complaints.append(f"{path}: no SPDX-License-Identifier in its first lines")
    print("\n".join(complaints))
    print(f"{len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
