#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Filters on what is metered and on what goes to which collector: frames of known number, tagged and untagged, by tc and by
# XDP. Each collector has the packets that its filter lets pass, what is left out is counted, the books close.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet

# send: TCP and UDP to ports and hosts, with a VLAN tag and without; how many of what goes to $E2E_DIR/sent.json.
send() {
	in_ns s python3 - s0 >"$E2E_DIR/sent.json" <<'PY'
import collections, json, random, socket, struct, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
rand, n = random.Random(7), collections.Counter()
for i in range(600):
    vlan, port = rand.choice((None, 7, 8)), rand.choice((22, 53, 80))
    host, udp = rand.choice(("10.9.1.5", "10.9.2.6", "10.9.3.7", "2001:db8::6")), rand.random() < .5
    l4 = struct.pack("!HHHH", 40000, port, 18, 0) + bytes(10) if udp else \
        struct.pack("!HHIIBBHHH", 40000, port, 1, 1, 0x50, 0x10, 1, 0, 0)
    if ":" in host:
        ip = struct.pack("!IHBB", 6 << 28, len(l4), 17 if udp else 6, 64) + \
            socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, host)
    else:
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(l4), i, 0, 64, 17 if udp else 6, 0) + \
            socket.inet_aton("10.9.0.1") + socket.inet_aton(host)
    link = bytes.fromhex("020a00000003020a00000001")
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    out.send(link + tag + (b"\x86\xdd" if ":" in host else b"\x08\x00") + ip + l4)
    metered = port != 22 and host != "10.9.3.7"
    n["all"] += 1
    n["left_out"] += not metered
    n["everything"] += metered
    n["net"] += metered and host == "10.9.2.6"
    n["tagged"] += metered and vlan == 7 and udp
    n["listed"] += metered and host != "10.9.1.5"
    n["nothing"] += 0
print(json.dumps(n))
PY
}
count() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$E2E_DIR/sent.json" "$1"; }
packets() {
	python3 -c 'import json, sys; print(sum(json.loads(x)["packetDeltaCount"] for p in sys.argv[1:] for x in open(p)))' "$@"
}
same() { [ "$2" = "$3" ] || fail "$hook: $1: $2 instead of $3"; }

printf '10.9.1.0/24\n10.9.2.0/24 # another\n2001:db8::6\n' >"$E2E_DIR/prefixes"
for hook in tc xdp; do
	mkdir -p "$E2E_DIR/$hook"
	conf nfprobe <<YAML
interfaces:
  - { match: r0, hook: $hook, filter: "not port 22", prefixes: "$E2E_DIR/prefixes" }
collectors:
  - { name: everything, protocol: json, endpoint: "file://$E2E_DIR/$hook/everything" }
  - { name: net, protocol: json, endpoint: "file://$E2E_DIR/$hook/net", filter: "net 10.9.2.0/24" }
  - { name: tagged, protocol: json, endpoint: "file://$E2E_DIR/$hook/tagged", filter: "vlan 7 and udp" }
  - { name: listed, protocol: json, endpoint: "file://$E2E_DIR/$hook/listed", prefixes: [10.9.2.0/24, "2001:db8::6"] }
  - { name: nothing, protocol: json, endpoint: "file://$E2E_DIR/$hook/nothing", filter: "sctp" }
YAML
	"$NFPROBE" check -c "$E2E_DIR/nfprobe.yaml" >/dev/null || fail "check refuses it"
	nfprobe_start r 1 --flush
	send
	rest s r
	same "lost by reason" "$(status | books 's["lost"]["filtered"]')" "$(count left_out)"
	everything() { [ "$(packets "$E2E_DIR/$hook/everything")" = "$(count everything)" ]; }
	wait_for 30 "all records" everything
	collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]['$2']"; }
	for name in everything net tagged listed nothing; do
		left() { [ "$(collector "$name" filtered_packets)" = $(($(count everything) - $(count "$name"))) ]; }
		wait_for 30 "$name's filter" left
		same "packets of $name" "$(collector "$name" packets)" "$(count "$name")"
	done
	nfprobe status | grep -q 'records left out by its filter' || fail "the text of the status"
	nfprobe_stop
	for name in everything net tagged listed; do
		same "records of $name" "$(packets "$E2E_DIR/$hook/$name")" "$(count "$name")"
	done
	[ ! -s "$E2E_DIR/$hook/nothing" ] || fail "$hook: somebody has records that its filter leaves out"
	status >"$E2E_DIR/end.json"
	python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "$hook: the books"
	same seen "$(books 's["seen"]' <"$E2E_DIR/end.json")" "$(count all)"
	same recorded "$(books 's["recorded"]' <"$E2E_DIR/end.json")" "$(count everything)"
	nfprobe detach >/dev/null
	say "ok: $hook: $(count all) packets seen, $(count left_out) left out, $(count net) of a net, $(count tagged) of a VLAN"
done

# A filter that cannot be: the place in the file, and nothing is metered with it.
printf 'interfaces:\n  - match: r0\n    filter: "prot 22"\n' >"$E2E_DIR/wrong.yaml"
code=0
"$NFPROBE" check -c "$E2E_DIR/wrong.yaml" >"$E2E_DIR/wrong.out" 2>&1 || code=$?
[ $code = 2 ] || fail "exit code $code of check"
grep -q 'wrong.yaml:3:13: filter: "prot 22" .*syntax error' "$E2E_DIR/wrong.out" || fail "$(cat "$E2E_DIR/wrong.out")"
say "ok: a wrong filter has its place in the file"
