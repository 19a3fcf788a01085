#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads every #include under exporter/ and ebpf/ and fails on one that the architecture forbids.

The tables below are the code map (docs/architecture.md): a room may include its own headers and those
of the rooms in its row, never a room above or beside it."""
import pathlib
import re
import sys

BELOW_COLLECTOR = {"base", "record", "filter", "encode", "transport", "store"}
BELOW_HARVEST = {"base", "record", "probe", "enrich"}
BELOW_APP = BELOW_COLLECTOR | BELOW_HARVEST | {"harvest", "collector", "pair", "conf"}
ROOMS = {
    "base": set(),
    "record": {"base"},
    "probe": {"base"},
    "enrich": {"base", "record"},
    "filter": {"base", "record"},
    "encode": {"base", "record"},
    "pair": {"base", "record"},
    "transport": {"base"},
    "store": {"base", "record"},
    "harvest": BELOW_HARVEST,
    "collector": BELOW_COLLECTOR,
    "conf": {"base", "record"},
    "app": BELOW_APP,
    "cli": BELOW_APP | {"app"},
    "main.c": BELOW_APP | {"app", "cli"},
}
# Beside the rooms: conf fills the option structs of layers 2 and 3 and asks there which names and endpoints
# exist, and reads nothing else.
OPTION_HEADERS = {"probe/probe.h", "collector/collector.h", "collector/biflow.h", "collector/group.h", "harvest/harvester.h",
                  "encode/encoder.h", "filter/filter.h", "filter/prefixes.h",
                  "transport/endpoint.h"}
# Headers with few users: pattern, who may include it, why.
FEW_USERS = [
    (r"ebpf/(?!(protocols|tunnels)\.def$)", {"probe", "harvest"}, "the kernel/user border is known to the two rooms that cross it"),
    (r"ebpf/(protocols|tunnels)\.def$", {"probe", "harvest", "record"}, "names of protocols and tunnels are for the border and for text"),
    (r"bpf/|linux/bpf|.*\.skel\.h$", {"probe"}, "probe/ is the only user of libbpf"),
    (r"zmq\.h$", {"transport"}, "ZeroMQ is a transport's affair"),
    (r"fixbuf/", {"encode"}, "libfixbuf is the encoder's affair"),
    (r"sqlite3\.h$", {"store", "enrich"}, "databases are opened by store/ and enrich/"),
    (r"maxminddb\.h$", {"enrich"}, "MMDB files are read by enrich/"),
    (r"yaml\.h$", {"conf", "record"}, "YAML is read by the configuration and by template sets"),
    (r"n?curses", {"app"}, "the terminal is `nfprobe top`'s affair"),
    (r"seccomp\.h$|sys/capability\.h$", {"base"}, "privileges are given away by base/"),
    (r"pcap", {"app", "cli", "filter"}, "captures are an input of commands, filters are compiled by filter/"),
]
# The kernel side: which headers a file of ebpf/ may read. The first pattern that fits its name counts.
KERNEL_SIDE = [
    (r"abi\.h$", r"linux/types\.h$|ebpf/.*\.def$", "the border knows nothing but fixed-width types"),
    (r"(?!.*\.bpf\.).*\.(h|def)$", r"linux/types\.h$|std(bool|int|def)\.h$|ebpf/\w+\.(h|def)$",
     "what is not named *.bpf.h is pure, and compiles natively: no maps, no helpers"),
    (r".*", r"linux/|bpf/|asm/|stdbool\.h$|stdint\.h$|stddef\.h$|ebpf/", "the kernel side knows no user space"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def forbidden(path, text):
    """Yields (line, header, why) for each include in a file (its path is relative to the root)."""
    parts = pathlib.PurePosixPath(path).parts
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        header = match.group(2)
        why = kernel_side(parts[-1], header) if parts[0] == "ebpf" else user_side(parts[1], header)
        if why:
            yield line, header, why


def kernel_side(name, header):
    for file, allowed, why in KERNEL_SIDE:
        if re.match(file, name):
            return None if re.match(allowed, header) else why
    return None


def user_side(room, header):
    if room not in ROOMS:
        return f"room {room} has no row in tests/check/layers.py"
    if header.startswith("..") or header.startswith("exporter/"):
        return 'include paths are "room/header.h"'
    for pattern, users, why in FEW_USERS:
        if re.match(pattern, header) and room not in users:
            return why
    other = header.split("/")[0]
    if "/" not in header or other not in ROOMS or other == room or other in ROOMS[room]:
        return None
    if room == "conf" and header in OPTION_HEADERS:
        return None
    return f"{room} may include {', '.join(sorted(ROOMS[room])) or 'no other room'}"


def self_test():
    """Each row: file, include, must it be refused. A check that catches nothing is worth nothing."""
    cases = [
        ("exporter/base/log.c", '"record/record.h"', True),
        ("exporter/record/format.c", '"base/log.h"', False),
        ("exporter/record/record.h", '"ebpf/abi.h"', True),
        ("exporter/record/format.c", '"ebpf/protocols.def"', False),
        ("exporter/encode/ipfix.c", '"ebpf/protocols.def"', True),
        ("exporter/transport/udp.c", '"record/record.h"', True),
        ("exporter/encode/ipfix.c", '"transport/transport.h"', True),
        ("exporter/encode/ipfix.c", "<fixbuf/public.h>", False),
        ("exporter/collector/sender.c", "<fixbuf/public.h>", True),
        ("exporter/collector/sender.c", '"harvest/harvester.h"', True),
        ("exporter/harvest/drain.c", '"collector/collector.h"', True),
        ("exporter/harvest/drain.c", '"ebpf/abi.h"', False),
        ("exporter/harvest/drain.c", "<bpf/bpf.h>", True),
        ("exporter/probe/attach.c", "<bpf/libbpf.h>", False),
        ("exporter/probe/attach.c", '"nfprobe.skel.h"', False),
        ("exporter/cli/status.c", '"nfprobe.skel.h"', True),
        ("exporter/cli/status.c", '"ebpf/abi.h"', True),
        ("exporter/cli/status.c", '"app/app.h"', False),
        ("exporter/app/app.c", '"cli/cli.h"', True),
        ("exporter/conf/conf.h", '"collector/collector.h"', False),
        ("exporter/conf/conf.c", '"probe/source.h"', True),
        ("exporter/new/x.c", '"base/log.h"', True),
        ("exporter/probe/x.c", '"../base/log.h"', True),
        ("ebpf/abi.h", "<linux/types.h>", False),
        ("ebpf/abi.h", "<linux/bpf.h>", True),
        ("ebpf/parse.h", "<bpf/bpf_helpers.h>", True),
        ("ebpf/parse.h", '"ebpf/view.h"', False),
        ("ebpf/parse.h", '"ebpf/maps.bpf.h"', True),
        ("ebpf/account.bpf.h", "<bpf/bpf_helpers.h>", False),
        ("ebpf/account.bpf.h", "<glib.h>", True),
    ]
    for path, include, refused in cases:
        found = list(forbidden(path, f"int x;\n  #  include {include}\n"))
        assert bool(found) == refused, f"self-test: {path} including {include}: {found}"
        assert not found or found[0][0] == 2, f"self-test: wrong line {found}"


def main():
    self_test()
    files = [p for top in ("exporter", "ebpf") for p in sorted(pathlib.Path(top).rglob("*"))
             if p.suffix in (".c", ".h", ".def")]
    if not files:
        sys.exit("no sources found: run from the repository's root")
    bad = 0
    for path in files:
        for line, header, why in forbidden(path.as_posix(), path.read_text(encoding="utf-8")):
            print(f"{path}:{line}: may not include {header}: {why}")
            bad += 1
    print(f"{len(files)} files, {bad} forbidden includes")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
