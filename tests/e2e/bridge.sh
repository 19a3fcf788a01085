#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without a list of interfaces: one device of each stack, the one nearest the wire that sees each packet
# once. A bridge, its ports, a macvlan and a tunnel: every packet is counted once.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump
need_nfprobe

ns_add r h1 h2 h3
link r p1 02:0a:00:00:01:01 h1 e0 02:0a:00:00:01:02
link r p2 02:0a:00:00:02:01 h2 e0 02:0a:00:00:02:02
link r e3 02:0a:00:00:03:01 h3 e0 02:0a:00:00:03:02
ip -n "$E2E_ID-r" link add br0 address 02:0a:00:00:09:01 type bridge mcast_snooping 0 stp_state 0
ip -n "$E2E_ID-r" link set p1 master br0
ip -n "$E2E_ID-r" link set p2 master br0
ip -n "$E2E_ID-r" link set br0 up
ip -n "$E2E_ID-r" link add mv0 link e3 type macvlan mode bridge
ip -n "$E2E_ID-r" link set mv0 up
ip -n "$E2E_ID-r" link set e3 promisc on
in_ns r bridge fdb add 02:0a:00:00:02:02 dev p2 master static
in_ns r bridge fdb add 02:0a:00:00:01:02 dev p1 master static
chain_quiet
nfcapd_start r nf
conf nfprobe <<YAML
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995" }
YAML
nfprobe_start r 3 --flush
metered=$(status | books "' '.join(sorted(h['ifname'] + ':' + h['direction'] for h in s['hooks']))")
[ "$metered" = "e3:ingress p1:ingress p2:ingress" ] || fail "metered: $metered"
mac_of() { in_ns r ip -j link show "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["address"])'; }

# h1 -> h2 through the bridge, h3 -> the router (its macvlan takes what is for it).
frames h1 e0 sent --to 02:0a:00:00:02:02 --times 4
sent=$(sent sent)
[ "$(counter h2 e0 rx_packets)" -ge "$sent" ] || fail "the bridge did not forward"
frames h3 e0 sent3 --to "$(mac_of mv0)"
rest r h1 h2 h3
nfprobe_stop
nfcapd_stop r nf
records compare "$E2E_DIR/sent.json" "$E2E_DIR/nf" "in=$(ifindex r p1)" || fail "through the bridge"
records compare "$E2E_DIR/sent3.json" "$E2E_DIR/nf" "in=$(ifindex r e3)" || fail "below the macvlan"
[ "$(records sum "$E2E_DIR/nf" | cut -d' ' -f1)" = $((sent + sent / 4)) ] || fail "something was counted twice"
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"
say "ok: each packet once, on the device nearest the wire"
