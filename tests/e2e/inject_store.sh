#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The spool and the database of facts while SQLite's calls fail: no memory, no space, no lock, disks that fail or lie. What was
# promised is there, nothing is half there, and what went wrong is told.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
[ -e "${NFP_BUILD-}/tests/nfp_inject.so" ] || skip "this build has no injection library: sanitizers stand in for the same functions"

python3 "$E2E_SUPPORT/inject.py" store "$E2E_DIR" || fail "calls that fail"
say "ok: told, and whole"
