#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each benchmark runs, on little work, and prints figures that can be read; plots and tables are made of them. Not whether it is fast.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
bench=${NFP_BUILD:-$E2E_TOP/build/bench}/bench
[ -x "$bench/bench_packet" ] || skip "no benchmarks in this build"
printf '{"name":"machine","cpu":"any","cpus":2,"memory_mib":4096,"kernel":"any","date":"1970-01-01"}\n' >"$E2E_DIR/all.json"

# figures PROGRAM "ARGUMENTS" NAME...: the names begin figures that it has to print.
figures() {
	local program=$1 arguments=$2
	shift 2
	# shellcheck disable=SC2086 # words
	"$bench/$program" $arguments >"$E2E_DIR/lines" 2>"$E2E_DIR/$program.log" || {
		local code=$?
		[ $code != 77 ] || skip "$program: $(tail -n 1 "$E2E_DIR/$program.log")"
		fail "$program: exit code $code"
	}
	python3 "$E2E_SUPPORT/figures.py" "$@" <"$E2E_DIR/lines" || fail "$program: $(cat "$E2E_DIR/lines")"
	cat "$E2E_DIR/lines" >>"$E2E_DIR/all.json"
	RUN+=" $program"
}

RUN=
figures bench_packet "packet_tcp4_hot_added,packet_tcp6_hot 2000" packet_tcp4_hot_added_ns packet_tcp6_hot_added_ns
figures bench_sweep "1024 4096" sweep_tcp4_uniform_1k sweep_tcp6_zipf_1 sweep_udp4_zipf_1k sweep_mix_uniform_1
figures bench_switch 1 rotation_ms rotation_busy_ms packet_worst_at_switch_ns
figures bench_loss 4000 loss_flows_1000 loss_fixed_flows_4000
figures bench_drain 10000 drain_hash_entries_per_s drain_memory_entries_per_s
figures bench_encode 20000 encode_ipfix_records_per_s
figures bench_enrich 2000 enrich_lookups_ipv4
figures bench_pair 2000 pair_biflows_records_per_s
figures bench_pipeline 1000 drain_entries_per_s pipeline_udp_records_per_s export_records_per_s_netflow9 pipeline_slowdown_percent_facts \
	pipeline_udp_records_per_s_enriched
figures bench_replay 2000 replay_frames_per_s
for program in "$bench"/bench_*; do
	case "$RUN " in *" $(basename "$program") "*) ;; *) fail "$(basename "$program") is not tested here" ;; esac
done

# Those on a link, where root may do all that they need.
for part in veth send peers; do
	[ $part != peers ] || command -v nfdump nfcapd >/dev/null || continue
	python3 "$E2E_TOP/bench/live.py" $part "$NFPROBE" "$bench" --packets 5000 >"$E2E_DIR/lines" 2>"$E2E_DIR/$part.log" ||
		fail "live.py $part: exit code $?"
	python3 "$E2E_SUPPORT/figures.py" <"$E2E_DIR/lines" || fail "live.py $part: $(cat "$E2E_DIR/lines")"
	cat "$E2E_DIR/lines" >>"$E2E_DIR/all.json"
done

sed -n 's/^<!-- bench: .* -->$/&\n<!-- \/bench -->/p' "$E2E_TOP/docs/performance.md" >"$E2E_DIR/tables.md"
[ -s "$E2E_DIR/tables.md" ] || fail "docs/performance.md has no place for tables"
python3 "$E2E_TOP/bench/tables.py" "$E2E_DIR/all.json" "$E2E_DIR/tables.md" 2>"$E2E_DIR/tables.log"
for name in packet_tcp4_hot_added_ns mix pipeline_udp_records_per_s; do
	grep -q "$name" "$E2E_DIR/tables.md" || fail "$name is not in the tables"
done
if command -v gnuplot >/dev/null; then
	python3 "$E2E_TOP/bench/plots.py" "$E2E_DIR/all.json" "$E2E_DIR/plots" 2>"$E2E_DIR/plots.log"
	for plot in packet loss rates; do
		grep -q '</svg>' "$E2E_DIR/plots/$plot.svg" || fail "$plot.svg was not drawn"
	done
fi
say "$(wc -l <"$E2E_DIR/all.json") figures"
