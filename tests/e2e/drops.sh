#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets that are dropped ahead of a hook (XDP) or behind it (queueing discipline) are no hole in the
# books: the status shows them as the difference between the hook and the interface counter.
. "$(dirname "$0")/lib.sh"
e2e_begin nstat
need_nfprobe
xdp_drop=${NFP_BUILD:?}/skel/xdp_drop.bpf.o
[ -r "$xdp_drop" ] || fail "$xdp_drop is not built"

chain
traffic_serve b 7000
conf nfprobe <<YAML
interfaces:
  - { match: "r[ab]", direction: both }
YAML
nfprobe_start r 4
snap() { status | python3 "$E2E_SUPPORT/books.py" snap "$E2E_ID" a ha r hb b >"$E2E_DIR/$1.json"; }
judge() {
	local what=$1
	shift
	python3 "$E2E_SUPPORT/books.py" judge "$E2E_DIR/before.json" "$E2E_DIR/after.json" "$@" || fail "$what"
	say "ok: $what"
}

# Behind egress: a queue that takes a few packets and drops the rest of a burst.
qdisc_drops() { ip netns exec "$E2E_ID-r" tc -j -s qdisc show dev rb root | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["drops"])'; }
in_ns r tc qdisc add dev rb root tbf rate 8mbit burst 3000 limit 30000
snap before
traffic a udp 10.9.4.2 7000 500 1000
rest ha r hb
snap after
dropped=$(qdisc_drops)
[ "$dropped" -gt 100 ] || fail "the queue dropped only $dropped"
judge "$dropped packets dropped behind egress are told" \
	"h('ra', 'ingress')['seen'] == 500" \
	"h('rb', 'egress')['seen'] == 500" \
	"i('r', 'rb', 'tx_packets') == 500 - $dropped" \
	"h('rb', 'egress')['dropped_after'] == $dropped" \
	"h('rb', 'egress')['seen_skbs'] == i('r', 'rb', 'tx_packets') + h('rb', 'egress')['dropped_after']"
in_ns r tc qdisc del dev rb root

# Ahead of ingress: an XDP program that drops UDP to port 7999.
in_ns r ip link set dev ra xdp obj "$xdp_drop" sec xdp
snap before
traffic a udp 10.9.4.2 7999 123 300
traffic a udp 10.9.4.2 7000 77 300
rest ha r hb
snap after
judge "packets dropped ahead of ingress are told" \
	"h('ra', 'ingress')['seen'] == 77" \
	"h('rb', 'egress')['seen'] == 77" \
	"i('ha', 'r0', 'tx_packets') == 200" \
	"h('ra', 'ingress')['dropped_before'] == 123"
in_ns r ip -j link show dev ra | grep -q '"xdp"' || fail "the XDP program is gone"
nfprobe_stop
