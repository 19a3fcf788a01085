#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon while calls fail: at its start, when buckets turn, when its spool's disk fails. It ends with a sentence, or
# meters on, and its books close.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
[ -e "${NFP_BUILD-}/tests/nfp_inject.so" ] || skip "this build has no injection library: sanitizers stand in for the same functions"

ns_add s r
for n in 0 1; do
	link s s$n 02:2a:00:00:0$n:01 r r$n 02:2a:00:00:0$n:02
	# Nothing but the test's own packets.
	in_ns r sysctl -qw net.ipv6.conf.r$n.disable_ipv6=1
	in_ns s sysctl -qw net.ipv6.conf.s$n.disable_ipv6=1
done
chain_quiet
in_ns r python3 "$E2E_SUPPORT/inject_run.py" "$E2E_DIR" "$E2E_ID" || fail "calls that fail"
say "ok: ended with a sentence, or went on with closed books"
