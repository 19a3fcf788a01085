#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Facts in records, live: what is imported and inserted while nfprobe runs is in the next records, in nfdump (numbers of
# ASes) and in JSON (names). A database that breaks, is locked, replaced, of the future or away changes nothing and is told.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd nfdump sqlite3 jq
need_nfprobe

ns_add s r
link s s0 02:1e:00:00:00:01 r r0 02:1e:00:00:00:02
address s s0 1 1
address r r0 1 2
neighbour s s0 1 2
neighbour r r0 1 1
chain_quiet
db=$E2E_DIR/enrichment.db
enrich() { "$NFPROBE" enrich "$@" -d "$db"; }
sql() { sqlite3 -cmd '.timeout 10000' "$db" "$1"; }
enrich create

# The set of fields that a collector gets: AS numbers for nfdump.
mkdir "$E2E_DIR/templates"
cat >"$E2E_DIR/templates/as.yaml" <<'YAML'
templates:
  - name: as4
    need: [ipv4, ports, places]
    fields: [flowStartMilliseconds, flowEndMilliseconds, sourceIPv4Address, destinationIPv4Address, sourceTransportPort,
             destinationTransportPort, protocolIdentifier, packetDeltaCount, octetDeltaCount, bgpSourceAsNumber,
             bgpDestinationAsNumber]
  - name: rest
    need: [always]
    fields: [packetDeltaCount, octetDeltaCount]
YAML
conf nfprobe <<YAML
templates: $E2E_DIR/templates
enrichment: { database: $db }
interfaces: [ { match: r0 } ]
collectors: [ { name: nf, endpoint: "udp://127.0.0.1:9995", template_set: as } ]
YAML
nfcapd_start r nf
start r nfprobe "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml" --json
E2E_PROBE_NS=r E2E_HOOKS=1
wait_for 30 "nfprobe to attach" nfprobe_attached
json=$E2E_DIR/nfprobe.log

# packet PORT: one, to a port that tells it from all others; record_of PORT: its line of JSON.
packet() { in_ns s python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.9.1.2", int(sys.argv[1])))' "$1"; }
record_of() { grep -h "\"destinationTransportPort\": *$1[,}]" "$json" | grep '^{' | head -n 1; }
has_record() { [ -n "$(record_of "$1")" ]; }
# fact PORT NAME: of a packet that is sent now.
fact() {
	packet "$1"
	wait_for 60 "the record of the packet to port $1" has_record "$1"
	record_of "$1" | jq -r ".$2"
}
enrichment() { status | jq -r ".enrichment.$1"; }
in_force() { [ "$(enrichment error)" = null ] && [ "$(enrichment generation)" -gt "$1" ]; }
told() { enrichment error | grep -qE "$1"; }
expect_fact() { local got; got=$(fact "$1" "$2"); [ "$got" = "$3" ] || fail "$2 is \"$got\", not \"$3\": $(record_of "$1")"; }

# --- built-in facts, and the interface's name
expect_fact 4739 applicationName ipfix
record_of 4739 | jq -e '.interfaceName == "r0" and .bgpSourceAsNumber == 0 and .sourceAsName == "Private-Use"' >/dev/null ||
	fail "built-in facts: $(record_of 4739)"
say "ok: built-in facts"

# --- an import of a file of a public format, and one INSERT: in the records of the next bucket
generation=$(enrichment generation)
printf '10.9.1.1\t10.9.1.1\t64500\tDE\tEXAMPLE-ONE\n10.9.1.2\t10.9.1.3\t64501\tFR\tEXAMPLE-TWO\n' >"$E2E_DIR/ip2asn.tsv"
enrich import ip2asn "$E2E_DIR/ip2asn.tsv" --source ip2asn >/dev/null
wait_for 30 "the import to be in force" in_force "$generation"
expect_fact 2001 bgpSourceAsNumber 64500
record_of 2001 | jq -e '.sourceAsName == "EXAMPLE-ONE" and .bgpDestinationAsNumber == 64501 and .sourceCountry == "DE"' >/dev/null ||
	fail "imported: $(record_of 2001)"
generation=$(enrichment generation)
sql "INSERT INTO prefix(cidr, as_number, as_name, customer) VALUES('10.9.1.1/32', 64510, 'BY-HAND', 'Example Ltd')"
wait_for 30 "the INSERT to be in force" in_force "$generation"
expect_fact 2002 bgpSourceAsNumber 64510
record_of 2002 | jq -e '.sourceAsName == "BY-HAND" and .sourceCustomer == "Example Ltd" and .sourceCountry == "DE"' >/dev/null ||
	fail "inserted: $(record_of 2002)"
generation=$(enrichment generation)
sql "INSERT INTO host(address, name) VALUES('10.9.1.2', 'router.example'); INSERT INTO interface(match, alias, role) VALUES('r*', 'to s', 'edge');
	INSERT INTO service(protocol, port_first, name, application_id) VALUES('udp', 2003, 'ours', 100663297)"
wait_for 30 "hosts, services and interfaces to be in force" in_force "$generation"
expect_fact 2003 destinationHostName router.example
record_of 2003 | jq -e '.applicationName == "ours" and .applicationId == 100663297 and .interfaceDescription == "to s" and .ingressInterfaceRole == "edge"' \
	>/dev/null || fail "other tables: $(record_of 2003)"
say "ok: import and INSERT"

# --- whatever becomes of the file, what was read holds, and it is told
port=2100
holds() { # WHAT PATTERN
	wait_for 60 "an error about $1" told "$2"
	expect_fact $((++port)) bgpSourceAsNumber 64510
	nfprobe status | grep -qE "$2" || fail "status does not tell of $1"
}
heals() {
	wait_for 60 "$1 to heal" in_force "$2"
	expect_fact $((++port)) bgpSourceAsNumber "${3-64510}"
	say "ok: $1"
}
generation=$(enrichment generation)
mv "$db" "$db.aside"
holds "a file that is missing" 'No such file'
mv "$db.aside" "$db"
heals "a file that was missing" "$generation"

generation=$(enrichment generation)
sql 'PRAGMA user_version = 99'
holds "a schema of the future" 'version 99'
sql 'PRAGMA user_version = 1'
heals "a schema of the future" "$generation"

generation=$(enrichment generation)
sql "VACUUM INTO '$E2E_DIR/copy.db'"
head -c 6000 /dev/urandom >"$E2E_DIR/noise.db"
mv "$E2E_DIR/noise.db" "$db"
rm -f "$db-wal" "$db-shm"
holds "a damaged file" 'not a database'
mv "$E2E_DIR/copy.db" "$db"
rm -f "$db-wal" "$db-shm"
heals "a damaged file" "$generation"

# A lock: of a database with a rollback journal, where a writer locks readers out.
generation=$(enrichment generation)
mkfifo "$E2E_DIR/lock"
start - locker sh -c 'sqlite3 "$1" <"$2"' - "$db" "$E2E_DIR/lock"
exec 5>"$E2E_DIR/lock"
echo "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; UPDATE prefix SET as_number = 64511 WHERE source = 'manual';" >&5
holds "a locked file" 'locked'
echo "COMMIT;" >&5
exec 5>&-
wait "${E2E_PID[locker]}" || true
unset 'E2E_PID[locker]'
heals "a locked file" "$generation" 64511

# --- a file that takes its place, atomically
generation=$(enrichment generation)
"$NFPROBE" enrich create -d "$E2E_DIR/new.db"
sqlite3 "$E2E_DIR/new.db" "INSERT INTO prefix(cidr, as_number) VALUES('10.9.0.0/16', 64520); PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
mv "$E2E_DIR/new.db" "$db"
heals "a file that takes its place" "$generation" 64520

# --- a malformed row is left out and told, the others count
generation=$(enrichment generation)
sql "INSERT INTO prefix(cidr, as_number) VALUES('10.9.1.1/33', 1), ('10.9.1.1/32', 64530)"
wait_for 30 "the row" in_force "$generation"
expect_fact 2300 bgpSourceAsNumber 64530
[ "$(enrichment left_out)" = 1 ] || fail "left out: $(enrichment left_out)"
grep -q 'cidr .*10.9.1.1/33.* has a length' "$json" || fail "the log does not tell of the row"
say "ok: a malformed row"

# --- nfdump reads the same numbers
rest s r
nfprobe_stop
nfcapd_stop r nf
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"
nfdump -q -R "$E2E_DIR/nf" -o 'fmt:%dp %sas %das' >"$E2E_DIR/nfdump.txt" 2>/dev/null
for row in "2001 64500 64501" "2002 64510 64501" "2300 64530 64520"; do
	tr -s ' ' <"$E2E_DIR/nfdump.txt" | grep -qx " *$row *" || fail "nfdump lacks $row: $(cat "$E2E_DIR/nfdump.txt")"
done
say "ok: nfdump"
