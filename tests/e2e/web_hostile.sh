#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 10,000 requests, slow clients, garbage and more silent connections than there are places cost the page's clients their places and nobody
# a packet: every one of them is counted while they try, the books close, buckets end in time and memory stays.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
chain_quiet
conf nfprobe <<YAML
interfaces: [ { match: r0 } ]
collectors: [ { name: file, endpoint: "file://$E2E_DIR/flows.ipfix" } ]
metrics: { listen: 9469 }
YAML
nfprobe_start r 1
wait_for 30 "the page" listening r t 9469
memory() { awk '/^VmRSS/ { print $2 }' "/proc/${E2E_PID[nfprobe]}/status"; }
before=$(memory)
start r hostile python3 "$E2E_SUPPORT/hostile.py" 9469 10000
rounds=0
while running hostile; do
	frames s s0 sent --times 1
	rounds=$((rounds + 1))
done
wait "${E2E_PID[hostile]}" || fail "hostile.py ended with exit code $?"
unset 'E2E_PID[hostile]'
say "ok: $(tail -n 1 "$E2E_DIR/hostile.log")"
want=$((rounds * $(sent sent)))
all_recorded() { [ "$(status | books 's["recorded"]')" = $want ]; }
wait_for 60 "all $want packets in records" all_recorded
status >"$E2E_DIR/status.json"
books 'all((s["seen"] == s["recorded"], s["balanced"], not sum(s["lost"].values()), s["daemon"]["drain_errors"] == 0))' <"$E2E_DIR/status.json" |
	grep -q True || fail "the books: $(cat "$E2E_DIR/status.json")"
[ "$(in_ns r curl -sS --max-time 30 http://127.0.0.1:9469/healthz)" = ok ] || fail "healthz"
say "ok: $want packets in records"
after=$(memory)
[ $((after - before)) -lt 65536 ] || fail "memory: $before kB before, $after kB after"
nfprobe_stop
nfprobe detach >/dev/null || fail "detach"
