#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# JSON lines into rotated files, over TCP and to standard output: every packet in every one of them, also after kill -9 with a
# torn line left behind, and after the folder has gone and come back.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
mkdir "$E2E_DIR/flows"
conf nfprobe <<YAML
interfaces:
  - { match: r0 }
collectors:
  - { name: file, protocol: json, endpoint: "file://$E2E_DIR/flows/flows.json", rotate: { interval: 1s, keep: 500 }, retry: 200ms }
  - { name: tcp, protocol: json, endpoint: "tcp://127.0.0.1:4740", retry: 200ms }
  - { name: out, endpoint: "stdout:" }
YAML
ipfix_start r tcp tcp 4740

# packets FILE...: of different records, each line whole and known.
packets() {
	python3 - "$@" <<'PY'
import json, sys
records = {}
for name in sys.argv[1:]:
    for line in open(name):
        if not line.startswith("{"):
            assert name.endswith(".log"), (name, line)  # standard error is there too
            continue
        assert line.endswith("\n"), name
        row = json.loads(line)
        records[row["uid"]] = row["packetDeltaCount"]
print(sum(records.values()))
PY
}
in_files() { [ "$(packets "$E2E_DIR"/flows*/flows.json*)" = "$1" ]; }
collector() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }

nfprobe_start r 1 --flush
frames s s0 sent --times 2
one=$(sent sent)
wait_for 30 "the first packets" in_files "$one"
rotated() { [ "$(find "$E2E_DIR/flows" -name 'flows.json.*Z' | wc -l)" -gt 0 ]; }
wait_for 30 "a finished file" rotated
say "ok: $one packets, in files that are finished and one that is not"

# Killed at any moment; a line that was being written is left behind.
frames s s0 sent --times 2
stop nfprobe KILL || true
printf '{"uid":"torn' >>"$E2E_DIR/flows/flows.json"
nfprobe_start r 1 --flush
wait_for 30 "what the killed one had not written" in_files $((2 * one))
say "ok: killed, started again: $((2 * one)) packets, no half line"

mv "$E2E_DIR/flows" "$E2E_DIR/flows-away"
frames s s0 sent --times 2
gone() { collector file "['state']" | grep -q 'cannot be opened for writing: No such file or directory'; }
wait_for 30 "the folder to be missed" gone
say "ok: $(collector file "['state']")"
mkdir "$E2E_DIR/flows"
wait_for 30 "the rest" in_files $((3 * one))
rest s r
nfprobe_stop
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not balance"
[ ! -e "$E2E_DIR/flows/flows.json" ] || fail "the last file was not finished"
[ "$(packets "$E2E_DIR"/flows*/flows.json*)" = $((3 * one)) ] || fail "files: $(packets "$E2E_DIR"/flows*/flows.json*) packets of $((3 * one))"
[ "$(packets "$E2E_DIR"/tcp/*)" = $((3 * one)) ] || fail "TCP: $(packets "$E2E_DIR"/tcp/*) packets of $((3 * one))"
[ "$(packets "$E2E_DIR/nfprobe.log")" = $((3 * one)) ] || fail "standard output: $(packets "$E2E_DIR/nfprobe.log") packets of $((3 * one))"
say "ok: $((3 * one)) packets in files, over TCP and on standard output"
