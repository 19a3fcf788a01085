#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib_cli.sh"
: "${NFPROBE:=$here/../../build/release/nfprobe}"

version=$(sed -n 's/^project(nfprobe VERSION \([0-9.]*\).*/\1/p' "$here/../../CMakeLists.txt")
expect 0 "^nfprobe ${version//./\\.}\$" "$NFPROBE" version
expect 0 "^nfprobe ${version//./\\.}\$" "$NFPROBE" --version
expect 2 'one argument too many' "$NFPROBE" version x
