#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The flow table changes nothing but the speed: captures give the same records with it and without. The largest ones;
# with NFPROBE_FULL=1 all.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
corpus=${NFPROBE_CORPUS:-$E2E_TOP/../shared/corpus}
[ -r "$corpus/captures/index.tsv" ] || skip "no captures at $corpus: set NFPROBE_CORPUS"

printf 'hostname: edge1\nmaps: { table: true }\n' >"$E2E_DIR/table.yaml"
printf 'hostname: edge1\nmaps: { table: false }\n' >"$E2E_DIR/hash.yaml"

replay() { # KIND CAPTURE
	"$NFPROBE" replay -c "$E2E_DIR/$1.yaml" --json "$2" 2>"$E2E_DIR/$1.log" | sort >"$E2E_DIR/$1.json"
}

n=0
records=0
most=40
[ "${NFPROBE_FULL:-0}" = 1 ] && most=1000000
# shellcheck disable=SC2012 # by size, and their names have no blanks
mapfile -t captures < <(ls -S "$corpus"/captures/*.pcap* | head -n "$most")
for capture in "${captures[@]}"; do
	replay table "$capture" &
	replay hash "$capture"
	wait $!
	cmp -s "$E2E_DIR/table.json" "$E2E_DIR/hash.json" || {
		diff "$E2E_DIR/table.json" "$E2E_DIR/hash.json" | head -n 6
		fail "$capture: other records with tables"
	}
	n=$((n + 1))
	records=$((records + $(wc -l <"$E2E_DIR/table.json")))
done
[ "$records" -gt 1000 ] || fail "only $records records in $n captures: nothing was compared"
say "$n captures, $records records"
