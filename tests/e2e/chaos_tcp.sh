#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A TCP collector that is killed (also with octets that it acknowledged and did not read), stopped, resets in
# mid-message, reads slowly, refuses, while records keep coming: at the end every packet that was metered is in
# records that were read, once by their flowIds. Usage: chaos_tcp.sh [ROUNDS [SEED]]
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin
need_nfprobe
rounds=${1-$(full 50 10)}
RANDOM=${2-$$}
say "seed ${2-$$}, $rounds rounds"

chaos_network
chaos_start c 4739
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
collectors:
  - name: c
    endpoint: "tcp://127.0.0.1:4739"
    retry: 100ms
    spool: { path: "$E2E_DIR/spool", size: 64MiB }
YAML
nfprobe_start r 1
generate_start

moment() { sleep "$((RANDOM % ${1-1})).$(printf %03d $((RANDOM % 1000)))"; }
for ((i = 0; i < rounds; i++)); do
	case $((i % 5)) in
	0) moment ;;
	1) # Acknowledged by its kernel, and never read.
		kill -STOP "${E2E_PID[c]}"
		moment 2 ;;
	2) # In the middle of a message, again and again.
		chaos_stop c
		chaos_start c 4739 --reset $((RANDOM * 3 + 1000))
		moment 3 ;;
	3) chaos_stop c
		chaos_start c 4739 --slow 20000
		moment 2 ;;
	4) # Refuses for a while.
		chaos_stop c
		moment 2
		chaos_start c 4739
		moment ;;
	esac
	chaos_stop c
	chaos_start c 4739
done
running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
generate_stop
wait_for 60 "the last bucket" all_recorded
wait_for 60 "the spool to be empty" none_waits c
wait_for 60 "the collector to read" all_read 4739
refused=$(collector c "['refused_records']")
sessions=$(collector c "['sessions']")
resent=$(collector c "['resent_records']")
nfprobe_stop
wait_for 60 "the connection to end" all_read 4739
chaos_stop c TERM

status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
distinct c
[ "$refused" = 0 ] || fail "$refused records were refused"
[ "$packets" = "$sent" ] || fail "$packets packets of $sent ($records records, $again came again)"
[ "$resent" -gt 0 ] || fail "nothing was sent again: nothing was tested"
say "ok: $sent packets in $records records over $sessions sessions, $again records came again ($resent sent again)"
