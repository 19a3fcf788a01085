#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe run as a person starts it: options instead of a file, the table, JSON lines and nothing else, a
# collector that does not resolve and one that refuses, SIGINT.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:0d:00:00:00:01 r r0 02:0d:00:00:00:02
chain_quiet
E2E_PROBE_NS=r
conf nfprobe <<YAML
interfaces: [ { match: "none*" } ]
YAML
not_running() { ! running "$1"; }
hooks() { [ "$(status | books 'sum(h["attached"] for h in s["hooks"])')" = "$1" ]; }
run() {
	nfprobe detach >/dev/null
	: >"$E2E_DIR/out"
	nsenter --net="/run/netns/$E2E_ID-r" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" "$@" >"$E2E_DIR/out" 2>"$E2E_DIR/run.log" </dev/null &
	E2E_PID[run]=$!
	wait_for 20 "the hooks" hooks "$HOOKS"
}

# -i and --direction take the place of the file's list; --json: one object a line and nothing else
HOOKS=2 run -i 'r*' --direction both --json --flush
frames s s0 sent
stop run INT || fail "SIGINT: exit code $?"
python3 - "$E2E_DIR/out" "$(sent sent)" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert all("uid" in row and "packetDeltaCount" in row for row in rows), rows
got = sum(row["packetDeltaCount"] for row in rows if row["flowDirection"] == 0)
assert got == int(sys.argv[2]), (got, sys.argv[2])
PY
say "ok: JSON lines"

# The table: a head, a row of a known flow; the names of interfaces, not their indices
HOOKS=1 run -i r0 --interval 1s --flush
frames s s0 sent
stop run || fail "SIGTERM: exit code $?"
grep -q r0 "$E2E_DIR/out" || fail "no interface r0 in the table: $(cat "$E2E_DIR/out")"
awk 'length > 100' "$E2E_DIR/out" | grep . && fail "lines of more than 100 columns"
grep -q '{' "$E2E_DIR/out" && fail "JSON in the table"
say "ok: table"

# A name that does not resolve and a port that refuses: told, and metering goes on
HOOKS=1 run -i r0 --collector udp://collector.invalid --collector tcp://127.0.0.1:1
frames s s0 sent
told() { grep -q 'collector.invalid' "$E2E_DIR/run.log" && grep -q '127.0.0.1:1.*refused' "$E2E_DIR/run.log"; }
wait_for 20 "both collectors' faults in the log" told
running run || fail "nfprobe ended with its collectors"
[ "$(status | books 'len(s["collectors"])')" = 2 ] || fail "collectors in the status"
stop run || fail "exit code $?"
say "ok: absent collectors"

# Two instances of one name would count one packet in the same maps
HOOKS=1 run -i r0
expect_in r 1 'another nfprobe drains instance' "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
# ... wherever the other one has its socket, and nobody takes the maps from under it
sed "s#^run_dir:.*#run_dir: $E2E_DIR/run2#" "$E2E_DIR/nfprobe.yaml" >"$E2E_DIR/other.yaml"
expect_in r 1 'another nfprobe drains instance' "$NFPROBE" run -c "$E2E_DIR/other.yaml"
expect_in r 1 'a running nfprobe drains .*: stop it first' "$NFPROBE" detach -c "$E2E_DIR/nfprobe.yaml"
hooks 1 || fail "detach took the hooks of a running nfprobe"
stop run || fail "exit code $?"
nfprobe detach >/dev/null || fail "detach"
say "ok: one daemon an instance"

# A full disk is a failure, told; a reader that closes the pipe has enough.
frames s s0 sent
nsenter --net="/run/netns/$E2E_ID-r" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" -i r0 --json >/dev/full 2>"$E2E_DIR/run.log" </dev/null &
E2E_PID[run]=$!
wait_for 20 "the hooks" hooks 1
frames s s0 sent
wait_for 20 "nfprobe to end" not_running run
code=0
stop run || code=$?
[ $code = 1 ] || fail "exit code $code when standard output is full"
grep -q 'standard output cannot be written.*No space left' "$E2E_DIR/run.log" || fail "not told: $(cat "$E2E_DIR/run.log")"
say "ok: standard output full"
nsenter --net="/run/netns/$E2E_ID-r" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" -i r0 --json 2>"$E2E_DIR/run.log" </dev/null > >(head -n 1 >"$E2E_DIR/out") &
E2E_PID[run]=$!
wait_for 20 "nfprobe to end" not_running run
stop run || fail "exit code $? when the reader has gone"
[ "$(wc -l <"$E2E_DIR/out")" = 1 ] || fail "what was not printed is printed by the next start: $(cat "$E2E_DIR/out")"
nfprobe detach >/dev/null || fail "detach"
say "ok: standard output closed"
expect_in r 1 'standard output cannot be written: Bad file descriptor' bash -c "exec '$NFPROBE' fields >&-"
