#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reloads under traffic that exchange more than a session: a filter that cannot be loaded (nothing changes), the hook's kind
# there and back (no packet is counted twice), a collector that is renamed with records in its spool, a member that is taken
# out of its group with records in its queue, the page and what records are enriched with.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe

pair_network
in_ns r ip tuntap add t0 mode tun || skip "this kernel has no tun devices"
in_ns r ip link set t0 up
chain_quiet
wait_for 60 "the link to carry" in_ns s ip -6 route get fd09:1::2
traffic_serve r 5000
ipfix_start r heir tcp 4741

# What the file says now. Nobody listens at 4742 at first, and never at 4743.
hook=tc tun= waits=waits page=4780 routes=false members='gone, heir'
gone='  - { name: gone, endpoint: "tcp://127.0.0.1:4743", retry: 100ms }'
write() {
	conf nfprobe <<YAML
metrics: { listen: $page }
enrichment: { routes: $routes }
interfaces:
  - { match: r0, hook: $hook, direction: ingress }
$tun
collectors:
  - { name: $waits, endpoint: "tcp://127.0.0.1:4742", retry: 100ms, spool: { path: $E2E_DIR/spool } }
  - { name: heir, endpoint: "tcp://127.0.0.1:4741", retry: 100ms }
$gone
groups:
  - { name: ha, policy: failover, members: [$members], down_after: 1h }
YAML
}
# reloaded CODE WANT...
reloaded() {
	local code=0 want=$1
	write
	nfprobe reload >"$E2E_DIR/answer.log" 2>&1 || code=$?
	[ $code = "$want" ] || fail "exit code $code: $(cat "$E2E_DIR/answer.log")"
	shift
	for want; do grep -qF -- "$want" "$E2E_DIR/answer.log" || fail "no \"$want\" in: $(cat "$E2E_DIR/answer.log")"; done
}
collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }
above() { [ "$(collector "$1" "$2")" -gt "$3" ]; }
made() { [ "$(status | books 's["daemon"]["records"]')" -gt "$1" ]; }
# Until records are made again: in the books they are when somebody has them.
go_on() {
	local before
	before=$(status | books 's["daemon"]["records"]')
	wait_for 60 "more records" made "$before"
}

write
nfprobe_start r 1
datagrams_start s
go_on

tun='  - { match: t0, filter: "ether host 02:00:00:00:00:01" }'
reloaded 1 "interface t0: "
grep -q "nothing was changed" "$E2E_DIR/nfprobe.log" || fail "the log does not say that nothing was changed"
[ "$(status | books 'sum(h["attached"] for h in s["hooks"])')" = 1 ] || fail "a hook was changed by a refused reload"
tun=
reloaded 0 "nothing has changed"
say "ok: a filter that cannot be loaded changes nothing"

# Somebody else has XDP: told as a failure, then as what is known, and taken when it can be had.
nfprobe attach r0 --hook xdp --instance "$E2E_ID-other" >/dev/null || fail "the other instance"
hook=xdp
reloaded 1 "failed, and is as it was" "r0 is metered as before: r0: XDP: another program has the hook"
! grep -q "nothing was changed" "$E2E_DIR/answer.log" || fail "$(cat "$E2E_DIR/answer.log")"
reloaded 0 "nothing has changed" "warning:" "r0 is metered as before: "
go_on
nfprobe detach --instance "$E2E_ID-other" >/dev/null || fail "the other instance stays"
reloaded 0 "r0: attached"
grep -q "the file says the same; restarted: r0: attached" "$E2E_DIR/nfprobe.log" || fail "the log does not say what was restarted"
hook=tc
reloaded 0 "hook: " "r0: attached"
go_on
say "ok: a hook that somebody else has"

for hook in xdp tc xdp; do
	reloaded 0 "hook: " "r0: attached"
	go_on
done
say "ok: from tc to XDP and back"

page=4781 routes=true
reloaded 0 "page: listens" "enrichment" "r0: attached"
in_ns r python3 -c 'import urllib.request
assert b"nfprobe_seen_packets_total" in urllib.request.urlopen("http://127.0.0.1:4781/metrics", timeout=60).read()' ||
	fail "the page does not answer where it is now"
go_on
routes=false
reloaded 0 "enrichment" "r0: attached"
say "ok: another page, with routes and without"

wait_for 60 "records in the spool" above waits "['spool']['waiting_records']" 0
waits=renamed
reloaded 0 "collector renamed: a new session, its spool is now $E2E_DIR/spool/renamed.spool"
[ ! -e "$E2E_DIR/spool/waits.spool" ] || fail "the spool of the old name is there"
above renamed "['spool']['waiting_records']" 0 || fail "nothing waits by the new name"
ipfix_start r renamed tcp 4742
say "ok: renamed with its spool"

wait_for 60 "a queue" above gone "['queued']" 0
gone='' members=heir
reloaded 0 "collector gone: stopped"
wait_for 60 "what the other one had" above heir "['records']" 0
say "ok: taken out of the group"

go_on
datagrams_stop
rest s r
# By both kinds of the hook: the gaps leave out packets, nothing counts them twice.
all_in() { status | books "s['open']" | grep -qx 0; }
wait_for 60 "the last bucket" all_in
emptied() { [ "$(collector renamed "['spool']['waiting_records']")" = 0 ] && [ "$(collector renamed "['queued']")" = 0 ] &&
	[ "$(collector heir "['queued']")" = 0 ]; }
wait_for 60 "the collectors" emptied
[ "$(status | books 'sum(c["refused_records"] for c in s["collectors"])')" = 0 ] || fail "something was refused"
nfprobe_stop
status >"$E2E_DIR/end.json" || fail "no status"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
total=$(books 's["recorded"]' <"$E2E_DIR/end.json")
[ "$total" -le "$sent" ] || fail "$total packets were counted, and $sent sent"
[ "$total" -gt $((sent / 2)) ] || fail "$total packets of $sent"
[ "$(books '{k: v for k, v in s["lost"].items() if v}' <"$E2E_DIR/end.json")" = "{}" ] || fail "something is lost"
cat >"$E2E_DIR/distinct.py" <<'PY'
import json, sys
print(sum({r["flowId"]: r["packetDeltaCount"] for r in map(json.loads, sys.stdin)}.values()))
PY
for name in renamed heir; do
	packets=$(python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR/$name"/*.ipfix | python3 "$E2E_DIR/distinct.py")
	[ "$packets" = "$total" ] || fail "$name: $packets packets of $total"
	say "ok: $name has all $packets packets of $sent that were sent"
done
