#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One daemon that meters other network namespaces: equal ifindexes in two of them stay apart, each is an
# observation domain of its own. And a daemon inside a namespace: by nsenter --net, and by ip netns exec,
# which hides the host's bpffs.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe

ns_add host x y px py
link x e0 02:0a:00:00:01:01 px e0 02:0a:00:00:01:02
link y e0 02:0a:00:00:02:01 py e0 02:0a:00:00:02:02
link host e0 02:0a:00:00:03:01 px e1 02:0a:00:00:03:02
[ "$(ifindex x e0)" = "$(ifindex y e0)" ] || fail "the interfaces of this test have different indexes"
chain_quiet
ipfix_start host out udp 9997
conf nfprobe <<YAML
interfaces:
  - { match: e0, netns: $E2E_ID-x, direction: both }
  - { match: e0, netns: $E2E_ID-y }
  - { match: e0 }
collectors:
  - { name: out, endpoint: "udp://127.0.0.1:9997", domain: 10 }
YAML
nfprobe_start host 4 --flush

frames px e0 x --times 1
frames py e0 y --times 2
frames px e1 host --times 3
rest px py
nfprobe_stop
wait_for 10 "the listener to read" queue_empty host 9997
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR"/out/*.ipfix >/dev/null || fail "the stream"

python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/out/*.ipfix | python3 -c '
import collections, json, sys
sums = collections.Counter()
for line in sys.stdin:
    record = json.loads(line)
    sums[record["domain"]] += record["packetDeltaCount"]
print(*(f"{domain}:{packets}" for domain, packets in sorted(sums.items())))' >"$E2E_DIR/domains"
[ "$(cat "$E2E_DIR/domains")" = "10:$(sent host) 11:$(sent x) 12:$(sent y)" ] ||
	fail "packets per domain: $(cat "$E2E_DIR/domains"), sent $(sent host), $(sent x), $(sent y)"
say "ok: domains $(cat "$E2E_DIR/domains")"
books '"\n".join(f"""{h["ifname"]} {h["direction"]} {h.get("netns")}: {h["seen"]}""" for h in s["hooks"])' <"$E2E_DIR/end.json"

# A daemon inside a namespace whose /sys is another: it must work (with a bpffs of its own) or say why not.
conf inside <<YAML
interfaces:
  - { match: e0 }
YAML
start - inside ip netns exec "$E2E_ID-px" "$NFPROBE" run --json -c "$E2E_DIR/inside.yaml" --flush
inside_ready() { running inside || return 0; inside_status >/dev/null; }
inside_status() { nsenter --net="/run/netns/$E2E_ID-px" --mount="/proc/${E2E_PID[inside]}/ns/mnt" "$NFPROBE" status --json -c "$E2E_DIR/inside.yaml" | grep '"ifname":"e0"'; }
wait_for 20 "nfprobe under ip netns exec" inside_ready
if running inside; then
	frames x e0 back
	rest px
	inside_seen() { inside_status | grep -q "\"seen\":$(sent back)[,}]"; }
	wait_for 10 "nfprobe under ip netns exec to count" inside_seen
	stop inside || fail "nfprobe under ip netns exec ended with an error"
	say "ok: works under ip netns exec"
else
	code=0
	stop inside || code=$?
	grep -qi 'ip netns exec' "$E2E_DIR/inside.log" || fail "it does not say why it cannot work under ip netns exec"
	[ $code = 77 ] || [ $code = 1 ] || fail "exit code $code under ip netns exec"
	say "ok: says why it does not work under ip netns exec"
fi
