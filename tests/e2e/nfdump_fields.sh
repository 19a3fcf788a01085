#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What nfdump shows of a record beside the counts, by IPFIX and by NetFlow v9, row by row of what was sent in both
# directions: VLAN ids before and behind, MAC addresses, ICMP type and code, names of interfaces, AS numbers of the
# enrichment database, prefix lengths and networks of the kernel's routing table; and the sampling rate, 1 in 1 too.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump sqlite3
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
in_ns r ip link set r0 alias "uplink to s"
for route in 10.10.0.0/16 10.10.1.0/24 10.10.2.2/32 fd0a::/16 fd0a:2::/32 fd0a:2::2/128; do
	in_ns r ip route add $route dev r0
done
chain_quiet
db=$E2E_DIR/enrichment.db
"$NFPROBE" enrich create -d "$db" || fail "enrich create"
sqlite3 -cmd '.timeout 10000' "$db" "INSERT INTO prefix(cidr, as_number, as_name) VALUES
	('10.10.0.0/16', 64500, 'ONE'), ('10.10.2.2/32', 4200000001, 'TWO'), ('fd0a::/16', 64501, 'SIX'), ('fd0a:2::2/128', 4200000002, 'END')"
nfcapd_start r ten
nfcapd_start r nine 9996

mkdir "$E2E_DIR/templates"
python3 - >"$E2E_DIR/templates/judged.yaml" <<'PY'
common = ("flowStartMilliseconds flowEndMilliseconds octetDeltaCount packetDeltaCount ingressInterface egressInterface"
          " flowDirection protocolIdentifier ipClassOfService bgpSourceAsNumber bgpDestinationAsNumber"
          " sourceMacAddress destinationMacAddress").split()
link = {"qinq_out": (["cvlan", "egress_vlan"], ["vlanId", "dot1qVlanId", "dot1qCustomerVlanId", "postVlanId", "postDot1qVlanId"]),
        "vlan_out": (["egress_vlan"], ["vlanId", "dot1qVlanId", "postVlanId", "postDot1qVlanId"]),
        "qinq": (["cvlan"], ["vlanId", "dot1qVlanId", "dot1qCustomerVlanId"]),
        "vlan": (["vlan"], ["vlanId", "dot1qVlanId"]), "mac": ([], [])}
print("templates:")
for version in "46":
    ip = [f"{side}IPv{version}{what}" for what in ("Address", "PrefixLength") for side in ("source", "destination")]
    kinds = {f"icmp{version}": [f"icmpTypeCodeIPv{version}", "sourceTransportPort", "destinationTransportPort"],
             "tcp": ["sourceTransportPort", "destinationTransportPort", "tcpControlBits"],
             "ports": ["sourceTransportPort", "destinationTransportPort"], "protocol": []}
    for kind, fields in kinds.items():
        for name, (needs, ids) in link.items():
            need = [f"ipv{version}", kind, "mac", "places", "prefixes"] + needs
            print(f"  - {{ name: ipv{version}-{kind}-{name}, need: [{', '.join(need)}],"
                  f" fields: [{', '.join(common + ip + fields + ids)}] }}")
print("  - { name: timed, need: [times], fields: [flowStartMilliseconds, flowEndMilliseconds, octetDeltaCount, packetDeltaCount,"
      " ingressInterface, egressInterface, flowDirection] }")
print("  - { name: rest, need: [always], fields: [octetDeltaCount, packetDeltaCount] }")
PY
conf nfprobe <<YAML
templates: $E2E_DIR/templates
enrichment: { database: $db, routes: true }
interfaces:
  - { match: r0, direction: both }
collectors:
  - { name: ten, endpoint: "udp://127.0.0.1:9995", kind: nfdump, template_set: judged }
  - { name: nine, endpoint: "udp://127.0.0.1:9996", kind: nfdump, protocol: netflow9, template_set: judged }
YAML
nfprobe_start r 2 --flush
frames s s0 ingress --times 2
frames r r0 egress --times 3
rest s r
nfprobe_stop

cat >"$E2E_DIR/judge.py" <<'PY'
"""judge.py INGRESS EGRESS IFINDEX <rows of nfdump: each flow that was sent is there with every column as meant"""
import json, sys
COLUMNS = "sa da pr sp dp it ic dir svln dvln ismc idmc osmc odmc inam onam in out sas das smk dmk sn dn pkt byt".split()
index, seen, faults = sys.argv[3], {}, []
for line in sys.stdin:
    row = dict(zip(COLUMNS, (column.strip() for column in line.split("|"))))
    if row["sa"] != "0.0.0.0":  # what is no IP
        row["key"] = (row["sa"], row["da"], row["pr"], row["sp"], row["dp"], row["dir"])
        seen.setdefault(row["key"], []).append(row)

def prefixes(flow, side):
    address = flow["src" if side == "s" else "dst"]
    if ":" in address:
        return "128" if address == "fd0a:2::2" else "32" if address.startswith("fd0a:2:") else "16"
    return "32" if address == "10.10.2.2" else "24" if address.startswith("10.10.1.") else "16"

def number(flow, side):
    address = flow[side]
    return {"10.10.2.2": "4200000001", "fd0a:2::2": "4200000002"}.get(address, "64501" if ":" in address else "64500")

def check(flow, direction):
    icmp = flow["proto"] in (1, 58)
    key = (flow["src"], flow["dst"], str(flow["proto"]), "0" if icmp else str(flow["sport"]),
           f"{flow['dport'] >> 8}.{flow['dport'] & 255}" if icmp else str(flow["dport"]), direction)
    rows = seen.pop(key, [])
    if not rows:
        faults.append(f"{flow['name']}, direction {direction}: no row {key}")
        return
    want = {
        "svln": str(flow["vlan"]), "dvln": str(flow["vlan"]) if direction == "E" else "0",
        "ismc": flow["smac"], "idmc": flow["dmac"],
        "inam": "uplink to s" if direction == "I" else "", "onam": "uplink to s" if direction == "E" else "",
        "in": index if direction == "I" else "0", "out": index if direction == "E" else "0",
        "sas": number(flow, "src"), "das": number(flow, "dst"), "smk": prefixes(flow, "s"), "dmk": prefixes(flow, "d")}
    if icmp:
        want.update(it=str(flow["dport"] >> 8), ic=str(flow["dport"] & 255))
    for row in rows:
        for column, value in want.items():
            if row[column] != value:
                faults.append(f"{flow['name']}, direction {direction}: {column} is \"{row[column]}\", not \"{value}\"")
    for column, name in (("pkt", "packets"), ("byt", "octets")):
        if sum(int(row[column]) for row in rows) != flow[name]:
            faults.append(f"{flow['name']}, direction {direction}: {column} is {[row[column] for row in rows]}, not {flow[name]}")

for path, direction in ((sys.argv[1], "I"), (sys.argv[2], "E")):
    for flow in json.load(open(path)):
        if flow["proto"] is not None:
            check(flow, direction)
faults += [f"nobody sent {key}" for key in seen]
print("\n".join(faults))
sys.exit(bool(faults))
PY
for name in ten nine; do
	port=9995
	[ $name = ten ] || port=9996
	nfcapd_stop r $name $port
	columns=$(python3 -c 'import re, sys; print(re.search("COLUMNS = \"(.*)\"", open(sys.argv[1]).read()).group(1))' "$E2E_DIR/judge.py")
	# shellcheck disable=SC2086 # words
	nfdump -6 -q -N -R "$E2E_DIR/$name" -o "fmt:$(printf '%%%s|' $columns)" >"$E2E_DIR/$name.rows"
	python3 "$E2E_DIR/judge.py" "$E2E_DIR/ingress.json" "$E2E_DIR/egress.json" "$(ifindex r r0)" \
		<"$E2E_DIR/$name.rows" >"$E2E_DIR/$name.faults" ||
		fail "$name: $(head -n 12 "$E2E_DIR/$name.faults"; grep -m 1 10.10.9.1 "$E2E_DIR/$name.rows")"
	say "ok: $name: $(wc -l <"$E2E_DIR/$name.rows") rows, every column as meant"
	nfdump -E "$E2E_DIR/$name"/nfcapd.2* >"$E2E_DIR/$name.exporters"
	grep -q 'packet interval: 1,' "$E2E_DIR/$name.exporters" || fail "$name: no sampler: $(cat "$E2E_DIR/$name.exporters")"
	say "ok: $name: sampling 1:1"
done
