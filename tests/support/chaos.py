#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP collector that behaves badly on demand, and what is to be said of what it has read.

  chaos.py collect ADDRESS PORT DIR [--slow OCTETS] [--reset OCTETS]
      stores each connection in DIR/<n>.ipfix, with times of arrival in DIR/<n>.times, until killed.
      --slow: reads so many octets a second, through a small window. --reset: resets a connection
      after it has read so many octets, in the middle of whatever comes then
  chaos.py distinct [--stepped] [--gaps LIST] FILE...
      packets, records and records that came again: a flowId that comes again has to be the same record. The end of a
      file may be a message that was cut off. --stepped: the clock was, so that messages may leave before those that
      left before them. --gaps: below it each line of LIST, "BEGIN END ..." in ms since 1970,
      behind the packets of the records whose bucket was at that time
  chaos.py delays FILE...     ms from the end of each bucket to its last record: median of the buckets
"""
import collections
import json
import os
import selectors
import socket
import statistics
import struct
import sys
import time

import ipfix

CHUNK = 1 << 16


class Connection:
    def __init__(self, sock, folder, slow, reset):
        self.sock, self.slow, self.reset, self.octets = sock, slow, reset, 0
        name = os.path.join(folder, "%04d" % (len(os.listdir(folder)) // 2 + 1))
        self.data = open(name + ".ipfix", "wb", buffering=0)
        self.times = open(name + ".times", "w", buffering=1, encoding="ascii")

    def read(self):
        """False: it is over."""
        most = CHUNK
        if self.reset:
            most = max(1, min(CHUNK, self.reset - self.octets))
        if self.slow:
            most = max(1, self.slow // 20)
        try:
            data = self.sock.recv(most)
        except ConnectionError:
            data = b""
        self.data.write(data)
        self.octets += len(data)
        self.times.write("%d %f\n" % (self.octets, time.time()))
        if self.slow:
            time.sleep(0.05)
        if data and not (self.reset and self.octets >= self.reset):
            return True
        if data:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        return False


def collect(address, port, folder, slow, reset):
    os.makedirs(folder, exist_ok=True)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if slow:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.bind((address, port))
    sock.listen(16)
    selector = selectors.DefaultSelector()
    selector.register(sock, selectors.EVENT_READ)
    connections = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is sock:
                new = sock.accept()[0]
                connections[new] = Connection(new, folder, slow, reset)
                selector.register(new, selectors.EVENT_READ)
                continue
            if not connections[key.fileobj].read():
                selector.unregister(key.fileobj)
                del connections[key.fileobj]


def messages(path):
    """(end, message) of each whole message, for a reader of ipfix.Session's strictness."""
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset + 16 <= len(data):
        length = int.from_bytes(data[offset + 2:offset + 4], "big")
        if length < 16:
            sys.exit(f"{path}: a message of length {length} at octet {offset}")
        if offset + length > len(data):
            return
        offset += length
        yield offset, data[offset - length:offset]


def strict(path, repeats=False, stepped=False):
    session = ipfix.Session(os.path.basename(path), template_repeats_allowed=repeats)
    for end, message in messages(path):
        session.records.clear()  # there may be hours of them
        session.message(message)
        yield end, session.records
    errors = [error for error in session.errors if not (stepped and "export time went back" in error)]
    if errors:
        sys.exit("\n".join(errors))


def distinct(paths, gaps, stepped):
    seen, again, buckets = {}, 0, collections.Counter()
    for path in paths:
        for _, records in strict(path, stepped=stepped):
            for record in records:
                record.pop("flowEndReason", None)
                record.pop("template", None)
                digest = hash(repr(sorted(record.items())))
                if record["flowId"] in seen:
                    if seen[record["flowId"]] != digest:
                        sys.exit(f"two records with flowId {record['flowId']}, one of them {record}")
                    again += 1
                    continue
                seen[record["flowId"]] = digest
                times = tuple(record.get(f"monitoringInterval{end}MilliSeconds", 0) for end in ("Start", "End"))
                buckets[times] += record["packetDeltaCount"]
    print(sum(buckets.values()), len(seen), again)
    for line in gaps:
        begin, end = map(int, line.split()[:2])
        print(sum(n for times, n in buckets.items() if times[0] < end and times[1] > begin), line, end="")


def delays(paths):
    last = {}
    for path in paths:
        with open(path[:-len("ipfix")] + "times", encoding="ascii") as file:
            arrivals = [line.split() for line in file]
        at = 0
        for end, records in strict(path):
            while int(arrivals[at][0]) < end:
                at += 1
            for record in records:
                bucket = record["monitoringIntervalEndMilliSeconds"]
                last[bucket] = max(last.get(bucket, 0), float(arrivals[at][1]) * 1000 - bucket)
    print(json.dumps({"buckets": len(last), "median": statistics.median(last.values()),
                      "most": max(last.values())}))


def main(argv):
    options = {argv[i]: int(argv[i + 1]) for i in range(len(argv) - 1) if argv[i] in ("--slow", "--reset")}
    if argv[1] == "collect":
        collect(argv[2], int(argv[3]), argv[4], options.get("--slow", 0), options.get("--reset", 0))
    elif argv[1] == "distinct":
        words = argv[2:]
        stepped = words[0] == "--stepped"
        words = words[stepped:]
        lists = words[0] == "--gaps"
        with open(words[1] if lists else os.devnull, encoding="ascii") as gaps:
            distinct(words[2 if lists else 0:], gaps, stepped)
    elif argv[1] == "delays":
        delays(argv[2:])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
