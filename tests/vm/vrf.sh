#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# VRFs with the same prefixes: egress interface and next hop of each record against `ip route get`, prefix lengths and
# names of the VRFs; and a VRF that an interface joins while nfprobe runs.
#
#   red:a0 ---- ra:r (VRF red, table 10):rx --- x0:x     10.9.1.0/24 and 10.9.2.0/24 in both
#   blue:b0 --- rb:r (VRF blue, table 20):ry --- y0:y
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin jq
need_device vrf

ns_add red blue r x y
for n in "red a0 r ra 1" "blue b0 r rb 2" "r rx x x0 3" "r ry y y0 4"; do
	read -r left if1 right if2 last <<<"$n"
	link "$left" "$if1" "02:15:00:00:0$last:01" "$right" "$if2" "02:15:00:00:0$last:02"
done
r="ip -n $E2E_ID-r"
in_ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
$r link add red type vrf table 10
$r link add blue type vrf table 20
for vrf in red:ra:rx blue:rb:ry; do
	IFS=: read -r vrf in out <<<"$vrf"
	$r link set "$vrf" up
	$r link set "$in" master "$vrf"
	$r link set "$out" master "$vrf"
	$r addr add 10.9.1.2/24 dev "$in"
	$r addr add fd09:1::2/64 dev "$in" nodad
	$r addr add 10.9.2.1/24 dev "$out"
	$r addr add fd09:2::1/64 dev "$out" nodad
done
# The same destinations, other gateways and lengths.
$r route add 10.20.0.0/16 via 10.9.2.2 vrf red
$r route add 10.20.0.0/20 via 10.9.2.3 vrf blue proto bgp
$r route add blackhole 10.21.0.0/16 vrf red
$r route add 10.21.0.0/18 via 10.9.2.3 vrf blue
$r -6 route add fd20::/16 via fd09:2::2 vrf red
$r -6 route add fd20::/20 via fd09:2::3 vrf blue
$r -6 route add unreachable fd21::/16 vrf red
$r -6 route add fd21::/24 via fd09:2::3 vrf blue
for host in red:a0:1 blue:b0:2; do
	IFS=: read -r ns if n <<<"$host"
	ip -n "$E2E_ID-$ns" addr add 10.9.1.1/24 dev "$if"
	ip -n "$E2E_ID-$ns" addr add fd09:1::1/64 dev "$if" nodad
	ip -n "$E2E_ID-$ns" neigh replace 10.9.1.2 lladdr "02:15:00:00:0$n:02" dev "$if" nud permanent
	ip -n "$E2E_ID-$ns" neigh replace fd09:1::2 lladdr "02:15:00:00:0$n:02" dev "$if" nud permanent
	ip -n "$E2E_ID-$ns" route add default via 10.9.1.2
	ip -n "$E2E_ID-$ns" -6 route add default via fd09:1::2
done
chain_quiet

conf nfprobe <<'YAML'
enrichment: { routes: true }
interfaces: [ { match: ra }, { match: rb } ]
YAML
json_run r 2
addresses=(10.20.0.1 10.20.0.2 10.21.0.1 10.9.2.9 10.99.0.1 fd20::1 fd20::2 fd21::1 fd09:2::9 fd99::1)
for ns in red blue; do in_ns $ns python3 "$E2E_SUPPORT/fib.py" send 5000 1 "${addresses[@]}"; done
rest red blue
# seen_vrf IFNAME VRF: a record of that interface in that VRF has come.
seen_vrf() {
	[ "$(json_sum packetDeltaCount ".ingressInterface == $(ifindex r "$1") and .VRFname == \"$2\"")" -gt 0 ]
}
wait_for 30 "records of both VRFs" seen_vrf ra red
wait_for 30 "records of both VRFs" seen_vrf rb blue

# In another VRF, with another alias, while it is metered: in the records of the next buckets.
$r link add green type vrf table 30
$r link set green up
$r link set rb master green
$r link set rb alias "moved to green"
poke_green() {
	in_ns blue python3 "$E2E_SUPPORT/fib.py" send 6000 1 10.9.1.2
	seen_vrf rb green
}
wait_for 30 "records of the new VRF" poke_green
nfprobe_stop

for in in ra rb; do
	[ $in = ra ] || { $r link set rb master blue; $r -6 addr replace fd09:1::2/64 dev rb nodad; }
	grep '^{' "$E2E_DIR/nfprobe.log" | jq -c 'select(.sourceTransportPort < 6000)' |
		in_ns r python3 "$E2E_SUPPORT/fib.py" compare $in 10 >"$E2E_DIR/compared" || fail "$in: $(cat "$E2E_DIR/compared")"
	say "ok: $in: $(tail -n 1 "$E2E_DIR/compared")"
done
# length VRF-INTERFACE DESTINATION LENGTH
length() {
	local v=4
	[ "${2#*:}" = "$2" ] || v=6
	same "prefix length of $2 by $1" "$3" "$(grep '^{' "$E2E_DIR/nfprobe.log" | jq -r "select(.ingressInterface == $(ifindex r "$1") and
		.destinationIPv${v}Address == \"$2\" and .sourceTransportPort < 6000) | .destinationIPv${v}PrefixLength" | sort -u)"
}
# The maker of a route goes by the VRF too: 186 BGP, 3 by hand.
maker() {
	same "origin of the route to 10.20.0.1 by $1" "$2" "$(grep '^{' "$E2E_DIR/nfprobe.log" | jq -r "select(.ingressInterface == $(ifindex r "$1") and
		.destinationIPv4Address == \"10.20.0.1\" and .sourceTransportPort < 6000) | .destinationRouteOrigin" | sort -u)"
}
maker ra 3
maker rb 186
length ra 10.20.0.1 16
length rb 10.20.0.1 20
length rb 10.21.0.1 18
length ra fd20::1 16
length rb fd20::1 20
same "description of the interface that moved" "moved to green" "$(grep '^{' "$E2E_DIR/nfprobe.log" |
	jq -r 'select(.VRFname == "green") | .interfaceDescription' | sort -u)"
same "VRF ids" "10 20 30" "$(grep '^{' "$E2E_DIR/nfprobe.log" | jq -r 'select(.ingressVRFID) | .ingressVRFID' | sort -nu | xargs)"
