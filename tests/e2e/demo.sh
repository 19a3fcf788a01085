#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/demo: its books close, also beside another one, and nothing of it stays after ^C.
. "$(dirname "$0")/lib.sh"
e2e_begin nfcapd iperf3 curl ping
need_nfprobe
export NFPROBE

start - one "$E2E_TOP/scripts/demo"
start - two "$E2E_TOP/scripts/demo"
for name in one two; do
	pid=${E2E_PID[$name]} code=0
	wait "$pid" || code=$?
	unset "E2E_PID[$name]"
	[ $code = 0 ] || fail "the demo ended with exit code $code"
	grep '^The books closed' "$E2E_DIR/$name.log" || fail "no word about the books"
done
[ "$(wc -l <"$E2E_DIR/one.log")" -lt 60 ] || fail "the output is long"
[ "$(awk 'length > 100' "$E2E_DIR/one.log" | wc -l)" = 0 ] || fail "the output is wide"

# A shell's background job ignores SIGINT: give it back, in a process group of its own as a terminal does.
start - interrupted python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setsid()
os.execv(sys.argv[1], sys.argv[1:])' "$E2E_TOP/scripts/demo"
pid=${E2E_PID[interrupted]}
wait_for 30 "the demo's traffic" grep -q iperf3 "$E2E_DIR/interrupted.log"
ip netns list | grep -q "nfpt-$pid-" || fail "the demo has no namespaces of its name"
kill -INT -- "-$pid"
code=0
wait "$pid" || code=$?
unset "E2E_PID[interrupted]"
[ $code = 130 ] || fail "exit code $code after ^C"
! ip netns list | grep "nfpt-$pid-" || fail "namespaces stay after ^C"
! ls -d /sys/fs/bpf/nfprobe/nfpt-"$pid"* 2>/dev/null || fail "pins stay after ^C"
! pgrep -s "$pid" || fail "processes stay after ^C"
say "ok: nothing stays after ^C"
