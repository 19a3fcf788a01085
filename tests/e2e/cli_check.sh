#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe check: every fault at once with its place; needs no privilege.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib_cli.sh"
: "${NFPROBE:=$here/../../build/release/nfprobe}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

expect 0 'nfprobe\.yaml is fine: every interface \(nearest the wire\), a table on standard output$' \
	"$NFPROBE" check -c "$here/../../config/nfprobe.yaml"

cat >good.yaml <<YAML
interval: 5m
interfaces:
  - match: "eth*"
  - match: veth0
    netns: blue
    direction: both
collectors:
  - name: nfdump
    endpoint: udp://127.0.0.1:4739
YAML
expect 2 'one argument too many, did you mean -c good\.yaml\?' "$NFPROBE" check good.yaml
expect 0 '^good\.yaml is fine: 2 interface rules, 1 collector$' "$NFPROBE" check -c good.yaml
expect 0 '^note: memory: at most [0-9]+ MiB: maps 512, reading them 448, records on their way 72, ' \
	"$NFPROBE" check -c good.yaml

cat >bad.yaml <<YAML
intervall: 60s
interval: 60
interfaces:
  - match: eth0
    direction: incoming
    decapsulate: [vxlam]
collectors:
  - name: a
    endpoint: udp:127.0.0.1
  - name: a
    endpoint: udp://127.0.0.1
    protocol: sflow
    template_set: standart
YAML
expect 2 '^bad\.yaml:1:1: unknown key "intervall", did you mean "interval"\?' "$NFPROBE" check -c bad.yaml
cat >wanted <<TEXT
bad.yaml:1:1: unknown key "intervall"
bad.yaml:2:11: interval: "60" lacks a unit
bad.yaml:5:16: direction: "incoming" is no choice
bad.yaml:6:19: decapsulate: "vxlam" is no kind of tunnel, did you mean "vxlan"?
bad.yaml:9:15: endpoint: 
bad.yaml:10:11: name: another collector is called "a"
bad.yaml:12:15: protocol: "sflow" is no export protocol
bad.yaml:13:19: template_set: no template set "standart", did you mean "standard"?
TEXT
[ "$(wc -l <<<"$OUT")" = "$(wc -l <wanted)" ] || { echo "not these faults: $OUT"; exit 1; }
paste -d '\n' wanted <(cat <<<"$OUT") | while read -r want && read -r got; do
	case "$got" in "$want"*) ;; *) echo "got  $got"; echo "want $want"; exit 1 ;; esac
done

# What goes over what, one sentence each.
cat >pairs.yaml <<YAML
collectors:
  - { name: a, endpoint: "udp://127.0.0.1", protocol: ntopng }
  - { name: b, endpoint: "zmq://*", protocol: ipfix }
  - { name: c, endpoint: "tcp://127.0.0.1", protocol: netflow9 }
  - { name: d, endpoint: "stdout:", protocol: ipfix }
  - { name: e, endpoint: "udp://127.0.0.1", rotate: { size: 1MiB } }
  - { name: f, endpoint: "zmq://*:5557", mtu: 1420 }
YAML
expect 2 'pairs\.yaml:2:[0-9]+: protocol: ntopng does not go over udp: ntopng takes flows from ZeroMQ; allowed: zmq' \
	"$NFPROBE" check -c pairs.yaml
for fault in '3:47: protocol: ipfix does not go over zmq' '4:55: protocol: netflow9 does not go over tcp' \
	'5:47: protocol: ipfix does not go over stdout' '6:53: rotate: only files are rotated' \
	'7:47: mtu: ntopng needs longer messages'; do
	grep -q "^pairs\.yaml:$fault" <<<"$OUT" || { echo "no $fault in $OUT"; exit 1; }
done
cat >pairs.yaml <<YAML
collectors:
  - { name: a, endpoint: "zmq://*" }
  - { name: b, endpoint: "zmq://ntopng.example:5556" }
  - { name: c, endpoint: "file:///var/lib/flows.ipfix", rotate: { size: 1MiB, interval: 1h, keep: 24 } }
  - { name: d, endpoint: "file:///var/lib/flows.json", protocol: json }
  - { name: e, endpoint: "stdout:" }
  - { name: f, endpoint: "tcp://127.0.0.1:9000", protocol: json }
YAML
expect 0 'every interface \(nearest the wire\), 6 collectors$' "$NFPROBE" check -c pairs.yaml

: >empty.yaml
expect 2 '^empty\.yaml:1:1: there is no option in this file' "$NFPROBE" check -c empty.yaml
printf 'hostname: \xff\n' >latin.yaml
expect 2 '^latin\.yaml:1:11: octet 0xff is not UTF-8' "$NFPROBE" check -c latin.yaml
printf 'interval: [1\n' >broken.yaml
expect 2 '^broken\.yaml:2:1: not valid YAML: ' "$NFPROBE" check -c broken.yaml
expect 2 '^configuration \. cannot be read: Is a directory$' "$NFPROBE" check -c .
expect 2 '^configuration none\.yaml cannot be read: No such file or directory$' "$NFPROBE" check -c none.yaml
expect 2 '^nfprobe check: which file\? nfprobe check -c FILE; ' "$NFPROBE" check
head -c 2000000 /dev/zero | tr '\0' x >large.yaml
expect 2 'larger than 1 MiB' "$NFPROBE" check -c large.yaml

# The database of facts: opened and read as run would; what is wrong with it is told, and is no fault.
facts() { printf 'enrichment: { database: %s }\n' "$dir/$1" >facts.yaml; }
told() { grep -qE -- "$1" <<<"$(tr -s ' \n' ' ' <<<"$OUT")" || { echo "check does not tell \"$1\": $OUT"; exit 1; }; }
facts none.db
expect 0 '^facts\.yaml is fine: ' "$NFPROBE" check -c facts.yaml
told 'note: enrichment\.database: .*/none\.db: it cannot be read \(.*\): No such file or directory; until that is mended, records have built-in facts alone'
head -c 6000 /dev/urandom >noise.db
facts noise.db
expect 0 '^note: enrichment\.database: .*' "$NFPROBE" check -c facts.yaml
told 'noise\.db: .*not a database'
"$NFPROBE" enrich create -d "$dir/good.db"
facts good.db
expect 0 '^facts\.yaml is fine: ' "$NFPROBE" check -c facts.yaml
! grep -q '^note: enrichment' <<<"$OUT" || { echo "a good database is complained of: $OUT"; exit 1; }
if command -v sqlite3 >/dev/null; then
	sqlite3 good.db "INSERT INTO prefix(cidr) VALUES('192.0.2.0/24'), ('192.0.2.1/33'), ('192.0.2.1/24')"
	expect 0 '^facts\.yaml is fine: ' "$NFPROBE" check -c facts.yaml
	told 'good\.db: 2 rows are left out, as they are malformed, the first: prefix row 2: cidr "192\.0\.2\.1/33" has a length'
	sqlite3 good.db 'PRAGMA user_version = 99'
	expect 0 '^facts\.yaml is fine: ' "$NFPROBE" check -c facts.yaml
	told 'good\.db: its schema has version 99'
fi

# The files of TLS, as run would read them.
tls() {
	printf 'collectors:\n  - { name: a, endpoint: "tls://127.0.0.1", tls: { %s } }\n' "$1" >tls.yaml
}
if command -v openssl >/dev/null; then
	"$here/../support/certificates" "$dir/certs"
	tls "ca: $dir/certs/ca.pem, certificate: $dir/certs/client.pem, key: $dir/certs/client.key"
	expect 0 '^tls\.yaml is fine: every interface \(nearest the wire\), 1 collector$' "$NFPROBE" check -c tls.yaml
	tls "ca: $dir/none.pem"
	expect 2 '^tls\.yaml: collector a: tls\.ca: .*/none\.pem: No such file' "$NFPROBE" check -c tls.yaml
	tls "certificate: $dir/certs/client.pem, key: $dir/certs/stranger.key"
	expect 2 'collector a: tls\.key: .* is the key of another certificate' "$NFPROBE" check -c tls.yaml
	chmod 0644 "$dir/certs/client.key"
	tls "certificate: $dir/certs/client.pem, key: $dir/certs/client.key"
	expect 2 'collector a: tls\.key: .* \(mode 0644\): chmod 0600' "$NFPROBE" check -c tls.yaml
	tls "ca: $dir/certs/ca.pem"
	GIO_USE_TLS=dummy expect 2 'install the package glib-networking' "$NFPROBE" check -c tls.yaml
fi
