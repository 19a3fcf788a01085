#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory: a flood of flows, and collectors that do not read. nfprobe stays within what `nfprobe check` says that it can
# take, in a control group that has no more, and the books close; the maps stay within theirs, as the kernel counts them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cgroup.sh"
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin bpftool jq
need_nfprobe
cgroup_make memory

chaos_network
conf nfprobe <<YAML
interfaces: [ { match: r0 } ]
maps: { memory: 48MiB }
collectors:
  - { name: silent, endpoint: "tcp://127.0.0.1:4740", queue: 4, resend: 1MiB }
  - { name: nobody, endpoint: "tcp://127.0.0.1:4741", queue: 4, resend: 1MiB, retry: 100ms, domain: 2 }
  - { name: spooled, endpoint: "tcp://127.0.0.1:4742", queue: 4, retry: 100ms, domain: 3, spool: { path: "$E2E_RUN/spool", size: 32MiB } }
YAML
ceiling=$("$NFPROBE" check -c "$E2E_DIR/nfprobe.yaml" | sed -n 's/^note: memory: at most \([0-9]*\) MiB: maps \([0-9]*\),.*/\1 \2/p')
read -r most maps <<<"$ceiling"
[ "${most:-0}" -gt 100 ] && [ "$maps" -ge 48 ] || fail "check says: $ceiling"

# One that takes connections and never reads.
chaos_start silent 4740
kill -STOP "${E2E_PID[silent]}"
# What it takes to start counts, too: a shell that joins and becomes nfprobe.
cgroup_memory $((most << 20))
E2E_PROBE_NS=r
# shellcheck disable=SC2016 # for that shell
start r nfprobe bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$E2E_CGROUP" "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
E2E_HOOKS=1
wait_for 60 "nfprobe to attach" nfprobe_attached
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"

pinned() {
	find "/sys/fs/bpf/nfprobe/$E2E_ID" -type f -exec bpftool -j map show pinned {} \; 2>/dev/null |
		jq -rs '[.[] | select(.bytes_memlock)] | unique_by(.id) | map(.bytes_memlock) | add // 0'
}
peak=0
sent=0
seed=1
rounds=$(full 120 8)
refused() { [ "$(collector silent "['refused_records']")" -gt 0 ] && [ "$(collector nobody "['refused_records']")" -gt 0 ]; }
# Every packet a flow of its own; and until the queues of those that do not read are full: the kernel's buffers take some megabytes
# first.
while [ $seed -le "$rounds" ] || ! refused; do
	[ $seed -le $((rounds + 100)) ] || fail "the queues of those that do not read are not full: $(status)"
	before=$(status | books 's["recorded"]')
	flows_send 15000 $seed
	seed=$((seed + 1))
	sent=$((sent + 15000))
	drained() { running nfprobe && [ "$(status | books 's["recorded"] + s["open"]')" -gt "$before" ]; }
	wait_for 60 "the flood to be counted" drained
	# To look at each map takes as long as the flood.
	[ $((seed % 4)) = 1 ] || continue
	now=$(pinned)
	[ "$now" -le "$peak" ] || peak=$now
done
running nfprobe || fail "nfprobe ended: $(tail -n 5 "$E2E_DIR/nfprobe.log")"
[ "$(cgroup_kills)" = 0 ] || fail "the kernel killed somebody for want of memory"
waiting() { [ "$(collector spooled "['spool']['waiting_records']")" -gt 0 ]; }
wait_for 60 "the spool to hold what could not be sent" waiting
rest s
status >"$E2E_DIR/full.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/full.json" || fail "the books"
[ "$(books 's["seen"]' <"$E2E_DIR/full.json")" = $sent ] || fail "seen is not $sent"
[ "$(books 'sum(s["lost"].values())' <"$E2E_DIR/full.json")" = 0 ] || fail "packets are lost"
if [ "$peak" = 0 ]; then
	say "this kernel does not tell what maps take"
else
	[ "$peak" -gt $((1 << 20)) ] || fail "maps take $peak octets: that is not true"
	# Beside the buckets: those of hooks outside of them, of the books, of names (e2e/idle_memory.sh).
	[ "$peak" -le $(((maps + 12) << 20)) ] || fail "maps took $peak octets, more than $maps MiB and 12"
fi
say "ok: $sent packets, each a flow; maps $((peak >> 20)) MiB of $maps, all in all $(($(cgroup_peak) >> 20)) of $most MiB"
stop silent KILL 2>/dev/null || true
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books at the end"
