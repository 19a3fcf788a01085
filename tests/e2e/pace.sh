#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 200,000 records of one bucket to nfcapd with its default buffer: paced none is lost, by nfdump's own count and by the
# sequence numbers that nfcapd checks. After it the same at once, to show what the pace is for.
# Usage: pace.sh [RECORDS]
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin nfcapd nfdump
need_nfprobe
records=${1-$(full 200000 60000)}

chaos_network
interval=$(full 60 20)
E2E_INTERVAL=${interval}s

# The reader comes before whatever else the machine does: what is tested is its buffer.
reader() { # NAME PORT
	mkdir "$E2E_DIR/$1"
	start r "$1" nice -n -19 nfcapd -w "$E2E_DIR/$1" -b 127.0.0.1 -p "$2" -t 3600 -I "$1"
	wait_for 60 "nfcapd to listen" listening r u "$2"
}
run() { # NAME PORT LINE
	reader "$1" "$2"
	conf nfprobe <<-YAML
		interfaces:
		  - { match: r0, direction: ingress }
		maps: { flows: 524288 }
		collectors:
		  - { name: $1, endpoint: "udp://127.0.0.1:$2"$3 }
	YAML
	nfprobe_start r 1 --flush
	# All of them in one bucket: from its beginning on.
	while [ $(($(date +%s) % interval)) -gt 2 ]; do sleep 0.2; done
	flows_send "$records" 1
	sent=$records
	wait_for 150 "the records to leave" went "$1"
	[ "$(collector "$1" "['refused_records']")" = 0 ] || fail "records were refused"
	wait_for 60 "nfcapd to read" queue_empty r "$2"
	drops=$(in_ns r ss -Hlnum "sport = :$2" | sed -n 's/.*,d\([0-9]*\)).*/\1/p')
	say "$1: $drops datagrams dropped at the reader's socket"
}
went() { [ "$(collector "$1" "['packets']")" = "$sent" ] && [ "$(collector "$1" "['queued']")" = 0 ]; }
count() { nfdump -R "$E2E_DIR/$1" -I | awk -F': ' -v key="$2" '$1 == key { print $2 }'; }

run paced 9995 ""
[ "$drops" = 0 ] || fail "$drops datagrams were dropped"
# At stop half an interval would be too long: a few seconds for what is in the open bucket.
flows_send 20000 2
before=${EPOCHREALTIME/./}
nfprobe_stop
took=$(((${EPOCHREALTIME/./} - before) / 1000))
nfcapd_stop r paced 9995
flows=$(count paced Flows)
lost=$(count paced "Sequence failures")
say "paced: $flows of $((records + 20000)) records, $lost sequence failures; stop took $took ms"
[ "$flows" -ge "$records" ] || fail "the paced one lost records"
[ $took -lt 9000 ] || fail "stop took $took ms"
# nfcapd takes records of options for missing flows: a few, whatever the pace.
[ "$lost" -le 20 ] || fail "$lost sequence failures"
say "ok: $records records in a bucket, none lost to a default buffer"

run at-once 9996 ", rate: 4294967295"
nfprobe_stop
nfcapd_stop r at-once 9996
say "sent at once: $(count at-once Flows) records of $records, $(count at-once 'Sequence failures') sequence failures"
