#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe top --once: rates and totals of real traffic, with the daemon and without; errors that say what to do.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
ip -n "$E2E_ID-s" addr add 192.0.2.1/24 dev s0
ip -n "$E2E_ID-r" addr add 192.0.2.2/24 dev r0
chain_quiet
conf nfprobe <<YAML
interfaces: [ { match: r0, direction: both } ]
collectors: [ { name: nobody, endpoint: "tcp://127.0.0.1:1" } ]
YAML
expect_in r 1 'nothing is metered' "$NFPROBE" top --once -c "$E2E_DIR/nfprobe.yaml"
expect_in r 77 'needs a terminal, and standard input is none; `nfprobe top --once`' "$NFPROBE" top -c "$E2E_DIR/nfprobe.yaml"
expect_in r 2 '--sort: "size" is no order; allowed: bits, rate, bytes or packets' "$NFPROBE" top --sort size
expect_in r 2 '--every: 0 is out of range; allowed: 1 to 60' "$NFPROBE" top --every 0
say "ok: errors"

nfprobe_start r 2
# 50 packets a second each way, over several buckets of one second.
start s ping ping -n -i 0.02 192.0.2.2
picture() { nfprobe top --once --every 3 --match 'icmp 192.0.2.2' --sort rate >"$E2E_DIR/picture"; }
# A hook and a flow that is all its traffic have the same rate, but for the moment: a flow's may be one of a part of a second.
moving() { picture && awk '$1 == "r0" && $2 == "in" && NF == 5 { hook = $3 } $3 == "icmp" && $2 == "in" { flow = $(NF - 3) } END { exit !(hook > 5 && flow > 5 && flow > hook / 3 && flow < hook * 3) }' "$E2E_DIR/picture"; }
wait_for 120 "rates in a picture" moving
passing() { [ "$(nfprobe top --once --every 1 --filter 'icmp' -n 0 | awk '$3 == "icmp"' | wc -l)" -ge 2 ]; }
wait_for 60 "both directions to pass --filter icmp" passing
nfprobe top --once --every 1 --filter 'not icmp' -n 0 | awk '$3 == "icmp"' | grep . && fail "--filter 'not icmp'"
grep -q 'collectors nobody DOWN' "$E2E_DIR/picture" || fail "the collector: $(cat "$E2E_DIR/picture")"
stop ping INT || fail "ping"
say "ok: rates"
nfprobe_stop
nfprobe top --once --every 1 >"$E2E_DIR/picture" || fail "without the daemon"
grep -q 'no daemon answers' "$E2E_DIR/picture" || fail "says: $(cat "$E2E_DIR/picture")"
[ "$(awk '$1 == "seen" { print $2 }' "$E2E_DIR/picture")" = "$(status | books 's["seen"]')" ] || fail "seen: $(cat "$E2E_DIR/picture")"
say "ok: without the daemon"
nfprobe detach >/dev/null || fail "detach"
