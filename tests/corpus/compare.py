#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays captures and compares the records with an independent ground truth, flow by flow.

usage: compare.py NFPROBE CAPTURES [--decapsulate] [--keep-exceptions] [FILE ...]

CAPTURES is a folder with index.tsv and expected/FILE.tsv (one row per outermost 5-tuple). For each key the sums over the
records have to be equal: packets, IP bytes, layer-2 bytes, TCP flags, ICMP type and code, first and last time
to the nanosecond. exceptions.tsv beside this file lists, with its reason, each place where a sound exporter
may differ; an exception that is not needed any more is a failure too (not with --keep-exceptions, FILE or
--decapsulate, which checks that each packet is counted once and no more).
"""
import collections
import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ("packets", "ip_bytes", "l2_bytes", "first", "last", "tcp_flags", "icmp")
ICMP = {1: "icmpTypeCodeIPv4", 58: "icmpTypeCodeIPv6"}


class Flow:
    def __init__(self):
        self.packets = self.ip_bytes = self.l2_bytes = self.tcp_flags = 0
        self.first = self.last = None
        self.icmp = None  # truth: type and code of the first packet; records: (time, those at that time)
        self.notes = set()


def read_truth(path):
    flows = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f, delimiter="\t"):
            key = (int(row["ip_version"]), row["src"], row["dst"], int(row["protocol"]),
                   int(row["sport"]), int(row["dport"]))
            flow = flows.setdefault(key, Flow())
            flow.packets = int(row["packets"])
            flow.ip_bytes = int(row["ip_bytes"])
            flow.l2_bytes = int(row["l2_bytes"])
            flow.tcp_flags = int(row["tcp_flags"])
            flow.first, flow.last = nanoseconds(row["first_ts"]), nanoseconds(row["last_ts"])
            flow.icmp = None if row["icmp_type_code"] == "-" else int(row["icmp_type_code"])
            flow.notes = set() if row["notes"] == "-" else set(row["notes"].split(","))
    return flows


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])


def read_records(lines):
    """Sums per outermost 5-tuple; the packets of everything that is no IP."""
    flows, other = collections.OrderedDict(), 0
    for line in lines:
        record = json.loads(line)
        if "protocolIdentifier" not in record:
            other += record["packetDeltaCount"]
            continue
        version = record["ipVersion"]
        protocol = record["protocolIdentifier"]
        ports = (0, 0)
        if protocol not in ICMP:
            ports = (record.get("sourceTransportPort", 0), record.get("destinationTransportPort", 0))
        key = (version, record["sourceIPv%dAddress" % version],
               record["destinationIPv%dAddress" % version], protocol) + ports
        flow = flows.setdefault(key, Flow())
        flow.packets += record["packetDeltaCount"]
        flow.ip_bytes += record["octetDeltaCount"]
        flow.l2_bytes += record["layer2OctetDeltaCount"]
        flow.tcp_flags |= record.get("tcpControlBits", 0)
        start, end = record["flowStartNanoseconds"], record["flowEndNanoseconds"]
        icmp = record.get(ICMP.get(protocol))
        if icmp is not None and (flow.icmp is None or start < flow.icmp[0]):
            flow.icmp = (start, set())
        if icmp is not None and start == flow.icmp[0]:
            flow.icmp[1].add(icmp)
        flow.first = start if flow.first is None else min(flow.first, start)
        flow.last = max(end, flow.last or 0)
    return flows, other


def read_exceptions():
    with open(os.path.join(HERE, "exceptions.tsv"), newline="") as f:
        rows = [r for r in csv.reader(f, delimiter="\t") if r and not r[0].startswith("#")]
    return [dict(zip(("file", "note", "columns", "reason"), r)) for r in rows]


class Check:
    def __init__(self, name, exceptions):
        self.name = name
        self.exceptions = exceptions
        self.faults = []
        self.used = set()

    def excused(self, column, notes):
        for i, e in enumerate(self.exceptions):
            if e["file"] in ("*", self.name) and (e["note"] in ("*",) or e["note"] in notes) \
                    and column in e["columns"].split(","):
                self.used.add(i)
                return True
        return False

    def compare(self, truth, ours, monotonic):
        for key in sorted(set(truth) | set(ours)):
            a, b = truth.get(key), ours.get(key)
            notes = a.notes if a else set()
            if a is None or b is None:
                if not self.excused("flow", notes):
                    self.faults.append("%s: %s: %s" % (self.name, key, "not in the truth" if b else "missing"))
                continue
            for column in COLUMNS:
                want, got = getattr(a, column), getattr(b, column)
                if column in ("first", "last") and not monotonic:
                    continue
                if column == "tcp_flags":
                    got &= 0xff
                    want &= 0xff
                if column == "icmp":
                    if want is None or (got and want in got[1]):
                        continue
                if want != got and not self.excused(column, notes):
                    self.faults.append("%s: %s: %s is %s, should be %s" % (self.name, key, column, got, want))


def replay(nfprobe, path, arguments):
    result = subprocess.run([nfprobe, "replay", path, "--interval", "1h", "--json"] + arguments,
                            capture_output=True, text=True)
    if result.returncode:
        return None, "exit code %d: %s" % (result.returncode, result.stderr.strip())
    return result.stdout.splitlines(), None


def check_one(nfprobe, folder, row, total, exceptions, arguments):
    name = row["file"]
    check = Check(name, exceptions)
    lines, fault = replay(nfprobe, os.path.join(folder, name), arguments)
    if fault:
        check.faults.append("%s: %s" % (name, fault))
        return check
    ours, other = read_records(lines)
    counted = other + sum(f.packets for f in ours.values())
    if counted != int(row["packets"]):
        check.faults.append("%s: %d packets counted, the capture has %s" % (name, counted, row["packets"]))
    if arguments:
        return check
    if other != int(total["non_ip"]) + int(total["malformed"]) + int(total["cut_l2"]) \
            and not check.excused("non_ip", set()):
        check.faults.append("%s: %d packets that are no sound IP, should be %s + %s + %s" %
                            (name, other, total["non_ip"], total["malformed"], total["cut_l2"]))
    truth = read_truth(os.path.join(folder, "expected", name + ".tsv"))
    check.compare(truth, ours, row["nonmonotonic_ts"] == "0")
    return check


def main():
    options = {w for w in sys.argv[1:] if w.startswith("--")}
    if options - {"--decapsulate", "--keep-exceptions"}:
        sys.exit(__doc__)
    arguments = ["--decapsulate", "all"] if "--decapsulate" in options else []
    words = [w for w in sys.argv[1:] if w not in options]
    if len(words) < 2:
        sys.exit(__doc__)
    nfprobe, folder, only = words[0], words[1], set(words[2:])
    exceptions = read_exceptions()
    with open(os.path.join(folder, "index.tsv"), newline="") as f:
        rows = [r for r in csv.DictReader(f, delimiter="\t") if not only or r["file"] in only]
    with open(os.path.join(folder, "totals.tsv"), newline="") as f:
        totals = {r["file"]: r for r in csv.DictReader(f, delimiter="\t")}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        checks = list(pool.map(
            lambda r: check_one(nfprobe, folder, r, totals[r["file"]], exceptions, arguments), rows))
    faults = [f for c in checks for f in c.faults]
    if not only and not options:
        used = set().union(*(c.used for c in checks))
        faults += ["exceptions.tsv: not needed: %s" % e for i, e in enumerate(exceptions) if i not in used]
    for fault in faults:
        print(fault)
    bad = sum(1 for c in checks if c.faults)
    print("%d captures agree, %d do not" % (len(checks) - bad, bad))
    sys.exit(1 if faults or not checks else 0)


if __name__ == "__main__":
    main()
