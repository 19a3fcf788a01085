#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""demo.py BEFORE AFTER DIR: the last table of scripts/demo. What hosts sent and interfaces counted
(snapshots of books.py) beside what nfprobe counted and what nfdump got. Exit code 1 if they differ."""
import sys

import books
import records

HOSTS = ("alice", "bob", "carol")
# What each host's own protocols say that they sent: rows of /proc/net/snmp and snmp6.
SENT = {
    "TCP segments": (6, ("TcpOutSegs", "TcpRetransSegs")),
    "UDP datagrams": (17, ("UdpOutDatagrams", "Udp6OutDatagrams")),
    "ICMP messages": (1, ("IcmpOutMsgs",)),
    "ICMPv6 messages": (58, ("Icmp6OutMsgs",)),
}


def row(name, *cells):
    same = len(set(cells)) == 1
    print(f"   {name:<18}" + "".join(f"{cell:>16,}" for cell in cells) + ("" if same else "   <- differ"))
    return same


def main(argv):
    before, after = books.load(argv[1]), books.load(argv[2])
    flows = records.load(argv[3], [])
    hooks = {h["ifname"]: h for h in after["status"]["hooks"]}

    def moved(ifname, field):
        old = next(h for h in before["status"]["hooks"] if h["ifname"] == ifname)
        return hooks[ifname][field] - old[field]

    def counted(ifname, field):
        return (after["interfaces"]["router"][ifname][field] -
                before["interfaces"]["router"][ifname][field])

    good = True
    print(f"   {'on the wire':<18}{'hosts sent':>16}{'nfdump has':>16}")
    for name, (proto, counters) in SENT.items():
        total = sum(after["protocols"][host].get(c, 0) - before["protocols"][host].get(c, 0)
                    for host in HOSTS for c in counters)
        good &= row(name, total, sum(f["packets"] for f in flows if f["proto"] == proto))
    print()
    print(f"   {'at the interface':<18}{'counter says':>16}{'nfprobe says':>16}  (buffers of the kernel, each of")
    print(f"   {'':<50}  which may hold many packets)")
    for ifname in sorted(hooks):
        good &= row(ifname, counted(ifname, "rx_packets"), moved(ifname, "seen_skbs"))
    print(f"   {'bridge':<18}{counted('bridge', 'rx_packets'):>16,}{'-':>16}  (the same again as port1: left out)")
    print()
    seen = sum(moved(ifname, "seen") for ifname in hooks)
    got = sum(f["packets"] for f in flows)
    lost = sum(after["status"]["lost"].values())
    good &= seen == got and not books.check(after["status"])
    if good:
        print(f"The books closed: {seen:,} packets on the wire, {got:,} in nfdump's {len(flows)} records, "
              f"{lost} lost.")
    else:
        print(f"THE BOOKS DID NOT CLOSE: {seen:,} packets on the wire, {got:,} in nfdump, {lost} lost.")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(sys.argv)
