#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# UDP: the sequence numbers tell exactly what the network dropped, while the collector is stopped and its buffer runs
# over. With `spool.on_icmp` a collector that is gone for a while misses nothing.
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin
need_nfprobe

chaos_network
ipfix_start r slow udp 4739
ipfix_start r gone udp 4740 16000000
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
collectors:
  - { name: slow, endpoint: "udp://127.0.0.1:4739", rate: 4294967295 }
  - name: gone
    endpoint: "udp://127.0.0.1:4740"
    domain: 2
    spool: { path: "$E2E_DIR/spool", size: 64MiB, on_icmp: true }
YAML
nfprobe_start r 1
flows_send 3000 1
sent=3000
wait_for 60 "the first bucket" all_recorded

# A buffer of 200 kB takes some 2,000 of these records.
kill -STOP "${E2E_PID[slow]}"
stop gone KILL || true
flows_send 20000 2
sent=23000
wait_for 60 "the buckets of the time without" all_recorded
went() { [ "$(collector slow "['queued']")" = 0 ]; }
wait_for 60 "the datagrams to leave" went
spooled() { [ "$(collector gone "['spool']['waiting_records']")" -ge 19000 ]; }
wait_for 60 "records in the spool" spooled
collector gone "['state']" | grep -q refused || fail "the collector that is gone is said to be $(collector gone "['state']")"
kill -CONT "${E2E_PID[slow]}"
wait_for 60 "the collector to read" queue_empty r 4739
flows_send 100 3 # which arrives whole: what is missing before it is told by it
sent=23100
wait_for 60 "the last bucket" all_recorded
wait_for 60 "the datagrams to leave" went
wait_for 60 "the collector to read" queue_empty r 4739
dropped=$(snmp r UdpRcvbufErrors)

ipfix_start r gone udp 4740 16000000
wait_for 60 "the spool to be empty" none_waits gone
wait_for 60 "the collector to read" queue_empty r 4740
records=$(collector slow "['records']")
[ "$(collector gone "['refused_records']")" = 0 ] || fail "records were refused"
nfprobe_stop
stop slow || true
stop gone || true

python3 - "$E2E_SUPPORT" "$records" "$E2E_DIR"/slow/*.ipfix >"$E2E_DIR/gaps" <<'PY' || fail "$(cat "$E2E_DIR/gaps")"
import sys
sys.path.insert(0, sys.argv[1])
import chaos
import ipfix
handed, missing, got = int(sys.argv[2]), 0, 0
assert len(sys.argv) == 4, "one source port is one session"
expected = {}
session = ipfix.Session("slow")
for _, message in chaos.messages(sys.argv[3]):
    sequence, domain = int.from_bytes(message[8:12], "big"), int.from_bytes(message[12:16], "big")
    before = session.options + len(session.records)
    session.message(message)
    if domain:
        missing += (sequence - expected.get(domain, 0)) & 0xffffffff
        expected[domain] = sequence + session.options + len(session.records) - before
got = len(session.records)
options = expected[1] - missing - got
print(f"{handed} records handed over, {got} arrived, {missing} of {expected[1]} missing by sequence numbers")
# Options records of the domain count too; those that were lost are not known to be options.
sys.exit(not (missing > 0 and 0 <= handed - got and abs(missing - (handed - got)) <= max(options, 40)))
PY
[ "$dropped" -gt 0 ] || fail "nothing was dropped: nothing was tested"
say "ok: $(cat "$E2E_DIR/gaps")"

python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/gone/*.ipfix |
	python3 -c 'import json, sys; print(len({json.loads(line)["flowId"] for line in sys.stdin}))' >"$E2E_DIR/gone.flows"
[ "$(cat "$E2E_DIR/gone.flows")" = "$sent" ] || fail "$(cat "$E2E_DIR/gone.flows") flows of $sent"
say "ok: the collector that was gone for a while has all $sent records"
