#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPFIX and NetFlow v9 through pmacct's nfacctd, packet for packet what nfdump got of the same traffic: flows, times, VLAN,
# MAC addresses, interfaces.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump nfacctd
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
nfcapd_start r nf
out=$E2E_DIR/pmacct.json
cat >"$E2E_DIR/pmacct.conf" <<CONF
daemonize: false
nfacctd_ip: 127.0.0.1
nfacctd_port: 9996
plugins: print[p]
aggregate[p]: src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,in_iface,out_iface,src_mac,dst_mac,vlan,timestamp_start,timestamp_end,export_proto_version,sampling_rate
print_output[p]: json
print_output_file[p]: $out
print_output_file_append[p]: true
print_refresh_time[p]: 1
print_num_protos[p]: true
timestamps_since_epoch: true
nfacctd_net: netflow
nfacctd_as: netflow
CONF
start r pmacct setsid nfacctd -f "$E2E_DIR/pmacct.conf"
wait_for 30 "nfacctd to listen" listening r u 9996
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995" }
  - { name: ten, endpoint: "udp://127.0.0.1:9996", kind: pmacct, domain: 10 }
  - { name: nine, endpoint: "udp://127.0.0.1:9996", kind: pmacct, domain: 9, protocol: netflow9 }
YAML
nfprobe_start r 1 --flush
frames s s0 ingress --times 3
rest s r
nfprobe_stop
nfcapd_stop r nf

pmacct() { python3 "$E2E_SUPPORT/pmacct.py" "$@"; }
total=$(pmacct sent "$E2E_DIR/nf")
all_printed() { [ "$(pmacct packets "$out" 10)" = "$total" ] && [ "$(pmacct packets "$out" 9)" = "$total" ]; }
wait_for 60 "nfacctd to print $total packets of each" all_printed
kill -INT -- "-${E2E_PID[pmacct]}" 2>/dev/null
stop pmacct INT || true
for version in 10 9; do
	pmacct compare "$out" $version "$E2E_DIR/nf" >"$E2E_DIR/differences" || fail "version $version: $(head -n 20 "$E2E_DIR/differences")"
	say "ok: version $version"
done

