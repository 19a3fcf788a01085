#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many flows of every kind: mixed.py IFNAME FLOWS

Frames of FLOWS flows, one each and in turns: TCP (SYN with options, in its middle), UDP, ICMP, SCTP and others over IPv4 and
IPv6, in a VLAN, in two, in tunnels of IPv4 and of IPv6, in two tunnels, and frames that are no IP. Of every second round the
answers, too. Prints how many frames were sent."""
import socket
import struct
import sys

import frames as f

MSS = bytes([2, 4, 5, 180, 1, 3, 3, 7])
VXLAN = struct.pack("!BxxxI", 8, 42 << 8)


def mac(n):
    return b"\x02\x0b" + struct.pack("!I", n)


def ether(src, dst, packet, tags=(), kind=None):
    head = mac(dst) + mac(src) + b"".join(struct.pack("!HH", *tag) for tag in tags)
    return head + struct.pack("!H", kind or {4: 0x0800, 6: 0x86dd}[packet[0] >> 4]) + packet


class Ends:
    """Two hosts of round n, and the same the other way round."""

    def __init__(self, n, back=False):
        order = (lambda a, b: (b, a)) if back else (lambda a, b: (a, b))
        self.n, self.back = n, back
        self.v4 = order(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", f"172.16.{n % 250}.1")
        self.v6 = order(f"2001:db8:{n >> 12:x}:{n & 4095:x}::1", f"2001:db8:ffff::{n % 999:x}")
        self.outer4, self.outer6 = order("192.0.2.1", f"198.51.100.{n % 250}"), order("2001:db8:aaaa::1", "2001:db8:bbbb::1")
        self.ports = order(1024 + n % 60000, 80 + n % 3)
        self.macs = order(n % 5000, 7)

    def udp(self, size=0):
        return f.udp(*self.ports, size)

    def tcp(self, flags, options=b""):
        return f.tcp(*self.ports, flags, 10, options)

    def frame(self, packet, tags=()):
        return ether(*self.macs, packet, tags)

    def vxlan(self, frame):
        return f.ipv4(*self.outer4, 17, struct.pack("!HHHH", 5000 + self.n % 99, 4789, 16 + len(frame), 0) + VXLAN + frame)


def kinds(e):
    """Frames of a round, one a kind."""
    flags = f.SYN | f.ACK if e.back else f.SYN
    echo = (0, 129) if e.back else (8, 128)
    inner4, inner6 = f.ipv4(*e.v4, 6, e.tcp(f.ACK)), f.ipv6(*e.v6, 17, e.udp(40))
    sctp = struct.pack("!HHII", *e.ports, 1, 0) + bytes(16)
    yield e.frame(f.ipv4(*e.v4, 6, e.tcp(flags, MSS)))
    yield e.frame(f.ipv6(*e.v6, 6, e.tcp(flags, MSS)))
    yield e.frame(f.ipv4(*e.v4, 17, e.udp(e.n % 1200)))
    yield e.frame(f.ipv6(*e.v6, 17, e.udp(e.n % 1200)))
    yield e.frame(f.ipv4(*e.v4, 1, f.icmp(echo[0], 0)))
    yield e.frame(f.ipv6(*e.v6, 58, f.icmp(echo[1], 0)))
    yield e.frame(f.ipv4(*e.v4, 132, sctp))
    yield e.frame(f.ipv6(*e.v6, 132, sctp))
    yield e.frame(f.ipv4(*e.v4, 50, bytes(40)))
    yield e.frame(f.ipv6(*e.v6, 89, bytes(24)))
    yield e.frame(f.ipv4(*e.v4, 6, e.tcp(f.ACK | f.PSH)), [(0x8100, 1 + e.n % 4000)])
    yield e.frame(f.ipv6(*e.v6, 17, e.udp(9)), [(0x88a8, 200), (0x8100, 1 + e.n % 4000)])
    yield e.frame(f.ipv4(*e.outer4, 47, struct.pack("!HH", 0, 0x86dd) + inner6))
    yield e.frame(f.ipv6(*e.outer6, 4, inner4))
    yield e.frame(e.vxlan(e.frame(f.ipv4(*e.v4, 17, e.udp(30)))), [(0x8100, 12)])
    yield e.frame(f.ipv6(*e.outer6, 4, e.vxlan(e.frame(f.ipv6(*e.v6, 6, e.tcp(f.ACK))))))
    yield ether(*e.macs, bytes(46), kind=0x88b5 + e.n % 2)
    yield ether(*e.macs, b"\x42\x42\x03" + bytes(35), kind=38)


def main():
    flows, sent, n = int(sys.argv[2]), 0, 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((sys.argv[1], 0))
        while flows > 0:
            for back in (False, True)[:1 + n % 2]:
                for frame in kinds(Ends(n, back)):
                    sock.send(frame)
                    sent += 1
                    flows -= 1
            n += 1
    print(sent)


if __name__ == "__main__":
    main()
