#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `device` names a VRF: its collectors are in that VRF's routing table alone, beside another with the same address in the
# main one. UDP, TCP and TLS, IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
in_vm 6.1
e2e_begin openssl
need_device vrf

# p: the exporter. Both collectors are 10.8.9.9 and fd08:9::9: `red` behind the VRF, `main` behind the main table.
ns_add s p red main
link s s0 02:0a:00:00:00:01 p r0 02:0a:00:00:00:03
ip -n "$E2E_ID-p" link add vrf-red type vrf table 77
ip -n "$E2E_ID-p" link set vrf-red up
for n in 1:red 2:main; do
	name=${n#*:} n=${n%:*}
	link p "p-$name" "02:08:00:00:0$n:01" "$name" c0 "02:08:00:00:0$n:02"
done
ip -n "$E2E_ID-p" link set p-red master vrf-red
for n in 1:red 2:main; do
	name=${n#*:} n=${n%:*} table=
	[ "$name" = main ] || table="vrf vrf-red"
	ip -n "$E2E_ID-p" addr add "10.8.$n.1/24" dev "p-$name"
	ip -n "$E2E_ID-p" addr add "fd08:$n::1/64" dev "p-$name" nodad
	ip -n "$E2E_ID-$name" addr add "10.8.$n.2/24" dev c0
	ip -n "$E2E_ID-$name" addr add "fd08:$n::2/64" dev c0 nodad
	ip -n "$E2E_ID-$name" addr add 10.8.9.9/32 dev lo
	ip -n "$E2E_ID-$name" addr add fd08:9::9/128 dev lo
	# Links have no link-local addresses (tests/e2e/lib.sh), from which neighbours would be asked for.
	ip -n "$E2E_ID-p" neigh replace "fd08:$n::2" lladdr "02:08:00:00:0$n:02" dev "p-$name" nud permanent
	ip -n "$E2E_ID-$name" neigh replace "fd08:$n::1" lladdr "02:08:00:00:0$n:01" dev c0 nud permanent
	# shellcheck disable=SC2086 # two words
	ip -n "$E2E_ID-p" route add 10.8.9.9 $table via "10.8.$n.2"
	# shellcheck disable=SC2086
	ip -n "$E2E_ID-p" -6 route add fd08:9::9 $table via "fd08:$n::2"
done
chain_quiet
"$E2E_SUPPORT/certificates" "$E2E_DIR/c"

{
	printf 'interfaces:\n  - { match: r0 }\ncollectors:\n'
	port=5000
	for transport in udp tcp tls; do
		for address in 10.8.9.9 fd08:9::9; do
			for where in red main; do
				name=$where-$transport-${address%%[.:]*}
				case $transport in
				tls) start $where "$name" python3 "$E2E_SUPPORT/tls_peer.py" "$E2E_DIR/$name" "$E2E_DIR/c" --address $address --port $port ;;
				*) start $where "$name" python3 "$E2E_SUPPORT/ipfix.py" listen $transport $address $port "$E2E_DIR/$name" ;;
				esac
				kind=t
				[ $transport != udp ] || kind=u
				wait_for 30 "$name to listen" listening $where $kind $port >&2
				echo "  - name: $name"
				echo "    endpoint: $transport://$([ "${address#*:}" = $address ] && echo $address || echo "[$address]"):$port"
				[ $where = main ] || echo "    device: vrf-red"
				[ $transport != tls ] || echo "    tls: { ca: $E2E_DIR/c/ca.pem, server_name: localhost }"
				echo "$name" >>"$E2E_DIR/names"
			done
			port=$((port + 1))
		done
	done
} >"$E2E_DIR/collectors"
conf nfprobe <"$E2E_DIR/collectors"
nfprobe_start p 1 --flush
frames s s0 sent
all=$(sent sent)
got() { [ "$(status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]['packets']")" = "$all" ]; }
while read -r name; do wait_for 30 "$name to be sent $all packets" got "$name"; done <"$E2E_DIR/names"
nfprobe_stop
whole() {
	python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR/$1"/*.ipfix >"$E2E_DIR/$1.json" && [ "$(summary "$1" packets)" = "$all" ]
}
while read -r name; do
	wait_for 30 "$name to have written $all packets" whole "$name"
	say "ok: $name: $all packets"
done <"$E2E_DIR/names"
