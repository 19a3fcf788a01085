#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe fields: as a table, as JSON, as docs/fields.md; needs no privilege.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib_cli.sh"
: "${NFPROBE:=$here/../../build/release/nfprobe}"

expect 0 '^flowId  *148  *8  *-  ' "$NFPROBE" fields
lines=$(wc -l <<<"$OUT")
expect 0 '^\{"name": "sourceIPv6Address", "pen": 0, "id": 27, "length": 16, "v9": 27, ' "$NFPROBE" fields --json
[ "$(wc -l <<<"$OUT")" = $((lines - 1)) ] || { echo "table and JSON have not the same rows"; exit 1; }
python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert len({r["name"] for r in rows}) == len(rows) > 30, len(rows)
assert all(len(r["decoded"]) == 8 for r in rows)
assert {r["decoded"]["nfdump"] for r in rows} == {"yes", "no", "options", "misread"}
assert all(r["needs"] and r["help"] and r["length"] > 0 for r in rows)
assert [r["v9"] for r in rows if r["name"] == "ethernetType"] == [None]
' <<<"$OUT"
expect 0 'sourceIPv4Address' "$NFPROBE" fields --markdown
expect 2 '^nfprobe fields: --json or --markdown, not both' "$NFPROBE" fields --json --markdown
expect 2 'one argument too many' "$NFPROBE" fields x
