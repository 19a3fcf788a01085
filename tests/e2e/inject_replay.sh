#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Replaying a capture while calls fail: memory, files, sockets, threads, and each request to the kernel's BPF.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
[ -e "${NFP_BUILD-}/tests/nfp_inject.so" ] || skip "this build has no injection library: sanitizers stand in for the same functions"

python3 "$E2E_SUPPORT/inject.py" replay "$E2E_DIR" || fail "calls that fail"
say "ok: ended with a sentence, or went on with every packet in a record"
