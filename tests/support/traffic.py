#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic of known amounts between two hosts.

  traffic.py serve PORT                       TCP and UDP, IPv4 and IPv6, until killed
  traffic.py put ADDRESS PORT BYTES           TCP to the server
  traffic.py get ADDRESS PORT BYTES           TCP from the server
  traffic.py talk ADDRESS PORT ROUNDS         TCP: an octet from the server, one back, ten times a second
  traffic.py udp ADDRESS PORT COUNT SIZE [SEGMENTS]
        COUNT datagrams of SIZE octets. With SEGMENTS that many leave in one buffer (UDP_SEGMENT),
        eight such buffers in one sendmmsg; COUNT is a multiple of SEGMENTS.
  traffic.py bounce ADDRESS PORT COUNT SIZE [SEGMENTS]
        asks the server to send the datagrams, from PORT to ours

put, get and bounce end when everything has arrived; udp ends when everything was sent."""
import ctypes
import os
import selectors
import socket
import struct
import sys
import threading
import time

UDP_SEGMENT = 103
SOL_UDP = 17


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("hdr", Msghdr), ("len", ctypes.c_uint)]


def sendmmsg(sock, payload, segment, messages):
    """Sends the same payload `messages` times in one call, cut by the kernel into segments."""
    libc = ctypes.CDLL(None, use_errno=True)
    data = ctypes.create_string_buffer(payload, len(payload))
    # struct cmsghdr and a 16-bit value, padded to 8.
    control = struct.pack("@QiiHxxxxxx", 18, SOL_UDP, UDP_SEGMENT, segment)
    control = ctypes.create_string_buffer(control, len(control))
    iov = Iovec(ctypes.addressof(data), len(payload))
    vector = (Mmsghdr * messages)()
    for message in vector:
        message.hdr.iov = ctypes.pointer(iov)
        message.hdr.iovlen = 1
        message.hdr.control = ctypes.addressof(control)
        message.hdr.controllen = len(control)
    sent = libc.sendmmsg(sock.fileno(), vector, messages, 0)
    if sent < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return sent


def send_datagrams(sock, count, size, segments=1):
    if segments == 1:
        for _ in range(count):
            sock.send(bytes(size))
        return
    if count % segments:
        raise SystemExit("COUNT is not a multiple of SEGMENTS")
    left = count // segments
    while left:
        left -= sendmmsg(sock, bytes(size * segments), size, min(8, left))


def connect(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.connect((address, port))
    return sock


def read_exactly(sock, count):
    while count:
        data = sock.recv(min(count, 1 << 20))
        if not data:
            raise SystemExit(f"the connection ended {count} octets early")
        count -= len(data)


def send_exactly(sock, count):
    block = bytes(1 << 18)
    while count:
        count -= sock.send(block[:count])


def serve_connection(sock):
    with sock:
        line = sock.makefile("rb").readline().split()
        if line[:1] == [b"put"]:
            # The reader above may have taken some of the data: the client waits for "go".
            sock.sendall(b"go\n")
            read_exactly(sock, int(line[1]))
            sock.sendall(b"ok\n")
        elif line[:1] == [b"get"]:
            send_exactly(sock, int(line[1]))
        elif line[:1] == [b"talk"]:
            for _ in range(int(line[1])):
                sock.sendall(b"?")
                read_exactly(sock, 1)
        sock.recv(1)  # until the client closes: it is the client that keeps TIME_WAIT


def serve_datagram(sock):
    data, peer = sock.recvfrom(1 << 16)
    if not data.startswith(b"bounce "):
        return
    count, size, segments = (int(word) for word in data.split()[1:])
    with socket.socket(sock.family, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        out.bind(sock.getsockname()[:2])
        out.connect(peer[:2])
        send_datagrams(out, count, size, segments)


def serve(port):
    selector = selectors.DefaultSelector()
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(family, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
            if kind == socket.SOCK_STREAM:
                sock.listen(64)
            selector.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            sock = key.fileobj
            if sock.type == socket.SOCK_STREAM:
                threading.Thread(target=serve_connection, args=(sock.accept()[0],),
                                 daemon=True).start()
            else:
                serve_datagram(sock)


def put(address, port, count):
    with connect(socket.SOCK_STREAM, address, port) as sock:
        sock.sendall(b"put %d\n" % count)
        read_exactly(sock, 3)
        send_exactly(sock, count)
        read_exactly(sock, 3)


def get(address, port, count):
    with connect(socket.SOCK_STREAM, address, port) as sock:
        sock.sendall(b"get %d\n" % count)
        read_exactly(sock, count)


def talk(address, port, rounds):
    with connect(socket.SOCK_STREAM, address, port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(b"talk %d\n" % rounds)
        for _ in range(rounds):
            read_exactly(sock, 1)
            time.sleep(0.1)
            sock.sendall(b"!")


def bounce(address, port, count, size, segments=1):
    with connect(socket.SOCK_DGRAM, address, port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        sock.settimeout(10)
        sock.send(b"bounce %d %d %d" % (count, size, segments))
        for _ in range(count):
            sock.recv(1 << 16)


def main(argv):
    verb, numbers = argv[1], [int(word) for word in argv[3:]]
    if verb == "serve":
        serve(int(argv[2]))
    elif verb == "put":
        put(argv[2], *numbers)
    elif verb == "get":
        get(argv[2], *numbers)
    elif verb == "bounce":
        bounce(argv[2], *numbers)
    elif verb == "talk":
        talk(argv[2], *numbers)
    elif verb == "udp":
        with connect(socket.SOCK_DGRAM, argv[2], numbers[0]) as sock:
            send_datagrams(sock, *numbers[1:])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
