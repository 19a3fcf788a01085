#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole way in one process under valgrind's memcheck: a capture to standard output, to a file and by UDP. No error, no
# octet that nothing points to any more. NFPROBE_FULL=1: it takes a minute.
. "$(dirname "$0")/../e2e/lib.sh"
[ "${NFPROBE_FULL-}" = 1 ] || skip "valgrind is slow: NFPROBE_FULL=1 runs it"
! grep -q '^NFP_SANITIZE:.*=.' "${NFP_BUILD:?}/CMakeCache.txt" || skip "valgrind and sanitizers do not go together"
e2e_begin valgrind
need_nfprobe
[ -e "$NFP_BUILD/tests/nfp_valgrind.so" ] || skip "no valgrind/memcheck.h when this was built: scripts/setup --full, then cmake again"

ns_add n
start n sink python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 4739))
while True: s.recv(65536)'
wait_for 30 "the sink" listening n u 4739
python3 "$E2E_SUPPORT/flood.py" write "$E2E_DIR/flood.pcap" 200 30
printf 'state_dir: %s\nrun_dir: %s\nhostname: e2e\ninterval: 1s\n' "$E2E_RUN" "$E2E_RUN" >"$E2E_DIR/nfprobe.yaml"

# checked NAME OPTIONS...: replay under memcheck; what it prints is in NAME.out.
checked() {
	local name=$1 code=0
	shift
	in_ns n env LD_PRELOAD="$NFP_BUILD/tests/nfp_valgrind.so" timeout 900 valgrind --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite --num-callers=30 --fair-sched=yes --log-file="$E2E_DIR/$name.valgrind.log" \
		--suppressions="$E2E_TOP/tests/valgrind/suppressions" \
		"$NFPROBE" replay "$E2E_DIR/flood.pcap" -c "$E2E_DIR/nfprobe.yaml" "$@" \
		>"$E2E_DIR/$name.out" 2>"$E2E_DIR/$name.log" || code=$?
	[ $code = 0 ] || { tail -n 60 "$E2E_DIR/$name.valgrind.log" "$E2E_DIR/$name.log" >&2; fail "$name: exit code $code"; }
	grep -q 'ERROR SUMMARY: 0 errors' "$E2E_DIR/$name.valgrind.log" || fail "$name: errors"
	say "ok: $name: $(sed -n 's/^==[0-9]*== *\(definitely lost: .*\|All heap blocks.*\)/\1/p' "$E2E_DIR/$name.valgrind.log")"
}
checked json --json
[ "$(python3 -c 'import json, sys
print(sum(json.loads(line)["packetDeltaCount"] for line in sys.stdin))' <"$E2E_DIR/json.out")" = 200 ] || fail "packets are missing"
checked outputs --collector "file://$E2E_DIR/out.ipfix" --collector udp://127.0.0.1:4739
