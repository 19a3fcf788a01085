#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that nobody wants, and many that one does: hostile.py PORT REQUESTS

Silent connections, ones that send an octet now and then, garbage, heads without an end, bodies, methods; then REQUESTS
requests, pipelined over a few connections. Fails unless each of these is answered, and the server answers at the end."""
import os
import socket
import sys
import threading
import time

WAIT = 60
GOOD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BATCH = 50


def dial(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    s.settimeout(WAIT)
    return s


def rest(s):
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return got
            got += more
    except (ConnectionError, socket.timeout):
        return got


def send(port, data):
    """All of it, as far as the server listens; what it answers."""
    s = dial(port)
    try:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    got = rest(s)
    s.close()
    return got


def garbage():
    return [
        os.urandom(4096), b"\0" * 70000, b"GET " + b"/" * 70000, b"GET / HTTP/1.1\r\nX: " + b"a" * 70000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20000)), b"\r\n" * 20000,
        b"POST /status.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"z" * 100000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500),
    ]


def refused(port, data, failures):
    answer = send(port, data)
    if answer.startswith(b"HTTP/1.1 200"):
        failures.append((data[:40], answer[:80]))


def slow(port, stop):
    """One octet of a head after the other: the server's patience ends before the head does."""
    s = dial(port)
    try:
        for octet in b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100000:
            if stop.wait(0.2):
                break
            s.sendall(bytes([octet]))
    except OSError:
        pass
    s.close()


def ask(port, requests, again, failures):
    left = requests
    while left:
        n = min(left, BATCH)
        s = dial(port)
        s.sendall(GOOD * (n - 1) + LAST)
        answers = rest(s).count(b"HTTP/1.1 200 OK")
        s.close()
        if not answers:  # no place for the connection: it was closed at once
            again.append(1)
            time.sleep(0.05)
        elif answers != n:
            failures.append((answers, n))
            return
        else:
            left -= n


def main(port, requests):
    stop, again, failures = threading.Event(), [], []
    patient = [threading.Thread(target=slow, args=(port, stop)) for _ in range(10)]
    busy = [threading.Thread(target=refused, args=(port, data, failures)) for data in garbage()]
    busy += [threading.Thread(target=ask, args=(port, requests // 4, again, failures)) for _ in range(4)]
    for t in patient + busy:
        t.start()
    for t in busy:
        t.join()
    silent = [dial(port) for _ in range(80)]
    end = time.monotonic() + WAIT
    while not send(port, LAST).startswith(b"HTTP/1.1 200"):  # the silent ones are told to go
        assert time.monotonic() < end, "no answer beside silent clients"
        time.sleep(0.2)
    stop.set()
    for s in silent:
        s.close()
    for t in patient:
        t.join()
    if failures:
        raise SystemExit(f"hostile.py: {failures}")
    print(f"{requests // 4 * 4} requests answered, {len(again)} connections had to come again")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(int(sys.argv[1]), int(sys.argv[2]))
