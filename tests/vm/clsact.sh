#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without TCX: the hooks are clsact filters. Every kind of packet, and other people's filters.
. "$(dirname "$0")/lib.sh"
in_vm 6.1
export E2E_PATIENCE
for script in nfcapd detach; do
	say "--- $script"
	bash "$E2E_TOP/tests/e2e/$script.sh" || exit $?
done
