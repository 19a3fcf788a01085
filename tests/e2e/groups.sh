#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Groups: balance over three nfcapds (sums add up, both directions of a flow at the same one), failover under load
# (the first is killed and comes back: every flow is somewhere), two dead members and a live one.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
for host in $(seq 1 40); do
	ip -n "$E2E_ID-s" addr add "10.9.1.$host/24" dev s0
done
ip -n "$E2E_ID-r" addr add 10.9.1.100/24 dev r0
chain_quiet
for n in 1 2 3; do nfcapd_start r b$n 999$n; done
ipfix_start r first tcp 4741
ipfix_start r second tcp 4742
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: both }
collectors:
  - { name: b1, endpoint: "udp://127.0.0.1:9991" }
  - { name: b2, endpoint: "udp://127.0.0.1:9992" }
  - { name: b3, endpoint: "udp://127.0.0.1:9993" }
  - { name: first, endpoint: "tcp://127.0.0.1:4741", retry: 200ms }
  - { name: second, endpoint: "tcp://127.0.0.1:4742", retry: 200ms }
  - { name: dead1, endpoint: "tcp://127.0.0.1:4743", retry: 200ms }
  - { name: dead2, endpoint: "tcp://127.0.0.1:4744", retry: 200ms }
  - { name: live, endpoint: "udp://127.0.0.1:9994" }
groups:
  - { name: three, policy: balance, members: [b1, b2, b3] }
  - { name: ha, policy: failover, members: [first, second], down_after: 1s, back_after: 2s }
  - { name: most, policy: failover, members: [dead1, dead2, live], down_after: 0s }
YAML
nfcapd_start r live 9994
nfprobe_start r 2 --flush

# load: each host of s talks to r, which answers with ICMP: a flow in both directions.
load() {
	local host
	for host in $(seq 1 40); do in_ns s ping -q -n -c "$1" -i 0.01 -W 1 -I "10.9.1.$host" 10.9.1.100 >/dev/null & done
	# shellcheck disable=SC2046 # numbers
	wait $(jobs -p | grep -vxF "$(printf '%s\n' "${E2E_PID[@]}")")
}
group() { status | books "[g for g in s['groups'] if g['name'] == '$1'][0]['active']"; }
active() { [ "$(group "$1")" = "$2" ]; }
wait_for 30 "the live one to be taken" active most live
active ha first || fail "the first one is not active"
load 5
stop first KILL || true
load 5
wait_for 30 "the second one to take over" active ha second
nfprobe status | grep -qE 'ha +failover +first second \(active\)' || fail "the text of the status"
load 5
mv "$E2E_DIR/first" "$E2E_DIR/before"
ipfix_start r first tcp 4741
wait_for 30 "the first one to be taken again" active ha first
load 5
rest s r
nfprobe_stop
for n in 1 2 3; do nfcapd_stop r b$n 999$n; done
nfcapd_stop r live 9994
wait_for 30 "the connections to end" stream_ended r 4741 4742
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
metered=$(books 's["recorded"]' <"$E2E_DIR/end.json")

sum=0
for n in 1 2 3; do
	read -r packets _ < <(records sum "$E2E_DIR/b$n")
	[ "$packets" -gt 0 ] || fail "b$n has nothing"
	sum=$((sum + packets))
	records list "$E2E_DIR/b$n" >"$E2E_DIR/b$n.list"
done
[ $sum = "$metered" ] || fail "balance: $sum packets of $metered"
python3 - "$E2E_DIR"/b?.list <<'PY' || fail "a flow is at two members"
import json, sys
where = {}
for path in sys.argv[1:]:
    for line in open(path):
        r = json.loads(line)
        if not r["proto"]:
            continue  # not IP: nfdump does not tell what it goes by
        where.setdefault(frozenset((r["src"], r["dst"])), set()).add(path)
assert len(where) >= 40, len(where)
sys.exit(any(len(paths) > 1 for paths in where.values()))
PY
say "ok: balance: $metered packets metered, as many decoded by three; both directions at the same one"

read -r packets _ < <(records sum "$E2E_DIR/live")
[ "$packets" = "$metered" ] || fail "the live one of three has $packets packets of $metered"
say "ok: failover over two dead members: $packets of $metered packets"

python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/before/*.ipfix "$E2E_DIR"/first/*.ipfix "$E2E_DIR"/second/*.ipfix \
	>"$E2E_DIR/ha.records" 2>/dev/null
python3 - "$metered" "$E2E_DIR/ha.records" <<'PY' || fail "failover lost flows"
import json, sys
flows, rows = {}, 0
for line in open(sys.argv[2]):
    r = json.loads(line)
    flows[r["flowId"]] = r["packetDeltaCount"]
    rows += 1
print(f"failover: {rows} records, {len(flows)} different, {sum(flows.values())} packets")
sys.exit(sum(flows.values()) != int(sys.argv[1]))
PY
say "ok: failover: the first one killed and restarted under load, every flow arrived"
