#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a running daemon may still do: capabilities of every thread, system calls, no new privileges; what everybody can
# change is not believed. Namespaces are entered before CAP_SYS_ADMIN goes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin setpriv
need_nfprobe

ns_add a b
link a a0 02:09:00:00:01:01 b b0 02:09:00:00:01:02
ipfix_start a sink tcp 4739
conf nfprobe <<YAML
interfaces:
  - { match: a0 }
  - { match: b0, netns: $E2E_ID-b }
collectors:
  - { name: sink, endpoint: "tcp://127.0.0.1:4739", spool: { path: $E2E_DIR/spool } }
metrics: { listen: 127.0.0.1:9469 }
YAML
nfprobe_start a 2

# CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39; every thread: those of namespaces, of collectors, of the page.
wanted=$(printf %016x $((1 << 12 | 1 << 38 | 1 << 39)))
threads=0
for task in "/proc/${E2E_PID[nfprobe]}/task"/*; do
	state=$(cat "$task/status" 2>/dev/null) || continue # it has ended meanwhile
	name=$(sed -n 's/^Name:.//p' <<<"$state")
	for row in "CapPrm:.$wanted" "CapEff:.$wanted" 'CapInh:.0*' 'CapAmb:.0*' 'NoNewPrivs:.1' 'Seccomp:.2'; do
		grep -q "^$row\$" <<<"$state" || fail "thread $name is not confined: wanted $row in: $state"
	done
	threads=$((threads + 1))
done
[ $threads -ge 5 ] || fail "only $threads threads"
say "ok: $threads threads with three capabilities and a list of system calls"

# Everything that it made is closed to others.
find "$E2E_DIR/spool" "$E2E_RUN" -mindepth 1 ! -type l -perm /007 | grep . && fail "others can read or write these"
wait_for 10 "the page" in_ns a curl -fsS -o "$E2E_DIR/status.json" http://127.0.0.1:9469/status.json
nfprobe_stop

# What everybody can change is not believed, and it is said whose fault it is.
refused() {
	expect_in a 2 "$1" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
}
chmod 777 "$E2E_RUN"
refused "run_dir: everybody can write to $E2E_RUN"
chmod 755 "$E2E_RUN"
chmod 733 "$E2E_DIR/spool"
refused "collector sink: spool.path: everybody can write"
chmod 700 "$E2E_DIR/spool"
chmod 666 "$E2E_DIR/nfprobe.yaml"
refused "nfprobe.yaml: everybody can change it"
chmod 644 "$E2E_DIR/nfprobe.yaml"
chown 65534 "$E2E_DIR/nfprobe.yaml"
SUDO_UID='' refused "chown root"
chown 0 "$E2E_DIR/nfprobe.yaml"

# Root is let through where it was: it says so.
mkdir "$E2E_DIR/theirs"
chown 65534 "$E2E_DIR/theirs"
sed -i "s#tcp://127.0.0.1:4739#file://$E2E_DIR/theirs/flows#" "$E2E_DIR/nfprobe.yaml"
nfprobe_start a 2
runs_again() { [ "$(grep -c 'running: buckets' "$E2E_DIR/nfprobe.log")" = 2 ]; }
wait_for 30 "nfprobe to run again" runs_again
grep -q "CAP_DAC_OVERRIDE stays in force: the modes of $E2E_DIR/theirs" "$E2E_DIR/nfprobe.log" || fail "nothing is said"
[ -e "$E2E_DIR/theirs/flows" ] || fail "the file was not made"
nfprobe_stop
say "ok: modes and owners"
