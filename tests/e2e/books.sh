#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The books close, packet for packet, against counters that are not ours: the interface counters of
# the router (which count buffers), the sender's own TCP, and a hop behind it that has all offloads off
# (which counts what a wire would carry). With TSO and GSO, TCP and UDP, IPv4 and IPv6, both directions,
# through VXLAN and with GRO.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump nstat
need_nfprobe

chain
traffic_serve b 7000
nfcapd_start r nf
conf nfprobe <<YAML
interfaces:
  - { match: "r[ab]", direction: both }
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995" }
YAML
nfprobe_start r 4 --flush
snap() { status | python3 "$E2E_SUPPORT/books.py" snap "$E2E_ID" a ha r hb b >"$E2E_DIR/$1.json"; }
snap start

# On the router, buffers in = buffers counted; on the wire, what leaves the hop without offloads, seen
# by all four hooks. Where GRO merges, a hook sees fewer buffers than the interface received.
forth=("h('ra', 'ingress')['seen'] == i('hb', 'r0', 'tx_packets')"
	"h('rb', 'egress')['seen'] == i('hb', 'r0', 'tx_packets')"
	"h('rb', 'egress')['seen_skbs'] == i('r', 'rb', 'tx_packets')"
	"h('rb', 'egress')['seen_skb_bytes'] == i('r', 'rb', 'tx_bytes')")
back=("h('rb', 'ingress')['seen'] == i('ha', 'l0', 'tx_packets')"
	"h('ra', 'egress')['seen'] == i('ha', 'l0', 'tx_packets')"
	"h('ra', 'egress')['seen_skbs'] == i('r', 'ra', 'tx_packets')"
	"h('ra', 'egress')['seen_skb_bytes'] == i('r', 'ra', 'tx_bytes')")
buffers=("h('ra', 'ingress')['seen_skbs'] == i('r', 'ra', 'rx_packets')"
	"h('ra', 'ingress')['seen_skb_bytes'] == i('r', 'ra', 'rx_bytes')"
	"h('rb', 'ingress')['seen_skbs'] == i('r', 'rb', 'rx_packets')"
	"h('rb', 'ingress')['seen_skb_bytes'] == i('r', 'rb', 'rx_bytes')")
tcp=("h('ra', 'ingress')['seen'] == p('a', 'TcpOutSegs') + p('a', 'TcpRetransSegs')"
	"h('rb', 'ingress')['seen'] == p('b', 'TcpOutSegs') + p('b', 'TcpRetransSegs')")
gso_forth=("h('ra', 'ingress')['seen'] > 5 * h('ra', 'ingress')['seen_skbs']")
gso_back=("h('rb', 'ingress')['seen'] > 5 * h('rb', 'ingress')['seen_skbs']")
merged=("h('ra', 'ingress')['seen_skbs'] < i('r', 'ra', 'rx_packets')")
# What veth hands on unsegmented, and merges, is the kernel's age: then the rules are those of one packet a buffer.
udp_gso_forth=("${gso_forth[@]}") udp_gso_back=("${gso_back[@]}")
if in_ns a ethtool -k a0 | grep -q 'tx-udp-segmentation: off \[fixed\]'; then
	say "veth of this kernel passes no UDP segments on"
	udp_gso_forth=("h('ra', 'ingress')['seen'] == h('ra', 'ingress')['seen_skbs']")
	udp_gso_back=("h('rb', 'ingress')['seen'] == h('rb', 'ingress')['seen_skbs']")
fi
if in_ns a ethtool -k a0 | grep -q 'generic-receive-offload: on'; then # by default, before 5.13: nothing came of it
	say "veth of this kernel merges nothing"
	merged=("h('ra', 'ingress')['seen_skbs'] == i('r', 'ra', 'rx_packets')")
fi

# judged WHAT RULES... -- traffic's arguments
judged() {
	local what=$1 rules=()
	shift
	while [ "$1" != -- ]; do rules+=("$1"); shift; done
	shift
	rest r
	snap before
	traffic a "$@"
	rest ha r hb
	snap after
	python3 "$E2E_SUPPORT/books.py" judge "$E2E_DIR/before.json" "$E2E_DIR/after.json" \
		"${forth[@]}" "${back[@]}" "${rules[@]}" || fail "$what"
	say "ok: $what"
}

for family in 10.9.4.2:IPv4 fd09:4::2:IPv6; do
	b=${family%:*} name=${family##*:}
	judged "TCP over $name, forth" "${buffers[@]}" "${tcp[@]}" "${gso_forth[@]}" -- put "$b" 7000 8000000
	judged "TCP over $name, back" "${buffers[@]}" "${tcp[@]}" "${gso_back[@]}" -- get "$b" 7000 8000000
	judged "UDP over $name" "${buffers[@]}" "h('ra', 'ingress')['seen'] == 500" \
		-- udp "$b" 7000 500 1200
	judged "UDP over $name in segments, forth" "${buffers[@]}" "${udp_gso_forth[@]}" \
		"h('ra', 'ingress')['seen'] == 2000" -- udp "$b" 7000 2000 1100 20
	judged "UDP over $name in segments, back" "${buffers[@]}" "${udp_gso_back[@]}" \
		"h('rb', 'ingress')['seen'] == 2000" -- bounce "$b" 7000 2000 1100 20
done

# Encapsulated: the outer headers are repeated for each segment too.
tunnel() {
	local node=$1 dev=$2 local=$3 remote=$4 id=$5 me=$6 other=$7
	ip -n "$E2E_ID-$node" link add "vx$id" address "02:08:00:00:0$me:0$id" type vxlan id "$id" \
		local "$local" remote "$remote" dstport 4789 dev "$dev"
	ip -n "$E2E_ID-$node" link set "vx$id" up
	ip -n "$E2E_ID-$node" addr add "10.8.$id.$me/24" dev "vx$id"
	ip -n "$E2E_ID-$node" addr add "fd08:$id::$me/64" dev "vx$id" nodad
	ip -n "$E2E_ID-$node" neigh replace "10.8.$id.$other" lladdr "02:08:00:00:0$other:0$id" dev "vx$id" nud permanent
	ip -n "$E2E_ID-$node" neigh replace "fd08:$id::$other" lladdr "02:08:00:00:0$other:0$id" dev "vx$id" nud permanent
}
tunnel a a0 10.9.1.1 10.9.4.2 4 1 2
tunnel b b0 10.9.4.2 10.9.1.1 4 2 1
tunnel a a0 fd09:1::1 fd09:4::2 6 1 2
tunnel b b0 fd09:4::2 fd09:1::1 6 2 1
chain_quiet
for outer in 4 6; do
	for inner in 10.8.$outer.2:IPv4 fd08:$outer::2:IPv6; do
		b=${inner%:*} name="${inner##*:} in VXLAN over IPv$outer"
		judged "TCP over $name, forth" "${buffers[@]}" "${tcp[@]}" "${gso_forth[@]}" \
			-- put "$b" 7000 3000000
		judged "TCP over $name, back" "${buffers[@]}" "${tcp[@]}" "${gso_back[@]}" \
			-- get "$b" 7000 3000000
		judged "UDP over $name in segments" "${buffers[@]}" "${udp_gso_forth[@]}" \
			"h('ra', 'ingress')['seen'] == 1000" -- udp "$b" 7000 1000 1000 20
	done
done

# GRO merges what came one by one: fewer buffers than the interface counted, as many packets.
# veth lets GRO see only what comes from a device without TSO.
in_ns a ethtool -K a0 tso off
in_ns ha ethtool -K r0 tso off
in_ns r ethtool -K ra gro on
judged "TCP merged by GRO" "${tcp[@]}" "h('ra', 'ingress')['seen'] == i('r', 'ra', 'rx_packets')" \
	"${merged[@]}" -- put 10.9.4.2 7000 8000000

rest ha r hb
snap end
nfprobe_stop
nfcapd_stop r nf
status >"$E2E_DIR/books.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/books.json" || fail "the books at the end"
[ "$(books 's["open"]' <"$E2E_DIR/books.json")" = 0 ] || fail "--flush left something open"
read -r packets _ < <(records sum "$E2E_DIR/nf")
[ "$packets" = "$(books 's["recorded"]' <"$E2E_DIR/books.json")" ] ||
	fail "nfdump has $packets packets, the books $(books 's["recorded"]' <"$E2E_DIR/books.json")"

# Octets: what nfdump has for a direction, with its link headers, left the hop without offloads.
for side in "ra hb r0" "rb ha l0"; do
	read -r ifname node hop <<<"$side"
	read -r packets octets _ < <(records sum "$E2E_DIR/nf" "in=$(ifindex r "$ifname")" direction=0)
	python3 "$E2E_SUPPORT/books.py" judge "$E2E_DIR/start.json" "$E2E_DIR/end.json" \
		"i('$node', '$hop', 'tx_packets') == $packets" \
		"i('$node', '$hop', 'tx_bytes') == $((octets + 14 * packets))" || fail "octets behind $ifname"
done
say "ok: nfdump has every packet and octet of the books"
