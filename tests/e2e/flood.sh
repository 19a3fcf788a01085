#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A million random tuples in one bucket, tables of a few thousand entries, and of too few: everything is in
# records, coarser, and what is coarser is right for each parent key. (The last resort, the hook's own row, is in tests/kernel.)
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe

flood() { # entries, pairs of addresses, packets, rows that have to be used
	printf 'maps: { flows: %s }\n' "$1" >"$E2E_DIR/flood.yaml"
	python3 "$E2E_SUPPORT/flood.py" write "$E2E_DIR/flood.pcap" "$3" "$2"
	"$NFPROBE" replay "$E2E_DIR/flood.pcap" -c "$E2E_DIR/flood.yaml" --interval 1h --json \
		>"$E2E_DIR/flood.json" 2>"$E2E_DIR/flood.log" || fail "replay: $(cat "$E2E_DIR/flood.log")"
	grep -q ': closed, [1-9][0-9]* coarsened' "$E2E_DIR/flood.log" || fail "nothing was coarsened: $(cat "$E2E_DIR/flood.log")"
	python3 "$E2E_SUPPORT/flood.py" check "$E2E_DIR/flood.pcap" "$E2E_DIR/flood.json" >"$E2E_DIR/rows" ||
		fail "coarsened wrongly, with $1 entries"
	for row in $4; do
		grep -q "'$row': [1-9]" "$E2E_DIR/rows" || fail "no packets in row $row: $(cat "$E2E_DIR/rows")"
	done
	say "ok: tables of $1 entries: $(cat "$E2E_DIR/rows")"
}

flood 4096 1000 1000000 "tcp4 udp4 tcp6 udp6 ipv4 ipv6"
flood 256 4000 200000 "ipv4 ipv6 eth"
