#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Collectors that refuse: nothing else is disturbed, the status names the reason, and when they come
# they get records at once.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
nfcapd_start r alive
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: alive, endpoint: "udp://127.0.0.1:9995" }
  - { name: late-udp, endpoint: "udp://127.0.0.1:9996", domain: 2 }
  - { name: late-tcp, endpoint: "tcp://127.0.0.1:4740", domain: 3, retry: 200ms }
  - { name: nowhere, endpoint: "tcp://no-such-host.invalid:4740", domain: 4, retry: 200ms }
YAML
nfprobe_start r 1 --flush

send() { frames s s0 sent --times "$1"; }
got() { [ "$(collector alive "['packets']")" = "$1" ]; }
collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }
refused() { collector "$1" "['state']" | grep -qiE 'connecting|refused|resolv'; }

send 1
one=$(sent sent)
wait_for 10 "the first bucket" got "$one"
for name in late-tcp nowhere; do
	wait_for 10 "$name to be told as down" refused $name
	say "ok: $name: $(collector $name "['state']")"
done
running nfprobe || fail "nfprobe ended"

nfcapd_start r late-udp 9996
ipfix_start r late-tcp tcp 4740
connected() { in_ns r ss -Hnt 'sport = :4740' | grep -q ESTAB; }
wait_for 15 "the connection" connected
send 2
wait_for 10 "the second bucket" got $((3 * one))
rest s r
nfprobe_stop
nfcapd_stop r alive
nfcapd_stop r late-udp 9996
ended() { ! connected; }
wait_for 10 "the connection to end" ended

status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
read -r packets _ < <(records sum "$E2E_DIR/alive")
[ "$packets" = $((3 * one)) ] || fail "the collector that was there has $packets packets of $((3 * one))"
say "ok: the collector that was there has everything"
read -r packets _ < <(records sum "$E2E_DIR/late-udp")
[ "$packets" = $((2 * one)) ] || fail "the late UDP collector has $packets packets of $((2 * one))"
say "ok: the late UDP collector has all that came after it"
python3 "$E2E_SUPPORT/ipfix.py" check --connection "$E2E_DIR"/late-tcp/*.ipfix >"$E2E_DIR/tcp.json" || fail "the TCP stream"
packets=$(summary tcp packets)
# What waited in the queue comes too.
[ "$packets" = $((3 * one)) ] || fail "the late TCP collector has $packets packets of $((3 * one))"
say "ok: the late TCP collector has what waited and what came after"
