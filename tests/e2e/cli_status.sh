#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe status: the contract of its JSON, the text for people, with and without a daemon.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:11:00:00:00:01 r r0 02:11:00:00:00:02
chain_quiet
conf nfprobe <<YAML
interfaces: [ { match: r0 } ]
collectors: [ { name: nobody, endpoint: "tcp://127.0.0.1:1" } ]
YAML
nfprobe_start r 1
frames s s0 sent
seen() { [ "$(status | books 's["seen"]')" = "$(sent sent)" ]; }
wait_for 10 "the packets" seen
cat >"$E2E_DIR/contract.py" <<'PY'
import json, sys
line = sys.stdin.read()
assert line.endswith("\n") and line.count("\n") == 1, "not one line"
s = json.loads(line)
for key in ("seen", "seen_skbs", "seen_skb_bytes", "recorded", "open", "coarsened"):
    assert isinstance(s[key], int) and s[key] >= 0, key
assert isinstance(s["lost"], dict) and all(isinstance(v, int) for v in s["lost"].values())
for key in ("buckets", "hooks", "collectors"):
    assert isinstance(s[key], list), key
assert s["seen"] == s["recorded"] + s["open"] + sum(s["lost"].values()), s
assert [c["name"] for c in s["collectors"]] == sys.argv[1:], s["collectors"]
assert any(h["ifname"] == "r0" and h["seen"] == s["seen"] for h in s["hooks"]), s["hooks"]
PY
status | python3 "$E2E_DIR/contract.py" nobody || fail "status --json while it runs"
nfprobe status >"$E2E_DIR/text"
grep -q "$(sent sent)" "$E2E_DIR/text" && grep -q r0 "$E2E_DIR/text" && grep -q nobody "$E2E_DIR/text" ||
	fail "status says: $(cat "$E2E_DIR/text")"
awk 'length > 100' "$E2E_DIR/text" | grep . && fail "lines of more than 100 columns"
say "ok: while it runs"
nfprobe_stop
status | python3 "$E2E_DIR/contract.py" || fail "status --json afterwards"
say "ok: without the daemon"
nfprobe detach >/dev/null || fail "detach"
