#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A collector behind TLS: python's ssl (OpenSSL), where the exporter has GIO (GnuTLS).

  tls_peer.py DIR CERTIFICATES [--address A] [--port N] [--certificate NAME] [--want-client]
              [--version 1.1|1.2|1.3] [--plain | --stall | --reset | --reset-after N | --close-after N | --end HOW | --deaf]

Prints "port N", then "up N VERSION CLIENT", "failed REASON", "end N clean|unclean" as things happen. What
session n says is DIR/n.ipfix. --plain: answers in plain text; --stall: accepts and says nothing; --reset: resets
in the handshake; --reset-after, --close-after N: ends a session after N octets; --deaf: reads nothing after the handshake.
--end: answers a goodbye by a reset, or closes without one of its own.
CERTIFICATES: made by tests/support/certificates. Ends when its standard input does, where that is a pipe."""
import argparse
import os
import selectors
import socket
import ssl
import stat
import struct
import sys
import threading
import warnings

VERSIONS = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def say(*words):
    print(*words, flush=True)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def context(args):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(f"{args.certificates}/{args.certificate}.pem", f"{args.certificates}/{args.certificate}.key")
    if args.version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ctx.minimum_version = ctx.maximum_version = VERSIONS[args.version]
        if args.version == "1.1":
            ctx.set_ciphers("ALL:@SECLEVEL=0")
    if args.want_client:
        ctx.verify_mode = ssl.CERT_REQUIRED
        ctx.load_verify_locations(f"{args.certificates}/ca.pem")
    return ctx


def serve(args, ctx, sock, number):
    try:
        serve_one(args, ctx, sock, number)
    except OSError as error:
        say("failed", error)


def serve_one(args, ctx, sock, number):
    if args.plain:
        sock.sendall(b"220 this is another service\r\n")
        while sock.recv(4096):
            pass
        return
    if args.stall:
        while sock.recv(4096):
            pass
        say("end", number, "stalled")
        return
    if args.reset:
        sock.recv(1)
        reset(sock)
        return
    try:
        tls = ctx.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
    except (ssl.SSLError, OSError) as error:
        say("failed", str(error).replace("\n", " "))
        return
    client = dict(x[0] for x in tls.getpeercert()["subject"])["commonName"] if args.want_client else "-"
    say("up", number, tls.version(), client)
    if args.deaf:
        threading.Event().wait()
    read = 0
    with open(f"{args.dir}/{number}.ipfix", "wb", buffering=0) as out:
        try:
            while True:
                data = tls.recv(65536)
                if not data:
                    if args.end == "reset":
                        reset(tls)
                    elif args.end == "close":
                        tls.close()
                    else:
                        tls.unwrap().close()
                    say("end", number, "clean")
                    return
                out.write(data)
                read += len(data)
                if args.reset_after and read >= args.reset_after:
                    reset(tls)
                    say("end", number, "reset")
                    return
                if args.close_after and read >= args.close_after:
                    tls.unwrap().close()
                    say("end", number, "closed")
                    return
        except (ssl.SSLError, OSError):
            say("end", number, "unclean")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("certificates")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", default="server")
    parser.add_argument("--want-client", action="store_true")
    parser.add_argument("--version", choices=VERSIONS)
    for name in ("plain", "stall", "reset", "deaf"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--end", choices=("reset", "close"))
    for name in ("reset-after", "close-after"):
        parser.add_argument(f"--{name}", type=int, default=0)
    args = parser.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    ctx = context(args)
    listener = socket.create_server((args.address, args.port),
                                    family=socket.AF_INET6 if ":" in args.address else socket.AF_INET)
    say("port", listener.getsockname()[1])
    number = len([n for n in os.listdir(args.dir) if n.endswith(".ipfix")])
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                if not os.read(0, 4096):
                    os._exit(0)
                continue
            sock, _ = listener.accept()
            number += 1
            threading.Thread(target=serve, args=(args, ctx, sock, number), daemon=True).start()


main()
