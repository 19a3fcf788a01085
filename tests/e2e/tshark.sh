#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The export stream, as two decoders see it that are not ours: tshark has nothing to complain of, and a strict
# reader (tests/support/ipfix.py) finds no unknown or empty Set, no template after its data, no gap in the
# sequence, no message above the MTU. Over UDP and over TCP at once; both carry every packet of the books.
. "$(dirname "$0")/lib.sh"
e2e_begin tshark tcpdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
ipfix_start r udp udp 9997
ipfix_start r tcp tcp 9998
capture_start r wire 'udp port 9997'
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: both }
collectors:
  - name: datagrams
    endpoint: udp://127.0.0.1:9997
    mtu: 700
    template_refresh: { interval: 60s, messages: 3 }
  - { name: stream, endpoint: "tcp://127.0.0.1:9998", domain: 7 }
YAML
nfprobe_start r 2 --flush

# Over three buckets, so that messages of later ones follow each other.
recorded() { [ "$(status | books 's["recorded"]')" -gt "$1" ]; }
before=0
for _ in 1 2 3; do
	frames s s0 sent
	frames r r0 sent
	wait_for 10 "a bucket to be drained" recorded "$before"
	before=$(status | books 's["recorded"]')
done
rest s r
nfprobe_stop
wait_for 10 "the listener to read" queue_empty r 9997
status >"$E2E_DIR/end.json"
packets=$(books 's["recorded"]' <"$E2E_DIR/end.json")
wait_for 10 "the stream to end" stream_ended r 9998
capture_stop wire

tshark_clean "$E2E_DIR/wire.pcap" udp.port==9997
# A stream as it arrived is a file of IPFIX (RFC 5655). Captured, tshark would read segments twice that were sent twice.
tshark_clean "$E2E_DIR/tcp/001.ipfix"
for kind in udp tcp; do
	[ "$(find "$E2E_DIR/$kind" -name '*.ipfix' | wc -l)" = 1 ] || fail "$kind: more than one session"
	options=()
	[ $kind = udp ] || options=(--connection)
	python3 "$E2E_SUPPORT/ipfix.py" check "${options[@]}" "$E2E_DIR/$kind/001.ipfix" >"$E2E_DIR/$kind.json" ||
		fail "the $kind stream"
	got=$(summary "$kind" packets)
	[ "$got" = "$packets" ] || fail "$kind: $got packets in the stream, $packets in the books"
	say "ok: $kind: $(cat "$E2E_DIR/$kind.json")"
done
python3 - "$E2E_DIR" <<'PYTHON' || fail "templates or sizes"
import json, sys
udp, tcp = (json.load(open(f"{sys.argv[1]}/{kind}.json")) for kind in ("udp", "tcp"))
assert udp["longest"] <= 700, udp
assert udp["templates"] > tcp["templates"], (udp, tcp)
assert udp["records"] == tcp["records"], (udp, tcp)
PYTHON
# What tshark decodes is what the strict reader decodes.
decoded=$(tshark -r "$E2E_DIR/wire.pcap" -d udp.port==9997,cflow -o cflow.max_template_fields:0 -Y cflow \
	-T fields -E aggregator=, -e cflow.packets 2>/dev/null |
	tr , '\n' | awk '{ s += $1 } END { print s + 0 }')
[ "$decoded" = "$packets" ] || fail "tshark decodes $decoded packets of $packets"
say "ok: tshark decodes $decoded packets and complains of nothing"
