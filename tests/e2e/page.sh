#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page, the metrics and the rest of the HTTP server while traffic runs: a real Chromium shows what status.json says,
# promtool takes the metrics, every number that the status has of collectors and the daemon is one of them. A port that is
# taken costs nothing but the page.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd chromium chromedriver promtool curl
need_nfprobe
ns_add s r
link s s0 02:12:00:00:00:01 r r0 02:12:00:00:00:02
chain_quiet
nfcapd_start r nf
conf nfprobe <<YAML
interfaces: [ { match: r0, direction: both } ]
collectors:
  - { name: nf, endpoint: "udp://127.0.0.1:9995" }
  - { name: away, endpoint: "tcp://127.0.0.1:1", spool: { path: $E2E_DIR/spool } }
  - { name: both, endpoint: "file://$E2E_DIR/both.ipfix", biflow: true }
groups: [ { name: ha, policy: failover, members: [away, nf] } ]
enrichment: { routes: true }
metrics: { listen: 9469 }
YAML
nfprobe_start r 2
here=$(cd "$(dirname "$0")" && pwd)
url=http://127.0.0.1:9469
get() { in_ns r curl -sS --max-time 30 "$url$1"; }
frames s s0 sent --times 3
seen() { [ "$(get /status.json | books 's["seen"]')" = "$(sent sent)" ]; }
wait_for 30 "the packets" seen
[ "$(get /healthz)" = ok ] || fail "healthz: $(get /healthz)"
say "ok: healthz"

get /metrics >"$E2E_DIR/metrics"
promtool check metrics <"$E2E_DIR/metrics" >"$E2E_DIR/promtool" 2>&1 || fail "promtool: $(cat "$E2E_DIR/promtool")"
[ ! -s "$E2E_DIR/promtool" ] || fail "promtool: $(cat "$E2E_DIR/promtool")"
cat >"$E2E_DIR/whole.py" <<'PY'
import json, re, sys
s = json.load(open(sys.argv[1]))
lines = [line for line in open(sys.argv[2]) if not line.startswith("#")]
def series(label):
    return {re.match(r"\w+", line).group() for line in lines if label in line}
def numbers(o):
    return {k for k, v in o.items() if isinstance(v, (int, float))}
for kind in ("collector", "group"):
    for o in s[kind + "s"]:
        want, have = numbers(o) | {("spool", k) for k in numbers(o.get("spool", {}))}, series(f'{kind}="{o["name"]}"')
        have -= {"nfprobe_group_active"}
        assert len(want) == len(have), (want, have)
d = s["daemon"]
want = (numbers(d) - {"pid", "interval_ns"}) | {("biflow", k) for k in numbers(d["biflow"])} | {("enrichment", k) for k in numbers(s["enrichment"])}
plain = {line.split()[0] for line in lines if "{" not in line} - {"nfprobe_balanced"}
plain = {name for name in plain if not name.startswith("nfprobe_bpf_")}
assert len(want) == len(plain), (want, plain)
assert [line.split()[0] for line in lines if line.startswith("nfprobe_group_active")] == ['nfprobe_group_active{group="ha",member="%s"}' % s["groups"][0]["active"]]
total = sum(int(line.split()[-1]) for line in lines if line.startswith("nfprobe_seen_packets_total"))
assert total == s["seen"], (total, s["seen"])
PY
get /status.json >"$E2E_DIR/status.json"
python3 "$E2E_DIR/whole.py" "$E2E_DIR/status.json" "$E2E_DIR/metrics" || fail "metrics leave something out"
promtool check rules "$here/../../config/alerts.yaml" >/dev/null || fail "config/alerts.yaml"
grep -oh 'nfprobe_[a-z0-9_]*' "$here/../../config/alerts.yaml" "$here/../../config/grafana.json" | sort -u >"$E2E_DIR/used"
unknown=$(grep -vxFf <(sed -n 's/^# TYPE \([a-z0-9_]*\) .*/\1/p' "$E2E_DIR/metrics") "$E2E_DIR/used" || true)
[ -z "$unknown" ] || fail "alerts or dashboard name what is no metric: $unknown"
say "ok: metrics"

traffic_on() { while :; do in_ns s ping -q -c 20 -i 0.05 -W 1 192.0.2.77 >/dev/null 2>&1 || true; frames s s0 more --times 1; done; }
traffic_on &
busy=$!
code=0
in_ns r env HOME="$E2E_DIR" /usr/bin/python3 "$E2E_SUPPORT/page.py" "$url/" "$E2E_DIR" || code=$?
kill "$busy" && wait "$busy" 2>/dev/null || true
[ $code = 0 ] || fail "the page"
say "ok: the page"

conf second <<YAML
interfaces: [ { match: r0, direction: ingress } ]
collectors: [ { name: nf, endpoint: "udp://127.0.0.1:9995" } ]
metrics: { listen: 9469 }
YAML
start r second "$NFPROBE" run -c "$E2E_DIR/second.yaml"
told() { grep -q 'no page and no metrics: cannot listen on 9469.*another program has the port' "$E2E_DIR/second.log"; }
wait_for 30 "a word about the port" told
wait_for 30 "the second one to run" grep -q 'running:' "$E2E_DIR/second.log"
stop second || fail "the second one ended with exit code $?"
in_ns r "$NFPROBE" detach -c "$E2E_DIR/second.yaml" >/dev/null || fail "detach"
say "ok: a port that is taken"
nfprobe_stop
nfcapd_stop r nf
nfprobe detach >/dev/null || fail "detach"
