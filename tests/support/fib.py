#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where packets go: what records say, and what `ip route get` says.

  fib.py send PORT COUNT ADDRESS...  a UDP datagram from each of COUNT ports, PORT and the next, to port 7 of each address
  fib.py compare IFNAME [MINIMUM]    records (JSON lines, stdin) of UDP to port 7 that came in by IFNAME: egress interface and
                                     next hop of each as `ip route get` has them for a packet with its addresses and ports
Prints how many records agree, by what became of their packets; exit code 1 at a difference, or if there are fewer
than MINIMUM."""
import collections
import json
import socket
import subprocess
import sys

PORT = 7


def send(first, count, addresses):
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for port in range(first, first + count):
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.bind(("", port))
                s.sendto(b"x", (address, PORT))


def ip(*words):
    done = subprocess.run(["ip", "-j", *words], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)[0] if done.returncode == 0 and done.stdout.strip() else None


def of_route(record, src, dst, ifname, numbers):
    """What became of it, egress interface, next hop (None: not known)."""
    answer = ip("route", "get", dst, "from", src, "iif", ifname, "ipproto", "udp", "sport",
                str(record["sourceTransportPort"]), "dport", str(PORT))
    if answer is None or answer.get("type", "unicast") != "unicast" or answer["dev"] == "lo":
        return "not forwarded", 0, None
    gateway = answer.get("gateway")
    if answer.get("via", {}).get("family") == "inet6":
        return "by a gateway of the other version", numbers[answer["dev"]], "0.0.0.0"
    return ("by a gateway" if gateway else "on the link", numbers[answer["dev"]],
            gateway or ("::" if ":" in dst else "0.0.0.0"))


def compare(ifname, minimum):
    numbers = {link["ifname"]: link["ifindex"]
               for link in json.loads(subprocess.check_output(["ip", "-j", "link"]))}
    agree, differ = collections.Counter(), 0
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        record = json.loads(line)
        if record.get("destinationTransportPort") != PORT or record["ingressInterface"] != numbers[ifname] or \
                record["flowDirection"] != 0:
            continue
        version = 4 if "sourceIPv4Address" in record else 6
        src, dst = record[f"sourceIPv{version}Address"], record[f"destinationIPv{version}Address"]
        what, *wanted = of_route(record, src, dst, ifname, numbers)
        got = [record["egressInterface"], record.get(f"ipNextHopIPv{version}Address")]
        if got == wanted:
            agree[f"IPv{version} {what}"] += 1
        else:
            print(f"{src} -> {dst} ({what}): {got} instead of {wanted}")
            differ += 1
    print(", ".join(f"{n} {what}" for what, n in sorted(agree.items())))
    return 1 if differ or sum(agree.values()) < minimum else 0


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    else:
        sys.exit(compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1))
