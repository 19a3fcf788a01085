#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe reload: its answers and exit codes, without a daemon too; a page, facts, groups, namespaces and standard output
# that come and go.
. "$(dirname "$0")/lib.sh"
e2e_begin curl
need_nfprobe
ns_add s r blue
link s s0 02:11:00:00:00:01 r r0 02:11:00:00:00:02
link s s1 02:11:00:00:00:03 blue u0 02:11:00:00:00:04
chain_quiet
port=$((20000 + $$ % 20000))
write() {
	conf nfprobe <<YAML
interfaces: [ { match: r0 }${1-} ]
${2-}
YAML
}
expect() {
	local want=$1 code=0
	shift
	nfprobe reload "$@" >"$E2E_DIR/answer.log" 2>&1 || code=$?
	[ $code = "$want" ] || fail "exit code $code, not $want: $(cat "$E2E_DIR/answer.log")"
}
says() { grep -qF -- "$1" "$E2E_DIR/answer.log" || fail "no \"$1\" in: $(cat "$E2E_DIR/answer.log")"; }

E2E_PROBE_NS=r
write
expect 1
says "no nfprobe answers for instance \"$E2E_ID\" ($E2E_RUN/$E2E_ID.sock)"
nfprobe_start r 1
expect 0
says "nothing has changed"
echo "interval: 1x" >>"$E2E_DIR/nfprobe.yaml"
expect 2
says "nfprobe.yaml:"
says "nothing was changed"

a="{ name: a, endpoint: \"udp://127.0.0.1:4739\" }"
b="{ name: b, endpoint: \"tcp://127.0.0.1:1\", spool: { path: $E2E_DIR/spool } }"
mkdir "$E2E_DIR/spool"
ipfix_start r a udp 4739
write "" "collectors: [ $a, $b ]
metrics: { listen: 127.0.0.1:$port }"
expect 0
says "collector a: started"
says "page: listens"
in_ns r curl -fsS "http://127.0.0.1:$port/healthz" | grep -qx ok || fail "no page"

# An address that is not ours: the page stays where it is.
write "" "collectors: [ $a, $b ]
metrics: { listen: 192.0.2.1:$port }"
expect 1
says "metrics.listen: "
in_ns r curl -fsS "http://127.0.0.1:$port/healthz" | grep -qx ok || fail "the page has gone"

write "" "collectors: [ $b, $a ]
groups: [ { name: ha, policy: failover, members: [b, a], down_after: 0s } ]
metrics: { listen: 127.0.0.1:$port }"
expect 0
says "group ha: added"
says "  collector a"
says "  collector b"
over() { [ "$(status | books 's["groups"][0]["active"]')" = a ]; }
wait_for 30 "the group to fail over" over

expect 0
says "nothing has changed"
write "" "collectors: [ $b, $a ]
groups: [ { name: ha, policy: failover, members: [b, a], down_after: 0s } ]
log: { level: error }
metrics: { listen: 127.0.0.1:$port }"
expect 0
says "log.level: info -> error"
! grep -qF "log.level: info" "$E2E_DIR/nfprobe.log" || fail "the log has what it should no more"

expect 0 --json
python3 -c 'import json, sys
r = json.load(sys.stdin)["reload"]
assert r["changed"] == [] and r["restarted"] == [] and r["needs_restart"] == [], r' <"$E2E_DIR/answer.log" || fail "--json"

in_ns r "$NFPROBE" enrich create -d "$E2E_DIR/facts.db" >/dev/null || fail "enrich create"
write "" "collectors: [ $a ]
enrichment: { database: $E2E_DIR/facts.db }"
expect 0
says "log.level: error -> info"
says "enrichment.database: none -> "
says "page: closed"
says "collector b: stopped"
says "group ha: removed"
write "" "collectors: [ $a ]
enrichment: { database: $E2E_DIR/none.db }"
expect 2
says "enrichment.database: "

# Another namespace, which a daemon that has given CAP_SYS_ADMIN away cannot enter, and back.
write ", { match: u0, netns: $E2E_ID-blue }" "collectors: [ $a ]"
expect 0
says "interface u0 in $E2E_ID-blue: added"
says "a namespace that is added takes a restart"
nfprobe_stop
nfprobe_start r 2
in_ns s python3 "$E2E_SUPPORT/frames.py" send s1 >"$E2E_DIR/there.json"
there() { [ "$(status | books 'sum(h["recorded"] for h in s["hooks"] if h["ifname"] == "u0")')" = "$(sent there)" ]; }
wait_for 20 "its packets" there
write "" "collectors: [ $a ]"
expect 0
says "u0 in namespace $E2E_ID-blue: detached"

write "" ""
expect 0
says "collector a: stopped"
in_ns s python3 "$E2E_SUPPORT/frames.py" send s0 >"$E2E_DIR/here.json"
here() { [ "$(status | books 'h("r0", "ingress")["recorded"]')" = "$(sent here)" ]; }
wait_for 20 "the packets" here
grep -q 'bucket\|packets' "$E2E_DIR/nfprobe.log" || fail "no table on standard output"
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
nfprobe_stop
nfprobe detach >/dev/null || fail "detach"
say "ok: reload's answers, page, facts, groups, namespaces, standard output"
