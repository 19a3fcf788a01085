#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe top on a terminal: the numbers of `status`, keys, sizes, few octets, and a terminal that is left as it was.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
/usr/bin/python3 -c 'import pyte' 2>/dev/null || skip "python3-pyte is not installed: run scripts/setup"
ns_add s r
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
chain_quiet
E2E_INTERVAL=1h conf nfprobe <<YAML
interfaces: [ { match: r0, direction: both } ]
collectors:
  - { name: file, endpoint: "file://$E2E_DIR/flows.ipfix" }
  - { name: away, endpoint: "tcp://127.0.0.1:1" }
YAML
nfprobe_start r 2
frames s s0 sent --times 3
seen() { [ "$(status | books 'h("r0", "ingress")["seen"]')" = "$(sent sent)" ]; }
wait_for 30 "the packets" seen
in_ns r timeout 500 /usr/bin/python3 "$E2E_SUPPORT/terminal.py" "$NFPROBE status --json -c $E2E_DIR/nfprobe.yaml" \
	"$NFPROBE" top -c "$E2E_DIR/nfprobe.yaml" --every 1 || fail "the terminal"
say "ok: on a terminal"
nfprobe_stop
nfprobe detach >/dev/null || fail "detach"
