#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Links without an Ethernet header: GRE, IPIP and WireGuard. No MAC addresses in the records, frame octets are
# IP octets, and with TSO each segment counts.
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin jq nstat wg
need_device ip_gre ipip wireguard

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
ip -n "$E2E_ID-s" addr add 10.10.0.1/24 dev s0
ip -n "$E2E_ID-r" addr add 10.10.0.2/24 dev r0

umask 077
for ns in s r; do
	wg genkey >"$E2E_DIR/$ns.key"
	wg pubkey <"$E2E_DIR/$ns.key" >"$E2E_DIR/$ns.pub"
done
for node in s:r:1:2 r:s:2:1; do
	IFS=: read -r name other me peer <<<"$node"
	ns=$E2E_ID-$name
	ip -n "$ns" link add gre1 type gre local "10.10.0.$me" remote "10.10.0.$peer"
	ip -n "$ns" link add ipip1 type ipip local "10.10.0.$me" remote "10.10.0.$peer"
	ip -n "$ns" link add wg1 type wireguard
	in_ns "$name" wg set wg1 private-key "$E2E_DIR/$name.key" listen-port 51820 \
		peer "$(cat "$E2E_DIR/$other.pub")" allowed-ips 0.0.0.0/0,::/0 endpoint "10.10.0.$peer:51820"
	for dev in gre1:1 ipip1:2 wg1:3; do
		ip -n "$ns" link set "${dev%:*}" up
		ip -n "$ns" addr add "10.10.${dev#*:}.$me/24" dev "${dev%:*}"
		[ "$dev" = ipip1:2 ] || ip -n "$ns" addr add "fd0a:${dev#*:}::$me/64" dev "${dev%:*}" nodad
	done
done
chain_quiet
traffic_serve r 7000
conf nfprobe <<YAML
interfaces:
  - { match: "gre1", direction: both }
  - { match: "ipip1", direction: both }
  - { match: "wg1", direction: both }
  - { match: "r0", direction: both }
YAML
json_run r 8

segs() { echo $(($(snmp "$1" TcpOutSegs) + $(snmp "$1" TcpRetransSegs))); }
declare -A packets
for dev in gre1:1 ipip1:2 wg1:3; do
	name=${dev%:*} n=${dev#*:}
	for b in 10.10.$n.2 fd0a:$n::2; do
		[ "$b" != fd0a:2::2 ] || continue
		family=$([ "${b#fd}" = "$b" ] && echo 4 || echo 6)
		s_before=$(segs s) r_before=$(segs r)
		traffic s put "$b" 7000 1000000
		traffic s get "$b" 7000 1000000
		packets[$name.$family.0]=$(($(segs s) - s_before))
		packets[$name.$family.1]=$(($(segs r) - r_before))
		traffic s udp "$b" 7000 200 700
	done
done
rest s r
nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"

for key in $(printf '%s\n' "${!packets[@]}" | sort); do
	IFS=. read -r name family direction <<<"$key"
	where=".flowDirection == $direction and .$([ "$direction" = 0 ] && echo ingress || echo egress)Interface == $(ifindex r "$name")"
	where+=" and .sourceIPv${family}Address != null"
	tcp="$where and .protocolIdentifier == 6"
	same "$name, TCP over IPv$family, direction $direction" "${packets[$key]}" "$(json_sum packetDeltaCount "$tcp")"
	[ "$direction" = 1 ] || same "$name, UDP over IPv$family" 200 \
		"$(json_sum packetDeltaCount "$where and .protocolIdentifier == 17 and .destinationTransportPort == 7000")"
	same "$name, frame octets over IPv$family, direction $direction" "$(json_sum octetDeltaCount "$where")" "$(json_sum layer2OctetDeltaCount "$where")"
done
below="(.ingressInterface == $(ifindex r r0) or .egressInterface == $(ifindex r r0))"
same "records with MAC addresses" 0 "$(json_sum packetDeltaCount ".sourceMacAddress != null and ($below | not)")"

# Below the tunnels the same packets once more, each with the headers that the tunnel adds: buffers too.
for tunnel in gre1:47:24 ipip1:4:20; do
	IFS=: read -r name protocol added <<<"$tunnel"
	for direction in ingress:0 egress:1; do
		where=".flowDirection == ${direction#*:}"
		inner="$where and .${direction%:*}Interface == $(ifindex r "$name")"
		outer="$where and $below and .protocolIdentifier == $protocol"
		n=$(json_sum packetDeltaCount "$inner")
		same "packets below $name, ${direction%:*}" "$n" "$(json_sum packetDeltaCount "$outer")"
		same "octets below $name, ${direction%:*}" $(($(json_sum octetDeltaCount "$inner") + n * added)) \
			"$(json_sum octetDeltaCount "$outer")"
	done
done
