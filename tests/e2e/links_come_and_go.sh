#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An interface goes away in mid-bucket under a running nfprobe and comes back: what it had counted is exported, the
# others are metered all the while, and so is the new one; then all go, and nfprobe waits for the next.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
ns_add s r
# No packet but ours on any link, from its first moment.
in_ns s sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns r sysctl -qw net.ipv6.conf.default.disable_ipv6=1
stays() { link s s0 02:11:00:00:00:01 r r0 02:11:00:00:00:02; }
goes() { link s s1 02:11:00:00:01:01 r r1 02:11:00:00:01:02; }
stays
goes
conf nfprobe <<YAML
interfaces: [ { match: "r*" } ]
YAML
E2E_PROBE_NS=r
nsenter --net="/run/netns/$E2E_ID-r" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" --json --flush \
	>"$E2E_DIR/out" 2>"$E2E_DIR/nfprobe.log" </dev/null &
E2E_PID[nfprobe]=$!
attached() { [ "$(status | books 'sorted(h["ifname"] for h in s["hooks"] if h["attached"])')" = "$1" ]; }
metering() { [ "$(grep -c "r1: metering" "$E2E_DIR/nfprobe.log")" = "$1" ]; }
wait_for 30 "both hooks" attached "['r0', 'r1']"

frames s s0 first
frames s s1 gone
seen() { [ "$(status | books 's["seen"]')" = "$1" ]; }
wait_for 10 "the packets" seen $(($(sent first) + $(sent gone)))
ip -n "$E2E_ID-r" link del r1
wait_for 10 "one hook" attached "['r0']"
running nfprobe || fail "nfprobe ended with the interface"
frames s s0 meanwhile
say "ok: one interface has gone"

goes
wait_for 10 "the interface that came back" attached "['r0', 'r1']"
wait_for 10 "the log to tell" metering 2
frames s s1 back
frames s s0 last
say "ok: it is back"

ip -n "$E2E_ID-r" link del r0
ip -n "$E2E_ID-r" link del r1
wait_for 10 "no hook" attached "[]"
running nfprobe || fail "nfprobe ended with its last interface"
stays
wait_for 10 "the next interface" attached "['r0']"
frames s s0 new
nfprobe_stop

all=0
for name in first gone meanwhile back last new; do all=$((all + $(sent $name))); done
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
[ "$(books 's["seen"]' <"$E2E_DIR/end.json")" = $all ] || fail "seen is not the $all packets that were sent"
[ "$(books 'sum(s["lost"].values())' <"$E2E_DIR/end.json")" = 0 ] || fail "packets are lost"
exported=$(python3 -c 'import json, sys; print(sum(json.loads(l)["packetDeltaCount"] for l in sys.stdin))' <"$E2E_DIR/out")
[ "$exported" = $all ] || fail "the records have $exported packets of $all"
say "ok: all $all packets are in records"
