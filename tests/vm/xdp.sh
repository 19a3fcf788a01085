#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# XDP on the oldest kernel: without frames of several buffers, the other one of the two programs.
. "$(dirname "$0")/lib.sh"
in_vm 5.10
export E2E_PATIENCE
"${NFP_BUILD:?}/tests/kernel/test_xdp" -j1 --filter 'xdp/hostile_frames_pass' || exit $?
e2e_begin
need_nfprobe
ns_add s r
link s s0 02:19:00:00:00:01 r r0 02:19:00:00:00:02
chain_quiet
conf nfprobe <<YAML
interfaces: [ { match: r0, hook: xdp } ]
YAML
json_run r 1
[ "$(status | books 's["hooks"][0]["method"]')" = xdp-native ] || fail "$(nfprobe status)"
frames s s0 sent
rest s r
seen=$(status | books 'h("r0", "ingress")["seen"]')
nfprobe_stop
same "packets" "$(sent sent)" "$seen"
same "packets in records" "$(sent sent)" "$(json_sum packetDeltaCount .ingressInterface)"
