#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hundred interfaces (NFPROBE_FULL=1: a thousand): all attached, each one's packets counted on it and on no other, in
# status, metrics and `top`; some are renamed, removed and added; a restart takes them over. Times are told, not judged.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin curl
need_nfprobe
n=$(full 1000 100)

ns_add s r
in_ns s sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns r sysctl -qw net.ipv6.conf.default.disable_ipv6=1
pairs() { # FIRST LAST
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "link add s$i up type veth peer name r$i netns $E2E_ID-r"
	done | ip -n "$E2E_ID-s" -batch - || fail "cannot make $2 interfaces"
	for ((i = $1; i <= $2; i++)); do echo "link set r$i up"; done | ip -n "$E2E_ID-r" -batch - || fail "cannot set them up"
}
pairs 1 "$n"
conf nfprobe <<YAML
interfaces: [ { match: "r*" } ]
metrics: { listen: 9469 }
collectors: [ { name: nobody, endpoint: "udp://127.0.0.1:9" } ]
YAML

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'; }
# A status of a thousand interfaces is work: not twenty times a second.
attached() { sleep 0.5 && nfprobe_attached; }
begin() { # INTERFACES
	E2E_HOOKS=$1
	wait_for $((60 + $1)) "nfprobe to attach $1 interfaces" attached
	running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
}
at=$EPOCHREALTIME
E2E_PROBE_NS=r
start r nfprobe "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
begin "$n"
say "ok: $n interfaces attached in $(since "$at")"

# N is in the port: interface N gets 1 + N % 7 packets.
cat >"$E2E_DIR/send.py" <<'PY'
import socket, struct, sys
for i in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    udp = struct.pack("!HHHH", i, 7, 8, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, 17, 0, bytes((10, 9, 0, 1)), bytes((10, 9, 0, 2)))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((f"s{i}", 0))
        for _ in range(1 + i % 7):
            s.send(bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + udp + bytes(18))
PY
send() { in_ns s timeout 120 python3 "$E2E_DIR/send.py" "$@" || fail "cannot send"; }
# right TIMES FIRST LAST: each of them has seen its packets so often.
right() {
	status >"$E2E_DIR/status.json"
	books "sum(h['seen'] != $1 * (1 + int(h['ifname'][1:]) % 7) for h in s['hooks'] if h['attached'] and h['ifname'][:1] == 'r' and $2 <= int(h['ifname'][1:]) <= $3)" \
		<"$E2E_DIR/status.json" | grep -qx 0
}
send 1 "$n"
wait_for 60 "each interface to have its packets" right 1 1 "$n"
say "ok: the packets of each"

at=$EPOCHREALTIME
status >"$E2E_DIR/status.json"
say "status: $(since "$at"), $(wc -c <"$E2E_DIR/status.json") octets"
at=$EPOCHREALTIME
in_ns r curl -sS --max-time 60 http://127.0.0.1:9469/metrics >"$E2E_DIR/metrics"
say "metrics: $(since "$at")"
[ "$(grep -c '^nfprobe_attached{.*} 1$' "$E2E_DIR/metrics")" = "$n" ] || fail "metrics have not all interfaces"
[ "$(grep -c '^nfprobe_seen_packets_total{.*="r7"' "$E2E_DIR/metrics")" = 1 ] || fail "metrics have not r7 once"
in_ns r curl -sS --max-time 60 http://127.0.0.1:9469/ >"$E2E_DIR/page"
grep -q '<html' "$E2E_DIR/page" || fail "no page"
at=$EPOCHREALTIME
nfprobe top --once --every 1 >"$E2E_DIR/top" || fail "top"
say "top: $(since "$at")"
grep -qE '^ *r[0-9]+ +in' "$E2E_DIR/top" || fail "top shows no interface: $(head -n 20 "$E2E_DIR/top")"
say "resident: $(awk '$1 == "VmRSS:" { print int($2 / 1024) }' /proc/"${E2E_PID[nfprobe]}"/status) MiB"

# One goes, one gets another name, some come.
ip -n "$E2E_ID-r" link del r1
ip -n "$E2E_ID-r" link set r2 name r9002
pairs $((n + 1)) $((n + 10))
begin $((n + 9))
renamed() { [ "$(status | books "[h['ifname'] for h in s['hooks'] if h['ifname'] in ('r1', 'r2', 'r9002') and h['attached']]")" = "['r9002']" ]; }
wait_for 60 "the new name" renamed
send 3 $((n + 10))
wait_for 60 "the packets of those that stayed" right 2 3 "$n"
wait_for 60 "the packets of those that came" right 1 $((n + 1)) $((n + 10))
say "ok: removed, renamed, added"

nfprobe_stop
send 3 $((n + 10)) # nobody is there but the kernel
at=$EPOCHREALTIME
start r nfprobe "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
begin $((n + 9))
answered() { nfprobe status --json | books 's["collectors"][0]["name"]' | grep -q nobody; }
wait_for 120 "the new one to run" answered
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
say "ok: taken over in $(since "$at")"
send 3 $((n + 10))
wait_for 60 "the packets of all" right 4 3 "$n"
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
[ "$(books 'sum(s["lost"].values())' <"$E2E_DIR/end.json")" = 0 ] || fail "packets are lost"
at=$EPOCHREALTIME
nfprobe detach >/dev/null || fail "detach"
say "ok: detached in $(since "$at")"
