#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe enrich: create, import, lookup, list, export; what fails changes nothing. Needs no privilege.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib_cli.sh"
: "${NFPROBE:=$here/../../build/release/nfprobe}"
command -v sqlite3 >/dev/null || { echo "SKIP: sqlite3 is not installed: run scripts/setup"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/nfprobe-enrich.XXXXXX")
writer=
trap '[ -z "$writer" ] || kill -KILL "$writer" 2>/dev/null; rm -rf "$dir"' EXIT
db=$dir/enrichment.db
enrich=("$NFPROBE" enrich -d "$db")
sql() { sqlite3 -cmd '.timeout 10000' "$db" "$1"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# --- what an empty place says
expect 1 "$db" "${enrich[@]}" list
expect 0 '' "${enrich[@]}" create
expect 0 '^service +builtin +[0-9]+ +below all$' "${enrich[@]}" list
expect 0 '^as_name +Private-Use$' "${enrich[@]}" lookup 10.1.2.3
grep -q '^from  *built-in facts; no row' <<<"$OUT" || fail "$OUT"
expect 0 '^from +nothing: no row of the database' "${enrich[@]}" lookup 8.8.8.8
[ "$(sql 'PRAGMA user_version')" = 1 ] && [ "$(sql 'PRAGMA journal_mode')" = wal ] || fail "version or mode"

# --- import, by every format of lines
printf '192.0.2.0\t192.0.2.255\t64500\tDE\tEXAMPLE\n198.51.100.0\t198.51.100.7\t0\tNone\tNot routed\n' >"$dir/ip2asn.tsv"
expect 0 '^prefix ip2asn: 1 rows \(before: 0\), 0 given again, 1 without facts, 0 rejected$' \
	"${enrich[@]}" import ip2asn "$dir/ip2asn.tsv" --source ip2asn
printf 'cidr,site,label8\n192.0.2.128/25,"left, right",x\n2001:db8::/32,six,\n10.0.0.0/33,bad,\n' >"$dir/sites.csv"
expect 0 '^line 4: "10.0.0.0/33" has a length that is none of 0 to 32$' "${enrich[@]}" import csv "$dir/sites.csv" --source sites
grep -q '^prefix sites: 2 rows .*1 rejected$' <<<"$OUT" || fail "$OUT"
printf '203.0.113.0/24|64496 64501\n' >"$dir/routes"
expect 0 '^prefix routes: 1 rows' sh -c '"$1" enrich import routes - --source routes -d "$2" <"$3"' - "$NFPROBE" "$db" "$dir/routes"
printf 'address\tname\n192.0.2.129\tgw\n' >"$dir/hosts"
expect 0 '^host hosts: 1 rows' "${enrich[@]}" import tsv "$dir/hosts" --source hosts --priority 7
expect 0 '^host +hosts +1 +7$' "${enrich[@]}" list
expect 0 '^\{"address": "192.0.2.129", "as_number": 64500, "as_name": "EXAMPLE", "country": "DE", "site": "left, right", "host": "gw", "label8": "x"\}$' \
	"${enrich[@]}" lookup 192.0.2.129 --json
expect 0 '^from +host row 1: 192.0.2.129, source hosts, priority 7$' "${enrich[@]}" lookup 192.0.2.129
sql "INSERT INTO prefix(cidr, as_name) VALUES('192.0.2.0/24', 'by hand')"
expect 0 '^as_name +by hand$' "${enrich[@]}" lookup 192.0.2.1

# --- interfaces: of the namespace that it runs in
expect 0 '^1 +lo +-  .* -$' "${enrich[@]}" interfaces
sql "INSERT INTO interface(match, alias, role) VALUES('l?', 'within', 'self')"
expect 0 '^1 +lo +self\* .* within\*$' "${enrich[@]}" interfaces
expect 0 '^\{"domain":0,"ifindex":1,"name":"lo","description":"within","description_from":"database","role":"self","role_from":"database"' \
	"${enrich[@]}" interfaces --json
expect 1 "$dir/none.db: it cannot be read" "$NFPROBE" enrich interfaces -d "$dir/none.db"
expect 2 'usage: nfprobe enrich interfaces' "${enrich[@]}" interfaces lo

# --- export imports again to the same
"${enrich[@]}" export --source sites >"$dir/one.csv"
expect 0 '^prefix sites: 2 rows \(before: 2\), 0 given again, 0 without facts, 0 rejected$' \
	"${enrich[@]}" import csv "$dir/one.csv" --source sites
"${enrich[@]}" export --source sites | cmp - "$dir/one.csv" || fail "exported otherwise"
expect 2 'several sources: name one with --source' "${enrich[@]}" export
expect 1 'table prefix has no source "nobody"' "${enrich[@]}" export --source nobody

# --- nothing is changed by what fails
sql .dump >"$dir/before"
expect 1 'nothing was changed: .*is it a file of this format' "${enrich[@]}" import routes "$dir/hosts" --source routes
expect 1 'nothing was changed: .*does not name the columns' "${enrich[@]}" import csv "$dir/routes" --source routes
expect 1 'nothing was changed: .*nosuch' "${enrich[@]}" import csv "$dir/nosuch" --source routes
expect 1 'nothing was changed: .*' "${enrich[@]}" import mmdb "$dir/hosts" --source routes
expect 2 'there is no format "xml"; allowed: csv, tsv, mmdb, ip2asn, routes' "${enrich[@]}" import xml "$dir/hosts" --source routes
expect 2 'there is no format "ip2asm", did you mean "ip2asn"' "${enrich[@]}" import ip2asm "$dir/hosts" --source routes
expect 1 'mmdb is not read from standard input' "${enrich[@]}" import mmdb - --source routes
expect 1 'there is no row in it' "${enrich[@]}" import routes /dev/null --source routes
printf '\033[2Jcleared|x\n' >"$dir/escapes"
expect 1 '^line 1: " \[2Jcleared" ' "${enrich[@]}" import routes "$dir/escapes" --source routes
expect 1 'enrich create. or .enrich import. makes one\): No such file' "$NFPROBE" enrich list -d "$dir/none.db"
expect 2 '\-\-source NAME is missing' "${enrich[@]}" import csv "$dir/hosts"
expect 2 '"builtin" is no name for a source' "${enrich[@]}" import csv "$dir/sites.csv" --source builtin
expect 2 'usage: nfprobe enrich import FORMAT FILE' "${enrich[@]}" import csv
expect 2 '"impotr" is no verb' "${enrich[@]}" impotr
expect 2 '"x" is no address' "${enrich[@]}" lookup x
expect 2 '--priority: 1000001 is out of range' "${enrich[@]}" list --priority 1000001

# --- killed half-way: it waits for more of its file when it is killed, with rows in its transaction
mkfifo "$dir/pipe"
"${enrich[@]}" import routes "$dir/pipe" --source routes >"$dir/killed.log" 2>&1 &
writer=$!
exec 5>"$dir/pipe"
routes() { awk 'BEGIN { for (i = 0; i < 65536; i++) printf "10.%d.%d.0/24|64502\n", i / 256, i % 256 }'; }
for _ in $(seq 600); do grep -q rows "$dir/killed.log" && break; routes >&5; sleep 0.1; done
grep -q rows "$dir/killed.log" || fail "the import does not begin: $(cat "$dir/killed.log")"
kill -KILL "$writer"
wait "$writer" 2>/dev/null || true
writer=
exec 5>&-
sql .dump | cmp - "$dir/before" || fail "a killed import left something behind"

# --- a full disk, as far as a limit of the file's size is one
(ulimit -f 256; trap '' XFSZ; routes |
	"${enrich[@]}" import routes - --source routes) >"$dir/full.log" 2>&1 && fail "imported on a full disk"
grep -q 'nothing was changed' "$dir/full.log" || fail "$(cat "$dir/full.log")"
sql .dump | cmp - "$dir/before" || fail "a full disk left something behind"

# --- of the future, of something else, damaged
sql 'PRAGMA user_version = 99'
expect 1 'its schema has version 99' "${enrich[@]}" list
expect 1 'its schema has version 99' "${enrich[@]}" import csv "$dir/sites.csv" --source sites
sql 'PRAGMA user_version = 1'
sqlite3 "$dir/other.db" 'CREATE TABLE mine(x)'
expect 1 'a database of something else' "$NFPROBE" enrich import csv "$dir/sites.csv" --source sites -d "$dir/other.db"
[ "$(sqlite3 "$dir/other.db" 'SELECT count(*) FROM sqlite_schema')" = 1 ] || fail "somebody else's database was changed"
cp "$dir/before" "$dir/text.db"
expect 1 'not a database' "$NFPROBE" enrich list -d "$dir/text.db"
echo "ok"
