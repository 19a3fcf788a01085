#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sweeps of injected failures over `nfprobe run` (see inject.py): start-up, traffic over two turns of the bucket, the
end. What was sent is seen, and seen = recorded + open + lost, whatever failed.

usage: inject_run.py DIR ID

In the namespace ID-r, whose interfaces r0 and r1 get what is sent by s0 and s1 of ID-s."""
import ctypes
import errno as E
import json
import os
import pathlib
import queue
import signal
import socket
import struct
import subprocess
import sys
import time

import books
import inject
from inject import NFPROBE, PATIENCE, Outcome, Report, Runner, Sweep, common_faults, environment, has_sentence

BURSTS, BURST = 11, 7  # packets, over two seconds: the bucket turns twice
PORTS = 5


def sender(namespace, interface):
    """A socket that sends in another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", encoding="ascii") as there, open("/proc/self/ns/net", encoding="ascii") as here:
        if libc.setns(there.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        out.bind((interface, 0))
        if libc.setns(here.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
    return out


def frame(number):
    udp = struct.pack("!HHHH", 1000 + number % PORTS, 2000, 8 + 10, 0) + bytes(10)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes((10, 1, 0, 1)), bytes((10, 2, 0, 1)))
    return bytes.fromhex("020000000002 020000000001 0800") + ip + udp


class Run(Runner):
    """nfprobe run, with facts, to a file and a socket"""
    collectors = ""
    most = 12

    def __init__(self, folder):
        super().__init__(folder)
        self.ident = sys.argv[2]
        self.slots = queue.Queue()
        for slot in range(self.workers):
            self.slots.put((slot, sender(f"{self.ident}-s", f"s{slot}")))
        self.facts = folder / "facts.db"
        (folder / "facts.csv").write_text("cidr,as_number\n10.1.0.0/16,64500\n", encoding="ascii")
        subprocess.run([NFPROBE, "enrich", "import", "csv", str(folder / "facts.csv"), "--source", "s", "-d", str(self.facts)], check=True,
                       capture_output=True)
        self.ready_counts = {}

    def configure(self, place, slot):
        path = place / "conf.yaml"
        path.write_text(f"""instance: {self.ident}-{slot}
run_dir: {place}
state_dir: {place}
hostname: inject
interval: 1s
interfaces: [ {{ match: r{slot} }} ]
enrichment: {{ database: {self.facts} }}
metrics: {{ listen: "127.0.0.1:{9500 + slot}" }}
collectors:
  - {{ name: json, endpoint: "file://{place}/records.json", protocol: json }}
  - {{ name: udp, endpoint: "udp://127.0.0.1:9" }}
{self.collectors.format(place=place)}""", encoding="ascii")
        return path

    def run(self, fault, place):
        slot, out = self.slots.get()
        try:
            return self.run_in(fault, place, slot, out)
        finally:
            self.slots.put((slot, out))

    def run_in(self, fault, place, slot, out):
        place.mkdir(parents=True, exist_ok=True)
        conf, report = self.configure(place, slot), place / "report"
        report.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(place / "log", "wb") as log:
            notify.bind(str(place / "notify"))
            with subprocess.Popen([NFPROBE, "run", "-c", str(conf), "--flush"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=log,
                                  env={**os.environ, **environment(fault, report), "NOTIFY_SOCKET": str(place / "notify")}) as process:
                ready = self.is_ready(process, notify)
                self.ready_counts = Report(report).counts or self.ready_counts
                sent = self.traffic(process, out) if ready else 0
                code = self.end(process)
        (place / "notify").unlink()
        told = Report(report)
        status = subprocess.run([NFPROBE, "status", "--json", "-c", str(conf)], capture_output=True, text=True, timeout=PATIENCE,
                                check=False)
        detach = subprocess.run([NFPROBE, "detach", "-c", str(conf)], capture_output=True, text=True, timeout=PATIENCE,
                                check=False)
        said = (place / "log").read_text(errors="replace")
        text = json.dumps({"sent": sent, "ready": ready, "status": status.stdout, "status_code": status.returncode,
                           "status_error": status.stderr, "detach": detach.stderr if detach.returncode else ""})
        return Outcome(code, text, said, told.failed, told.calls, told.where), told

    @staticmethod
    def is_ready(process, notify):
        end = time.monotonic() + PATIENCE
        notify.settimeout(0.1)
        while time.monotonic() < end and process.poll() is None:
            try:
                if b"READY=1" in notify.recv(4096):
                    return True
            except socket.timeout:
                pass
        return False

    @staticmethod
    def traffic(process, out):
        sent = 0
        for burst in range(BURSTS):
            if process.poll() is not None:
                break
            for n in range(BURST):
                out.send(frame(burst * BURST + n))
                sent += 1
            time.sleep(0.2)
        return sent

    @staticmethod
    def end(process):
        """Its exit code; None: it had to be killed."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def judge(self, fault, outcome, place):
        wrong = common_faults(outcome)
        if wrong:
            return wrong
        more = json.loads(outcome.out)
        if outcome.code and not has_sentence(outcome.err):
            return "ends without a sentence"
        if more["detach"]:
            return "leaves what cannot be detached"
        if more["status_code"]:
            return None if outcome.code else "has no books"
        status = json.loads(more["status"])
        wrong = books.check(status)
        if wrong:
            return f"books: {wrong}"
        told = any(f"level={level}" in outcome.err for level in ("warning", "error"))
        if status["seen"] != more["sent"] and not told:
            return f"saw {status['seen']} of {more['sent']} packets, and says nothing"
        packets = delivered(place / "records.json")
        if packets is not None and packets != status["recorded"] and not told:
            return f"delivered {packets} of {status['recorded']} packets, and says nothing"
        return None


class RunSpool(Run):
    """nfprobe run, with a collector that is away and a spool"""
    collectors = """  - {{ name: away, endpoint: "tcp://127.0.0.1:1", retry: 100ms, spool: {{ path: "{place}", size: 1MiB }} }}
"""


class Turn(Run):
    """the turn of the bucket"""


class TurnSweep(Sweep):
    """Calls after the start alone."""

    def points(self, function, kind, objects):
        calls = super().points(function, kind, objects)
        if function not in self.runner.ready_counts:
            return []
        first = self.runner.ready_counts[function] + 1
        return [f"{first}+"] + [n for n in calls if not n.endswith("+") and int(n) >= first]


def delivered(path):
    try:
        return sum(json.loads(line)["packetDeltaCount"] for line in path.read_text(errors="replace").splitlines())
    except (OSError, ValueError, KeyError):
        return None


START_PLAN = [
    ("bpf_map_create", [E.ENOMEM, E.EPERM], "calls", None, 1),
    ("bpf_prog_load", [E.ENOMEM, E.EPERM], "calls", None, 1),
    ("bpf_obj_pin", [E.ENOSPC], "calls", None, 0),
    ("bpf_obj_get", [E.EPERM], "calls", None, 0),
    ("bpf_link_create", [E.EPERM, E.ENOMEM, E.E2BIG], "calls", None, 1),
    ("bpf_link_update", [E.EPERM], "calls", None, 0),
    ("bpf_btf_load", [E.ENOMEM], "calls", None, 0),
    ("bpf_info", [E.ENOMEM], "calls", None, 0),
    ("bpf_map_update", [E.ENOMEM, E.E2BIG], "calls", None, 0),
    ("bpf_map_lookup", [E.ENOMEM], "calls", None, 0),
    ("pthread_create", [E.EAGAIN], "calls", None, 1),
    ("socket", [E.EMFILE], "calls", None, 0),
    ("bind", [E.EADDRINUSE], "calls", None, 0),
    ("listen", [E.EADDRINUSE], "calls", None, 0),
    ("connect", [E.ENETUNREACH], "calls", None, 0),
    ("recvmsg", [E.ENOBUFS, E.EINTR], "calls", None, 0),
    ("mmap", [E.ENOMEM], "calls", None, 0),
    ("mmap64", [E.ENOMEM], "calls", None, 0),
    ("open", [E.EMFILE], "calls", None, 0),
    ("rename", [E.EIO], "calls", None, 0),
    ("fsync", [E.EIO], "calls", None, 0),
    ("write", [E.ENOSPC, E.EINTR], "calls", None, 0),
    ("sendmmsg", [E.ENOBUFS, E.EPERM], "calls", None, 0),
    ("epoll_ctl", [E.ENOSPC], "calls", None, 0),
    ("poll", [E.EINTR, E.ENOMEM], "calls", "nfprobe", 0),
    ("perf_event_open", [E.EACCES], "calls", None, 0),
    ("inotify_init1", [E.EMFILE], "calls", None, 0),
    ("malloc", [E.ENOMEM], "stacks", None, 1),
]
TURN_PLAN = [
    ("bpf_map_create", [E.ENOMEM, E.EPERM], "calls", None, 1),
    ("bpf_map_update", [E.ENOMEM], "calls", None, 0),
    ("bpf_obj_pin", [E.ENOSPC], "calls", None, 0),
    ("mmap", [E.ENOMEM], "calls", None, 0),
    ("mmap64", [E.ENOMEM], "calls", None, 0),
    ("bpf_map_lookup", [E.ENOMEM], "calls", None, 0),
    ("bpf_lookup_batch", [E.ENOMEM], "calls", None, 0),
    ("bpf_next_key", [E.ENOMEM], "calls", None, 0),
    ("pthread_create", [E.EAGAIN], "calls", None, 0),
]
SPOOL_PLAN = [
    ("pwrite64", [E.ENOSPC, E.EIO], "calls", "libsqlite3", 1),
    ("pread64", [E.EIO, 0], "calls", "libsqlite3", 0),
    ("fdatasync", [E.EIO], "calls", "libsqlite3", 0),
    ("open", [E.EMFILE], "calls", "libsqlite3", 0),
    ("malloc", [E.ENOMEM], "stacks", "libsqlite3", 0),
]


def main():
    folder = pathlib.Path(sys.argv[1])
    bad = 0
    for kind, runner, plan in (Sweep, Run, START_PLAN), (TurnSweep, Turn, TURN_PLAN), (Sweep, RunSpool, SPOOL_PLAN):
        place = folder / f"sweep-{runner.__name__.lower()}"
        place.mkdir()
        sweep = kind(runner(place))
        sweep.run(plan)
        print(f"--- {runner.__doc__}")
        bad += sweep.tell()
    sys.exit(1 if bad else 0)


main()
