#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pmacct's nfacctd gets, of real traffic in both protocols, the packets and the octets that were metered; and, with
# nfacctd_account_options, what we tell of ourselves: exported messages, records and octets, what was lost and what was not
# sent, the interface's description and the sampling rate.
. "$(dirname "$0")/lib.sh"
e2e_begin nfacctd nstat
need_nfprobe

chain
in_ns r ip link set ra alias "uplink to a"
traffic_serve b 7000
aggregate=src_host,dst_host,src_port,dst_port,proto,in_iface,export_proto_version,export_proto_sysid,sampling_rate
cat >"$E2E_DIR/flows.conf" <<CONF
daemonize: false
nfacctd_ip: 127.0.0.1
nfacctd_port: 9996
plugins: print[p]
aggregate[p]: $aggregate
print_output[p]: json
print_output_file[p]: $E2E_DIR/flows.json
print_output_file_append[p]: true
print_refresh_time[p]: 1
nfacctd_net: netflow
nfacctd_as: netflow
CONF
cat >"$E2E_DIR/options.map" <<MAP
name=octets field_type=40 len=8 semantics=u_int
name=messages field_type=41 len=8 semantics=u_int
name=records field_type=42 len=8 semantics=u_int
name=ignored field_type=164 len=8 semantics=u_int
name=unsent_records field_type=166 len=8 semantics=u_int
name=unsent_packets field_type=167 len=8 semantics=u_int
name=rate field_type=34 len=4 semantics=u_int
name=description field_type=83 len=64 semantics=str
MAP
sed -e "s/9996/9997/; s/flows.json/options.json/" \
	-e "s/^aggregate.*/aggregate[p]: in_iface,export_proto_version,export_proto_sysid,octets,messages,records,ignored,unsent_records,unsent_packets,rate,description/" \
	"$E2E_DIR/flows.conf" >"$E2E_DIR/options.conf"
printf '%s\n' "nfacctd_account_options: true" "aggregate_primitives: $E2E_DIR/options.map" >>"$E2E_DIR/options.conf"
start r flows setsid nfacctd -f "$E2E_DIR/flows.conf"
start r options setsid nfacctd -f "$E2E_DIR/options.conf"
wait_for 60 "nfacctd to listen" listening r u 9996
wait_for 60 "nfacctd to listen" listening r u 9997
conf nfprobe <<YAML
interfaces:
  - { match: ra, direction: both }
  - { match: rb, direction: both }
collectors:
  - { name: ten, endpoint: "udp://127.0.0.1:9996", kind: pmacct, domain: 10 }
  - { name: nine, endpoint: "udp://127.0.0.1:9996", kind: pmacct, domain: 9, protocol: netflow9 }
  - { name: ten-options, endpoint: "udp://127.0.0.1:9997", kind: pmacct, domain: 10, template_refresh: { interval: 1s } }
  - name: nine-options
    endpoint: udp://127.0.0.1:9997
    kind: pmacct
    domain: 9
    protocol: netflow9
    template_refresh: { interval: 1s }
  - { name: lines, endpoint: "file://$E2E_DIR/metered.json", protocol: json }
YAML
nfprobe_start r 4 --flush
for address in 10.9.4.2 fd09:4::2; do
	traffic a put $address 7000 3000000
	traffic a get $address 7000 2000000
	traffic a udp $address 7000 300 700
	in_ns a ping -q -c 5 -i 0.05 -W 10 $address >/dev/null || fail "ping $address"
done
rest a r b

# What nfacctd prints of the options, once it knows of all records.
told() {
	local all
	all=$(status | books "' '.join(str(c['records']) for c in s['collectors'] if c['name'].endswith('-options'))")
	# shellcheck disable=SC2086 # numbers
	python3 - "$E2E_DIR/options.json" "$(ifindex r ra)" $all <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
index, all_records = int(sys.argv[2]), [int(word) for word in sys.argv[3:]]
number = lambda row, key: int(row.get(key) or 0)
for version, records in zip((10, 9), all_records):
    mine = [row for row in rows if row["export_proto_version"] == version]
    books = [row for row in mine if number(row, "messages")]
    assert any(number(row, "records") == records and number(row, "octets") > 50 * records for row in books), version
    assert not any(number(row, "ignored") or number(row, "unsent_records") for row in mine), version
    assert any(number(row, "rate") == 1 for row in mine), version
    named = {row["iface_in"]: row["description"] for row in mine if row["description"]}
    assert named.get(index) == "uplink to a", named
PY
}
wait_for 60 "the statistics of the exporter" told
say "ok: options data of both versions: statistics of the exporter, interface, sampling"

nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"
cat >"$E2E_DIR/sums.py" <<'PY'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
if sys.argv[2] == "metered":
    rows = [row for row in rows if row.get("packetDeltaCount")]
    print(sum(row["packetDeltaCount"] for row in rows), sum(row["octetDeltaCount"] for row in rows))
else:
    rows = [row for row in rows if row["export_proto_version"] == int(sys.argv[2])]
    print(sum(row["packets"] for row in rows), sum(row["bytes"] for row in rows))
PY
sums() { python3 "$E2E_DIR/sums.py" "$E2E_DIR/$1.json" "$2" 2>/dev/null; }
want=$(sums metered metered)
[ "${want% *}" = "$(status | books 's["recorded"]')" ] || fail "the lines have ${want% *} packets, the books others"
[ "${want% *}" -gt 10000 ] || fail "only ${want% *} packets"
for version in 10 9; do
	same_sums() { [ "$(sums flows "$version")" = "$want" ]; }
	wait_for 60 "nfacctd to print $want of version $version" same_sums
	say "ok: version $version: packets and octets $want, as metered"
done
! grep -hE 'WARN|ERROR' "$E2E_DIR/flows.log" "$E2E_DIR/options.log" | grep -v 'not contain a sample_type' ||
	fail "nfacctd complains"
for name in flows options; do
	kill -INT -- "-${E2E_PID[$name]}" 2>/dev/null
	stop $name INT || true
done
[ "$(sums flows 10) $(sums flows 9)" = "$want $want" ] || fail "more came behind: $(sums flows 10) $(sums flows 9)"
