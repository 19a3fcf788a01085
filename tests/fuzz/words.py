#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""words.py TOPIC: the dictionary of a fuzz target for libFuzzer: tests/fuzz/TOPIC.dict, and of our own languages every word that
the program knows, out of its sources. Exit code 1: there is none, or a line that libFuzzer would not read."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENTRY = re.compile(r'^(?:\w+=)?"(?:[^"\\]|\\\\|\\"|\\x[0-9a-fA-F]{2})+"$')
LEAST = 20  # words of a language: fewer means that its source looks otherwise now


def between(text, begin, end):
    start = text.index(begin)
    return text[start:text.index(end, start)]


def source(path):
    return (ROOT / "exporter" / path).read_text(encoding="utf-8")


def conf():
    """Keys and choices of the configuration, names of its lists."""
    schema = source("conf/schema.c")
    rows = between(schema, "nfp_conf_rows[] = {", "\n};")
    yield from re.findall(r"\w+", " ".join(re.findall(r'\.path = "([^"]+)"', rows)))
    yield from re.findall(r'\{ "(\w+)", \w+, FALSE \}', schema)
    yield from re.findall(r'\[NFP_CONF_\w+\] = \{ "(\w+)"', between(schema, "nfp_conf_lists[", "\n};"))


def templates():
    """Elements, and what a record can have."""
    yield from re.findall(r"^NFP_(?:FIELD|FACT)\((\w+),", source("record/fields.def"), re.M)
    yield from re.findall(r'\{ "(\w+)", H\(', source("record/have.c"))


def enrich():
    """Columns, and what other people's files call them."""
    for row in re.findall(r'\{ ("\w+", NFP_COLUMN_.*?\}) \}', source("enrich/tables.c")):
        yield from re.findall(r'"([^"]+)"', row)


LANGUAGES = {"conf": conf, "templates": templates, "enrich": enrich}


def words_of(topic):
    lines = []
    path = ROOT / "tests/fuzz" / f"{topic}.dict"
    if path.exists():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        for line in lines:
            if not ENTRY.match(line):
                sys.exit(f"{path}: libFuzzer does not read {line}")
    if topic in LANGUAGES:
        known = sorted({f'"{word}"' for word in LANGUAGES[topic]()})
        if len(known) < LEAST:
            sys.exit(f"words.py: {len(known)} words of {topic} only")
        lines += [word for word in known if word not in lines]
    return lines


if __name__ == "__main__":
    found = words_of(sys.argv[1])
    print("\n".join(found))
    sys.exit(not found)
