#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe doctor: what works here and what does not; exit codes 0, 1, 2 and 77; --collector through tshark.
. "$(dirname "$0")/lib.sh"
. "$E2E_TOP/tests/e2e/lib_cli.sh"
e2e_begin setpriv
need_nfprobe

ns_add r
ns_add s
link r r0 02:0a:00:00:0d:01 s s0 02:0a:00:00:0d:02
expect_in r 0 '^ok +interface +r0: ingress by (tcx|clsact)$' "$NFPROBE" doctor
grep -qE '^ok +interface +lo is left out' <<<"$OUT" || fail "lo: $OUT"
grep -qE '^ok +kernel +Linux ' <<<"$OUT" || fail "kernel: $OUT"

ipfix_start r here tcp 4739
conf doctor <<YAML
interfaces:
  - { match: r0, direction: both }
collectors:
  - { name: here, endpoint: "tcp://127.0.0.1:4739", kind: libfixbuf, biflow: true }
  - { name: away, endpoint: "tcp://127.0.0.1:4740", kind: nfdump }
YAML
file=$E2E_DIR/doctor.yaml
expect_in r 1 '^fail +collector +away: tcp://127\.0\.0\.1:4740: .*refused' "$NFPROBE" doctor -c "$file"
grep -qE '^ok +collector +here: tcp://127\.0\.0\.1:4739 answers' <<<"$OUT" || fail "here: $OUT"
grep -qE '^ +-> start it' <<<"$OUT" || fail "no advice: $OUT"
expect_in r 1 '^\{"result":"fail","checks":\[\{"state":"ok"' "$NFPROBE" doctor -c "$file" --json
python3 -c 'import json, sys; json.loads(sys.argv[1])' "$OUT" || fail "no JSON: $OUT"

# One collector: judged by tshark, nothing sent unless asked for.
expect_in r 0 '^warn +fields +nfdump ignores: .*layer2OctetDeltaCount' "$NFPROBE" doctor -c "$file" --collector away
! command -v tshark >/dev/null || grep -qE '^ok +decoder +tshark reads' <<<"$OUT" || fail "tshark: $OUT"
expect_in r 2 'there is no collector "nobody"; the configuration has here, away$' \
	"$NFPROBE" doctor -c "$file" --collector nobody
expect_in r 2 '--send to whom' "$NFPROBE" doctor -c "$file" --send
expect_in r 0 '^ok +sample +sent: 192\.0\.2\.1 > 198\.51\.100\.1, protocol 253' \
	"$NFPROBE" doctor -c "$file" --collector here --send
# The plain questions left connections without a message, which leave no file.
python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR"/here/*.ipfix >"$E2E_DIR/here.records"
[ "$(wc -l <"$E2E_DIR/here.records")" = 1 ] || fail "more than the sample: $(cat "$E2E_DIR/here.records")"
grep -q '"sourceIPv4Address": "192.0.2.1"' "$E2E_DIR/here.records" || fail "the sample"
grep -q '"reversePacketDeltaCount": 1' "$E2E_DIR/here.records" || fail "its other direction"

# Refused by check: a receiver that takes the other direction for the first.
conf wrong <<YAML
collectors:
  - { name: a, endpoint: "udp://127.0.0.1", kind: nfdump, biflow: true }
  - { name: b, endpoint: "udp://127.0.0.1", protocol: netflow9, biflow: true }
YAML
expect 2 'wrong\.yaml:7:[0-9]+: biflow: nfdump takes elements of the other direction' \
	"$NFPROBE" check -c "$E2E_DIR/wrong.yaml"
grep -qE 'wrong\.yaml:8:[0-9]+: biflow: netflow9 has no place' <<<"$OUT" || fail "netflow9: $OUT"

expect_in r 77 '^fail +privileges +metering takes root' setpriv --reuid 65534 --clear-groups --inh-caps -all \
	"$NFPROBE" doctor
say "ok: doctor"
