#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe stands back: all of its threads are nice, and with a twentieth of a CPU its records are late, and none is
# missing. No time is measured: a control group that ran out of its share again and again is what slow means here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cgroup.sh"
e2e_begin
need_nfprobe
cgroup_make cpu

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
conf nfprobe <<YAML
interfaces: [ { match: r0 } ]
nice: 7
YAML
E2E_PROBE_NS=r
# From niceness 0, whatever this script has.
nsenter --net="/run/netns/$E2E_ID-r" nice -n $((-$(nice))) "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" --json --flush \
	>"$E2E_DIR/out" 2>"$E2E_DIR/nfprobe.log" </dev/null &
E2E_PID[nfprobe]=$!
E2E_HOOKS=1
wait_for 60 "nfprobe to attach" nfprobe_attached
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"

# Behind its name in parentheses, niceness is the 17th word (proc(5)).
others=$(awk '{ sub(/.*\) /, ""); if ($17 != 7) n++ } END { print n + 0 }' /proc/"${E2E_PID[nfprobe]}"/task/*/stat)
threads=$(find /proc/"${E2E_PID[nfprobe]}"/task -mindepth 1 -maxdepth 1 | wc -l)
[ "$threads" -ge 3 ] || fail "only $threads threads were found"
[ "$others" = 0 ] || fail "$others of $threads threads are not nice"
say "ok: $threads threads, all of them nice"

cgroup_join "${E2E_PID[nfprobe]}"
cgroup_cpu 50
packets=0
seed=1
# Each packet a flow of its own, until the share has run out often enough.
throttled() { [ "$(cgroup_throttled)" -ge 20 ]; }
while ! throttled; do
	[ $seed -le 60 ] || fail "ran out of its share $(cgroup_throttled) times only"
	in_ns s timeout 60 python3 "$E2E_SUPPORT/flood.py" send s0 10000 500 $((seed++)) || fail "flood"
	packets=$((packets + 10000))
done
rest s r
slow=$(cgroup_throttled)
cgroup_cpu 1000
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
[ "$(books 's["seen"]' <"$E2E_DIR/end.json")" = $packets ] || fail "seen is not $packets"
[ "$(books 'sum(s["lost"].values())' <"$E2E_DIR/end.json")" = 0 ] || fail "packets are lost"
exported=$(python3 -c 'import json, sys; print(sum(json.loads(l)["packetDeltaCount"] for l in sys.stdin))' <"$E2E_DIR/out")
[ "$exported" = $packets ] || fail "the records have $exported packets of $packets"
say "ok: all $packets packets are in records, though its share ran out $slow times"
