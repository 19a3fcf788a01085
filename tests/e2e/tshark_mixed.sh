#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 100000 records of mixed kinds in each protocol that tshark dissects: IPFIX over UDP, IPFIX over TCP with biflows, IPFIX with
# enrichment's texts, NetFlow v9. Nothing is malformed, there is no expert message, no Set without its template, no gap in a
# sequence, and the packets add up to those of the books. That tshark sees a gap is tried, too.
. "$(dirname "$0")/lib.sh"
e2e_begin tshark editcap tcpdump sqlite3
need_nfprobe

RECORDS=100000
ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
in_ns r ip link set r0 alias "Zürich, to \"s\""
chain_quiet
db=$E2E_DIR/enrichment.db
"$NFPROBE" enrich create -d "$db" || fail "enrich create"
sqlite3 -cmd '.timeout 10000' "$db" "
	INSERT INTO prefix(cidr, as_number, as_name, country, city, site, customer) VALUES
		('10.0.0.0/8', 64500, 'ONE', 'DE', 'München', '', 'Müller & Söhne'), ('172.16.0.0/12', 4200000001, 'TWO', 'JP', '東京', 'rack 7', ''),
		('2001:db8::/32', 64501, '$(printf 'x%.0s' $(seq 255))', 'FR', 'Besançon', 'b', 'c');
	INSERT INTO host(address, name) VALUES ('172.16.7.1', 'seven.example.net'), ('2001:db8:ffff::7', 'sieben.example.net');"
for n in 1 2 3; do ipfix_start r sink$n udp 999$n 8000000; done
ipfix_start r stream tcp 9994
conf nfprobe <<YAML
enrichment: { database: $db }
interfaces:
  - { match: r0, decapsulate: [all] }
collectors:
  - { name: plain, endpoint: "udp://127.0.0.1:9991", template_refresh: { interval: 1s } }
  - { name: texts, endpoint: "udp://127.0.0.1:9992", template_set: enriched, mtu: 1200 }
  - { name: nine, endpoint: "udp://127.0.0.1:9993", protocol: netflow9, template_refresh: { interval: 1s } }
  - { name: biflow, endpoint: "tcp://127.0.0.1:9994", biflow: true }
YAML
# Room for a burst: a slot of the ring holds a packet of the longest that there can be.
in_ns r ip link set lo mtu 1500
offloads r lo off
for n in 1 2 3; do
	start r wire$n tcpdump -Z root -i lo -s 2000 -U --immediate-mode -B 65536 -w "$E2E_DIR/wire$n.pcap" "port 999$n"
	wait_for 30 "tcpdump to listen" grep -q "listening on" "$E2E_DIR/wire$n.log"
done
nfprobe_start r 1 --flush

sent=0
while [ "$(status | books 's["daemon"]["records"]')" -lt $RECORDS ]; do
	sent=$((sent + $(in_ns s python3 "$E2E_SUPPORT/mixed.py" s0 30000)))
	drained() { [ "$(status | books 's["recorded"]')" = $sent ]; }
	wait_for 60 "$sent packets to be in records" drained
done
rest s r
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books"
for n in 1 2 3; do capture_stop wire$n; done
wait_for 30 "the stream to end" stream_ended r 9994

# judged FILE: line "complaints messages packets records" of tshark's.
judged() {
	tshark -n -r "$E2E_DIR/$1" -d udp.port==9991-9993,cflow -o cflow.max_template_fields:0 \
		-Y 'cflow || _ws.malformed' -T fields -E aggregator=, -e _ws.expert.message -e _ws.malformed -e cflow.no_template_found \
		-e cflow.unexpected_sequence_number -e cflow.flowset_id -e cflow.packets 2>"$E2E_DIR/tshark.err" |
		awk -F'\t' '
			{ bad = $1 $2 $3 $4; n = split($5, ids, ","); for (i = 1; i <= n; i++) if (ids[i] > 3 && ids[i] < 256) bad = bad " set " ids[i] }
			bad != "" { complaints++; if (complaints < 4) print "message " NR ": " bad >"/dev/stderr" }
			{ n = split($6, counts, ","); records += n; for (i = 1; i <= n; i++) packets += counts[i] }
			END { print complaints + 0, NR, packets + 0, records + 0 }'
}
# A stream as it arrived is a file of IPFIX (RFC 5655). Captured, tshark would read segments twice that were sent twice.
for source in plain=wire1.pcap texts=wire2.pcap nine=wire3.pcap biflow=stream/001.ipfix; do
	name=${source%=*}
	read -r complaints messages packets records < <(judged "${source#*=}" 2>"$E2E_DIR/$name.complaints")
	[ "$complaints" = 0 ] || fail "$name: $complaints complaints of tshark's: $(cat "$E2E_DIR/$name.complaints")"
	[ "$packets" = "$sent" ] || fail "$name: tshark decodes $packets packets of $sent"
	[ "$records" -ge $RECORDS ] || fail "$name: only $records records"
	say "ok: $name: $records counts in $messages frames, $packets packets, no complaint"
done
editcap "$E2E_DIR/wire1.pcap" "$E2E_DIR/gap.pcap" 100-101 2>/dev/null
read -r complaints _ < <(judged gap.pcap 2>/dev/null)
[ "$complaints" -gt 0 ] || fail "tshark is blind: a message that is missing is no complaint"
say "ok: a message taken out is a complaint"
