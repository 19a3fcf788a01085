#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 1-in-N, by chance and by counting, as nfdump scales it from IPFIX and NetFlow v9: totals are those of what was sent within
# the error that docs/sampling.md states, and the books close. `auto`: N rises in a flood and falls to 1 after it.
. "$(dirname "$0")/lib.sh"
e2e_begin nfdump
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet

flood() { # packets, seed
	in_ns s timeout 300 python3 "$E2E_SUPPORT/flood.py" send s0 "$1" 500 "$2"
}

# estimate SEEN ESTIMATE RATE WHAT: 4.5 standard deviations.
estimate() {
	python3 - "$@" <<'PY' || fail "$4: $2 instead of $1, at 1 in $3"
import sys
seen, estimate, rate = (int(a) for a in sys.argv[1:4])
sys.exit((estimate - seen) ** 2 > 4.5 ** 2 * seen * (rate - 1))
PY
}

collected() { records sum "$E2E_DIR/$1" | cut -d' ' -f1; }

balance() { # name: of the status in a file
	status >"$E2E_DIR/$1.json"
	python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/$1.json" || fail "$1: the books do not balance"
}

# json_sum FILE KEY: packets of all records, each times its rate; or the highest rate.
json_sum() {
	python3 - "$@" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
rates = [r.get("samplingInterval", 1) for r in rows]
print(max(rates) if sys.argv[2] == "rate" else sum(r["packetDeltaCount"] * n for r, n in zip(rows, rates)))
PY
}

# fixed MODE N PACKETS
fixed() {
	local name=$1-$2 seen recorded
	E2E_INTERVAL=2s conf nfprobe <<YAML
interfaces:
  - { match: r0, sampling: $2, sampling_mode: $1 }
collectors:
  - { name: ipfix, endpoint: "udp://127.0.0.1:9995", kind: nfdump }
  - { name: v9, endpoint: "udp://127.0.0.1:9996", protocol: netflow9, kind: nfdump }
  - { name: plain, endpoint: "udp://127.0.0.1:9997" }
  - { name: json, protocol: json, endpoint: "file://$E2E_DIR/$name.lines" }
YAML
	nfcapd_start r "$name-ipfix" 9995
	nfcapd_start r "$name-v9" 9996
	nfcapd_start r "$name-plain" 9997
	nfprobe_start r 1 --flush
	[ "$(status | books 'h("r0", "ingress")["sampling"]')" = "$2" ] || fail "$name: the rate is not in the status"
	flood "$3" "$2"
	rest s r
	nfprobe_stop
	nfcapd_stop r "$name-ipfix" 9995
	nfcapd_stop r "$name-v9" 9996
	nfcapd_stop r "$name-plain" 9997
	balance "$name"
	seen=$(books 'h("r0", "ingress")["seen"]' <"$E2E_DIR/$name.json")
	recorded=$(books 'h("r0", "ingress")["recorded"]' <"$E2E_DIR/$name.json")
	[ "$seen" -ge "$3" ] || fail "$name: $seen seen, $3 sent"
	[ "$(books 'h("r0", "ingress")["lost"]["unsampled"]' <"$E2E_DIR/$name.json")" = $((seen - recorded)) ] ||
		fail "$name: not all that is missing is unsampled: $(cat "$E2E_DIR/$name.json")"
	for output in ipfix v9 plain; do
		[ "$(collected "$name-$output")" = $((recorded * $2)) ] ||
			fail "$name: nfdump has $(collected "$name-$output") by $output, not $2 times $recorded"
	done
	[ "$(json_sum "$E2E_DIR/$name.lines" sum)" = $((recorded * $2)) ] || fail "$name: JSON"
	estimate "$seen" $((recorded * $2)) "$2" "$name"
	nfprobe detach >/dev/null
	say "ok: $1, 1 in $2: $seen packets, nfdump shows $((recorded * $2)) by IPFIX and NetFlow v9"
}

fixed random 10 40000
fixed deterministic 10 40000
[ -z "${NFPROBE_FULL-}" ] || fixed random 100 400000

E2E_INTERVAL=1s conf nfprobe <<YAML
interfaces:
  - { match: r0, sampling: auto, sampling_budget: 500 }
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995", kind: nfdump }
  - { name: scaled, endpoint: "udp://127.0.0.1:9996", sampling: scale }
  - { name: json, protocol: json, endpoint: "file://$E2E_DIR/auto.lines" }
YAML
nfcapd_start r auto 9995
nfcapd_start r scaled 9996
nfprobe_start r 1 --flush
rate() { status | books 'h("r0", "ingress")["sampling"]'; }
sampled() { [ "$(rate)" -gt 1 ]; }
calm() { [ "$(rate)" = 1 ]; }
calm || fail "auto begins at $(rate)"
start s flood python3 "$E2E_SUPPORT/flood.py" send s0 100000000 500 1
wait_for 60 "N to rise" sampled
unsampled() { [ "$(status | books 'h("r0", "ingress")["lost"]["unsampled"]')" -gt 2000 ]; }
wait_for 60 "packets to be left out" unsampled
say "ok: in a flood 1 in $(rate)"
stop flood || true
wait_for 60 "N to fall" calm
rest s r
nfprobe_stop
nfcapd_stop r auto 9995
nfcapd_stop r scaled 9996
balance auto
seen=$(books 'h("r0", "ingress")["seen"]' <"$E2E_DIR/auto.json")
sum=$(json_sum "$E2E_DIR/auto.lines" sum)
estimate "$seen" "$sum" "$(json_sum "$E2E_DIR/auto.lines" rate)" "auto"
for output in auto scaled; do
	[ "$(collected "$output")" = "$sum" ] || fail "$output: nfdump has $(collected "$output"), records stand for $sum"
done
say "ok: auto: $seen packets, nfdump shows $sum, N was up to $(json_sum "$E2E_DIR/auto.lines" rate)"
