#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures that nobody here made, replayed: flow by flow equal to an independent ground truth. With all tunnels
# taken off each packet counts once, and the flows inside are those of tshark's innermost headers.
# With NFPROBE_FULL=1 the big capture, too.
. "$(dirname "$0")/lib.sh"
e2e_begin tshark
need_nfprobe
corpus=${NFPROBE_CORPUS:-$E2E_TOP/../shared/corpus}
[ -r "$corpus/captures/index.tsv" ] || skip "no captures at $corpus: set NFPROBE_CORPUS"

python3 "$E2E_TOP/tests/corpus/compare.py" "$NFPROBE" "$corpus/captures" || fail "the captures"
python3 "$E2E_TOP/tests/corpus/compare.py" "$NFPROBE" "$corpus/captures" --decapsulate || fail "decapsulated"
python3 "$E2E_TOP/tests/corpus/inner.py" "$NFPROBE" "$corpus/captures" || fail "the flows in the tunnels"
[ "${NFPROBE_FULL:-0}" = 1 ] || exit 0
command -v zstd >/dev/null || skip "zstd is not installed: run scripts/setup"
mkdir -p "$E2E_DIR/big/expected"
zstd -dq "$corpus/big/merged_real.pcap.zst" -o "$E2E_DIR/big/merged_real.pcap"
cp "$corpus"/big/*.tsv "$E2E_DIR/big/"
cp "$corpus"/big/expected/*.tsv "$E2E_DIR/big/expected/"
python3 "$E2E_TOP/tests/corpus/compare.py" "$NFPROBE" "$E2E_DIR/big" --keep-exceptions || fail "the big capture"
