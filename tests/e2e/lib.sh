# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the end-to-end tests and the demo: namespaces, links, collectors and nfprobe itself, all under
# names of this process, and all gone when the script ends, however it ends.
#
# A script sources this file, calls e2e_begin, builds what it needs and ends; `fail` and `skip` end
# it early. Nothing here sleeps for luck: wait_for polls for an event and gives up with its name.

E2E_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
E2E_SUPPORT=$E2E_TOP/tests/support
# shellcheck source=lib_nfprobe.sh
. "$E2E_TOP/tests/e2e/lib_nfprobe.sh"
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "$*"; }

fail() {
	say "FAILED: $*" >&2
	exit 1
}

# To CTest: exit code 77 and a line with the reason.
skip() {
	say "SKIP: $*"
	exit 77
}

e2e_begin() {
	set -euo pipefail
	[ "$(id -u)" = 0 ] || skip "needs root: network namespaces and BPF"
	E2E_ID=nfpt-$$
	E2E_DIR=$(mktemp -d "${TMPDIR:-/tmp}/nfprobe-e2e.XXXXXX")
	E2E_RUN=$E2E_DIR/run
	mkdir "$E2E_RUN"
	E2E_NS=()
	E2E_DISKS=()
	E2E_CGROUPS=()
	declare -gA E2E_PID=()
	trap e2e_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	for tool in ip tc ss nsenter ethtool python3 "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed: run scripts/setup"
	done
}

need_nfprobe() {
	: "${NFPROBE:=$E2E_TOP/build/release/nfprobe}"
	[ -x "$NFPROBE" ] || skip "$NFPROBE is not built"
	[ -d /sys/fs/bpf ] || skip "this kernel lacks bpffs"
}

# shellcheck disable=SC2317 # a trap
e2e_end() {
	local code=$? name
	trap - EXIT
	trap '' INT TERM HUP
	set +eu
	for name in "${!E2E_PID[@]}"; do
		# In one go: bash tells of a killed child as soon as it may.
		{ kill -KILL "${E2E_PID[$name]}"; wait "${E2E_PID[$name]}"; } 2>/dev/null
	done
	# Of processes whose exit code nobody asked for.
	if [ $code = 0 ] && grep -q -E '(ERROR|WARNING): [A-Z][A-Za-z]+Sanitizer|: runtime error: ' "$E2E_DIR"/*.log 2>/dev/null; then
		say "FAILED: a sanitizer's report" >&2
		code=1
	fi
	if [ $code != 0 ] && [ $code != 77 ] && [ $code -lt 128 ] && [ -z "${E2E_QUIET-}" ]; then
		for name in "$E2E_DIR"/*.log; do
			[ -s "$name" ] && say "--- $(basename "$name"), last lines:" && tail -n 25 "$name"
		done >&2
	fi
	for name in /sys/fs/bpf/nfprobe/"$E2E_ID"*; do
		[ -d "$name" ] && rm -rf "$name"
	done
	for name in "${E2E_DISKS[@]}"; do
		umount --lazy "$name"
	done
	for name in "${E2E_NS[@]}"; do
		ip netns del "$name" 2>/dev/null
	done
	for name in "${E2E_CGROUPS[@]}"; do
		rmdir "$name"
	done
	rm -rf "$E2E_DIR"
	exit $code
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local limit=$1 what=$2 end
	shift 2
	limit=$((limit * ${E2E_PATIENCE:-1}))
	end=$((${EPOCHREALTIME/./} + limit * 1000000))
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || fail "waited $limit s for $what"
		sleep 0.05
	done
}

# --- processes ---------------------------------------------------------------------------------

# start NS NAME COMMAND...: in the background, output in $E2E_DIR/NAME.log. NS "-": where we are.
start() {
	local ns=$1 name=$2
	shift 2
	if [ "$ns" = - ]; then
		"$@" >>"$E2E_DIR/$name.log" 2>&1 </dev/null &
	else
		nsenter --net="/run/netns/$E2E_ID-$ns" "$@" >>"$E2E_DIR/$name.log" 2>&1 </dev/null &
	fi
	E2E_PID[$name]=$!
}

running() { kill -0 "${E2E_PID[$1]}" 2>/dev/null; }

# stop NAME [SIGNAL]: returns the process's exit code.
stop() {
	local pid=${E2E_PID[$1]} code=0
	kill "-${2-TERM}" "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || code=$?
	unset "E2E_PID[$1]"
	return $code
}

# --- namespaces and links ------------------------------------------------------------------------

# ns_add NAME...: no link-local addresses, no duplicate address detection, no router solicitations:
# what moves on a link is what a test sends.
ns_add() {
	local name
	for name in "$@"; do
		ip netns add "$E2E_ID-$name" || fail "cannot make a network namespace"
		E2E_NS+=("$E2E_ID-$name")
		in_ns "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0 \
			net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.autoconf=0
		in_ns "$name" ip link set lo up
	done
}

in_ns() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$E2E_ID-$ns" "$@"
}

# link NS-A IF-A MAC-A NS-B IF-B MAC-B: a veth pair, up.
link() {
	ip -n "$E2E_ID-$1" link add "$2" address "$3" mtu 1500 type veth \
		peer name "$5" address "$6" mtu 1500 netns "$E2E_ID-$4"
	ip -n "$E2E_ID-$1" link set "$2" up
	ip -n "$E2E_ID-$4" link set "$5" up
}

# offloads NS IF on|off: off means each packet is its own buffer from here on.
offloads() {
	local features
	features=$(in_ns "$1" ethtool -k "$2" | sed -n 's/^\s*\(tx-[a-z0-9_-]*-segmentation\|tx-gso-list\|generic-segmentation-offload\|generic-receive-offload\): o[nf]*$/\1/p')
	# shellcheck disable=SC2046,SC2086 # a list of words
	in_ns "$1" ethtool -K "$2" $(printf "%s $3 " $features) >/dev/null
}

# counter NS IF NAME: a row of /sys/class/net/IF/statistics (read through netlink: nsenter keeps our /sys).
counter() {
	ip -n "$E2E_ID-$1" -j -s link show dev "$2" |
		python3 -c 'import json, sys
s = json.load(sys.stdin)[0]["stats64"]
d, _, n = sys.argv[1].partition("_")
print(s[d][n])' "$3"
}

ifindex() {
	ip -n "$E2E_ID-$1" -o link show dev "$2" | cut -d: -f1
}

# A row of the namespace's protocol counters (TcpOutSegs, UdpInDatagrams, Ip6InReceives, ...).
snmp() {
	in_ns "$1" nstat -asz "$2" | awk -v n="$2" '$1 == n { print $2 }'
}

# chain [MTU]: a - ha - r - hb - b. Hosts a and b, router r (where nfprobe sits), and two hops whose
# links towards the hosts have all offloads off: those count what the wire would carry.
#
#   a:a0 --- ha:l0   ha:r0 --- r:ra   r:rb --- hb:l0   hb:r0 --- b:b0
#
# IPv4 10.9.N.0/24 and IPv6 fd09:N::/64, N = 1 .. 4 from left to right, .1 left and .2 right.
# Neighbours are permanent, so nothing but the test's own packets is on the links.
chain() {
	local n=1 node
	ns_add a ha r hb b
	chain_link a a0 ha l0
	chain_link ha r0 r ra
	chain_link r rb hb l0
	chain_link hb r0 b b0
	for node in ha r hb; do
		in_ns $node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
	done
	route a default 1.2 a0
	route b default 4.1 b0
	route ha "3 4" 2.2 r0
	route r 1 2.1 ra
	route r 4 3.2 rb
	route hb "1 2" 3.1 l0
	offloads ha l0 off
	offloads hb r0 off
	chain_quiet
}

chain_link() {
	link "$1" "$2" "02:09:00:00:0$n:01" "$3" "$4" "02:09:00:00:0$n:02"
	address "$1" "$2" "$n" 1
	address "$3" "$4" "$n" 2
	neighbour "$1" "$2" "$n" 2
	neighbour "$3" "$4" "$n" 1
	n=$((n + 1))
}

address() {
	ip -n "$E2E_ID-$1" addr add "10.9.$3.$4/24" dev "$2"
	ip -n "$E2E_ID-$1" addr add "fd09:$3::$4/64" dev "$2" nodad
}

neighbour() {
	ip -n "$E2E_ID-$1" neigh replace "10.9.$3.$4" lladdr "02:09:00:00:0$3:0$4" dev "$2" nud permanent
	ip -n "$E2E_ID-$1" neigh replace "fd09:$3::$4" lladdr "02:09:00:00:0$3:0$4" dev "$2" nud permanent
}

# route NS "N..."|default VIA-N.HOST DEV
route() {
	local n via4=10.9.$3 via6=fd09:${3%.*}::${3#*.}
	for n in $2; do
		if [ "$n" = default ]; then
			ip -n "$E2E_ID-$1" route add default via "$via4" dev "$4"
			ip -n "$E2E_ID-$1" -6 route add default via "$via6" dev "$4"
		else
			ip -n "$E2E_ID-$1" route add "10.9.$n.0/24" via "$via4" dev "$4"
			ip -n "$E2E_ID-$1" -6 route add "fd09:$n::/64" via "$via6" dev "$4"
		fi
	done
}

# The kernel tells its multicast groups when a link comes up, and again up to a second later: wait until
# all such reports are out.
chain_quiet() {
	wait_for 10 "multicast reports to end" reports_done
}

reports_done() {
	local before ns now=
	before=${E2E_REPORTS-}
	for ns in "${E2E_NS[@]}"; do
		now+=" $(nsenter --net="/run/netns/$ns" nstat -asz Icmp6OutMsgs | awk '/^Icmp6/ { print $2 }')"
	done
	[ "$now" = "$before" ] || { E2E_REPORTS=$now E2E_REPORTS_AT=${EPOCHREALTIME/./}; return 1; }
	[ $((${EPOCHREALTIME/./} - E2E_REPORTS_AT)) -gt 1200000 ]
}

# rest NS...: until no packet moves there for a tenth of a second, longer where all is slow. Loopback is left out: nfprobe's own
# attempts to reach a collector never end there.
rest() {
	E2E_MOVED=
	wait_for 20 "the links to rest" counters_rest "$@"
}

counters_rest() {
	local ns now=
	for ns in "$@"; do
		now+=$(ip -n "$E2E_ID-$ns" -s link show | awk '/^[0-9]+: / { link = $2 } $1 ~ /^[0-9]+$/ && link != "lo:" { print $1, $2 }')
	done
	[ "$now" = "$E2E_MOVED" ] || { E2E_MOVED=$now E2E_MOVED_AT=${EPOCHREALTIME/./}; return 1; }
	[ $((${EPOCHREALTIME/./} - E2E_MOVED_AT)) -gt $((100000 * ${E2E_PATIENCE:-1})) ]
}

# traffic NS VERB...: see tests/support/traffic.py; traffic_serve NS PORT starts its other end.
traffic() {
	local ns=$1
	shift
	in_ns "$ns" timeout 60 python3 "$E2E_SUPPORT/traffic.py" "$@" || fail "traffic $*"
}

traffic_serve() {
	start "$1" "server-$1-$2" python3 "$E2E_SUPPORT/traffic.py" serve "$2"
	wait_for 10 "the traffic server" listening "$1" u "$2"
	wait_for 10 "the traffic server" listening "$1" t "$2"
}

# pair_network: s sends to r, 10.9.1.1 and fd09:1::1 to 10.9.1.2 and fd09:1::2, where nfprobe is to be.
pair_network() {
	ns_add s r
	link s s0 02:09:00:00:01:01 r r0 02:09:00:00:01:02
	address s s0 1 1
	address r r0 1 2
	neighbour s s0 1 2
	neighbour r r0 1 1
}

# datagrams_start NS: 500 a run to 10.9.1.2 and fd09:1::2, port 5000, in the background, until datagrams_stop, which sets sent.
datagrams_start() {
	datagrams "$1" &
	E2E_PID[generator]=$!
}
datagrams() {
	local sent=0
	until [ -e "$E2E_DIR/enough" ]; do
		traffic "$1" udp 10.9.1.2 5000 400 60
		traffic "$1" udp fd09:1::2 5000 100 200
		sent=$((sent + 500))
		echo $sent >"$E2E_DIR/sent"
	done
}
datagrams_stop() {
	touch "$E2E_DIR/enough"
	wait "${E2E_PID[generator]}" || fail "the generator"
	unset "E2E_PID[generator]"
	# shellcheck disable=SC2034 # for the caller
	sent=$(cat "$E2E_DIR/sent")
}
