#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# VLAN devices: tags in the frame and in the buffer's metadata, one and two of them, with TSO.
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin jq nstat
need_device 8021q

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
for node in s:1 r:2; do
	me=${node#*:} ns=$E2E_ID-${node%:*} phys=${node%:*}0
	ip -n "$ns" link add v100 link "$phys" type vlan id 100
	ip -n "$ns" link add q200 link "$phys" type vlan id 200 protocol 802.1ad
	ip -n "$ns" link set q200 up
	ip -n "$ns" link add c300 link q200 type vlan id 300
	for dev in v100:1 c300:3; do
		ip -n "$ns" link set "${dev%:*}" up
		ip -n "$ns" addr add "10.10.${dev#*:}.$me/24" dev "${dev%:*}"
		ip -n "$ns" addr add "fd0a:${dev#*:}::$me/64" dev "${dev%:*}" nodad
	done
done
for dev in v100:1 c300:3; do
	for ip in 10.10.${dev#*:}. fd0a:${dev#*:}::; do
		ip -n "$E2E_ID-s" neigh replace "${ip}2" lladdr 02:0a:00:00:00:03 dev "${dev%:*}" nud permanent
		ip -n "$E2E_ID-r" neigh replace "${ip}1" lladdr 02:0a:00:00:00:01 dev "${dev%:*}" nud permanent
	done
done
chain_quiet
traffic_serve r 7000

# As it comes: the physical device and none of those above it.
conf nfprobe </dev/null
nfprobe_start r 1
same "metered by default" "r0 ingress" "$(status | books "' '.join(h['ifname'] + ' ' + h['direction'] for h in s['hooks'])")"
nfprobe_stop
nfprobe detach

conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: both }
YAML
json_run r 2
segs() { echo $(($(snmp "$1" TcpOutSegs) + $(snmp "$1" TcpRetransSegs))); }
s_before=$(segs s) r_before=$(segs r)
traffic s put 10.10.1.2 7000 2000000
traffic s get 10.10.1.2 7000 2000000
s_vlan=$(($(segs s) - s_before)) r_vlan=$(($(segs r) - r_before))
s_before=$(segs s) r_before=$(segs r)
traffic s put fd0a:3::2 7000 2000000
traffic s get fd0a:3::2 7000 2000000
s_qinq=$(($(segs s) - s_before)) r_qinq=$(($(segs r) - r_before))
traffic s udp 10.10.1.2 7000 300 500
traffic s udp fd0a:3::2 7000 400 500 20
frames s s0 ingress
frames r r0 egress
rest s r
nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"

# check NAME CONDITION PACKETS LINK-OCTETS
check() {
	same "$1, packets" "$3" "$(json_sum packetDeltaCount "$2")"
	same "$1, frame octets" $(($(json_sum octetDeltaCount "$2") + $3 * $4)) "$(json_sum layer2OctetDeltaCount "$2")"
}
vlan='.vlanId == 100 and .dot1qCustomerVlanId == null'
qinq='.vlanId == 200 and .dot1qCustomerVlanId == 300'
port='(.sourceTransportPort == 7000 or .destinationTransportPort == 7000)'
check "TCP in a VLAN, ingress" "$vlan and .protocolIdentifier == 6 and $port and .flowDirection == 0" "$s_vlan" 18
check "TCP in a VLAN, egress" "$vlan and .protocolIdentifier == 6 and $port and .flowDirection == 1" "$r_vlan" 18
check "TCP in two VLANs, ingress" "$qinq and .protocolIdentifier == 6 and $port and .flowDirection == 0" "$s_qinq" 22
check "TCP in two VLANs, egress" "$qinq and .protocolIdentifier == 6 and $port and .flowDirection == 1" "$r_qinq" 22
check "UDP in a VLAN" "$vlan and .protocolIdentifier == 17 and $port" 300 18
check "UDP in segments in two VLANs" "$qinq and .protocolIdentifier == 17 and $port" 400 22
for direction in 0 1; do
	tagged=".flowDirection == $direction and .sourceTransportPort"
	check "tagged frames, direction $direction" "$vlan and $tagged == 2009" 6 18
	check "frames with two tags, direction $direction" "$qinq and $tagged == 2010" 10 22
	check "untagged frames, direction $direction" ".vlanId == null and $tagged == 2002" 14 14
done
