#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe flows: what is in the open buckets, with the daemon and without; reading it takes nothing away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
chain_quiet
E2E_INTERVAL=1h conf nfprobe <<YAML
interfaces: [ { match: r0 } ]
YAML
nfprobe_start r 1
frames s s0 sent
packets() { nfprobe flows -n 0 --json | python3 -c 'import json, sys
print(sum(json.loads(line)["packetDeltaCount"] for line in sys.stdin))'; }
all_there() { [ "$(packets)" = "$(sent sent)" ]; }
wait_for 10 "the packets in the flows" all_there
[ "$(nfprobe flows -n 3 --json | wc -l)" = 3 ] || fail "-n 3"
nfprobe flows -n 0 --json --by packets | python3 -c 'import json, sys
counts = [json.loads(line)["packetDeltaCount"] for line in sys.stdin]
assert len(counts) > 3 and counts == sorted(counts, reverse=True), counts' || fail "--by packets"
nfprobe flows >"$E2E_DIR/text"
grep -q r0 "$E2E_DIR/text" || fail "flows says: $(cat "$E2E_DIR/text")"
say "ok: while it runs"
nfprobe_stop
[ "$(packets)" = "$(sent sent)" ] || fail "without the daemon: $(packets) of $(sent sent)"
nfprobe detach >/dev/null || fail "detach"
expect_in r 1 "$E2E_ID" "$NFPROBE" flows -c "$E2E_DIR/nfprobe.yaml"
say "ok: without the daemon"
