#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPFIX over TLS and DTLS, decoded strictly: packets metered = packets decoded, with mutual authentication, a peer that
# breaks the connection in mid-message, one that is restarted, and faults that the status names.
. "$(dirname "$0")/lib.sh"
e2e_begin openssl nfcapd
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
"$E2E_SUPPORT/certificates" "$E2E_DIR/c"
c=$E2E_DIR/c

# peer NAME PORT [OPTIONS...]
peer() {
	local name=$1 port=$2
	shift 2
	start r "$name" python3 "$E2E_SUPPORT/tls_peer.py" "$E2E_DIR/$name" "$c" --port "$port" "$@"
	wait_for 30 "$name to listen" listening r t "$port"
}
dtls_peer() {
	# Both ends of its input are open: it ends with that.
	[ -p "$E2E_DIR/input" ] || mkfifo "$E2E_DIR/input"
	start r "$1" bash -c 'exec openssl s_server -dtls1_2 -accept 127.0.0.1:'"$2"' -cert "$0/server.pem" -key "$0/server.key" \
		-Verify 1 -verify_return_error -CAfile "$0/ca.pem" -quiet >>"$1.ipfix" 2>/dev/null <>"$2"' \
		"$c" "$E2E_DIR/$1" "$E2E_DIR/input"
	wait_for 30 "$1 to listen" listening r u "$2"
}
peer mutual 4741 --want-client
peer broken 4742 --reset-after 8000
peer expired 4743 --certificate expired
dtls_peer dtls 4744
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: mutual, endpoint: "tls://127.0.0.1:4741", mtu: 600, retry: 200ms, tls: { ca: $c/ca.pem, certificate: $c/client.pem, key: $c/client.key } }
  - { name: broken, endpoint: "tls://localhost:4742", mtu: 600, retry: 200ms, tls: { ca: $c/ca.pem } }
  - { name: expired, endpoint: "tls://127.0.0.1:4743", retry: 200ms, tls: { ca: $c/ca.pem } }
  - { name: dtls, endpoint: "dtls://127.0.0.1:4744", tls: { ca: $c/ca.pem, certificate: $c/client.pem, key: $c/client.key } }
YAML
nfprobe_start r 1 --flush

collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }
is_up() { [ "$(collector "$1" "['up']")" = True ]; }
says() { collector "$1" "['state']" | grep -q "$2"; }
got() { [ "$(collector "$1" "['packets']")" = "$2" ]; }
for name in mutual dtls; do wait_for 30 "$name to be up" is_up $name; done
wait_for 30 "the expired certificate to be told" says expired 'has expired'
say "ok: $(collector expired "['state']")"

frames s s0 sent --times 3
one=$(sent sent)
for name in mutual dtls; do wait_for 30 "$name to have it" got $name "$one"; done
# Each session of `broken` takes some messages and is reset within one: what is not known to have arrived comes again.
complete() {
	stop broken || true
	peer broken 4742
}
wait_for 30 "a second session" eval '[ "$(collector broken "['"'sessions'"']")" -ge 2 ]'
complete
all_there() {
	python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/broken/*.ipfix 2>/dev/null | python3 -c '
import json, sys
flows = {}
for line in sys.stdin:
    r = json.loads(line)
    flows[r["flowId"]] = r["packetDeltaCount"]
sys.exit(sum(flows.values()) != int(sys.argv[1]))' "$one"
}
wait_for 60 "every flow to arrive" all_there
say "ok: connections reset in mid-message: every flow arrived"

# A restarted DTLS collector: ICMP tells, a new session begins with numbers from 0 and templates.
stop dtls KILL || true
mv "$E2E_DIR/dtls.ipfix" "$E2E_DIR/dtls-1.ipfix"
gone() { ! listening r u 4744; }
wait_for 30 "the old one to be gone" gone
frames s s0 lost --times 1
wait_for 30 "the loss to be noticed" says dtls refused
dtls_peer dtls 4744
wait_for 30 "a new session" is_up dtls
frames s s0 more --times 2
more=$(sent more)
has_more() { [ "$(python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR/dtls.ipfix" 2>/dev/null | sed 's/.*"packets": \([0-9]*\).*/\1/')" -ge "$more" ]; }
wait_for 60 "the restarted collector to have it" has_more
rest s r
nfprobe_stop
wait_for 30 "the last session to end" grep -q '^end 1 clean' "$E2E_DIR/mutual.log"
grep -q 'up 1 TLSv1.3 client' "$E2E_DIR/mutual.log" || fail "mutual authentication"

python3 "$E2E_SUPPORT/ipfix.py" check --connection "$E2E_DIR"/mutual/*.ipfix >"$E2E_DIR/mutual.json" || fail "the TLS stream"
all=$((one + $(sent lost) + more))
[ "$(summary mutual packets)" = $all ] || fail "TLS: $(summary mutual packets) packets of $all"
say "ok: TLS: $all packets metered, $all decoded"
python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR/dtls-1.ipfix" >"$E2E_DIR/dtls-1.json" || fail "the first DTLS session"
[ "$(summary dtls-1 packets)" = "$one" ] || fail "DTLS: $(summary dtls-1 packets) packets of $one"
[ "$(summary dtls-1 longest)" -le 1307 ] || fail "DTLS: messages of $(summary dtls-1 longest) octets"
python3 "$E2E_SUPPORT/ipfix.py" check "$E2E_DIR/dtls.ipfix" >"$E2E_DIR/dtls-2.json" || fail "the second DTLS session"
say "ok: DTLS: $one packets metered, $one decoded; $(summary dtls-2 packets) in the session after the restart"
