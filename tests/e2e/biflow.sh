#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Biflows of real TCP, UDP and ICMP through a router that is metered at every hook: the same packets and octets as in
# the uniflows of another collector, who began is right and stays right over buckets, and libfixbuf reads it alike.
. "$(dirname "$0")/lib.sh"
export E2E_INTERVAL=1s
e2e_begin ping ipfixDump
need_nfprobe

chain
traffic_serve b 5000
conf nfprobe <<YAML
interfaces:
  - { match: "r?", direction: both }
collectors:
  - { name: single, endpoint: "file://$E2E_DIR/single.ipfix" }
  - { name: both, endpoint: "file://$E2E_DIR/both.ipfix", biflow: true }
YAML
nfprobe_start r 4 --flush

start a talk python3 "$E2E_SUPPORT/traffic.py" talk 10.9.4.2 5000 35
traffic a put fd09:4::2 5000 100000
traffic a get 10.9.4.2 5000 100000
traffic a bounce 10.9.4.2 5000 50 200
traffic a bounce fd09:4::2 5000 50 200
traffic a udp 10.9.4.2 5000 20 100
in_ns a ping -q -c 3 -i 0.2 10.9.4.2 >/dev/null || fail "ping"
in_ns a ping -q -c 3 -i 0.2 -s 4000 10.9.4.2 >/dev/null || fail "ping with fragments"
in_ns a ping -q -c 3 -i 0.2 fd09:4::2 >/dev/null || fail "ping6"
wait "${E2E_PID[talk]}" || fail "the conversation"
unset "E2E_PID[talk]"
rest a r b
nothing_open() { [ "$(status | books 's["open"]')" = 0 ]; }
wait_for 30 "the last bucket to be drained" nothing_open
delivered() { [ "$(status | books 'len({c["packets"] for c in s["collectors"]} | {s["recorded"]})')" = 1 ]; }
wait_for 30 "all to be in the files" delivered
status >"$E2E_DIR/end.json"
nfprobe_stop

for name in single both; do
	python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR/$name.ipfix" >"$E2E_DIR/$name.json" || fail "the file $name.ipfix"
	python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR/$name.ipfix" >"$E2E_DIR/$name.records"
done
python3 "$E2E_SUPPORT/biflows.py" "$E2E_DIR/single.records" "$E2E_DIR/both.records" 5000 <"$E2E_DIR/end.json" \
	>"$E2E_DIR/pairs" || fail "the biflows"
say "ok: $(cat "$E2E_DIR/pairs")"

# What libfixbuf reads.
ipfixDump -d -i "$E2E_DIR/both.ipfix" >"$E2E_DIR/dump" 2>"$E2E_DIR/ipfixDump.log" || fail "ipfixDump"
decoded=$(grep -iE '(^|[^a-z])(reverse)?packetDeltaCount[^a-z]' "$E2E_DIR/dump" | awk -F: '{ s += $NF } END { print s + 0 }')
packets=$(books 's["recorded"]' <"$E2E_DIR/end.json")
[ "$decoded" = "$packets" ] || fail "ipfixDump decodes $decoded packets of $packets"
grep -q reversePacketDeltaCount "$E2E_DIR/dump" || fail "libfixbuf does not know the other direction"
say "ok: ipfixDump decodes all $decoded packets"
