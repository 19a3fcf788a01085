#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe replay around its core: standard input, damaged captures, receivers of every kind and none, intervals,
# a running instance beside it, what a killed one leaves.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump tcpdump
need_nfprobe
cd "$E2E_DIR"

capture() { python3 "$E2E_SUPPORT/capture.py" "$@"; }
# replay NAME ARGUMENTS...: JSON in NAME.json, what it says in NAME.err; the exit code.
replay() { "$NFPROBE" replay "${@:2}" --json >"$1.json" 2>"$1.err"; }
same() { python3 "$E2E_SUPPORT/same_flows.py" "$@" || fail "not the same: ${*:2}"; }
says() { grep -qE -- "$2" "$1.err" || fail "$1 lacks \"$2\": $(cat "$1.err")"; }

# A collector that nobody is: waited for in the background, as it takes its time.
capture many.pcap --flows 2000 --packets 3
start - nobody "$NFPROBE" replay many.pcap --collector tcp://127.0.0.1:1

# --- standard input
replay file many.pcap || fail "a file: $(cat file.err)"
replay pipe - < <(cat many.pcap) || fail "a pipe: $(cat pipe.err)"
same 6000 file.json pipe.json
says file '6000 frames \(0 cut short\)'
says file 'books: seen 6000 = recorded 6000 \+ open 0 \+ lost 0: closed'
say "ok: standard input"

# --- damaged: what came before is in the records and the books
head -c -1 many.pcap >cut.pcap
code=0
replay cut cut.pcap || code=$?
[ $code = 1 ] || fail "a damaged capture: exit code $code"
says cut 'cut\.pcap: damaged after frame 5999: '
says cut 'books: seen 5999 = recorded 5999 .* closed'
[ "$(python3 -c 'import json, sys
print(sum(json.loads(line)["packetDeltaCount"] for line in sys.stdin))' <cut.json)" = 5999 ] || fail "not all of it"
capture one.pcap
head -c 30 one.pcap >nothing.pcap
code=0
replay nothing nothing.pcap || code=$?
[ $code = 1 ] && [ ! -s nothing.json ] || fail "a capture that ends in its first frame: exit code $code"
says nothing 'damaged after frame 0: '
say "ok: damaged captures"

# --- the table when nothing else is asked for
"$NFPROBE" replay one.pcap >table 2>/dev/null
grep -qE '^2017-07-14 02:40:00 - 02:40:10  1 flow, 1 packet, ' table || fail "the table: $(cat table)"

# --- intervals: 25 s of one flow, from a boundary of each length on but the hour's
capture long.pcap --packets 250 --gap 100000000
for row in 1s:25 5s:5 10s:3 1h:1; do
	replay long long.pcap --interval "${row%:*}" || fail "--interval ${row%:*}: $(cat long.err)"
	python3 - "${row#*:}" <<'PY' || fail "--interval ${row%:*}: $(cat long.json)"
import json, sys
rows = [json.loads(line) for line in open("long.json")]
starts = {row["flowStartNanoseconds"] for row in rows}
assert len(rows) == len(starts) == int(sys.argv[1]), len(rows)
assert sum(row["packetDeltaCount"] for row in rows) == 250
assert min(starts) == 1500000000 * 10**9
assert max(row["flowEndNanoseconds"] for row in rows) == 1500000000 * 10**9 + 249 * 10**8
PY
done
say "ok: intervals"

# --- real collectors: the same flows as the JSON lines
ns_add n
nfcapd_start n nf
ipfix_start n tcp tcp 4739
in_ns n "$NFPROBE" replay many.pcap --json --collector udp://127.0.0.1:9995 --collector tcp://127.0.0.1:4739 \
	>both.json 2>both.err || fail "collectors: $(cat both.err)"
wait_for 10 "the TCP session to be read" stream_ended n 4739
nfcapd_stop n nf
same 6000 file.json both.json
python3 "$E2E_SUPPORT/ipfix.py" check --connection tcp/*.ipfix >tcp.report || fail "the TCP stream: $(cat tcp.report)"
python3 "$E2E_SUPPORT/ipfix.py" records tcp/*.ipfix >tcp.records
records list nf >nf.records
python3 - <<'PY' || fail "the collectors have other flows"
import json
def lines(name):
    return [json.loads(line) for line in open(name)]
def by_address(rows, address, packets, octets, first, scale):
    return sorted((r[address], r[packets], r[octets], r[first] // scale) for r in rows if address in r)
names = ("sourceIPv4Address", "packetDeltaCount", "octetDeltaCount")
want = by_address(lines("both.json"), *names, "flowStartNanoseconds", 10**6)
assert len(want) == 2000, len(want)
assert by_address(lines("nf.records"), "src", "packets", "octets", "first", 1) == want
assert by_address(lines("tcp.records"), *names, "flowStartMilliseconds", 1) == want
PY
say "ok: nfcapd and TCP"

# --- a running instance: neither its counts nor its pins move
ns_add s
link s s0 02:18:00:00:00:01 n n0 02:18:00:00:00:02
chain_quiet
E2E_INTERVAL=1h conf nfprobe <<YAML
interfaces: [ { match: n0 } ]
YAML
nfprobe_start n 1
frames s s0 sent
counted() { [ "$(status | books 's["seen"]')" = "$(sent sent)" ]; }
wait_for 10 "the packets to be counted" counted
state() { { find "/sys/fs/bpf/nfprobe/$E2E_ID" | sort; nfprobe flows -n 0 --json | sort; status | books '[s[k] for k in ("seen", "recorded", "open", "lost", "counters", "buckets")]'; } >"$1"; }
state before
in_ns n "$NFPROBE" replay many.pcap -c nfprobe.yaml --json >beside.json 2>beside.err || fail "beside: $(cat beside.err)"
state after
cmp before after || fail "the running instance was disturbed: $(diff before after)"
same 6000 file.json beside.json
nfprobe_stop
say "ok: beside a running instance"

# --- killed: the next one clears up
mkfifo fifo
start - killed sh -c 'exec "$0" replay - <fifo' "$NFPROBE"
exec 7>fifo
head -c 1000 many.pcap >&7
left=/sys/fs/bpf/nfprobe/replay-${E2E_PID[killed]}
wait_for 30 "the replay's own maps" test -e "$left/config"
stop killed KILL || true
exec 7>&-
replay next one.pcap || fail "after a kill: $(cat next.err)"
[ ! -e "$left" ] || fail "$left is still there"
say "ok: leftovers"

# --- a reader that has enough; one that is not there
(set +e; trap '' PIPE; "$NFPROBE" replay many.pcap --json 2>closed.err; echo $? >closed.code) | head -n 1 >closed.json
[ "$(cat closed.code)" = 0 ] || fail "a closed pipe: exit code $(cat closed.code): $(cat closed.err)"
! grep -q level=error closed.err || fail "a closed pipe: $(cat closed.err)"
[ "$(wc -l <closed.json)" = 1 ] || fail "head got $(wc -l <closed.json) lines"
code=0
in_ns n "$NFPROBE" replay many.pcap --collector udp://127.0.0.1:9 >refused.out 2>refused.err || code=$?
[ $code = 1 ] || fail "a UDP port that is closed: exit code $code: $(cat refused.err)"
says refused 'collector udp://127\.0\.0\.1:9: .*refused'
wait_for 120 "the one without a collector to give up" eval '! running nobody'
code=0
wait "${E2E_PID[nobody]}" || code=$?
[ $code = 1 ] || fail "without a collector: exit code $code"
grep -q 'is the receiver there?' nobody.log || fail "without a collector: $(cat nobody.log)"
[ ! -e "/sys/fs/bpf/nfprobe/replay-${E2E_PID[nobody]}" ] || fail "it left its maps"
say "ok: readers that go and collectors that are not there"
