#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# XDP from the command line: attach, run, status, and `flows -i IFACE --hook xdp`, which meters for as long as
# somebody looks and leaves everything as it was.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:18:00:00:00:01 r r0 02:18:00:00:00:02
chain_quiet
conf nfprobe <<YAML
pin_root: /sys/fs/bpf/nfprobe/$E2E_ID-root
interfaces: [ { match: r0, hook: xdp } ]
YAML
conf=$E2E_DIR/nfprobe.yaml
pins=/sys/fs/bpf/nfprobe/$E2E_ID-root
program() { ip -n "$E2E_ID-r" -d link show dev r0 | grep -o 'prog/xdp id [0-9]*' || true; }

# Live: nothing is metered before, nothing afterwards.
start r live "$NFPROBE" flows -c "$conf" -i r0 --hook xdp --json -n 0 --for 1h
live_attached() { [ -n "$(program)" ]; }
wait_for 20 "the hook" live_attached
frames s s0 sent
rest s r
stop live INT || fail "flows ended with exit code $?"
[ "$(grep '^{' "$E2E_DIR/live.log" | python3 -c 'import json, sys
print(sum(json.loads(line)["packetDeltaCount"] for line in sys.stdin))')" = "$(sent sent)" ] ||
	fail "live: not the $(sent sent) packets that were sent"
grep -q 'msg="r0: XDP in native mode' "$E2E_DIR/live.log" || fail "no word about the link"
[ -z "$(program)" ] || fail "the program is still there: $(program)"
[ -z "$(ls "$pins")" ] || fail "left behind: $(ls "$pins")"
say "ok: flows -i r0 --hook xdp"

# Killed: the next one clears up.
start r killed "$NFPROBE" flows -c "$conf" -i r0 --hook xdp
wait_for 20 "the hook" live_attached
stop killed KILL || true
live_attached || fail "nothing to clear up"
expect_in r 0 '^INTERFACE ' "$NFPROBE" flows -c "$conf" -i r0 --hook xdp --for 1s
[ -z "$(program)$(ls "$pins")" ] || fail "left behind: $(program) $(ls "$pins")"
say "ok: after kill -9"

# By hand, and who is metered already is only looked at.
expect_in r 0 '^r0: XDP in native mode: ' "$NFPROBE" attach r0 --hook xdp -c "$conf"
expect_in r 0 '^r0: attached' "$NFPROBE" attach r0 --hook xdp -c "$conf"
grep -q 'native mode' <<<"$OUT" && fail "attaching again resets nothing: $OUT"
id=$(program)
expect_in r 0 '^r0 .* xdp-native ' "$NFPROBE" status -c "$conf"
grep -q '^ *not exact: VLAN tags' <<<"$OUT" || fail "status does not tell what is not exact: $OUT"
expect_in r 0 '"hook":"xdp","method":"xdp-native"' "$NFPROBE" status --json -c "$conf"
grep -q '"limits":\["vlan"\]' <<<"$OUT" || fail "limits: $OUT"
in_ns r ethtool -K r0 rxvlan off 2>/dev/null && expect_in r 0 '"limits":\[\]' "$NFPROBE" status --json -c "$conf"
expect_in r 0 '^INTERFACE ' "$NFPROBE" flows -c "$conf" -i r0 --hook xdp
[ "$(program)" = "$id" ] || fail "flows changed the program"
say "ok: attach, status, flows"

nfprobe_start r 1
frames s s0 again
seen() { [ "$(status | books 'h("r0", "ingress")["seen"]')" -ge "$(sent again)" ]; }
wait_for 20 "the packets" seen
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"
nfprobe_stop
nfprobe detach >/dev/null || fail "detach"
[ -z "$(program)" ] || fail "detach left $(program)"
say "ok: run, detach"

# Somebody else's program.
in_ns r ip link set dev r0 xdp obj "${NFP_BUILD:?}/skel/xdp_drop.bpf.o" sec xdp
id=$(program)
for command in "attach r0 --hook xdp" "flows -i r0 --hook xdp" "run -i r0 --hook xdp"; do
	# shellcheck disable=SC2086 # a command line
	expect_in r 1 'another program has the hook .*use tc' "$NFPROBE" $command -c "$conf"
	[ "$(program)" = "$id" ] || fail "$command took the hook"
done
expect_in r 2 'what comes in only' "$NFPROBE" attach r0 --hook xdp --direction egress -c "$conf"
expect_in r 2 '"xpd" is no choice' "$NFPROBE" flows -i r0 --hook xpd -c "$conf"
expect_in r 2 '^nfprobe flows: --for: ' "$NFPROBE" flows -i r0 --for ever -c "$conf"
expect_in r 1 'nothing is metered by XDP: name an interface' "$NFPROBE" flows --hook xdp -c "$conf"
expect_in r 1 'there is no interface "no0"' "$NFPROBE" flows -i no0 -c "$conf"
conf wrong <<YAML
interfaces: [ { match: r0, hook: xdp, direction: egress } ]
YAML
expect 2 'wrong.yaml:6:[0-9]*: hook: XDP sees what comes in only' "$NFPROBE" check -c "$E2E_DIR/wrong.yaml"
say "ok: refusals"
