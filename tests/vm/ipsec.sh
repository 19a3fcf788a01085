#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPsec in tunnel mode, without a device of its own: each packet passes the hook of ingress twice, as ESP and as what was in it; a
# filter leaves one of the two out (docs/safety.md).
#
#   s:s0 ---- r0:r   metered whole    10.88.0.1 -> 10.88.0.2
#   s:s1 ---- r1:r   without ESP      10.88.1.1 -> 10.88.1.2
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin jq
need_device esp4 xfrm_user

ns_add s r
algorithm=(aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128)
for n in 0 1; do
	link s s$n 02:16:00:00:0$n:01 r r$n 02:16:00:00:0$n:02
	for end in s:1:2 r:2:1; do
		IFS=: read -r ns me peer <<<"$end"
		ip="ip -n $E2E_ID-$ns" wire=10.77.$n inner=10.88.$n
		$ip addr add "$wire.$me/24" dev "$ns$n"
		$ip neigh replace "$wire.$peer" lladdr "02:16:00:00:0$n:0$peer" dev "$ns$n"
		$ip addr add "$inner.$me/32" dev lo
		$ip route add "$inner.$peer" via "$wire.$peer" src "$inner.$me"
		$ip xfrm state add src "$wire.1" dst "$wire.2" proto esp spi 0x1001 mode tunnel "${algorithm[@]}"
		$ip xfrm state add src "$wire.2" dst "$wire.1" proto esp spi 0x1002 mode tunnel "${algorithm[@]}"
		$ip xfrm policy add src "$inner.$me" dst "$inner.$peer" dir out \
			tmpl src "$wire.$me" dst "$wire.$peer" proto esp mode tunnel
		$ip xfrm policy add src "$inner.$peer" dst "$inner.$me" dir in \
			tmpl src "$wire.$peer" dst "$wire.$me" proto esp mode tunnel
	done
done
chain_quiet
traffic_serve r 7000
conf nfprobe <<YAML
interfaces:
  - { match: "r0" }
  - { match: "r1", filter: "not esp and not udp port 4500" }
YAML
json_run r 2
for n in 0 1; do traffic s udp 10.88.$n.2 7000 200 700; done
rest s r
nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"

# count IFNAME PROTOCOL
count() { json_sum packetDeltaCount ".ingressInterface == $(ifindex r "$1") and .protocolIdentifier == $2"; }
same "ESP" 200 "$(count r0 50)"
same "what was in it" 200 "$(count r0 17)"
same "ESP, left out" 0 "$(count r1 50)"
same "what was in it, without ESP" 200 "$(count r1 17)"
