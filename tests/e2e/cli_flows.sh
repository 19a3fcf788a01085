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
nfprobe flows --limit 0 --json --sort packets | python3 -c 'import json, sys
counts = [json.loads(line)["packetDeltaCount"] for line in sys.stdin]
assert len(counts) > 3 and counts == sorted(counts, reverse=True), counts' || fail "--sort packets"
for order in "first flowStartMilliseconds" "last flowEndMilliseconds" "bytes octetDeltaCount"; do
	# shellcheck disable=SC2086
	nfprobe flows -n 0 --json --sort ${order% *} | python3 -c 'import json, sys
values = [json.loads(line)[sys.argv[1]] for line in sys.stdin]
assert len(values) > 3 and values == sorted(values, reverse=True), values' ${order#* } || fail "--sort $order"
done
nfprobe flows -n 0 --json --filter 'udp port 53 and ip6' | python3 -c 'import json, sys
flows = [json.loads(line) for line in sys.stdin]
assert flows and all(f["protocolIdentifier"] == 17 and 53 in (f["sourceTransportPort"], f["destinationTransportPort"]) and
                     "sourceIPv6Address" in f for f in flows), flows' || fail "--filter"
[ "$(nfprobe flows -n 0 --json --filter 'udp port 53' | wc -l)" -gt "$(nfprobe flows -n 0 --json --filter 'udp port 53 and ip6' | wc -l)" ] ||
	fail "--filter: the other ones"
pictures() { [ "$(grep -c ^INTERFACE "$E2E_DIR/watch.log")" -ge 3 ]; }
start r watch "$NFPROBE" flows -c "$E2E_DIR/nfprobe.yaml" --watch 1 -n 5
wait_for 30 "three tables" pictures
stop watch INT || fail "--watch ended with exit code $?"
lines() { [ "$(wc -l <"$E2E_DIR/lines.log")" -ge 6 ]; }
start r lines "$NFPROBE" flows -c "$E2E_DIR/nfprobe.yaml" --json -n 2 -w
wait_for 30 "three times two lines" lines
stop lines TERM || fail "-w ended with exit code $?"
python3 -c 'import json, sys
assert all(json.loads(line)["packetDeltaCount"] for line in sys.stdin)' <"$E2E_DIR/lines.log" || fail "--json -w"
nfprobe flows >"$E2E_DIR/text"
grep -q r0 "$E2E_DIR/text" || fail "flows says: $(cat "$E2E_DIR/text")"
say "ok: while it runs"
nfprobe_stop
[ "$(packets)" = "$(sent sent)" ] || fail "without the daemon: $(packets) of $(sent sent)"
nfprobe detach >/dev/null || fail "detach"
expect_in r 1 "$E2E_ID" "$NFPROBE" flows -c "$E2E_DIR/nfprobe.yaml"
say "ok: without the daemon"
