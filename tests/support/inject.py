#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sweeps of injected failures (tests/inject/inject.h): each call of a function, in turn, is made to fail, and what
nfprobe does then is judged: it ends with a sentence and an exit code, or it goes on and its books close. It never
crashes, hangs or says nothing.

usage: inject.py replay|store|run DIR

DIR: for what is made. NFPROBE, NFP_BUILD: the program and the build. NFPROBE_FULL=1: each call (of those that are
made hundreds of times, 60 from first to last, 24 of a replay's); else some of each function. inject_run.sh tells `run` more in its environment. One line a fault that breaks a promise, then a table."""
import collections
import concurrent.futures
import errno as E
import json
import os
import pathlib
import re
import struct
import subprocess
import sys

NFPROBE = os.environ["NFPROBE"]
BUILD = os.environ.get("NFP_BUILD", str(pathlib.Path(NFPROBE).parent))
LIBRARY = f"{BUILD}/tests/nfp_inject.so"
FULL = os.environ.get("NFPROBE_FULL") == "1"
PATIENCE = 300  # s, for a machine that does ten other things

# What nobody should ever read: a bug of ours, or a sentence without its half.
NEVER = re.compile(r"CRITICAL|assertion|\(null\)|: Success|GLib-ERROR|please report|runtime error|Undefined|: $", re.M)

Fault = collections.namedtuple("Fault", "function error which object")
Outcome = collections.namedtuple("Outcome", "code out err failed calls where")


def fault_text(fault):
    name = E.errorcode.get(fault.error, "by halves") if fault.error else "by halves"
    return f"{fault.function} {fault.which} {name}" + (f" of {fault.object}" if fault.object else "")


class Report:
    """An NfptReport."""
    FUNCTIONS, STACKS = 128, 16384

    def __init__(self, path):
        data = path.read_bytes() if path.exists() else b""
        data = data.ljust(4096 + 32 * self.FUNCTIONS + 8 * self.STACKS, b"\0")
        self.calls, self.failed = struct.unpack_from("=QQ", data)
        self.where = text(data[16:4096])
        counts = [struct.unpack_from("=24sQ", data, 4096 + 32 * n) for n in range(self.FUNCTIONS)]
        self.counts = {text(name): calls for name, calls in counts if calls}
        self.stacks = [s for s in struct.unpack_from(f"={self.STACKS}Q", data, 4096 + 32 * self.FUNCTIONS) if s]


def text(octets):
    return octets.rstrip(b"\0").decode(errors="replace")


def environment(fault, report):
    orders = f"{fault.function} {fault.error} {fault.which} {fault.object or ''}".strip()
    return {"LD_PRELOAD": LIBRARY, "NFPT_INJECT": orders, "NFPT_INJECT_REPORT": str(report)}


class Runner:
    """A command that is run once a fault, in folders of its own; judge() says what was wrong, or None."""
    workers = 2
    most = 60  # calls of a function, in a full sweep

    def __init__(self, folder):
        self.folder = folder

    def command(self, place):
        raise NotImplementedError

    def judge(self, fault, outcome, place):
        raise NotImplementedError

    def run(self, fault, place):
        place.mkdir(parents=True, exist_ok=True)
        report = place / "report"
        report.unlink(missing_ok=True)
        try:
            done = subprocess.run(self.command(place), env={**os.environ, **environment(fault, report)},
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
            code, out, err = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            code, out, err = None, late.stdout or b"", late.stderr or b""
        told = Report(report)
        return Outcome(code, out.decode(errors="replace"), err.decode(errors="replace"), told.failed, told.calls,
                       told.where), told


def common_faults(outcome):
    """What is wrong whatever was run."""
    if outcome.code is None:
        return "hangs"
    if outcome.code < 0:
        return f"was ended by signal {-outcome.code}"
    if NEVER.search(outcome.err):
        return "says what nobody should read"
    return None


def explain(where):
    """Callers inside nfprobe as functions."""
    lines = []
    for line in where.splitlines():
        place, _, name = line.partition(" ")
        program, _, offset = place.partition("+")
        if program == pathlib.Path(NFPROBE).name and not name:
            found = subprocess.run(["addr2line", "-f", "-s", "-e", NFPROBE, offset], capture_output=True, text=True,
                                   check=False).stdout.split("\n")
            name = " ".join(found[:2])
        lines.append(f"    {place} {name}")
    return "\n".join(lines)


def spread(points, limit):
    """So many of them, first and last included."""
    if len(points) <= limit:
        return points
    if limit < 2:
        return points[:limit]
    return [points[i * (len(points) - 1) // (limit - 1)] for i in range(limit)]


class Sweep:
    def __init__(self, runner):
        self.runner = runner
        self.bad = 0
        self.table = collections.OrderedDict()
        self.counts = {}
        self.places = iter(range(1 << 30))

    def points(self, function, kind, objects):
        """Which of its calls can be told apart."""
        place = self.runner.folder / "list"
        if kind == "stacks":
            _, told = self.runner.run(Fault(function, 0, "list", objects), place)
            return [f"@{s:x}" for s in sorted(told.stacks)]
        if objects not in self.counts:
            _, told = self.runner.run(Fault("*", 0, "0", objects), place)
            self.counts[objects] = told.counts
        calls = self.counts[objects].get(function, 0)
        return [str(n) for n in range(1, calls + 1)] + (["1+"] if calls else [])

    def one(self, fault):
        place = self.runner.folder / f"w{next(self.places)}"
        outcome, _ = self.runner.run(fault, place)
        wrong = self.runner.judge(fault, outcome, place)
        subprocess.run(["rm", "-rf", str(place)], check=True)
        return fault, outcome, wrong

    def note(self, fault, outcome, wrong):
        row = self.table.setdefault(fault.function, collections.Counter())
        if not outcome.failed:
            row["not reached"] += 1
        else:
            row["injected"] += 1
            row["ended" if outcome.code else "went on"] += 1
        if not wrong:
            return
        self.bad += 1
        print(f"WRONG: {fault_text(fault)}: {wrong} (exit code {outcome.code})\n{explain(outcome.where)}\n"
              f"  --- said:\n{outcome.err[-1500:]}\n{outcome.out[-300:]}", flush=True)

    def run(self, plan):
        """plan: (function, errors, kind, object, how many with the first error if not all of all)"""
        faults = []
        for function, errors, kind, objects, limit in plan:
            points = self.points(function, kind, objects)
            row = self.table.setdefault(function, collections.Counter())
            row["calls"] += len(points)
            for error in errors if FULL else errors[:1]:
                chosen = spread(points, self.runner.most if FULL else limit)
                # A call that is interrupted for ever is no failure that there is: it is done again.
                faults += [Fault(function, error, which, objects) for which in chosen
                           if error not in (0, E.EINTR) or not which.endswith("+")]
        with concurrent.futures.ThreadPoolExecutor(self.runner.workers) as pool:
            for fault, outcome, wrong in pool.map(self.one, faults):
                self.note(fault, outcome, wrong)

    def tell(self):
        columns = ("calls", "injected", "ended", "went on", "not reached")
        print(f"{'function':20}" + "".join(f"{c:>12}" for c in columns))
        total = collections.Counter()
        for name, row in self.table.items():
            total.update(row)
            print(f"{name:20}" + "".join(f"{row[c]:12}" for c in columns))
        print(f"{'total':20}" + "".join(f"{total[c]:12}" for c in columns))
        if not total["injected"]:
            print("WRONG: nothing was injected")
            self.bad += 1
        return self.bad


# ---- a capture ------------------------------------------------------------------------------------------------------

class Replay(Runner):
    """nfprobe replay of a capture, to standard output, a file and a socket"""
    PACKETS = 60
    most = 24  # it makes thousands of some, and loads all programs each time

    def __init__(self, folder):
        super().__init__(folder)
        self.capture = folder / "capture.pcap"
        subprocess.run([sys.executable, str(pathlib.Path(__file__).parent / "capture.py"), str(self.capture), "--flows",
                        "20", "--packets", "3", "--gap", "100000000"], check=True)

    def command(self, place):
        (place / "conf.yaml").write_text(f"state_dir: {place}\nrun_dir: {place}\nhostname: inject\ninterval: 1s\n")
        return [NFPROBE, "replay", str(self.capture), "-c", str(place / "conf.yaml"), "--json", "--collector",
                f"file://{place}/out.ipfix", "--collector", "udp://127.0.0.1:9"]

    def judge(self, fault, outcome, place):
        wrong = common_faults(outcome)
        if wrong:
            return wrong
        if outcome.code:
            return None if has_sentence(outcome.err) else "ends without a sentence"
        try:
            packets = sum(json.loads(line)["packetDeltaCount"] for line in outcome.out.splitlines())
        except (ValueError, KeyError):
            return "prints what is no record"
        if packets != self.PACKETS:
            return f"ends well with {packets} of {self.PACKETS} packets in records"
        return None


def has_sentence(said):
    """A line with more than a word in it, and of a fault."""
    return any(len(line) > 40 and not re.search("level=(info|notice|debug)", line) for line in said.splitlines())


REPLAY_PLAN = [
    ("malloc", [E.ENOMEM], "stacks", None, 8),
    ("mmap", [E.ENOMEM], "calls", None, 1),
    ("mmap64", [E.ENOMEM], "calls", None, 1),
    ("open", [E.EMFILE, E.EACCES], "calls", None, 2),
    ("fopen64", [E.EMFILE], "calls", None, 1),
    ("read", [E.EIO, E.EINTR], "calls", "nfprobe", 1),
    ("write", [E.ENOSPC, 0, E.EINTR, E.EIO], "calls", None, 1),
    ("fsync", [E.EIO], "calls", None, 0),
    ("socket", [E.EMFILE], "calls", None, 1),
    ("connect", [E.ENETUNREACH], "calls", None, 0),
    ("send", [E.ENOBUFS, E.EPERM, E.EAGAIN], "calls", None, 0),
    ("sendmmsg", [E.ENOBUFS, E.EPERM, E.EAGAIN, E.EINTR], "calls", None, 1),
    ("epoll_create1", [E.EMFILE], "calls", None, 0),
    ("epoll_ctl", [E.ENOSPC], "calls", None, 0),
    ("pthread_create", [E.EAGAIN], "calls", None, 3),
    ("bpf_map_create", [E.ENOMEM, E.EPERM, E.E2BIG], "calls", None, 4),
    ("bpf_map_update", [E.ENOMEM, E.E2BIG], "calls", None, 2),
    ("bpf_map_lookup", [E.ENOMEM], "calls", None, 1),
    ("bpf_map_delete", [E.ENOMEM], "calls", None, 1),
    ("bpf_next_key", [E.ENOMEM], "calls", None, 1),
    ("bpf_lookup_batch", [E.ENOMEM, E.ENOSPC], "calls", None, 1),
    ("bpf_prog_load", [E.ENOMEM, E.EPERM, E.EAGAIN], "calls", None, 2),
    ("bpf_btf_load", [E.ENOMEM], "calls", None, 1),
    ("bpf_obj_pin", [E.ENOSPC, E.EPERM], "calls", None, 2),
    ("bpf_obj_get", [E.EPERM, E.ENOENT], "calls", None, 1),
    ("bpf_info", [E.ENOMEM], "calls", None, 1),
    ("bpf_freeze", [E.EBUSY], "calls", None, 0),
    ("bpf_test_run", [E.ENOMEM, E.EINTR], "calls", None, 1),
    ("bpf_other", [E.EPERM], "calls", None, 0),
    ("perf_event_open", [E.EACCES], "calls", None, 0),
]


# ---- what stands on disk --------------------------------------------------------------------------------------------

class Spool(Runner):
    """tests/inject/spool.c: what it was promised is there afterwards, and nothing that was gone."""

    def command(self, place):
        return [f"{BUILD}/tests/inject_spool", "work", str(place / "spool.db")]

    def judge(self, fault, outcome, place):
        wrong = common_faults(outcome)
        if wrong:
            return wrong
        if "wrong " in outcome.out:
            return "reads other octets than were written"
        if outcome.code:
            return None if re.search(r"^error .{20}", outcome.out, re.M) else "ends without a sentence"
        again = subprocess.run([f"{BUILD}/tests/inject_spool", "list", str(place / "spool.db")], capture_output=True, text=True,
                               timeout=PATIENCE, check=False)
        if again.returncode:
            return f"cannot be opened again: {again.stdout}"
        if "news" in outcome.out or "news" in again.stdout:  # found damaged, and told so
            return None if fault.error == 0 else f"was taken for damaged: {outcome.out}{again.stdout}"
        told = {word: {int(n) for n in re.findall(rf"^{word} (\d+)", outcome.out, re.M)} for word in
                ("kept", "gone", "maybe")}
        has = {int(n) for n in re.findall(r"^has (\d+)", again.stdout, re.M)}
        dropped = int(re.search(r"^dropped (\d+)", outcome.out, re.M)[1])
        missing = told["kept"] - told["maybe"] - has
        if len(missing) > dropped or has & told["gone"]:
            return f"lost {missing}, kept {has & told['gone']} that were gone, {dropped} told as dropped"
        return None


class Import(Runner):
    """nfprobe enrich import into a database that holds something: the old or the new, never a half."""

    def __init__(self, folder):
        super().__init__(folder)
        self.old, self.new = folder / "old.csv", folder / "new.csv"
        for path, number in (self.old, 64500), (self.new, 64600):
            path.write_text("cidr,as_number\n" + "".join(f"10.{n}.0.0/16,{number}\n" for n in range(200)))
        self.base = folder / "base.db"
        self.plain("import", "csv", str(self.old), "--source", "s", "-d", str(self.base))

    def plain(self, *words):
        return subprocess.run([NFPROBE, "enrich", *words], capture_output=True, text=True, timeout=PATIENCE, check=True)

    def command(self, place):
        subprocess.run(["cp", str(self.base), str(place / "facts.db")], check=True)
        return [NFPROBE, "enrich", "import", "csv", str(self.new), "--source", "s", "-d", str(place / "facts.db")]

    def judge(self, fault, outcome, place):
        wrong = common_faults(outcome)
        if wrong:
            return wrong
        if outcome.code and not has_sentence(outcome.err):
            return "ends without a sentence"
        try:
            found = [set(re.findall(r"\b64[56]00\b", self.plain("lookup", f"10.{n}.0.1", "-d", str(place / "facts.db")).stdout))
                     for n in (0, 199)]
        except subprocess.CalledProcessError as error:
            if fault.error == 0:  # what was read wrongly may have been written: it is told at least
                return None
            return f"cannot be read afterwards: {error.stderr}"
        if found[0] != found[1] or len(found[0]) != 1:
            return f"holds a half: {found}"
        if outcome.code == 0 and found[0] != {"64600"}:
            return "says that it was imported, and it was not"
        return None


class Lookup(Import):
    """nfprobe enrich lookup: an answer that is right, or a sentence."""

    def command(self, place):
        return [NFPROBE, "enrich", "lookup", "10.7.0.1", "-d", str(self.base)]

    def judge(self, fault, outcome, place):
        wrong = common_faults(outcome)
        if wrong:
            return wrong
        if outcome.code:
            return None if has_sentence(outcome.err) else "ends without a sentence"
        return None if "64500" in outcome.out else "gives another answer"


SQLITE = "libsqlite3"
SQLITE_PLAN = [
    ("open", [E.EMFILE, E.EACCES, E.EIO], "calls", SQLITE, 4),
    ("pread64", [E.EIO, 0], "calls", SQLITE, 6),
    ("read", [E.EIO, 0], "calls", SQLITE, 4),
    ("pwrite64", [E.ENOSPC, E.EIO, 0], "calls", SQLITE, 8),
    ("write", [E.ENOSPC, E.EIO], "calls", SQLITE, 3),
    ("fsync", [E.EIO, E.ENOSPC], "calls", SQLITE, 4),
    ("fdatasync", [E.EIO, E.ENOSPC], "calls", SQLITE, 4),
    ("ftruncate64", [E.EIO], "calls", SQLITE, 2),
    ("unlink", [E.EACCES], "calls", SQLITE, 2),
    ("fcntl64", [E.EAGAIN, E.EACCES, E.ENOLCK], "calls", SQLITE, 4),
    ("mmap64", [E.ENOMEM], "calls", SQLITE, 2),
    ("malloc", [E.ENOMEM], "stacks", SQLITE, 30),
]
SPOOL_PLAN = SQLITE_PLAN + [
    ("open", [E.ENOSPC], "calls", "inject_spool", 2),
    ("posix_fallocate", [E.ENOSPC], "calls", None, 2),
    ("rename", [E.EIO], "calls", None, 1),
]


def main():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    plans = {"replay": [(Replay, REPLAY_PLAN)],
             "store": [(Spool, SPOOL_PLAN), (Import, SQLITE_PLAN), (Lookup, SQLITE_PLAN)]}
    bad = 0
    for runner, plan in plans[what]:
        place = folder / f"sweep-{runner.__name__.lower()}"
        place.mkdir()
        sweep = Sweep(runner(place))
        sweep.run(plan)
        print(f"--- {runner.__doc__.splitlines()[0] if runner.__doc__ else runner.__name__}")
        bad += sweep.tell()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
