#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flows for ntopng, taken by subscribers of ours that read as strictly as ntopng's parser is described: one that comes to
# us, one that we come to, a slow one. Killed and started again, each has every packet, and no number of a message is missing.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
# Debian's own Python has Debian's modules, whatever else is in the PATH.
/usr/bin/python3 -c 'import zmq' 2>/dev/null || skip "python3-zmq is not installed: run scripts/setup"

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: comes, endpoint: "zmq://*:5556", source: 127.0.0.1, retry: 200ms }
  - { name: listens, endpoint: "zmq://127.0.0.1:5557", protocol: ntopng, domain: 2, retry: 200ms }
  - { name: slow, endpoint: "zmq://*:5558", source: 127.0.0.1, domain: 3, retry: 200ms }
YAML

# subscriber NAME connect|bind PORT [PAUSE]
subscriber() {
	# shellcheck disable=SC2086 # it may be absent
	start r "$1" /usr/bin/python3 "$E2E_SUPPORT/ntopng.py" subscribe "$2" "tcp://127.0.0.1:$3" "$E2E_DIR/$1.json" ${4-}
}
look() { python3 "$E2E_SUPPORT/ntopng.py" check "$E2E_DIR/$1.json" >"$E2E_DIR/$1.sum"; }
has() { look "$1" && [ "$(summary_of "$1" "$2")" = "$3" ]; }
summary_of() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2" <"$E2E_DIR/$1.sum"; }
collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }
up() { [ "$(collector "$1" "['up']")" = "$2" ]; }

nfprobe_start r 1 --flush
for name in comes listens slow; do
	wait_for 20 "$name to wait for a subscriber" up $name False
	case $(collector $name "['state']") in *"nobody subscribes"*) ;; *) fail "$name: $(collector $name "['state']")" ;; esac
done
say "ok: $(collector comes "['state']")"

subscriber comes connect 5556
subscriber listens bind 5557
subscriber slow connect 5558 0.02
for name in comes listens slow; do wait_for 30 "the session $name" up $name True; done
frames s s0 sent --times 2
one=$(sent sent)
for name in comes listens slow; do wait_for 60 "$name to have $one packets" has $name packets "$one"; done
say "ok: $one packets at a subscriber that comes, one that listens, a slow one"

# Killed while nothing moves: what is sent meanwhile waits here.
for name in comes listens slow; do
	stop $name KILL || true
	wait_for 40 "the absence of $name" up $name False
done
frames s s0 sent --times 2
subscriber comes connect 5556
subscriber listens bind 5557
subscriber slow connect 5558 0.02
for name in comes listens slow; do wait_for 60 "$name to have all" has $name packets $((2 * one)); done
rest s r
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"
for name in comes listens slow; do
	look $name || fail "$name: $(cat "$E2E_DIR/$name.log")"
	cat "$E2E_DIR/$name.sum"
	[ "$(summary_of $name packets)" = $((2 * one)) ] || fail "$name has $(summary_of $name packets) packets of $((2 * one))"
	[ "$(summary_of $name gaps)" = 0 ] || fail "$name misses messages"
	[ "$(summary_of $name restarts)" = 1 ] || fail "$name saw $(summary_of $name restarts) new sessions, not one"
done
say "ok: killed and started again, $((2 * one)) packets each, no gap"

# Flow by flow: what was sent twice as many times, with flags, VLAN and MAC addresses.
python3 - "$E2E_DIR/sent.json" <(python3 "$E2E_SUPPORT/ntopng.py" records "$E2E_DIR/comes.json") <<'PY' || fail "flows"
import collections, json, sys
sent, got = collections.Counter(), collections.Counter()
for row in json.load(open(sys.argv[1])):
    ip = row["proto"] is not None
    icmp = ip and row["proto"] in (1, 58)
    key = (row["src"], row["dst"], row["proto"] or 0, 0 if icmp else row["sport"] or 0, 0 if icmp else row["dport"] or 0) if ip else None
    sent[key] += 2 * row["packets"]
for row in map(json.loads, open(sys.argv[2])):
    src = row.get("IPV4_SRC_ADDR", row.get("IPV6_SRC_ADDR"))
    icmp = row["PROTOCOL"] in (1, 58)
    key = (src, row.get("IPV4_DST_ADDR", row.get("IPV6_DST_ADDR")), row["PROTOCOL"],
           0 if icmp else row.get("L4_SRC_PORT", 0), 0 if icmp else row.get("L4_DST_PORT", 0))
    got[None if src == "0.0.0.0" else key] += row["IN_PKTS"]
for key in sent.keys() | got.keys():
    if sent[key] != got[key]:
        print(key, "sent", sent[key], "got", got[key])
sys.exit(sent != got)
PY
say "ok: flow by flow"
