#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The books of `nfprobe status --json` against the counters of everybody else.

  books.py eval EXPRESSION <STATUS           prints a Python expression over s (the status) and
                                             h(IFNAME, DIRECTION) (one of its hooks)
  books.py check <STATUS                     seen == recorded + open + sum(lost), in total, per hook and per
                                             bucket; exit code 1 and one line for each that is not
  books.py snap ID NODE... <STATUS           that and the interface and protocol counters of the
                                             namespaces ID-NODE
  books.py judge BEFORE AFTER RULE...        each rule is a Python expression over the differences:
        i(NODE, IFNAME, COUNTER)             interface counter: rx_packets, tx_bytes ...
        p(NODE, COUNTER)                     protocol counter: TcpOutSegs ...
        h(IFNAME, DIRECTION)[FIELD]          field of a hook: seen, seen_skbs, seen_skb_bytes, recorded ...
    exit code 1 and one line for each rule that does not hold"""
import json
import re
import subprocess
import sys


def find_hook(status, ifname, direction):
    found = [h for h in status["hooks"] if h["ifname"] == ifname and h["direction"] == direction]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} hooks {ifname} {direction}: {json.dumps(status['hooks'])}")
    return found[0]


def unbalanced(book):
    return book["seen"] - book["recorded"] - book["open"] - sum(book["lost"].values())


def check(status):
    errors = []
    books = [("total", status)]
    books += [(f"hook {h['ifname']} {h['direction']}", h) for h in status["hooks"]]
    books += [(f"bucket {b['start_ts']}-{b['end_ts']}", b) for b in status["buckets"] if "seen" in b]
    for name, book in books:
        if unbalanced(book):
            errors.append(f"{name}: seen {book['seen']}, recorded {book['recorded']}, open {book['open']}, "
                          f"lost {book['lost']}")
    if not status["balanced"]:
        errors.append("balanced is false")
    return errors


def command(namespace, *words):
    return subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", *words], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def snap(ident, nodes):
    result = {"status": json.load(sys.stdin), "interfaces": {}, "protocols": {}}
    for node in nodes:
        # nsenter keeps the /sys of where it comes from: ask netlink.
        links = json.loads(command(f"{ident}-{node}", "ip", "-j", "-s", "link"))
        result["interfaces"][node] = {
            link["ifname"]: {f"{way}_{name}": value for way in ("rx", "tx")
                             for name, value in link["stats64"][way].items()} for link in links}
        rows = (line.split() for line in command(f"{ident}-{node}", "nstat", "-asz").splitlines())
        result["protocols"][node] = {row[0]: int(row[1]) for row in rows if row and row[0] != "#kernel"}
    return result


def judge(before, after, rules):
    def i(node, ifname, name):
        return after["interfaces"][node][ifname][name] - before["interfaces"][node][ifname][name]

    def p(node, name):
        return after["protocols"][node][name] - before["protocols"][node][name]

    def h(ifname, direction):
        new = find_hook(after["status"], ifname, direction)
        old = find_hook(before["status"], ifname, direction)
        return {key: value - old[key] for key, value in new.items()
                if isinstance(value, int) and not isinstance(value, bool)}

    scope = {"i": i, "p": p, "h": h}
    errors = check(after["status"])
    for rule in rules:
        if not eval(rule, scope):  # pylint: disable=eval-used
            terms = "".join(f"\n    {term} = {eval(term, scope)}"  # pylint: disable=eval-used
                            for term in re.split(r" (?:==|<=|<|>|and|\+|-) ", rule))
            errors.append(f"{rule}: no:{terms}")
    return errors


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main(argv):
    errors = []
    if argv[1] == "eval":
        status = json.load(sys.stdin)
        print(eval(argv[2], {"s": status,  # pylint: disable=eval-used
                             "h": lambda ifname, direction: find_hook(status, ifname, direction)}))
    elif argv[1] == "check":
        errors = check(json.load(sys.stdin))
    elif argv[1] == "snap":
        print(json.dumps(snap(argv[2], argv[3:])))
    elif argv[1] == "judge":
        errors = judge(load(argv[2]), load(argv[3]), argv[4:])
    else:
        raise SystemExit(__doc__)
    for error in errors:
        print(error)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main(sys.argv)
