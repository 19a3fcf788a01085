# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests in which collectors, disks and nfprobe itself have bad days. Sourced behind lib.sh.

# NFPROBE_FULL=1: as long as the promise is about; else a part of it.
full() { [ "${NFPROBE_FULL-}" = 1 ] && echo "$1" || echo "$2"; }

# chaos_network: s sends to r, where nfprobe is to be.
chaos_network() {
	pair_network
	chain_quiet
}

# generate_start: packets, each a flow of its own, until generate_stop; then `sent` tells how many.
generate_start() {
	generate &
	E2E_PID[generator]=$!
}
generate() {
	local sent=0 seed=1
	until [ -e "$E2E_DIR/enough" ]; do
		flows_send 1000 $((seed++))
		sent=$((sent + 1000))
		echo $sent >"$E2E_DIR/sent"
	done
}
flows_send() { in_ns s timeout 60 python3 "$E2E_SUPPORT/flood.py" send s0 "$1" 500 "$2" || fail "flood"; }
generate_stop() {
	datagrams_stop
	rest s r
}

# chaos_start NAME PORT [OPTIONS...], chaos_stop NAME [SIGNAL]: a TCP collector of tests/support/chaos.py.
chaos_start() {
	local name=$1 port=$2
	shift 2
	start r "$name" python3 "$E2E_SUPPORT/chaos.py" collect 127.0.0.1 "$port" "$E2E_DIR/$name" "$@"
	wait_for 60 "the collector" listening r t "$port"
}
chaos_stop() { stop "$1" "${2-KILL}" || true; }

# collector NAME EXPRESSION: of `status --json`.
collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }

# All that was sent is in records, and none of them waits for a collector NAME.
all_recorded() { status | books "'yes' if s['recorded'] == $sent and s['open'] == 0 else 'no'" | grep -q yes; }
none_waits() { [ "$(collector "$1" "['queued']")" = 0 ] && [ "$(collector "$1" "['spool']['waiting_records']")" = 0 ]; }

# The collector's program has read what its kernel has.
all_read() { ! in_ns r ss -Hnt "sport = :$1" | awk '$2 != 0 { found = 1 } END { exit !found }'; }

# distinct NAME [OPTIONS...]: sets packets, records, again; what follows is in $E2E_DIR/NAME.distinct.
distinct() {
	local name=$1
	shift
	python3 "$E2E_SUPPORT/chaos.py" distinct "$@" "$E2E_DIR/$name"/*.ipfix >"$E2E_DIR/$name.distinct" ||
		fail "$name: what it has read"
	# shellcheck disable=SC2034 # for the caller
	read -r packets records again <"$E2E_DIR/$name.distinct"
}
