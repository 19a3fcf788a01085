#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two dead collectors beside one that lives: the one that takes nothing and the one to which nothing gets through.
# What reaches the third, and how late after the end of a bucket, is as without them, in one run.
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin
need_nfprobe

chaos_network
# A neighbour that nobody is: what is sent there is dropped on the wire.
ip -n "$E2E_ID-r" neigh replace 10.9.1.77 lladdr 02:09:00:00:77:77 dev r0 nud permanent
seconds=$(full 30 8)

part() { # name, lines of dead collectors
	conf nfprobe <<-YAML
		interfaces:
		  - { match: r0, direction: ingress }
		collectors:
		  - { name: alive, endpoint: "tcp://127.0.0.1:4739" }
		$2
	YAML
	chaos_start "$1" 4739
	nfprobe_start r 1
	rm -f "$E2E_DIR/enough"
	generate_start
	sleep "$seconds" # the length of the measurement
	generate_stop
	wait_for 60 "the records to be delivered" delivered
	wait_for 60 "the collector to read" all_read 4739
	status >"$E2E_DIR/$1.json"
	nfprobe_stop
	chaos_stop "$1" TERM
	distinct "$1"
	[ "$packets" = "$sent" ] || fail "$1: $packets packets of $sent"
	python3 "$E2E_SUPPORT/chaos.py" delays "$E2E_DIR/$1"/*.ipfix >"$E2E_DIR/$1.delay" || fail "delays"
	"$NFPROBE" detach -c "$E2E_DIR/nfprobe.yaml" >/dev/null 2>&1 || in_ns r "$NFPROBE" detach -c "$E2E_DIR/nfprobe.yaml" >/dev/null
}
# Not by the books: a bucket is in them when the dead ones have given it up too.
delivered() { [ "$(collector alive "['packets']")" = "$sent" ] && [ "$(collector alive "['queued']")" = 0 ]; }

part alone ""
chaos_start stopped 4740
kill -STOP "${E2E_PID[stopped]}"
part beside "$(printf '  - { name: stopped, endpoint: "tcp://127.0.0.1:4740", domain: 2, queue: 4 }\n  - { name: nobody, endpoint: "tcp://10.9.1.77:4741", domain: 3, retry: 100ms, spool: { path: "%s/spool" } }' "$E2E_DIR")"
python3 - "$E2E_DIR/beside.json" <<'PY' || fail "the dead collectors were not dead"
import json, sys
c = {c["name"]: c for c in json.load(open(sys.argv[1]))["collectors"]}
assert c["nobody"]["records"] == 0 and c["nobody"]["spool"]["waiting_records"] > 0, c
assert not c["nobody"]["up"], c
PY
python3 - "$E2E_DIR/alone.delay" "$E2E_DIR/beside.delay" <<'PY' || fail "the one that lives is disturbed"
import json, sys
alone, beside = (json.load(open(name)) for name in sys.argv[1:])
print(f"alone: {alone}\nbeside two dead ones: {beside}, ratio {beside['median'] / alone['median']:.2f}")
# Half a second: what a loaded machine may differ by from itself.
sys.exit(beside["median"] > 1.5 * alone["median"] + 500)
PY
say "ok: the same delay beside two dead collectors"
