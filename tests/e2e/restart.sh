#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 at random moments, under traffic, with exactly the three capabilities that it needs: at the end the
# collectors have every packet that was sent, once when what came twice is recognised by its flowId; the books
# close. Buckets of one second: most kills hit some stage of drain, publish, send or unpin. Usage:
# restart.sh [KILLS [SEED]]
. "$(dirname "$0")/lib.sh"
e2e_begin setpriv
need_nfprobe
kills=${1-12}
RANDOM=${2-$$}
say "seed ${2-$$}"

pair_network
chain_quiet
traffic_serve r 5000
ipfix_start r tcp tcp 4739
ipfix_start r udp udp 4740
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
collectors:
  - { name: tcp, endpoint: "tcp://127.0.0.1:4739", retry: 100ms }
  - { name: udp, endpoint: "udp://127.0.0.1:4740" }
YAML

# Exactly these: root's other capabilities are not in the bounding set, so exec() does not give them.
caps=-all,+bpf,+net_admin,+perfmon
restart() {
	start r nfprobe setpriv --bounding-set $caps --inh-caps -all --ambient-caps -all \
		"$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" "$@"
	E2E_PROBE_NS=r
	E2E_HOOKS=1
}

# As in the service: before Linux 5.11 maps count as locked memory, and the limit cannot be raised by these three.
ulimit -l unlimited || say "note: the limit of locked memory stays at $(ulimit -l) KiB"
# The instance's directories belong to root as a plain user of three capabilities sees them.
restart
wait_for 30 "nfprobe to attach" nfprobe_attached
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
effective=$(awk '/^CapEff/ { print $2 }' "/proc/${E2E_PID[nfprobe]}/status")
# CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
[ $((0x$effective)) = $((1 << 12 | 1 << 38 | 1 << 39)) ] || fail "capabilities $effective"

datagrams_start s

for ((i = 0; i < kills; i++)); do
	# Any moment of the first seconds of a life: not a wait for something. Then, every second time, on to a
	# moment at which the bucket is drained: it ends with the second, and is closed 200 ms later.
	sleep "$((RANDOM % 2)).$(printf %03d $((RANDOM % 1000)))"
	if ((i % 2)); then
		moment=$(((1195000 + RANDOM % 60000 - 10#${EPOCHREALTIME#*[.,]}) % 1000000))
		sleep "0.$(printf %06d $moment)"
	fi
	stop nfprobe KILL || true
	sleep "0.$(printf %03d $((RANDOM % 700)))"
	restart
done
wait_for 30 "nfprobe to attach" nfprobe_attached
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"

datagrams_stop
rest s r
recorded() { status | books "'yes' if s['recorded'] == $sent and s['open'] == 0 else 'no'" | grep -q yes; }
wait_for 20 "the last bucket" recorded
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
[ "$(books 's["seen"]' <"$E2E_DIR/end.json")" = "$sent" ] || fail "seen is not the $sent packets that were sent"
say "ok: $kills kills, the books close over $sent packets"

# Prints: packets, records, records that came again. A flowId that comes again has to be the same record.
cat >"$E2E_DIR/distinct.py" <<'PY'
import json, sys
seen, again = {}, 0
for line in sys.stdin:
    record = json.loads(line)
    record.pop("flowEndReason", None)
    old = seen.setdefault(record["flowId"], record)
    again += old is not record
    if old != record:
        sys.exit(f"two records with flowId {record['flowId']}: {old} {record}")
print(sum(r["packetDeltaCount"] for r in seen.values()), len(seen), again)
PY
for name in tcp udp; do
	python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR/$name"/*.ipfix >"$E2E_DIR/$name.records"
	read -r packets records again < <(python3 "$E2E_DIR/distinct.py" <"$E2E_DIR/$name.records") ||
		fail "$name: records"
	[ "$packets" = "$sent" ] || fail "$name: $packets packets of $sent ($records records, $again came again)"
	say "ok: $name has all $sent packets in $records records, $again records came again"
done
