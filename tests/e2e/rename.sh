#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An interface that is metered gets another name, another alias, and goes to another namespace and back: the next records
# have the new words, and so has the options data; every packet is in a record.
. "$(dirname "$0")/lib.sh"
e2e_begin sqlite3 jq
need_nfprobe

ns_add s r away
in_ns s sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns r sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns away sysctl -qw net.ipv6.conf.default.disable_ipv6=1
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
link s s1 02:12:00:00:01:01 r r1 02:12:00:00:01:02
db=$E2E_DIR/facts.db
"$NFPROBE" enrich create -d "$db"
sqlite3 "$db" "INSERT INTO interface(match, role, vrf) VALUES('up*', 'uplink', 'red')"
ipfix_start r out udp 9997
conf nfprobe <<YAML
enrichment: { database: $db }
interfaces:
  - { match: "[ru]*" }
  - { match: "[ru]*", netns: $E2E_ID-away }
collectors:
  - { name: out, endpoint: "udp://127.0.0.1:9997" }
  - { name: json, endpoint: "file://$E2E_DIR/records.json", protocol: json }
YAML
nfprobe_start r 2 --flush
r="ip -n $E2E_ID-r"

# packet IF PORT: one; record PORT FILTER: of its record.
packet() { in_ns s python3 "$E2E_DIR/packet.py" "$@"; }
cat >"$E2E_DIR/packet.py" <<'PY'
import socket, struct, sys
udp = struct.pack("!HHHH", 1000, int(sys.argv[2]), 8, 0)
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, 17, 0, bytes((10, 9, 0, 1)), bytes((10, 9, 0, 2)))
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind((sys.argv[1], 0))
    s.send(bytes.fromhex("021200000002021200000001") + b"\x08\x00" + ip + udp + bytes(18))
PY
record() { grep -h "\"destinationTransportPort\": *$1[,}]" "$E2E_DIR/records.json" | head -n 1 | jq -r "$2"; }
has_record() { [ -n "$(record "$1" .uid)" ]; }
port=2000
# words WANTED: of the record of a packet by s0 from now on, until it has them. Every packet counts in the end.
words_are() {
	packet s0 $((++port))
	wait_for 60 "the record of port $port" has_record $port
	[ "$(record $port '[.interfaceName, .interfaceDescription // "", .ingressInterfaceRole // "", .VRFname // ""] | join("|")')" = "$1" ]
}
told() { grep -aq "$1" "$E2E_DIR"/out/*.ipfix; }
knows() { [ "$(nfprobe enrich interfaces -d "$db" --json | jq -r "select(.ifindex == $index and .domain == 0) | .name + \"|\" + .description")" = "$1" ]; }

index=$(ifindex r r0)
wait_for 60 "records with the first name" words_are "r0|||"
wait_for 60 "options data with the first name" told r0

# --- another name, while packets come; the operator's rows for that name count from then on
$r link set r0 name up0 2>"$E2E_DIR/refused" || {
	# Before Linux 6.2 only what is down can be renamed.
	$r link set r0 down
	$r link set r0 name up0
	$r link set r0 up
}
wait_for 60 "records with the new name" words_are "up0||uplink|red"
wait_for 60 "options data with the new name" told up0
say "ok: another name"

# --- another alias
$r link set up0 alias "to the second floor"
wait_for 60 "records with the alias" words_are "up0|to the second floor|uplink|red"
wait_for 60 "options data with the alias" told "to the second floor"
knows "up0|to the second floor" || fail "enrich interfaces: $(nfprobe enrich interfaces -d "$db" --json)"
$r link set up0 alias "to the third floor"
wait_for 60 "records with the next alias" words_are "up0|to the third floor|uplink|red"
sqlite3 -cmd '.timeout 10000' "$db" "INSERT INTO interface(match, alias) VALUES('up0', 'as the operator says')"
wait_for 60 "records with the operator's word" words_are "up0|as the operator says|uplink|red"
[ "$(record $port .ingressInterface)" = "$index" ] || fail "the number changed"
say "ok: another alias"

# --- a device upon it: its parent is told
$r link add link up0 name mv0 type macvlan
parent() { [ "$(nfprobe enrich interfaces -d "$db" --json | jq -r 'select(.name == "mv0") | .parent + "|" + .kind')" = "up0|macvlan" ]; }
parent || fail "enrich interfaces, a macvlan: $(nfprobe enrich interfaces -d "$db" --json)"
$r link del mv0

# --- to another namespace, and back
hooks() { [ "$(status | books 'sorted((h.get("netns") or "", h["ifname"]) for h in s["hooks"] if h["attached"])')" = "$1" ]; }
packet s1 3001
$r link set r1 netns "$E2E_ID-away"
ip -n "$E2E_ID-away" link set r1 up
wait_for 60 "the hook in the other namespace" hooks "[('', 'up0'), ('$E2E_ID-away', 'r1')]"
packet s1 3002
wait_for 60 "the record of the other namespace" has_record 3002
[ "$(record 3002 '.uid | contains("/d1.")')" = true ] || fail "not of the other domain: $(record 3002 .)"
[ "$(record 3002 .interfaceName)" = r1 ] || fail "its name: $(record 3002 .)"
ip -n "$E2E_ID-away" link set r1 netns "$E2E_ID-r"
$r link set r1 up
wait_for 60 "the hook that came back" hooks "[('', 'r1'), ('', 'up0')]"
packet s1 3003
wait_for 60 "the record of the one that came back" has_record 3003
[ "$(record 3003 '.uid | contains("/d0.")')" = true ] || fail "not of the first domain: $(record 3003 .)"
say "ok: another namespace"

rest s r
nfprobe_stop
all=$((port - 2000 + 3))
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
[ "$(books 'sum(s["lost"].values())' <"$E2E_DIR/end.json")" = 0 ] || fail "packets are lost"
exported=$(jq -s 'map(.packetDeltaCount) | add' "$E2E_DIR/records.json")
[ "$exported" = $all ] || fail "the records have $exported packets of $all"
say "ok: all $all packets are in records"
