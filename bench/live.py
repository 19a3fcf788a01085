#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic on a veth pair: what it costs to meter it, by nfprobe and by others.

  live.py peers NFPROBE TOOLS [--quick]   softflowd, pmacctd, nfpcapd and nfprobe meter the same packets
  live.py veth NFPROBE TOOLS [--quick]    packets a second with no program, an empty one, ours
  live.py send NFPROBE TOOLS [--quick]    records to datagrams over a link that takes no segments: the kernel cuts them

--packets N: so many, one round: that it works, not how fast it is (send: records).
TOOLS: the folder of the programs traffic, empty and bench_pipeline. One JSON object a line on stdout, all else on stderr. Needs root.

CPU is the time that was not idle on all CPUs of the machine, from the first packet until the meter has ended and all its
records are out; that of the same traffic without a meter, in the same round, is taken off. So what runs in the kernel's
interrupts counts, for everybody alike. Nothing else should run: a busy machine shows in the spread between rounds."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
PORT = 9995
TAIL = 1000
WAIT = 60


def say(*words):
    print("live.py:", *words, file=sys.stderr, flush=True)


def emit(name, value, unit, vs, **more):
    print(json.dumps({"name": name, "value": round(value, 4), "unit": unit, "vs": vs, **more}), flush=True)


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def until(what, condition):
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"live.py: waited {WAIT} s for {what}")
        time.sleep(0.02)


def idle():
    """CPU seconds that nobody used, on all CPUs, or that a hypervisor gave to others."""
    fields = open("/proc/stat").readline().split()
    return (int(fields[4]) + int(fields[5]) + int(fields[8])) / TICK


def cpu_of(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def children(pid):
    try:
        text = open(f"/proc/{pid}/task/{pid}/children").read()
    except FileNotFoundError:
        return []
    direct = [int(word) for word in text.split()]
    return direct + [grandchild for child in direct for grandchild in children(child)]


def resident(pids):
    """KiB of memory of a meter's processes (shared pages by their share), its BPF maps included."""
    total = 0
    for pid in pids:
        total += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M).group(1))
        maps = {}
        for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
            with contextlib.suppress(OSError):
                text = info.read_text()
                number, octets = (re.search(rf"^{key}:\s+(\d+)", text, re.M) for key in ("map_id", "memlock"))
                if number and octets:
                    maps[number.group(1)] = int(octets.group(1)) // 1024
        total += sum(maps.values())
    return total


class Lab:
    """Two namespaces, a veth pair between them: a sends, b meters."""

    def __init__(self, tools):
        self.tools = tools
        self.names = [f"nfpb-{os.getpid()}-{side}" for side in "ab"]
        self.a, self.b = self.names

    def __enter__(self):
        for name in self.names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-n", self.a, "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", self.b)
        for name, device in zip(self.names, ("v0", "v1")):
            run("ip", "-n", name, "link", "set", device, "arp", "off", "up")
        run("ip", "-n", self.b, "link", "set", "v1", "promisc", "on")
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)

    def inside(self, name, *command):
        return ["nsenter", f"--net=/run/netns/{name}", "--", *command]

    def start(self, command, log):
        return subprocess.Popen(self.inside(self.b, *command), stdin=subprocess.PIPE, stdout=log, stderr=log)

    def traffic(self, packets, flows, rate=0):
        return json.loads(run(*self.inside(self.a, f"{self.tools}/traffic", "v0", str(packets), str(flows), str(rate))))

    def arrived(self):
        return json.loads(run("ip", "-n", self.b, "-j", "-s", "link", "show", "v1"))[0]["stats64"]["rx"]["packets"]


def end(process, how=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"live.py: {process.args} did not end") from None


class Meter:
    """One way to meter v1. Its records end in nfcapd files under its folder."""
    name = "none"
    needs = ()
    own_files = False

    def __init__(self, lab, folder):
        self.lab, self.folder = lab, folder
        self.files = folder / "flows"
        self.files.mkdir()
        self.log = open(folder / "log", "w")

    def command(self):
        return None

    def ready(self):
        return True

    def __enter__(self):
        self.sink = self.process = None
        if not self.command():
            return self
        if not self.own_files:
            self.sink = self.lab.start(["nfcapd", "-w", str(self.files), "-b", "127.0.0.1", "-p", str(PORT), "-t", "3600",
                                        "-B", "64000000"], open(self.folder / "nfcapd.log", "w"))
            until("nfcapd to listen", lambda: str(PORT) in run(*self.lab.inside(self.lab.b, "ss", "-Hlnu")))
        self.process = self.lab.start(self.command(), self.log)
        until(f"{self.name} to be ready", lambda: self.process.poll() is not None or self.ready())
        if self.process.poll() is not None:
            raise SystemExit(f"live.py: {self.name} ended: {(self.folder / 'log').read_text()[-500:]}")
        return self

    def finish(self):
        """Ends the meter, which writes what it has. Returns the collector's own CPU seconds and the meter's memory, or None
        where it hangs: pmacctd's handler of signals does what no handler may, and waits for itself now and then."""
        if not self.process:
            return 0, 0
        pid = self.pid()
        family = [pid, *children(pid)]
        memory = resident(family)
        self.stop(pid)
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            if self.name.startswith("nfprobe"):
                raise SystemExit(f"live.py: {self.name} did not end") from None
            for one in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            return None
        spent = 0
        if self.sink:
            until("nfcapd to read", lambda: all(line.split()[1] == "0" for line in run(
                *self.lab.inside(self.lab.b, "ss", "-Hlnu", f"sport = :{PORT}")).splitlines()))
            spent = cpu_of(self.sink.pid)
        return spent, memory

    def pid(self):
        return self.process.pid

    def stop(self, pid):
        os.kill(pid, signal.SIGTERM)

    def __exit__(self, *_):
        for process in (self.process, self.sink):
            if process and process.poll() is None:
                end(process)
        self.log.close()

    def counted(self):
        """Packets in the records."""
        lines = run("nfdump", "-q", "-N", "-R", str(self.files), "-o", "fmt:%pkt").split("\n")
        return sum(int(line) for line in lines if line.strip().isdigit())


class Nfprobe(Meter):
    name = "nfprobe"
    hook = "tc"

    def command(self):
        # Instance and socket of its own.
        conf = self.folder / "nfprobe.yaml"
        conf.write_text(f"instance: bench-{os.getpid()}\nrun_dir: {self.folder}\nhostname: bench\ninterval: 1h\n"
                        f"maps: {{ memory: 1GiB, flows: {self.flows} }}\n"
                        f"interfaces:\n  - {{ match: v1, direction: ingress, hook: {self.hook} }}\n"
                        f'collectors:\n  - {{ name: nf, endpoint: "udp://127.0.0.1:{PORT}" }}\n')
        self.conf = conf
        return [self.binary, "run", "-c", str(conf), "--flush"]

    def ready(self):
        answer = subprocess.run(self.lab.inside(self.lab.b, self.binary, "status", "-c", str(self.conf), "--json"),
                                capture_output=True, text=True, check=False)
        return answer.returncode == 0 and any(hook["attached"] for hook in json.loads(answer.stdout)["hooks"])

    def __exit__(self, *rest):
        super().__exit__(*rest)
        subprocess.run(self.lab.inside(self.lab.b, self.binary, "detach", "-c", str(self.conf)),
                       capture_output=True, check=False)


class NfprobeXdp(Nfprobe):
    name = "nfprobe_xdp"
    hook = "xdp"


class Softflowd(Meter):
    name = "softflowd"
    needs = ("softflowd",)

    def command(self):
        return ["softflowd", "-d", "-i", "v1", "-v", "10", "-n", f"127.0.0.1:{PORT}", "-m", str(2 * self.flows),
                "-p", str(self.folder / "pid"), "-c", str(self.folder / "ctl"), "-t", "maxlife=3600", "-t", "expint=3600"]

    def ready(self):
        return (self.folder / "ctl").exists() and capturing(self.lab)

    def stop(self, pid):
        run(*self.lab.inside(self.lab.b, "softflowctl", "-c", str(self.folder / "ctl"), "shutdown"))


class Pmacctd(Meter):
    name = "pmacctd"
    needs = ("pmacctd",)

    def command(self):
        conf = self.folder / "pmacctd.conf"
        conf.write_text("daemonize: false\npcap_interface: v1\nplugins: nfprobe[n]\nplugin_buffer_size: 10240\n"
                        f"plugin_pipe_size: 104857600\nnfprobe_receiver: 127.0.0.1:{PORT}\nnfprobe_version: 10\n"
                        f"nfprobe_maxflows: {2 * self.flows}\nnfprobe_timeouts: expint=3600:maxlife=3600\n"
                        "aggregate[n]: src_host,dst_host,src_port,dst_port,proto,tos,tcpflags\n"
                        f"logfile: {self.folder}/pmacctd.log\n")
        return ["pmacctd", "-f", str(conf)]

    def ready(self):
        log = self.folder / "pmacctd.log"
        return len(children(self.process.pid)) > 0 and log.exists() and capturing(self.lab)

    def stop(self, pid):
        for target in (*children(pid), pid):
            os.kill(target, signal.SIGINT)


class Nfpcapd(Meter):
    name = "nfpcapd"
    needs = ("nfpcapd",)
    own_files = True

    def command(self):
        return ["nfpcapd", "-i", "v1", "-w", str(self.files), "-t", "3600", "-B", str(2 * self.flows), "-b", "20"]

    def ready(self):
        return capturing(self.lab)


def capturing(lab):
    """A packet socket is open there."""
    return len(run(*lab.inside(lab.b, "cat", "/proc/net/packet")).splitlines()) > 1


METERS = (Nfprobe, Softflowd, Pmacctd, Nfpcapd)


def round_of(kind, lab, packets, flows, rate):
    """Returns CPU seconds, seconds of sending, packets in records, KiB; None of a meter that did not end."""
    with tempfile.TemporaryDirectory(prefix="nfprobe-bench-") as name:
        meter = kind(lab, pathlib.Path(name))
        with meter:
            time.sleep(0.3)  # what starting it left to do is not its cost
            before, begin = idle(), time.monotonic()
            sent = lab.traffic(packets, flows, rate)
            # Meters that read from a socket have buffers; the tail pushes what stands in them, and is not asked for.
            time.sleep(1)
            lab.traffic(TAIL, flows, 10000)
            time.sleep(0.5)
            end_of = meter.finish()
            seconds, unused = time.monotonic() - begin, idle() - before
        if not end_of:
            return None
        other, memory = end_of
        counted = min(packets, meter.counted()) if meter.process else 0
    return seconds * os.cpu_count() - unused - other, sent["seconds"], counted, memory


def peers(lab, quick, asked):
    packets, flows, rate, rounds = (1_000_000, 10_000, 250_000, 1) if quick else (12_000_000, 10_000, 1_000_000, 3)
    if asked:
        packets, rounds = asked, 1
    present = [kind for kind in METERS if all(shutil.which(tool) for tool in kind.needs)]
    for kind in METERS:
        kind.flows = flows
        if kind not in present:
            say(f"{kind.name} is not installed and left out")
    results = {kind.name: [] for kind in present}
    for number in range(rounds):
        bare = round_of(Meter, lab, packets, flows, rate)
        for kind in present:
            measured = round_of(kind, lab, packets, flows, rate)
            if not measured:
                say(f"round {number}: {kind.name} did not end within {WAIT} s of its signal: no figure")
                continue
            cpu, _, counted, memory = measured
            say(f"round {number}: {kind.name}: {cpu - bare[0]:.2f} s of CPU, {counted} of {packets} packets, {memory} KiB")
            results[kind.name].append(((cpu - bare[0]) / packets * 1e6, counted, memory))
    results = {name: rows for name, rows in results.items() if rows}
    middle = {name: statistics.median(row[0] for row in rows) for name, rows in results.items()}
    for name, rows in results.items():
        emit(f"peer_{name}_cpu_s_per_mpkt", middle[name], "s", "the same traffic unmetered",
             spread=[round(min(r[0] for r in rows), 4), round(max(r[0] for r in rows), 4)],
             packets=packets, unseen=max(packets - row[1] for row in rows), memory_kib=max(r[2] for r in rows),
             rate=rate, flows=flows, rounds=rounds)
    rivals = {name: value for name, value in middle.items() if name != "nfprobe"}
    if rivals and middle["nfprobe"] > 0:
        best = min(rivals, key=rivals.get)
        emit("peers_best_over_nfprobe_cpu", rivals[best] / middle["nfprobe"], "ratio", best)
    if quick or asked:
        return
    # As fast as one CPU sends: who sees all of it?
    for kind in present:
        measured = round_of(kind, lab, packets, flows, 0)
        if not measured:
            say(f"at full speed: {kind.name} did not end within {WAIT} s of its signal: no figure")
            continue
        _, seconds, counted, _ = measured
        emit(f"peer_{kind.name}_unseen_at_full_speed", 100 * (packets - counted) / packets, "%", "packets sent",
             packets=packets, mpps=round(packets / seconds / 1e6, 3))


@contextlib.contextmanager
def empty(lab, hook):
    process = subprocess.Popen(lab.inside(lab.b, f"{lab.tools}/empty", "v1", hook), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        raise SystemExit("live.py: the empty program cannot be attached")
    yield
    process.communicate("")


@contextlib.contextmanager
def metered(lab, kind):
    with tempfile.TemporaryDirectory(prefix="nfprobe-bench-") as name, kind(lab, pathlib.Path(name)) as meter:
        yield
        meter.finish()


def veth(lab, quick, asked):
    packets, rounds, flows = (500_000, 3, 1024) if quick else (2_000_000, 7, 1024)
    if asked:
        packets, rounds = asked, 1
    Nfprobe.flows = NfprobeXdp.flows = 16384
    ways = {"none": contextlib.nullcontext, "empty_tc": lambda: empty(lab, "tcx"), "nfprobe_tc": lambda: metered(lab, Nfprobe),
            "empty_xdp": lambda: empty(lab, "xdp"), "nfprobe_xdp": lambda: metered(lab, NfprobeXdp)}
    speeds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            with way():
                before = lab.arrived()
                sent = lab.traffic(packets, flows)
                if lab.arrived() - before < packets:
                    say(f"{name}: {packets - lab.arrived() + before} packets did not arrive")
            speeds[name].append(packets / sent["seconds"])
    for name, values in speeds.items():
        ratio = statistics.median(v / n for v, n in zip(values, speeds["none"]))
        emit(f"veth_{name}_throughput", ratio, "ratio", "no program",
             mpps=round(statistics.median(values) / 1e6, 3), flows=flows, rounds=rounds)


def send(lab, quick, asked):
    for name, device, address in zip(lab.names, ("v0", "v1"), ("192.0.2.1", "192.0.2.2")):
        run("ip", "-n", name, "link", "set", device, "arp", "on")
        run("ip", "-n", name, "address", "add", f"{address}/30", "dev", device)
    run(*lab.inside(lab.a, "ethtool", "-K", "v0", "tx-udp-segmentation", "off", "gso", "off"))
    entries = asked or (524_288 if quick else 1_048_576)
    before = lab.arrived()
    process = subprocess.Popen(lab.inside(lab.a, f"{lab.tools}/bench_pipeline", str(entries), "", "192.0.2.2", lab.b),
                               stdout=subprocess.PIPE, text=True)
    datagrams = 0
    for line in process.stdout:
        print(line, end="", flush=True)
        datagrams += json.loads(line).get("datagrams", 0)
    if process.wait():
        raise SystemExit(f"live.py: bench_pipeline: exit code {process.returncode}")
    # Segments that are not cut arrive as one buffer.
    if lab.arrived() - before < datagrams:
        raise SystemExit("live.py: the link took segments as they were")


PARTS = {"peers": peers, "veth": veth, "send": send}


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in PARTS:
        raise SystemExit(__doc__)
    Nfprobe.binary = sys.argv[2]
    asked = int(sys.argv[sys.argv.index("--packets") + 1]) if "--packets" in sys.argv else None
    if os.geteuid() != 0:
        say("needs root")
        sys.exit(77)
    with Lab(sys.argv[3]) as lab:
        PARTS[sys.argv[1]](lab, "--quick" in sys.argv, asked)


if __name__ == "__main__":
    main()
