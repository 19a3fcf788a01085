#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the lab in docker/compose.yaml: lab router | nfcapd | server ROUTER NET | client ROUTER NET SERVER
# | table OCTETS
set -eu

# until_it SECONDS WHAT COMMAND...
until_it() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "lab: waited in vain for $what" >&2; exit 1; }
		sleep 0.2
	done
}

# As PID 1 a process ends by SIGTERM only if it asks to.
rest() {
	trap 'exit 0' TERM INT
	sleep infinity &
	wait $!
}

case $1 in
router)
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || { echo "lab: the router does not forward" >&2; exit 1; }
	rest
	;;
nfcapd)
	mkdir -p /flows
	exec nfcapd -w /flows -p 9995 -t 2 -S 0
	;;
server)
	ip route add "$3" via "$2"
	exec iperf3 -s
	;;
client)
	ip route add "$3" via "$2"
	until_it 30 "the server" ping -c 1 -W 1 "$4"
	# A server takes one client at a time, and the last one for a moment longer than it lasted.
	until_it 60 "iperf3, TCP" iperf3 -c "$4" -n 100M
	until_it 60 "iperf3, UDP" iperf3 -c "$4" -n 2M -u -b 20M -l 1200
	ping -q -c 20 -i 0.1 "$4"
	;;
table)
	octets() { nfdump -q -R /flows -o csv 2>/dev/null | awk -F, '$13 ~ /^[0-9]+$/ { n += $13 } END { print n + 0 }'; }
	# And no more of them for longer than a bucket.
	enough() {
		local before
		before=$(octets)
		[ "$before" -ge "$1" ] && sleep 7 && [ "$(octets)" = "$before" ]
	}
	until_it 120 "records of $2 octets" enough "$2"
	nfdump -R /flows -A proto,srcip,dstip,dstport -O bytes -o 'fmt:%pr %sap -> %dap %pkt %byt %fl'
	;;
*)
	echo "lab: no such part: $1" >&2
	exit 2
	;;
esac
