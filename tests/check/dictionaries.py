#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Dictionaries of the fuzz targets: libFuzzer can read each, and those of our own languages have each word that the program
knows. Each folder of kept inputs has its target."""
import pathlib
import re
import sys

FUZZ = pathlib.Path("tests/fuzz")
ENTRY = re.compile(r'^(?:\w+=)?"((?:[^"\\]|\\\\|\\"|\\x[0-9a-fA-F]{2})+)"$')


def words_of(path, faults):
    words = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        entry = ENTRY.match(line)
        if entry:
            words.add(entry[1].replace('\\"', '"').replace("\\\\", "\\"))
        else:
            faults.append(f"{path}:{number}: not what libFuzzer reads: {line}")
    return words


def between(text, begin, end):
    start = text.index(begin)
    return text[start:text.index(end, start)]


def configuration():
    """Keys and choices of the configuration, names of its lists."""
    schema = pathlib.Path("exporter/conf/schema.c").read_text(encoding="utf-8")
    rows = between(schema, "nfp_conf_rows[] = {", "\n};")
    yield from re.findall(r"\w+", " ".join(re.findall(r'\.path = "([^"]+)"', rows)))
    yield from re.findall(r'\{ "(\w+)", \w+, FALSE \}', schema)
    yield from re.findall(r'\[NFP_CONF_\w+\] = \{ "(\w+)"', between(schema, "nfp_conf_lists[", "\n};"))


def template_words():
    """Elements, what a record can have, keys."""
    fields = pathlib.Path("exporter/record/fields.def").read_text(encoding="utf-8")
    have = pathlib.Path("exporter/record/have.c").read_text(encoding="utf-8")
    yield from re.findall(r"^NFP_(?:FIELD|FACT)\((\w+),", fields, re.M)
    yield from re.findall(r'\{ "(\w+)", H\(', have)
    yield from ("lists", "templates", "name", "need", "fields")


def import_words():
    """Columns, and what other people's files call them."""
    tables = pathlib.Path("exporter/enrich/tables.c").read_text(encoding="utf-8")
    for row in re.findall(r'\{ ("\w+", NFP_COLUMN_.*?\}) \}', tables):
        yield from re.findall(r'"([^"]+)"', row)


def main():
    faults = []
    topics = {path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c")}
    known = {path.stem: words_of(path, faults) for path in sorted(FUZZ.glob("*.dict"))}
    for topic in sorted((set(known) | {path.name for path in (FUZZ / "corpus").iterdir()}) - topics):
        faults.append(f"{topic}: there is no tests/fuzz/fuzz_{topic}.c")
    for topic, wanted in (("conf", configuration()), ("templates", template_words()), ("enrich", import_words())):
        wanted = sorted(set(wanted))
        assert len(wanted) > 20, topic
        for word in wanted:
            if word not in known.get(topic, ()):
                faults.append(f'tests/fuzz/{topic}.dict: "{word}" is missing')
    print("\n".join(faults))
    print(f"{len(known)} dictionaries, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
