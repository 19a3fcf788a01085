#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reload after reload under traffic: collectors come, go, move and change their templates; interfaces come, go and
# change direction; the interval changes; in between files that are wrong in every way. Each packet that was sent is
# recorded and at the collectors, no packet is uncounted, and the collector that nobody changes sees one session
# without a gap. Usage: reload.sh [ROUNDS [SEED]]
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
rounds=${1-2}
[ -z "${NFPROBE_FULL-}" ] || rounds=${1-20}
RANDOM=${2-$$}
say "seed ${2-$$}"

ns_add s r
link s s0 02:09:00:00:01:01 r r0 02:09:00:00:01:02
link s s1 02:09:00:00:02:01 r r1 02:09:00:00:02:02
for n in 1 2; do
	address s s$((n - 1)) $n 1
	address r r$((n - 1)) $n 2
	neighbour s s$((n - 1)) $n 2
	neighbour r r$((n - 1)) $n 1
done
chain_quiet
traffic_serve r 5000
ipfix_start r stays udp 4740
ipfix_start r tcp tcp 4741
ipfix_start r moves1 udp 4742
ipfix_start r moves2 udp 4743
ipfix_start r extra udp 4744
mkdir "$E2E_DIR/templates"

# What the file says now: each step below changes one of these, and asks for a reload.
interval=1s port=4742 extra= r1= r0= domain=1 broken= fragments=ports0
fields='flowId, octetDeltaCount, packetDeltaCount'
write() {
	printf 'templates:\n  - { name: all, need: [], fields: [%s] }\n' "$fields" >"$E2E_DIR/templates/own.yaml"
	E2E_INTERVAL=$interval conf nfprobe <<YAML
templates: $E2E_DIR/templates
fragments: $fragments
interfaces:
  - { match: r0$r0 }
$r1
collectors:
  - { name: stays, endpoint: "udp://127.0.0.1:4740" }
  - { name: tcp, endpoint: "tcp://127.0.0.1:4741", domain: $domain, retry: 100ms }
  - { name: moves, endpoint: "udp://127.0.0.1:$port", template_set: own }
$extra
$broken
YAML
}

fine() {
	write
	nfprobe reload >"$E2E_DIR/answer.log" 2>&1 || fail "reload: $(cat "$E2E_DIR/answer.log")"
	for want; do grep -qF -- "$want" "$E2E_DIR/answer.log" || fail "no \"$want\" in: $(cat "$E2E_DIR/answer.log")"; done
	grep -q 'collector stays: ' "$E2E_DIR/answer.log" && fail "touched: $(cat "$E2E_DIR/answer.log")"
	return 0
}

# refused WANT...: whatever is wrong, the answer says what, and nothing changes.
refused() {
	local code=0 before after
	before=$(collectors) || fail "no status"
	reload_raw >"$E2E_DIR/answer.log" 2>&1 || code=$?
	[ $code = 2 ] || fail "exit code $code: $(cat "$E2E_DIR/answer.log")"
	for want; do grep -qF -- "$want" "$E2E_DIR/answer.log" || fail "no \"$want\" in: $(cat "$E2E_DIR/answer.log")"; done
	grep -qF "nothing was changed" "$E2E_DIR/answer.log" || fail "not said: $(cat "$E2E_DIR/answer.log")"
	after=$(collectors) || fail "no status"
	[ "$before" = "$after" ] || fail "changed by a refused reload: $before, $after"
}
# The running one's file is broken: it is asked by a file of the instance's name alone.
reload_raw() { in_ns r "$NFPROBE" reload -c "$E2E_DIR/asker.yaml"; }
collectors() { in_ns r "$NFPROBE" status --json -c "$E2E_DIR/asker.yaml" |
	books '[(c["name"], c["endpoint"], c["sessions"]) for c in s["collectors"]]'; }

write
head -n 3 "$E2E_DIR/nfprobe.yaml" >"$E2E_DIR/asker.yaml"
nfprobe_start r 1

datagrams_start s

# Any moment: not a wait for something.
pause() { sleep "0.$(printf %03d $((RANDOM % 400)))"; }

nfprobe reload | grep -qx "nothing has changed" || fail "something has changed"
for ((i = 0; i < rounds; i++)); do
	extra="  - { name: extra, endpoint: \"udp://127.0.0.1:4744\" }"
	fine "collector extra: added" "collector extra: started" "not touched:" "  collector stays" "  1 interface"
	pause
	interval=2s
	fine "interval: 1s -> 2s"
	pause
	extra=
	fine "collector extra: removed" "collector extra: stopped"
	fields="$fields, monitoringIntervalStartMilliSeconds"
	fine "collector moves: a new session" "  collector tcp"
	pause
	broken="colectors: []"
	write
	refused "nfprobe.yaml:16:1: unknown key \"colectors\", did you mean \"collectors\"?"
	broken="groups: [ { name: g, members: [nobody] } ]"
	write
	refused "nfprobe.yaml:16:" "there is no collector \"nobody\""
	broken=
	write
	mv "$E2E_DIR/nfprobe.yaml" "$E2E_DIR/away.yaml"
	refused "cannot be read" "No such file"
	mkdir "$E2E_DIR/nfprobe.yaml"
	refused "cannot be read" "Is a directory"
	rmdir "$E2E_DIR/nfprobe.yaml"
	mv "$E2E_DIR/away.yaml" "$E2E_DIR/nfprobe.yaml"
	mv "$E2E_DIR/templates" "$E2E_DIR/gone"
	refused "nfprobe.yaml:14:" "no template set \"own\" in "
	mv "$E2E_DIR/gone" "$E2E_DIR/templates"
	port=$((4742 + (i + 1) % 2))
	fine "collector moves: endpoint: udp://127.0.0.1:" "collector moves: a new session"
	r1="  - { match: r1, direction: both }"
	fine "interface r1: added" "r1: attached" "  1 interface"
	pause
	# The hook that everything goes by gets other programs.
	fragments=track
	fine "fragments: ports0 -> track" "r0: attached" "r1: attached"
	pause
	r0=", filter: udp, decapsulate: [vxlan]"
	fine "interface r0: decapsulate: changed" "interface r0: filter: none -> udp" "r0: attached" "  1 interface"
	pause
	interval=1s r0= fragments=ports0
	fine "interval: 2s -> 1s" "r0: attached"
	r1="  - { match: r1, direction: ingress }"
	fine "interface r1: direction: both -> ingress" "r1: attached"
	domain=$((2 + i))
	fine "collector tcp: domain: " "collector tcp: a new session"
	pause
	r1=
	fine "interface r1: removed" "r1: detached"
	# By the signal: the log has the answer.
	fields="flowId, packetDeltaCount, octetDeltaCount"
	((i % 2)) && fields="flowId, octetDeltaCount, packetDeltaCount"
	write
	sessions() { [ "$(collectors | grep -o "'moves', '[^']*', [0-9]*")" != "$before" ]; }
	before=$(collectors | grep -o "'moves', '[^']*', [0-9]*")
	kill -HUP "${E2E_PID[nfprobe]}"
	wait_for 30 "the signal to be heard" sessions
	grep -q "templates have changed" "$E2E_DIR/nfprobe.log" || fail "the log says nothing of templates"
done
say "ok: $rounds rounds of 12 reloads and 5 refusals"

sed -i 's/^state_dir: .*/state_dir: \/nowhere/' "$E2E_DIR/nfprobe.yaml"
nfprobe reload >"$E2E_DIR/answer.log" 2>&1 || fail "reload of what needs a restart"
grep -qF "state_dir: " "$E2E_DIR/answer.log" && grep -qF "needs a restart of nfprobe, and is as it was:" "$E2E_DIR/answer.log" ||
	fail "nothing said: $(cat "$E2E_DIR/answer.log")"

datagrams_stop
rest s r
recorded() { status | books "'yes' if h('r0', 'ingress')['recorded'] == $sent and s['open'] == 0 else h('r0', 'ingress')" | grep -q yes; }
wait_for 20 "the last bucket" recorded
refusals() { status | books '{c["name"]: c["refused_records"] for c in s["collectors"] if c["refused_records"]}'; }
none_refused() { [ "$(refusals)" = "{}" ]; }
wait_for 20 "collectors that refused nothing: $(refusals || true)" none_refused
# The books at rest: while it runs a bucket may be on its way into them.
nfprobe_stop
status >"$E2E_DIR/end.json" || fail "no status"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
lost=$(books '{k: v for k, v in s["lost"].items() if v}' <"$E2E_DIR/end.json")
[ "$lost" = "{}" ] || fail "something is lost: $lost"
total=$(books 's["recorded"]' <"$E2E_DIR/end.json")
say "ok: the books close over $sent packets at r0, $total in all"

# Prints: packets, records, records that came again.
cat >"$E2E_DIR/distinct.py" <<'PY'
import json, sys
seen, again = {}, 0
for line in sys.stdin:
    record = json.loads(line)
    packets = seen.setdefault(record["flowId"], record["packetDeltaCount"])
    if packets != record["packetDeltaCount"]:
        sys.exit(f"two records with flowId {record['flowId']}")
    again += 1
print(sum(seen.values()), len(seen), again - len(seen))
PY
for name in stays tcp "moves?"; do
	# shellcheck disable=SC2086 # a pattern
	python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/$name/*.ipfix >"$E2E_DIR/records.json" || fail "$name: not IPFIX"
	read -r packets records again < <(python3 "$E2E_DIR/distinct.py" <"$E2E_DIR/records.json") || fail "$name: records"
	[ "$packets" = "$total" ] || fail "$name: $packets packets of $total ($records records, $again came again)"
	say "ok: $name has all $packets packets in $records records, $again came again"
	[ "$name" != stays ] || [ "$again" = 0 ] || fail "$name: $again records came again"
done
[ "$(find "$E2E_DIR/stays" -name '*.ipfix' | wc -l)" = 1 ] || fail "the collector that nobody changed has another session"
python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR"/stays/*.ipfix >/dev/null || fail "a gap at the collector that nobody changed"
say "ok: one session without a gap for the collector that nobody changed"
