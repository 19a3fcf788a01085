#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The container's entry point in made-up environments: what is missing has its sentence and exit code, all of
it at once; what is there goes on to nfprobe. tests/image/container.sh does the same in real containers."""
import os
import pathlib
import subprocess
import sys
import tempfile

ENTRY = pathlib.Path("docker/entrypoint.sh").resolve()
THREE = 1 << 12 | 1 << 38 | 1 << 39
MOUNTS = """\
20 1 0:20 / / ro,relatime - overlay overlay ro
21 20 0:21 / /sys ro,nosuid - sysfs sysfs ro
22 21 0:22 / /sys/fs/bpf rw,relatime shared:1 - bpf bpf rw,mode=700
23 20 0:23 / /run/nfprobe rw - tmpfs tmpfs rw
"""
DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
"""
NFPROBE = """#!/bin/sh
[ "$1" != status ] || { cat "$NFPROBE_ROOT/answer"; exit "$(cat "$NFPROBE_ROOT/code")"; }
echo $# >"$NFPROBE_ROOT/words"
echo "nfprobe $*"
"""
failures = []


class World:
    """A complete one; a test takes away from it."""

    def __init__(self, top):
        self.root = pathlib.Path(top)
        self.user = "9469"
        self.write("proc/self/status", status())
        self.write("proc/self/mountinfo", MOUNTS)
        self.write("proc/net/dev", DEV + "  eth0: 0\n  eth1:12 3\n")
        self.write("usr/sbin/nfprobe", NFPROBE, 0o755)
        self.write("etc/nfprobe/nfprobe.yaml", "interval: 10s\n")
        self.write("answer", '{"seen":1,"collectors":[],"daemon":{"pid":1},"enrichment":null}\n')
        self.write("code", "0")
        for folder in "sys/fs/bpf", "run/nfprobe", "var/lib/nfprobe":
            (self.root / folder).mkdir(parents=True)

    def write(self, path, text, mode=0o644):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def file_for_folder(self, path):
        """A folder that even root cannot write to."""
        (self.root / path).rmdir()
        self.write(path, "")

    def run(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "NFPROBE_ROOT": str(self.root), "NFPROBE_USER": self.user}
        done = subprocess.run(["/bin/sh", ENTRY, *arguments], env=environment, text=True, capture_output=True,
                              check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr


def status(effective=0, bounding=THREE, ambient=0, no_new_privs=0):
    return (f"Name:\tsh\nCapInh:\t{0:016x}\nCapPrm:\t{effective:016x}\nCapEff:\t{effective:016x}\n"
            f"CapBnd:\t{bounding:016x}\nCapAmb:\t{ambient:016x}\nNoNewPrivs:\t{no_new_privs}\nSeccomp:\t0\n")


def expect(what, world, arguments, code, out="", err=(), silent=()):
    got = world.run(*arguments)
    bad = [] if got[0] == code else [f"exit code {got[0]}, expected {code}"]
    if got[1] != out:
        bad.append(f"printed {got[1]!r}, expected {out!r}")
    bad += [f"did not say {word!r}" for word in err if word not in got[2]]
    bad += [f"said {word!r}" for word in silent if word in got[2]]
    if bad:
        failures.append(f"{what}: {'; '.join(bad)}\n{got[2]}")


def case(function):
    with tempfile.TemporaryDirectory(prefix="nfprobe-entry.") as top:
        function(World(top))


def arguments(world):
    run = "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n"
    expect("no arguments", world, [], 0, run, ["interfaces here: eth0 eth1"], ["missing"])
    expect("nfprobe run", world, ["nfprobe", "run", "-i", "eth0"], 0, "nfprobe run -i eth0\n")
    expect("options alone", world, ["-i", "eth0", "--json"], 0, "nfprobe run -i eth0 --json\n")
    expect("--version", world, ["--version"], 0, "nfprobe --version\n")
    expect("words stay words", world, ["flows", "-i", "a b"], 0, "nfprobe flows -i a b\n", silent=["interfaces"])
    if (world.root / "words").read_text(encoding="utf-8") != "3\n":
        failures.append("a word became two")


def other_commands_need_nothing(world):
    world.write("proc/self/status", status(bounding=0))
    world.write("proc/self/mountinfo", "")
    expect("check", world, ["check", "-c", "/nowhere"], 0, "nfprobe check -c /nowhere\n")


def configuration(world):
    path = world.root / "etc/nfprobe/nfprobe.yaml"
    path.unlink()
    no_file = ["there is no configuration at /etc/nfprobe/nfprobe.yaml", "-v /etc/nfprobe:/etc/nfprobe:ro"]
    expect("no configuration", world, [], 2, err=no_file)
    expect("no file needed", world, ["run", "--collector", "udp://192.0.2.1"], 0,
           "nfprobe run --collector udp://192.0.2.1\n")
    for words in ["-c", "/x.yaml"], ["-c/x.yaml"], ["--config", "/x.yaml"], ["--config=/x.yaml"]:
        expect(f"run {words}", world, ["run", *words], 2, err=["no configuration at /x.yaml"])
    path.mkdir()
    expect("a folder", world, [], 2, err=["/etc/nfprobe/nfprobe.yaml is a folder"])


def capabilities(world):
    for bit, name in (39, "CAP_BPF"), (12, "CAP_NET_ADMIN"), (38, "CAP_PERFMON"):
        world.write("proc/self/status", status(bounding=THREE & ~(1 << bit)))
        expect(f"no {name}", world, [], 77, err=[f": {name} missing.", "--cap-add BPF", "add: [BPF, NET_ADMIN"])
    world.write("proc/self/status", status(bounding=0))
    expect("none", world, [], 77, err=["CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing"])
    world.write("proc/self/status", status(no_new_privs=1))
    expect("no_new_privs", world, [], 77, err=["no_new_privs", "allowPrivilegeEscalation: true", "--user 0"])
    world.write("proc/self/status", status(ambient=THREE, no_new_privs=1))
    expect("ambient", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n")
    world.user = "0"
    world.write("proc/self/status", status(effective=THREE, no_new_privs=1))
    expect("root", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n")
    world.write("proc/self/status", status(effective=1 << 12))
    expect("root without", world, [], 77, err=["CAP_BPF, CAP_PERFMON missing"], silent=["no_new_privs"])


def bpf_file_system(world):
    world.write("proc/self/mountinfo", MOUNTS.replace("- bpf bpf", "- tmpfs tmpfs"))
    expect("no bpffs", world, [], 77, err=["no BPF file system at /sys/fs/bpf/nfprobe", "install -d -o 9469 -g 9469",
                                           "-v /sys/fs/bpf/nfprobe:/sys/fs/bpf"])
    world.write("proc/self/mountinfo", MOUNTS + "30 22 0:9 / /sys/fs/bpf rw - tmpfs tmpfs rw\n")
    expect("hidden", world, [], 77, err=["no BPF file system"])
    world.write("proc/self/mountinfo", MOUNTS + "30 20 0:9 / /pins rw - bpf bpf rw\n")
    world.write("etc/nfprobe/nfprobe.yaml", "# pin_root: /x\npin_root: \"/pins/a\" # here\n")
    (world.root / "pins").mkdir()
    expect("elsewhere", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n")
    world.file_for_folder("pins")
    expect("not writable", world, [], 77, err=["user 9469 may not write to the BPF file system at /pins/a",
                                               "chown 9469:9469"])


def folders(world):
    world.file_for_folder("var/lib/nfprobe")
    expect("no state", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n",
           ["note: user 9469 may not write to /var/lib/nfprobe", "Metering goes on"])
    world.file_for_folder("run/nfprobe")
    expect("no run_dir", world, [], 77, err=["may not write to /run/nfprobe", "--tmpfs /run/nfprobe"])


def interfaces(world):
    world.write("proc/net/dev", DEV)
    expect("lo alone", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n",
           ["no interface here but lo", "--network host", "service:router"])
    world.write("proc/net/dev", DEV + "  eth0: 0\n")
    expect("eth0 alone", world, [], 0, "nfprobe run -c /etc/nfprobe/nfprobe.yaml\n", ["eth0 alone"])


def everything_at_once(world):
    world.write("proc/self/status", status(bounding=0))
    world.write("proc/self/mountinfo", "")
    world.file_for_folder("run/nfprobe")
    (world.root / "etc/nfprobe/nfprobe.yaml").unlink()
    expect("all", world, [], 2, err=["CAP_BPF", "no BPF file system", "/run/nfprobe", "no configuration"])


def health(world):
    expect("healthy", world, ["health"], 0)
    world.write("answer", '{"seen":1,"collectors":[],"daemon":null,"enrichment":null}\n')
    expect("no daemon", world, ["health"], 1, err=["does not answer"])
    world.write("answer", "nonsense\n")
    expect("nonsense", world, ["health"], 1, err=["nonsense"])
    world.write("code", "1")
    expect("no status", world, ["health"], 1)


def main():
    cases = [arguments, other_commands_need_nothing, configuration, capabilities, bpf_file_system, folders,
             interfaces, everything_at_once, health]
    for function in cases:
        case(function)
    print("\n".join(failures))
    print(f"{len(cases)} cases, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
