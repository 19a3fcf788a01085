#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The database of facts under a running nfprobe, on a disk that is full, in an import that is killed, beyond its limits, on a
# disk that nobody may write, and replaced there: what was read holds, no record goes without it, the next good state is taken.
. "$(dirname "$0")/lib.sh"
e2e_begin sqlite3 jq
need_nfprobe

disk=$E2E_DIR/disk
mkdir "$disk"
mount -t tmpfs -o size=4m nfpt "$disk" || skip "cannot mount a tmpfs"
E2E_DISKS+=("$disk")
db=$disk/enrichment.db
enrich() { "$NFPROBE" enrich "$@" -d "$db"; }
sql() { sqlite3 -cmd '.timeout 10000' "$db" "$1"; }
enrich create
sql "INSERT INTO prefix(cidr, as_number) VALUES('10.9.1.0/24', 64500)"

ns_add s r
link s s0 02:1f:00:00:00:01 r r0 02:1f:00:00:00:02
address s s0 1 1
address r r0 1 2
neighbour s s0 1 2
neighbour r r0 1 1
chain_quiet
run_with() {
	conf nfprobe <<-YAML
	enrichment: { database: $1 }
	interfaces: [ { match: r0 } ]
	collectors: [ { name: json, endpoint: "file://$E2E_DIR/records.json", protocol: json } ]
	YAML
	nfprobe_start r 1 --flush
}
run_with "$db"

packet() { in_ns s python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.9.1.2", int(sys.argv[1])))' "$1"; }
record() { grep -h "\"destinationTransportPort\": *$1[,}]" "$E2E_DIR/records.json" | head -n 1; }
has_record() { [ -n "$(record "$1")" ]; }
enrichment() { status | jq -r ".enrichment.$1"; }
in_force() { [ "$(enrichment error)" = null ] && [ "$(enrichment generation)" -gt "$1" ]; }
port=2000
# number_is AS: of a packet that is sent now.
number_is() {
	local got
	packet $((++port))
	wait_for 60 "the record of port $port" has_record $port
	got=$(record $port | jq .bgpSourceAsNumber)
	[ "$got" = "$1" ] || fail "the AS is $got, not $1"
}
# taken WHAT SQL AS: a commit is in force, and in the next records.
taken() {
	local before
	before=$(enrichment generation)
	sql "$2"
	wait_for 60 "$1" in_force "$before"
	number_is "$3"
	say "ok: $1"
}
number_is 64500

# --- a disk that gets full: the import changes nothing, nfprobe does not even see it; then a small commit is taken
routes() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "10.%d.%d.0/24|64501\n", i / 256, i % 256 }'; }
sql .dump >"$E2E_DIR/before"
generation=$(enrichment generation)
routes 65536 | enrich import routes - --source routes >"$E2E_DIR/full.log" 2>&1 && fail "imported on a full disk"
grep -q 'nothing was changed: .*full' "$E2E_DIR/full.log" || fail "the import says: $(cat "$E2E_DIR/full.log")"
number_is 64500
[ "$(enrichment error)" = null ] || fail "an error for what was not committed: $(enrichment error)"
[ "$(enrichment generation)" = "$generation" ] || fail "something was read"
sql .dump | cmp - "$E2E_DIR/before" || fail "a full disk left something behind"
taken "a commit after a full disk" "UPDATE prefix SET as_number = 64502" 64502

# --- an import that is killed half-way
mount -o remount,size=64m "$disk"
sql .dump >"$E2E_DIR/before"
generation=$(enrichment generation)
mkfifo "$E2E_DIR/pipe"
start - import "$NFPROBE" enrich import routes "$E2E_DIR/pipe" --source routes -d "$db"
exec 5>"$E2E_DIR/pipe"
begun() { grep -q rows "$E2E_DIR/import.log" || { routes 65536 >&5; false; }; }
wait_for 60 "the import to begin" begun
stop import KILL || true
exec 5>&-
number_is 64502
[ "$(enrichment error)" = null ] && [ "$(enrichment generation)" = "$generation" ] || fail "a killed import is seen: $(enrichment error)"
sql .dump | cmp - "$E2E_DIR/before" || fail "a killed import left something behind"
taken "a commit after a killed import" "UPDATE prefix SET as_number = 64503" 64503

# --- more rows than there may be
sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001)
	INSERT INTO interface(match, source) SELECT 'x' || i, 'many' FROM n; UPDATE prefix SET as_number = 64504"
told() { enrichment error | grep -q "$1"; }
wait_for 60 "an error about the limit" told 'there are more than 10000 rows of interfaces'
number_is 64503
taken "the same without them" "DELETE FROM interface WHERE source = 'many'" 64504

# --- on a disk that cannot be written, from the start: a database whose readers would share a file if they could; and
# another file in its place, which comes by another way
nfprobe_stop
sql "UPDATE prefix SET as_number = 64505; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
[ "$(sql 'PRAGMA journal_mode')" = wal ] && [ ! -e "$db-wal" ] || fail "not the database that this is about: $(ls "$disk")"
view=$E2E_DIR/view
mkdir "$view"
mount --bind "$disk" "$view"
E2E_DISKS+=("$view")
mount -o remount,bind,ro "$view"
! touch "$view/x" 2>/dev/null || fail "the disk can be written"
db=$view/enrichment.db
run_with "$db"
number_is 64505
[ "$(enrichment error)" = null ] || fail "a database that cannot be written: $(enrichment error)"
nfprobe check | grep -q '^note: enrichment' && fail "check complains of it: $(nfprobe check)"
enrich lookup 10.9.1.1 | grep -q 64505 || fail "lookup on a disk that cannot be written"
say "ok: a disk that cannot be written"
generation=$(enrichment generation)
"$NFPROBE" enrich create -d "$E2E_DIR/new.db"
sqlite3 "$E2E_DIR/new.db" "INSERT INTO prefix(cidr, as_number) VALUES('10.9.1.0/24', 64506); VACUUM INTO '$E2E_DIR/pushed.db'"
cp "$E2E_DIR/pushed.db" "$disk/.pushed"
mv "$disk/.pushed" "$disk/enrichment.db"
wait_for 60 "the file that takes its place" in_force "$generation"
number_is 64506
[ "$(enrichment error)" = null ] || fail "the file that takes its place: $(enrichment error)"
say "ok: replaced on a disk that cannot be written"

rest s r
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"
exported=$(cat "$E2E_DIR"/records* | jq -s 'map(.packetDeltaCount) | add')
[ "$exported" = $((port - 2000)) ] || fail "the records have $exported packets of $((port - 2000)): $(ls "$E2E_DIR")"
say "ok: every packet is in a record"
