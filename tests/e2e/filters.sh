#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Filters on what is metered and on what goes to which collector: frames of known number, tagged and untagged, by tc and by
# XDP. Each collector has the packets that its filter lets pass, what is left out is counted, the books close. Files of
# prefixes that are edited count from the reload on.
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
    n[host] += 1
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

# Files of prefixes, edited under way: by the frames to each host, as the same ones are sent each time.
metered=$E2E_DIR/metered.list chosen=$E2E_DIR/chosen.list
printf '10.9.1.0/24\n10.9.2.0/24\n' >"$metered"
echo 10.9.1.5 >"$chosen"
conf nfprobe <<YAML
interfaces:
  - { match: "[rx]0", prefixes: $metered }
collectors:
  - { name: everything, endpoint: "udp://127.0.0.1:4739" }
  - { name: chosen, endpoint: "udp://127.0.0.1:4740", prefixes: $chosen }
YAML
ipfix_start r everything udp 4739
ipfix_start r chosen udp 4740
nfprobe_start r 1
all=0 left_out=0 passed=0 picked=0
# round METERED CHOSEN: sends, and the hosts whose packets are metered, and those of them that are chosen, have them.
round() {
	local host
	send
	rest s r
	all=$((all + $(count all)))
	for host in $1; do passed=$((passed + $(count "$host"))); done
	for host in $2; do picked=$((picked + $(count "$host"))); done
	left_out=$((all - passed))
	come() { [ "$(collector everything packets) $(collector chosen packets)" = "$passed $picked" ]; }
	wait_for 30 "$passed and $picked packets at the collectors" come
	same "lost by reason" "$(status | books 's["lost"]["filtered"]')" $left_out
}
# told TEXT...: by a reload.
told() {
	nfprobe reload >"$E2E_DIR/answer.log" 2>&1 || fail "reload: $(cat "$E2E_DIR/answer.log")"
	for want; do grep -qF -- "$want" "$E2E_DIR/answer.log" || fail "no \"$want\" in: $(cat "$E2E_DIR/answer.log")"; done
}
round "10.9.1.5 10.9.2.6" 10.9.1.5
printf '# others\n10.9.2.0/24\n10.9.3.7\n2001:db8::/32\n' >"$metered"
told "interface [rx]0: prefixes: $metered has other prefixes" "r0: attached" "  collector everything" "  collector chosen"
round "10.9.2.6 10.9.3.7 2001:db8::6" ""
echo 2001:db8::/64 >>"$chosen"
told "collector chosen: prefixes: $chosen has other prefixes" "collector chosen: a new session" "  1 interface"
round "10.9.2.6 10.9.3.7 2001:db8::6" 2001:db8::6
echo '# nothing new' >>"$metered"
told "nothing has changed"
# A file with a fault: all as it was, for interfaces that come later, too. The commands that ask need another configuration.
echo 10.9.1.1/24 >>"$metered"
code=0
nfprobe reload >"$E2E_DIR/answer.log" 2>&1 || code=$?
[ $code = 2 ] || fail "exit code $code: $(cat "$E2E_DIR/answer.log")"
head -n 5 "$E2E_DIR/nfprobe.yaml" >"$E2E_DIR/asker.yaml"
mv "$E2E_DIR/asker.yaml" "$E2E_DIR/nfprobe.yaml"
grep -qF "$metered:6: \"10.9.1.1/24\" has bits behind its length" "$E2E_DIR/answer.log" || fail "$(cat "$E2E_DIR/answer.log")"
round "10.9.2.6 10.9.3.7 2001:db8::6" 2001:db8::6
ip -n "$E2E_ID-r" link add x0 type veth peer name y0
later() { status | books "h('x0', 'ingress')['attached']" | grep -q True; }
wait_for 30 "x0 to be metered" later
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "reloads: the books"
same seen "$(books 's["seen"]' <"$E2E_DIR/end.json")" $all
nfprobe detach >/dev/null
say "ok: files of prefixes are read by a reload: $all packets, $left_out left out, $picked of $passed chosen"

# A filter that cannot be: the place in the file, and nothing is metered with it.
printf 'interfaces:\n  - match: r0\n    filter: "prot 22"\n' >"$E2E_DIR/wrong.yaml"
code=0
"$NFPROBE" check -c "$E2E_DIR/wrong.yaml" >"$E2E_DIR/wrong.out" 2>&1 || code=$?
[ $code = 2 ] || fail "exit code $code of check"
grep -q 'wrong.yaml:3:13: filter: "prot 22" .*syntax error' "$E2E_DIR/wrong.out" || fail "$(cat "$E2E_DIR/wrong.out")"
say "ok: a wrong filter has its place in the file"
