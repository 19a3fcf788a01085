#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# NetFlow v9 as nfdump reads it: every kind of packet, addresses, ports, ICMP type and code, flags, TOS, VLAN, MAC
# addresses, interfaces, times to the millisecond; at ingress and at egress.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
nfcapd_start r nf
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: both }
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995", protocol: netflow9 }
YAML
nfprobe_start r 2 --flush
frames s s0 ingress --times 3
frames r r0 egress --times 2
rest s r
nfprobe_stop
nfcapd_stop r nf
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"

index=$(ifindex r r0)
records compare "$E2E_DIR/ingress.json" "$E2E_DIR/nf" direction=0 "in=$index" || fail "ingress"
say "ok: ingress"
records compare "$E2E_DIR/egress.json" "$E2E_DIR/nf" direction=1 "out=$index" || fail "egress"
say "ok: egress"
[ "$(records sum "$E2E_DIR/nf")" = "$(records sum "$E2E_DIR/nf" direction=0 | cat - <(records sum "$E2E_DIR/nf" direction=1) |
	awk '{ for (i = 1; i <= 3; i++) s[i] += $i } END { print s[1], s[2], s[3] }')" ] || fail "records of neither direction"
complaints=$(grep -E 'Sequence Errors: [1-9]|Bad Packets: [1-9]|ERROR|[Ss]kip' "$E2E_DIR/nf.log" || true)
# nfdump 1.7.1 counts one sequence error for each burst of options data in the domain of the flows.
[ -z "$complaints" ] || say "note: nfcapd says: $complaints"
grep -q 'Bad Packets: 0' "$E2E_DIR/nf.log" || fail "nfcapd: bad packets"
