#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of IPFIX (RFC 7011) that shares no code with the exporter, for what collectors let
pass: lengths, unknown and empty Sets, padding, templates before data, sequence numbers.

  ipfix.py listen tcp|udp ADDRESS PORT DIR [OCTETS]   stores each session in DIR/<n>.ipfix until killed; OCTETS: its
                                             socket's buffer, else the system's
  ipfix.py check [--connection] FILE...      reads sessions, prints a summary (JSON); exit code 1 and
                                             one line each for what is wrong; --connection: a
                                             template may come once only (TCP)
  ipfix.py records FILE...                   prints the data records of the sessions, one JSON a line
  ipfix.py replay ADDRESS PORT FILE...       sends their messages, a datagram each

A file is messages end to end (RFC 5655). One file is one session."""
import ipaddress
import json
import os
import selectors
import socket
import struct
import sys
import time

NAMES = {1: "octetDeltaCount", 2: "packetDeltaCount", 4: "protocolIdentifier", 5: "ipClassOfService",
         6: "tcpControlBits", 7: "sourceTransportPort", 8: "sourceIPv4Address", 10: "ingressInterface",
         11: "destinationTransportPort", 12: "destinationIPv4Address", 14: "egressInterface",
         27: "sourceIPv6Address", 28: "destinationIPv6Address", 32: "icmpTypeCodeIPv4",
         56: "sourceMacAddress", 58: "vlanId", 61: "flowDirection", 80: "destinationMacAddress",
         136: "flowEndReason", 139: "icmpTypeCodeIPv6", 148: "flowId", 239: "biflowDirection", 152: "flowStartMilliseconds",
         153: "flowEndMilliseconds", 256: "ethernetType", 352: "layer2OctetDeltaCount",
         359: "monitoringIntervalStartMilliSeconds", 360: "monitoringIntervalEndMilliSeconds"}
ADDRESSES = {8, 12, 27, 28, 15, 62}
MACS = {56, 80, 57, 81}
REVERSE = 29305  # RFC 5103


class Session:
    """One transport session: templates and sequence numbers per observation domain."""

    def __init__(self, name, template_repeats_allowed=True):
        self.name = name
        self.repeats = template_repeats_allowed
        self.templates = {}  # (domain, id) -> (options, fields)
        self.sequence = {}   # domain -> next
        self.time = {}
        self.errors = []
        self.records = []
        self.messages = self.options = self.announcements = self.longest = 0

    def error(self, text):
        self.errors.append(f"{self.name}: message {self.messages}: {text}")

    def message(self, data):
        self.messages += 1
        self.longest = max(self.longest, len(data))
        version, length, export, sequence, domain = struct.unpack("!HHIII", data[:16])
        if version != 10 or length != len(data):
            self.error(f"version {version}, length {length} of {len(data)}")
            return
        if domain in self.sequence and sequence != self.sequence[domain]:
            self.error(f"domain {domain}: sequence {sequence}, expected {self.sequence[domain]}")
        if domain not in self.sequence and sequence != 0:
            self.error(f"domain {domain}: the session's first sequence number is {sequence}")
        if export < self.time.get(domain, 0):
            self.error(f"export time went back from {self.time[domain]} to {export}")
        self.time[domain] = export
        offset, count, sets = 16, 0, 0
        while offset < len(data):
            if len(data) - offset < 4:
                self.error("octets behind the last Set")
                break
            kind, size = struct.unpack_from("!HH", data, offset)
            if size <= 4 or offset + size > len(data):
                self.error(f"Set {kind} of length {size}")
                break
            body = data[offset + 4:offset + size]
            if kind in (2, 3):
                self.template_set(domain, kind == 3, body)
            elif kind >= 256:
                count += self.data_set(domain, kind, body)
            else:
                self.error(f"Set id {kind} does not exist")
            offset += size
            sets += 1
        if not sets:
            self.error("no Set")
        self.sequence[domain] = (sequence + count) & 0xffffffff

    def template_set(self, domain, options, body):
        offset = 0
        while len(body) - offset >= 4:
            ident, count = struct.unpack_from("!HH", body, offset)
            offset += 4
            scopes = 0
            if options:
                scopes, = struct.unpack_from("!H", body, offset)
                offset += 2
                if not 0 < scopes <= count:
                    self.error(f"options template {ident}: {scopes} scopes of {count} fields")
            fields = []
            for _ in range(count):
                element, length = struct.unpack_from("!HH", body, offset)
                offset += 4
                pen = 0
                if element & 0x8000:
                    pen, = struct.unpack_from("!I", body, offset)
                    offset += 4
                fields.append((pen, element & 0x7fff, length))
            if ident < 256 or not fields:
                self.error(f"template id {ident} with {count} fields")
            new = (options, fields)
            old = self.templates.get((domain, ident))
            if old is not None and old != new:
                self.error(f"template {ident} changed its meaning")
            if old is not None and not self.repeats:
                self.error(f"template {ident} sent twice in one connection")
            self.templates[domain, ident] = new
            self.announcements += 1
        if body[offset:].strip(b"\0"):
            self.error("octets behind the last template")

    def data_set(self, domain, kind, body):
        if (domain, kind) not in self.templates:
            self.error(f"data Set {kind} without its template")
            return 0
        options, fields = self.templates[domain, kind]
        offset = count = 0
        least = sum(1 if length == 0xffff else length for _, _, length in fields)
        while len(body) - offset >= least:
            record = {}
            for pen, element, length in fields:
                if length == 0xffff:
                    length = body[offset]
                    offset += 1
                    if length == 255:
                        length, = struct.unpack_from("!H", body, offset)
                        offset += 2
                if offset + length > len(body):
                    self.error(f"record of template {kind} is cut")
                    return count
                record[pen, element] = body[offset:offset + length]
                offset += length
            count += 1
            if options:
                self.options += 1
            else:
                self.records.append({**values(record), "domain": domain, "template": kind})
        rest = body[offset:]
        if len(rest) > 3 or rest.strip(b"\0"):
            self.error(f"{len(rest)} octets behind the last record of Set {kind}")
        if not count:
            self.error(f"data Set {kind} without a record")
        return count


def values(record):
    result = {}
    for (pen, element), data in record.items():
        if pen not in (0, REVERSE):
            continue
        name = NAMES.get(element, str(element))
        if pen == REVERSE:
            name = "reverse" + name[0].upper() + name[1:]
        if element in ADDRESSES:
            result[name] = str(ipaddress.ip_address(data))
        elif element in MACS:
            result[name] = data.hex(":")
        else:
            result[name] = int.from_bytes(data, "big")
    return result


def read(path, **options):
    session = Session(os.path.basename(path), **options)
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset < len(data):
        length = int.from_bytes(data[offset + 2:offset + 4], "big")
        if length < 16 or offset + length > len(data):
            session.error(f"a message of length {length} at octet {offset} of {len(data)}")
            break
        session.message(data[offset:offset + length])
        offset += length
    return session


def listen(kind, address, port, folder, buffer=0):
    """TCP: a session is a connection. UDP: a session is a source address and port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, 33, buffer)  # SO_RCVBUFFORCE
    sock.bind((address, port))
    os.makedirs(folder, exist_ok=True)
    files = {}

    def store(session, data):
        if session not in files:
            number = len(os.listdir(folder)) + 1
            files[session] = open(os.path.join(folder, f"{number:03}.ipfix"), "ab", buffering=0)
        files[session].write(data)

    if kind == "udp":
        while True:
            data, peer = sock.recvfrom(1 << 16)
            store(peer, data)
    sock.listen(16)
    selector = selectors.DefaultSelector()
    selector.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sock:
                selector.register(sock.accept()[0], selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(1 << 16)
            if data:
                store(key.fileobj, data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def messages(path):
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset < len(data):
        length = int.from_bytes(data[offset + 2:offset + 4], "big")
        yield data[offset:offset + length]
        offset += length


def unread(port):
    """Octets that wait for the receiver of a port of ours."""
    with open("/proc/net/udp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(int(row[4].split(":")[1], 16) for row in rows if int(row[1].split(":")[1], 16) == port)


def replay(address, port, paths):
    """To a receiver on this host, which is given time to read: nobody tells when a datagram is dropped."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        for path in paths:
            for message in messages(path):
                sock.send(message)
                while unread(port):
                    time.sleep(0.001)


def main(argv):
    if argv[1] == "listen":
        listen(argv[2], argv[3], int(argv[4]), argv[5], *map(int, argv[6:]))
    if argv[1] == "replay":
        replay(argv[2], int(argv[3]), argv[4:])
        return
    paths = [path for path in argv[2:] if not path.startswith("--")]
    sessions = [read(path, template_repeats_allowed="--connection" not in argv) for path in paths]
    if argv[1] == "records":
        for session in sessions:
            for record in session.records:
                print(json.dumps(record))
    elif argv[1] == "check":
        errors = [error for session in sessions for error in session.errors]
        print(json.dumps({
            "sessions": len(sessions), "messages": sum(s.messages for s in sessions),
            "templates": sum(s.announcements for s in sessions),
            "longest": max((s.longest for s in sessions), default=0),
            "options": sum(s.options for s in sessions),
            "records": sum(len(s.records) for s in sessions),
            "packets": sum(r.get("packetDeltaCount", 0) for s in sessions for r in s.records),
            "octets": sum(r.get("octetDeltaCount", 0) for s in sessions for r in s.records)}))
        for error in errors:
            print(error, file=sys.stderr)
        sys.exit(1 if errors else 0)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
