#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPFIX files (RFC 5655): each one is a session that a strict reader, libfixbuf's ipfixDump and, message by message,
# nfcapd read; together they have every packet.
. "$(dirname "$0")/lib.sh"
e2e_begin ipfixDump nfcapd nfdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: file, endpoint: "file://$E2E_DIR/flows.ipfix", rotate: { interval: 1s }, retry: 200ms }
YAML
files() { find "$E2E_DIR" -name 'flows.ipfix*' | sort; }
# shellcheck disable=SC2046 # a list of names
strict() { python3 "$E2E_SUPPORT/ipfix.py" check --connection $(files) >"$E2E_DIR/sum.json"; }
has() { strict && [ "$(summary sum packets)" = "$1" ]; }

nfprobe_start r 1 --flush
frames s s0 sent --times 2
one=$(sent sent)
wait_for 30 "the first packets" has "$one"
wait_for 30 "a finished file" test "$(files | wc -l)" -ge 1
finished() { [ "$(files | grep -c 'Z$')" -ge "$1" ]; }
wait_for 30 "finished files" finished 2
frames s s0 sent --times 2
wait_for 30 "more packets" has $((2 * one))

# A crash: what is there can be read, and is set aside by the next start.
stop nfprobe KILL || true
strict || fail "what the killed one left cannot be read"
printf '\0\12\1\0half a message' >>"$E2E_DIR/flows.ipfix"
nfprobe_start r 1 --flush
frames s s0 sent --times 2
wait_for 30 "the last packets" has $((3 * one))
rest s r
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"
[ ! -e "$E2E_DIR/flows.ipfix" ] || fail "the last file was not finished"
strict || fail "the files"
cat "$E2E_DIR/sum.json"
[ "$(summary sum packets)" = $((3 * one)) ] || fail "$(summary sum packets) packets of $((3 * one))"
say "ok: $(files | wc -l) files, each a session of its own, $((3 * one)) packets"

records=0
for name in $(files); do
	ipfixDump -i "$name" -s >"$E2E_DIR/dump.log" 2>&1 || fail "ipfixDump: $name: $(tail -n 3 "$E2E_DIR/dump.log")"
	n=$(ipfixDump -i "$name" -d 2>&1 | grep -c 'data record') || fail "ipfixDump finds nothing in $name"
	records=$((records + n))
done
[ "$records" = $(($(summary sum records) + $(summary sum options))) ] ||
	fail "ipfixDump has $records records, not $(summary sum records) and $(summary sum options) of options"
say "ok: ipfixDump reads all $records records"

nfcapd_start r nf
# shellcheck disable=SC2046
in_ns r python3 "$E2E_SUPPORT/ipfix.py" replay 127.0.0.1 9995 $(files)
nfcapd_stop r nf
read -r packets _ < <(records sum "$E2E_DIR/nf")
[ "$packets" = $((3 * one)) ] || fail "nfdump has $packets packets of $((3 * one))"
say "ok: sent to nfcapd, message by message: $packets packets"
