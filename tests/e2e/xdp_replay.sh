#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures that nobody here made, sent over a veth pair by tcpreplay: tc and native XDP, side by side on the
# receiving end, count what `nfprobe replay` counts, flow by flow, and what the interface counted.
. "$(dirname "$0")/lib.sh"
e2e_begin tcpreplay
need_nfprobe
corpus=${NFPROBE_CORPUS:-$E2E_TOP/../shared/corpus}
[ -r "$corpus/captures/index.tsv" ] || skip "no captures at $corpus: set NFPROBE_CORPUS"
mapfile -t captures < <(python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1]), delimiter="\t"):
    if row["replay"] == "yes": print(row["file"])' "$corpus/captures/index.tsv")
[ ${#captures[@]} -gt 50 ] || fail "only ${#captures[@]} captures can be replayed: is the index another one?"

ns_add s r
link s s0 02:17:00:00:00:01 r r0 02:17:00:00:00:02
for end in "s s0" "r r0"; do
	read -r ns dev <<<"$end"
	in_ns "$ns" sysctl -qw "net.ipv6.conf.$dev.disable_ipv6=1"
	ip -n "$E2E_ID-$ns" link set "$dev" arp off mtu 1504
	offloads "$ns" "$dev" off
done
E2E_INTERVAL=1h conf nfprobe <<YAML
interfaces: [ { match: r0, hook: xdp } ]
YAML
E2E_INTERVAL=1h conf tc <<YAML
interfaces: [ { match: r0 } ]
YAML
nfprobe_start r 1
start r tc "$NFPROBE" run -c "$E2E_DIR/tc.yaml"
by_tc() { in_ns r "$NFPROBE" "$1" -c "$E2E_DIR/tc.yaml" "${@:2}"; }
tc_attached() { [ "$(by_tc status --json | books 'sum(h["attached"] for h in s["hooks"])')" = 1 ]; }
wait_for 30 "the tc hook" tc_attached
[ "$(status | books 's["hooks"][0]["method"]')" = xdp-native ] || fail "veth has native XDP: $(nfprobe status)"
[ "$(status | books '",".join(s["hooks"][0]["limits"])')" = vlan ] || fail "limits: $(status | books 's["hooks"]')"
# With XDP the driver switches GRO on; tc would see merged buffers.
offloads r r0 off
chain_quiet

before=$(counter r r0 rx_packets)
# Slow enough for the ring of 256 frames between the ends.
(cd "$corpus/captures" && in_ns s tcpreplay -q -i s0 --pps=25000 "${captures[@]}" >"$E2E_DIR/tcpreplay.log" 2>&1) ||
	fail "tcpreplay: $(tail -n 5 "$E2E_DIR/tcpreplay.log")"
mkdir "$E2E_DIR/replay"
printf '%s\n' "${captures[@]}" | xargs -P 6 -I{} sh -c '"$0" replay --json --interval 1h "$1/captures/{}" \
	>"$2/{}.json" 2>"$2/{}.err" || { cat "$2/{}.err" >&2; exit 255; }' "$NFPROBE" "$corpus" "$E2E_DIR/replay" ||
	fail "nfprobe replay"
cat "$E2E_DIR"/replay/*.json >"$E2E_DIR/replay.json"
rest s r
[ "$(counter s s0 tx_dropped)" = 0 ] || fail "the link dropped $(counter s s0 tx_dropped) frames: nothing can be compared"
received=$(($(counter r r0 rx_packets) - before))
nfprobe flows -n 0 --json >"$E2E_DIR/xdp.json"
by_tc flows -n 0 --json >"$E2E_DIR/tc.json"
python3 "$E2E_SUPPORT/same_flows.py" "$received" "$E2E_DIR"/{replay,tc,xdp}.json || fail "not the same"
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books of XDP"
by_tc status --json | python3 "$E2E_SUPPORT/books.py" check || fail "the books of tc"
say "ok: ${#captures[@]} captures, $received packets"
