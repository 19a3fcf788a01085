#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Egress interface and next hop of what a router forwards, as it comes in: each record against `ip route get`, by several routes
# and tables; both interfaces and the next hop in nfdump.
#
#   a:a0 --- ra:r:rb --- b0:b      10.9.1.0/24, 10.9.2.0/24, 10.9.3.0/24, fd09:N::/64
#              r:rc --- c0:c
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump jq
need_nfprobe

ns_add a r b c
n=1
chain_link a a0 r ra
chain_link r rb b b0
chain_link r rc c c0
in_ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.fib_multipath_hash_policy=1 \
	net.ipv6.fib_multipath_hash_policy=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
route a default 1.2 a0

r="ip -n $E2E_ID-r"
route r default 2.2 rb
$r route add 10.20.0.0/16 via 10.9.3.2 dev rc proto bgp
$r route add 10.20.7.0/24 via 10.9.2.2 dev rb proto ospf
$r route add blackhole 10.21.0.0/16
$r route add unreachable 10.22.0.0/16
$r route add prohibit 10.23.0.0/16
$r route add 10.24.0.0/16 nexthop via 10.9.2.2 dev rb nexthop via 10.9.3.2 dev rc
$r route add 10.25.0.0/16 dev rc
$r route add 10.26.0.0/16 via inet6 fd09:3::2 dev rc
# Tables beside main, by source and by destination port.
$r route add 10.27.0.0/16 via 10.9.3.2 dev rc table 77
$r rule add from 10.9.1.0/24 to 10.27.0.0/17 table 77
$r route add 10.28.0.0/16 via 10.9.3.2 dev rc mtu 100
$r -6 route add fd20::/16 via fd09:3::2 dev rc proto isis
$r -6 route add fd20:7::/32 via fd09:2::2 dev rb
$r -6 route add blackhole fd21::/16
$r -6 route add unreachable fd22::/16
$r -6 route add prohibit fd23::/16
$r -6 route add fd24::/16 nexthop via fd09:2::2 dev rb nexthop via fd09:3::2 dev rc
$r -6 route add fd25::/16 dev rc
$r -6 route add fd27::/16 via fd09:3::2 dev rc table 77
$r -6 rule add from fd09:1::/64 to fd27::/16 table 77
chain_quiet

mkdir "$E2E_DIR/templates"
cat >"$E2E_DIR/templates/way.yaml" <<'YAML'
lists:
  ends: &ends [flowStartMilliseconds, flowEndMilliseconds, packetDeltaCount, octetDeltaCount, ingressInterface, egressInterface,
               sourceTransportPort, destinationTransportPort, protocolIdentifier]
templates:
  - { name: hop4, need: [ipv4, ports, next_hop4], fields: [*ends, sourceIPv4Address, destinationIPv4Address, ipNextHopIPv4Address] }
  - { name: hop6, need: [ipv6, ports, next_hop6], fields: [*ends, sourceIPv6Address, destinationIPv6Address, ipNextHopIPv6Address] }
  - { name: ip4, need: [ipv4, ports], fields: [*ends, sourceIPv4Address, destinationIPv4Address] }
  - { name: ip6, need: [ipv6, ports], fields: [*ends, sourceIPv6Address, destinationIPv6Address] }
  - { name: rest, need: [always], fields: [packetDeltaCount, octetDeltaCount] }
YAML

# Two and more datagrams of a flow: entries are made once.
addresses=(10.9.2.2 10.9.2.77 10.9.3.2 10.9.1.2 10.26.0.1 10.27.0.1 10.27.200.1 10.28.0.1 203.0.113.9
	fd09:2::2 fd09:3::2 fd09:1::2 fd27::1 2001:db8::9)
for i in 1 2 3 4 5 6 7 8; do
	addresses+=("10.20.0.$i" "10.20.7.$i" "10.21.0.$i" "10.22.0.$i" "10.23.0.$i" "10.24.0.$i" "10.25.0.$i"
		"fd20::$i" "fd20:7::$i" "fd21::$i" "fd22::$i" "fd23::$i" "fd24::$i" "fd25::$i")
done
records=$((3 * ${#addresses[@]}))

# way TABLE: with flow tables, and without.
way() {
	conf nfprobe <<YAML
templates: $E2E_DIR/templates
maps: { table: $1 }
enrichment: { routes: true }
interfaces: [ { match: ra }, { match: rb, direction: egress } ]
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995", template_set: way }
  - { name: json, endpoint: "file://$E2E_DIR/table-$1.json", protocol: json }
YAML
	nfcapd_start r "nf-$1"
	nfprobe_start r 2 --flush
	wait_for 30 "the routing tables" routes_read
	for i in 1 2; do in_ns a python3 "$E2E_SUPPORT/fib.py" send 5000 3 "${addresses[@]}"; done
	rest a r
	status >"$E2E_DIR/status.json"
	nfprobe_stop
	nfcapd_stop r "nf-$1"
	books 's["lost"] and sum(s["lost"].values())' <"$E2E_DIR/status.json" | grep -qx 0 || fail "packets were lost"
	in_ns r python3 "$E2E_SUPPORT/fib.py" compare ra $records <"$E2E_DIR/table-$1.json" >"$E2E_DIR/compared" ||
		fail "table $1: $(head -n 5 "$E2E_DIR/compared")"
	say "ok: table $1: $(tail -n 1 "$E2E_DIR/compared")"
	for i in 10.20.0.1,16,186 10.20.7.1,24,188 10.25.0.1,16,3 10.9.2.2,24,2 203.0.113.9,0,3 fd20::1,16,187; do origin "$1" "$i"; done
	say "ok: table $1: lengths and origins of routes"
	way_nfdump "$1"
}
routes_read() { [ "$(status | jq .enrichment.routes)" -gt 20 ]; }

# origin TABLE DESTINATION,LENGTH,ORIGIN: of the route, by rtm_protocol, in each record of that destination.
origin() {
	local dst length made v=4
	IFS=, read -r dst length made <<<"$2"
	[ "${dst#*:}" = "$dst" ] || v=6
	jq -r "select(.destinationIPv${v}Address == \"$dst\") | \"\(.destinationIPv${v}PrefixLength),\(.destinationRouteOrigin),\(.sourceRouteOrigin)\"" \
		"$E2E_DIR/table-$1.json" | sort -u >"$E2E_DIR/shown"
	[ "$(cat "$E2E_DIR/shown")" = "$length,$made,2" ] || fail "route to $dst: $(cat "$E2E_DIR/shown"), not $length,$made,2"
}

# nfdump shows a line as: in, out, next hop. Records of the egress hook have no next hop.
way_nfdump() {
	local dst out hop
	for row in 10.20.0.1,rc,10.9.3.2 10.20.7.1,rb,10.9.2.2 10.25.0.1,rc,0.0.0.0 203.0.113.9,rb,10.9.2.2 10.27.0.1,rc,10.9.3.2 \
		fd20::1,rc,fd09:3::2 fd20:7::1,rb,fd09:2::2; do
		IFS=, read -r dst out hop <<<"$row"
		nfdump -q -N -6 -R "$E2E_DIR/nf-$1" -o 'fmt:%in %out %nh' "dst ip $dst and in if $(ifindex r ra)" |
			awk -v hop="$hop" '$3 != "0.0.0.0" || $3 == hop { print $1, $2, $3 }' | sort -u >"$E2E_DIR/shown"
		[ "$(cat "$E2E_DIR/shown")" = "$(ifindex r ra) $(ifindex r "$out") $hop" ] ||
			fail "nfdump, $dst: $(head -n 3 "$E2E_DIR/shown")"
	done
	# At the egress hook: where it came in.
	nfdump -q -N -R "$E2E_DIR/nf-$1" -o 'fmt:%in %out' "dst ip 10.20.7.1 and out if $(ifindex r rb)" |
		awk '{ print $1, $2 }' | sort -u >"$E2E_DIR/shown"
	[ "$(cat "$E2E_DIR/shown")" = "$(ifindex r ra) $(ifindex r rb)" ] || fail "nfdump, egress: $(cat "$E2E_DIR/shown")"
	say "ok: nfdump shows interfaces and next hops"
}

way true
way false
