#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The release, built twice in folders of different names, is the same to the octet.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${NFPROBE_FULL-}" ] || { echo "SKIP: two builds of the release: NFPROBE_FULL=1"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/nfprobe-twice.XXXXXX")
trap 'rm -rf "$dir"' EXIT

# One copy first: the tree may change meanwhile.
mkdir -p "$dir/one" "$dir/another/and/deeper"
tar -cf - --exclude='./build*' --exclude=./.git . | tar -xf - -C "$dir/one"
tar -cf - -C "$dir/one" . | tar -xf - -C "$dir/another/and/deeper"
for folder in one another/and/deeper; do
	(
		cd "$dir/$folder"
		export CCACHE_DISABLE=1
		cmake --preset release && cmake --build --preset release --target nfprobe
	) >"$dir/log" 2>&1 || { tail -n 20 "$dir/log"; exit 1; }
done
sums=$(cd "$dir" && sha256sum one/build/release/nfprobe another/and/deeper/build/release/nfprobe)
[ "$(cut -d' ' -f1 <<<"$sums" | sort -u | wc -l)" = 1 ] || {
	printf 'FAILED: two builds differ:\n%s\n' "$sums"
	cmp -l "$dir/one/build/release/nfprobe" "$dir/another/and/deeper/build/release/nfprobe" | wc -l
	exit 1
}
printf 'ok: two builds are the same:\n%s\n' "$sums"
