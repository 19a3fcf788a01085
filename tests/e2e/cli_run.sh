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
expect_in r 1 'another nfprobe runs as instance' "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
stop run || fail "exit code $?"
nfprobe detach >/dev/null || fail "detach"
say "ok: one daemon an instance"
