#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe schema prints the committed files.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib_cli.sh"
: "${NFPROBE:=$here/../../build/release/nfprobe}"

"$NFPROBE" schema --sample | diff "$here/../../config/nfprobe.yaml" -
"$NFPROBE" schema --markdown | diff "$here/../../docs/config.md" -
"$NFPROBE" schema --man | grep -q '^\.Dt NFPROBE\.YAML 5$'
expect 2 '^nfprobe schema: --sample, --markdown or --man: one of them; ' "$NFPROBE" schema
