#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bond with a VLAN on it: by default the bond is metered, neither its members nor the VLAN, and each packet counts once.
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin jq
need_device bonding 8021q

ns_add s r
for n in 1 2; do
	link s s$n 02:0a:00:00:0$n:01 r r$n 02:0a:00:00:0$n:03
done
for node in s:1 r:2; do
	me=${node#*:} name=${node%:*} ns=$E2E_ID-${node%:*}
	ip -n "$ns" link add bond0 address "02:0a:00:00:09:0$me" type bond mode balance-rr miimon 100
	for n in 1 2; do
		ip -n "$ns" link set "$name$n" down
		ip -n "$ns" link set "$name$n" master bond0
	done
	ip -n "$ns" link set bond0 up
	ip -n "$ns" link add v100 link bond0 type vlan id 100
	ip -n "$ns" link set v100 up
	ip -n "$ns" addr add "10.10.0.$me/24" dev bond0
	ip -n "$ns" addr add "10.10.1.$me/24" dev v100
done
for dev in bond0:0 v100:1; do
	ip -n "$E2E_ID-s" neigh replace 10.10.${dev#*:}.2 lladdr 02:0a:00:00:09:02 dev "${dev%:*}" nud permanent
	ip -n "$E2E_ID-r" neigh replace 10.10.${dev#*:}.1 lladdr 02:0a:00:00:09:01 dev "${dev%:*}" nud permanent
done
carrier() { ip -n "$E2E_ID-$1" link show bond0 | grep -q LOWER_UP; }
wait_for 10 "the bond's carrier" carrier s
wait_for 10 "the bond's carrier" carrier r
chain_quiet
traffic_serve r 7000
conf nfprobe </dev/null
json_run r 1
same "metered by default" "bond0 ingress" "$(status | books "' '.join(h['ifname'] + ' ' + h['direction'] for h in s['hooks'])")"
traffic s udp 10.10.0.2 7000 300 500
traffic s udp 10.10.1.2 7000 200 500
rest s r
# Both members carried some of it.
for n in 1 2; do
	[ "$(counter r r$n rx_packets)" -ge 200 ] || fail "member r$n carried $(counter r r$n rx_packets) packets"
done
nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"
udp='.destinationTransportPort == 7000'
same "packets on the bond" 300 "$(json_sum packetDeltaCount "$udp and .vlanId == null")"
same "packets in the VLAN on the bond" 200 "$(json_sum packetDeltaCount "$udp and .vlanId == 100")"
