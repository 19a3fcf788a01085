#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names of interfaces and applications as nfdump shows them, by IPFIX and by NetFlow v9, without a complaint in its log: the
# names that the records have, which are the operator's where he gave some.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump sqlite3 jq
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
nfcapd_start r ten
nfcapd_start r nine 9996
in_ns r ip link set r0 alias "the kernel's word"
facts=$E2E_DIR/facts.db
"$NFPROBE" enrich create -d "$facts" || fail "no database"
sqlite3 "$facts" "INSERT INTO interface(match, alias) VALUES('r*', 'uplink to s')"
mkdir "$E2E_DIR/templates"
cat >"$E2E_DIR/templates/app.yaml" <<'YAML'
templates:
  - name: app4
    need: [ipv4, ports, application]
    fields: [flowStartMilliseconds, flowEndMilliseconds, sourceIPv4Address, destinationIPv4Address, sourceTransportPort,
             destinationTransportPort, protocolIdentifier, packetDeltaCount, octetDeltaCount, ingressInterface, applicationId]
  - name: rest
    need: [always]
    fields: [packetDeltaCount, octetDeltaCount, ingressInterface]
YAML
conf nfprobe <<YAML
templates: $E2E_DIR/templates
enrichment: { database: $facts }
interfaces:
  - { match: r0 }
collectors:
  - { name: ten, endpoint: "udp://127.0.0.1:9995", kind: nfdump }
  - { name: nine, endpoint: "udp://127.0.0.1:9996", kind: nfdump, protocol: netflow9, template_set: app }
YAML
nfprobe_start r 1 --flush
# Applications are told once records have had them, within a second: of buckets a second apart, nfdump can name those of
# the third at the latest.
count() { status | jq '[.collectors[].records] | min'; }
more() { [ "$(count)" -gt "$before" ]; }
for round in first second third; do
	before=$(count)
	frames s s0 ingress --times 2
	wait_for 60 "the $round records" more
done
frames s s0 ingress --times 2
rest s r
nfprobe_stop
for name in ten nine; do
	nfcapd_stop r $name
	nfdump -q -N -R "$E2E_DIR/$name" -o 'fmt:%inam|%in|%pkt' >"$E2E_DIR/$name.names"
	grep -q "uplink to s *| *$(ifindex r r0)|" "$E2E_DIR/$name.names" ||
		fail "$name: nfdump does not name r0: $(head -n 3 "$E2E_DIR/$name.names")"
	grep -v "uplink to s" "$E2E_DIR/$name.names" && fail "$name: flows of another interface"
	! grep -E 'extra bytes|size error|ERROR' "$E2E_DIR/$name.log" || fail "$name: nfcapd complains"
	say "ok: $name"
done
[ "$(records sum "$E2E_DIR/ten")" = "$(records sum "$E2E_DIR/nine")" ] || fail "the two protocols do not sum up alike"
say "ok: both sum up alike"
# By IPFIX nfdump 1.7.1 takes applicationId for another number, so it is not sent.
nfdump -q -N -R "$E2E_DIR/nine" -o 'fmt:%dp|%nbid|%nbnam|' 'proto tcp and dst port 80' >"$E2E_DIR/applications"
# It names what comes behind the table alone, and shows the description behind the name: ours are the same.
grep -q '^ *80| *3\.\.80|http/http|' "$E2E_DIR/applications" || fail "nfdump does not name the application: $(head -n 3 "$E2E_DIR/applications")"
say "ok: applications"
