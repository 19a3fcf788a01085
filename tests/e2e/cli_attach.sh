#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# attach by hand: packets are counted without a daemon, and exported by the next one; twice is once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:0e:00:00:00:01 r r0 02:0e:00:00:00:02
chain_quiet
E2E_PROBE_NS=r
conf nfprobe <<YAML
interfaces: [ { match: r0, direction: both } ]
YAML
c=(-c "$E2E_DIR/nfprobe.yaml")
hooks() { status | books "sorted(h['ifname'] + ' ' + h['direction'] for h in s['hooks'] if h['attached'])"; }

expect_in r 0 '^r0: attached' "$NFPROBE" attach r0 "${c[@]}"
[ "$(hooks)" = "['r0 ingress']" ] || fail "hooks: $(hooks)"
expect_in r 0 '^r0: attached' "$NFPROBE" attach r0 --direction both "${c[@]}"
[ "$(hooks)" = "['r0 egress', 'r0 ingress']" ] || fail "hooks: $(hooks)"
frames s s0 sent
seen() { status | books "sum(h['seen'] for h in s['hooks'] if h['direction'] == 'ingress')"; }
[ "$(seen)" = "$(sent sent)" ] || fail "counted $(seen) of $(sent sent)"
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books without a daemon"
say "ok: counted without a daemon"

nsenter --net="/run/netns/$E2E_ID-r" "$NFPROBE" run "${c[@]}" --json --flush >"$E2E_DIR/out" 2>"$E2E_DIR/run.log" </dev/null &
E2E_PID[run]=$!
started() { status | books 's["collectors"]' && [ "$(status | books 'len(s["buckets"])')" -gt 0 ]; }
wait_for 20 "a bucket" started
# By hand beside the daemon, too.
in_ns r ip link add r1 type veth peer name r2
expect_in r 0 '^r1: attached' "$NFPROBE" attach r1 "${c[@]}"
[ "$(hooks)" = "['r0 egress', 'r0 ingress', 'r1 ingress']" ] || fail "hooks: $(hooks)"
stop run || fail "exit code $?"
python3 - "$E2E_DIR/out" "$(sent sent)" <<'PY'
import json, sys
got = sum(r["packetDeltaCount"] for r in map(json.loads, open(sys.argv[1])) if r["flowDirection"] == 0)
assert got == int(sys.argv[2]), f"exported {got} of {sys.argv[2]}"
PY
nfprobe detach >/dev/null || fail "detach"
say "ok: exported by the next daemon"
