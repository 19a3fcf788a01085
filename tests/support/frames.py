#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames of every kind that the probe tells apart, in known numbers.

  frames.py send IFNAME [--to MAC]     sends them, prints what a meter must have counted (JSON)
  frames.py list                       prints that only

One expected row is one flow: addresses, ports as flow collectors show them (ICMP: port 0 and
type * 256 + code), IP protocol, packets, IP octets, frame octets, TCP flags, TOS, VLAN ids. Rows
whose protocol is null are no IP at all for the meter (row eth)."""
import argparse
import ipaddress
import json
import socket
import struct

SMAC, DMAC = "02:0a:00:00:00:01", "02:0a:00:00:00:02"
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload, tos=0, options=b"", frag=0, ttl=64, ihl=None, ident=1):
    words = 5 + len(options) // 4 if ihl is None else ihl
    head = struct.pack("!BBHHHBBH4s4s", 4 << 4 | words, tos, 20 + len(options) + len(payload),
                       ident, frag, ttl, proto, 0,
                       ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, tos=0, extensions=(), hops=64, label=0):
    """extensions: (type, octets behind the two first) in order."""
    kinds = [kind for kind, _ in extensions] + [proto]
    chain = b""
    for (kind, body), following in zip(extensions, kinds[1:]):
        if kind == 44:
            chain += bytes([following, 0]) + body
        else:
            chain += bytes([following, (len(body) + 2) // 8 - 1]) + body
    return struct.pack("!IHBB16s16s", 6 << 28 | tos << 20 | label, len(chain) + len(payload),
                       kinds[0], hops, ipaddress.ip_address(src).packed,
                       ipaddress.ip_address(dst).packed) + chain + payload


def tcp(sport, dport, flags, size=0, options=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 1, (5 + len(options) // 4) << 4, flags,
                       8192, 0, 0) + options + bytes(size)


def udp(sport, dport, size=0):
    return struct.pack("!HHHH", sport, dport, 8 + size, 0) + bytes(size)


def icmp(kind, code, size=8):
    return struct.pack("!BBHHH", kind, code, 0, 1, 1) + bytes(size)


class Flow:
    """Frames of one flow and what is to be counted for them."""

    def __init__(self, name, packets, src=None, dst=None, proto=None, sport=0, dport=0, flags=0,
                 tos=0, tags=(), ethertype=None, pad=0, octets=None):
        self.frames = []
        kinds = {4: 0x0800, 6: 0x86dd}
        for packet in packets:
            head = mac(DMAC) + mac(SMAC)
            for tpid, vid in tags:
                head += struct.pack("!HH", tpid, vid)
            kind = ethertype if ethertype is not None else kinds[packet[0] >> 4]
            frame = head + struct.pack("!H", kind) + packet
            self.frames.append(frame + bytes(max(0, pad - len(frame))))
        self.row = {
            "name": name, "src": src, "dst": dst, "proto": proto, "sport": sport, "dport": dport,
            "flags": flags, "tos": tos,
            "vlan": tags[0][1] & 0xfff if tags else 0, "cvlan": tags[1][1] & 0xfff if len(tags) > 1 else 0,
            "packets": len(packets), "octets": octets if octets is not None else sum(map(len, packets)),
            "l2_octets": sum(map(len, self.frames)), "smac": SMAC, "dmac": DMAC,
        }


def v4(name, host, proto, payloads, sport=0, dport=0, flags=0, tos=0, tags=(), pad=0, **ip):
    src, dst = f"10.10.{host}.1", f"10.10.{host}.2"
    return Flow(name, [ipv4(src, dst, proto, payload, tos=tos, **ip) for payload in payloads],
                src, dst, proto, sport, dport, flags, tos & 0xfc, tags, pad=pad,
                octets=sum(20 + len(ip.get("options", b"")) + len(p) for p in payloads))


def v6(name, host, proto, payloads, sport=0, dport=0, flags=0, tos=0, tags=(), **ip):
    src, dst = f"fd0a:{host}::1", f"fd0a:{host}::2"
    return Flow(name, [ipv6(src, dst, proto, payload, tos=tos, **ip) for payload in payloads],
                src, dst, proto, sport, dport, flags, tos & 0xfc, tags)


def both(name, host, proto, payloads, **rest):
    return [v4(name + " over IPv4", host, proto, payloads, **rest),
            v6(name + " over IPv6", host, proto, payloads, **rest)]


def fragments(host):
    src, dst = f"10.10.{host}.1", f"10.10.{host}.2"
    whole = udp(4001, 4002, 3000)
    first = ipv4(src, dst, 17, whole[:1480], frag=0x2000)
    later = [ipv4(src, dst, 17, whole[1480:2960], frag=0x2000 | 185), ipv4(src, dst, 17, whole[2960:], frag=370)]
    return [Flow("first fragment", [first], src, dst, 17, 4001, 4002),
            Flow("later fragments", later, src, dst, 17)]


def fragments6(host):
    src, dst = f"fd0a:{host}::1", f"fd0a:{host}::2"
    whole = udp(4001, 4002, 2000)

    def piece(offset, more, payload):
        body = struct.pack("!HI", offset | more, 7)
        return ipv6(src, dst, 17, payload, extensions=[(44, body)])
    return [Flow("first IPv6 fragment", [piece(0, 1, whole[:1200])], src, dst, 17, 4001, 4002),
            Flow("later IPv6 fragment", [piece(1200, 0, whole[1200:])], src, dst, 17)]


def flows():
    vlan, qinq = [(0x8100, 100)], [(0x88a8, 200), (0x8100, 300)]
    pad6 = bytes([1, 4, 0, 0, 0, 0])  # PadN that fills an extension header of 8
    rows = []
    rows += both("TCP handshake flags", 1, 6, [tcp(1001, 80, SYN, options=bytes([2, 4, 5, 180])),
                                               tcp(1001, 80, ACK), tcp(1001, 80, ACK | PSH, 100),
                                               tcp(1001, 80, ACK | FIN)],
                 sport=1001, dport=80, flags=SYN | ACK | PSH | FIN)
    rows += both("TCP reset", 1, 6, [tcp(1002, 81, RST)] * 2, sport=1002, dport=81, flags=RST)
    rows += both("TCP odd flags", 1, 6, [tcp(1003, 82, URG | ECE | CWR)], sport=1003, dport=82,
                 flags=URG | ECE | CWR)
    rows += both("UDP of three sizes", 2, 17, [udp(2001, 53, size) for size in (0, 100, 1400)],
                 sport=2001, dport=53)
    rows += both("UDP with DSCP EF", 2, 17, [udp(2002, 5004, 160)] * 7, sport=2002, dport=5004, tos=0xb8)
    rows += [v4("UDP in a padded frame", 3, 17, [udp(2003, 53)] * 2, sport=2003, dport=53, pad=60),
             v4("UDP behind IPv4 options", 4, 17, [udp(2004, 53, 10)] * 3, sport=2004, dport=53,
                options=bytes([1] * 8)),
             v6("UDP behind extension headers", 4, 17, [udp(2004, 53, 10)] * 3, sport=2004, dport=53,
                extensions=[(0, pad6), (43, bytes([253, 0, 0, 0, 0, 0])), (60, pad6)])]
    rows += [v4("ICMP echo request", 5, 1, [icmp(8, 0, 48)] * 4, dport=8 << 8),
             v4("ICMP echo reply", 5, 1, [icmp(0, 0, 48)] * 3, dport=0),
             v4("ICMP port unreachable", 5, 1, [icmp(3, 3, 20)] * 2, dport=3 << 8 | 3),
             v6("ICMPv6 echo request", 5, 58, [icmp(128, 0, 48)] * 4, dport=128 << 8),
             v6("ICMPv6 neighbour solicitation", 5, 58, [icmp(135, 0, 16)] * 2, dport=135 << 8)]
    rows += both("SCTP", 6, 132, [struct.pack("!HHII", 5001, 5002, 1, 0) + bytes(16)] * 2,
                 sport=5001, dport=5002)
    rows += both("DCCP", 6, 33, [struct.pack("!HH", 5003, 5004) + bytes(12)] * 2, sport=5003, dport=5004)
    rows += both("UDP-Lite", 6, 136, [struct.pack("!HHHH", 5005, 5006, 8, 0) + bytes(20)] * 2,
                 sport=5005, dport=5006)
    rows += both("GRE", 7, 47, [bytes([0, 0, 8, 0]) + bytes(40)] * 2)
    rows += both("ESP", 7, 50, [bytes(64)] * 3)
    rows += fragments(8) + fragments6(8)
    rows += both("UDP in a VLAN", 9, 17, [udp(2009, 53, 60)] * 3, sport=2009, dport=53, tags=vlan)
    rows += both("UDP in a VLAN in a VLAN", 10, 17, [udp(2010, 53, 60)] * 5, sport=2010, dport=53, tags=qinq)
    rows += [Flow("ARP", [bytes([0, 1, 8, 0, 6, 4, 0, 1]) + bytes(20)] * 2, ethertype=0x0806),
             Flow("LLDP", [bytes(50)] * 3, ethertype=0x88cc),
             Flow("LLC", [bytes([0x42, 0x42, 3]) + bytes(35)] * 2, ethertype=38)]
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["send", "list"])
    parser.add_argument("ifname", nargs="?")
    parser.add_argument("--to")
    parser.add_argument("--times", type=int, default=1)
    arguments = parser.parse_args()
    global DMAC
    DMAC = arguments.to or DMAC
    rows = flows()
    if arguments.verb == "send":
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((arguments.ifname, 0))
            for flow in rows:
                for frame in flow.frames * arguments.times:
                    sock.send(frame)
    expected = [flow.row for flow in rows]
    for row in expected:
        for count in ("packets", "octets", "l2_octets"):
            row[count] *= arguments.times
    print(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main()
