# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests of devices and kernels that the machine itself may lack: in_vm KERNEL runs the script again in
# qemu (scripts/vm), where it goes on behind the call. Then everything of tests/e2e/lib.sh is there.

. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

in_vm() {
	local kernel=$1 code=0 log
	# An emulated machine is slow. Of buckets of a second there are 30 ahead, each of which takes system calls that
	# wait for RCU, and all are made again for --flush.
	E2E_PATIENCE=5
	export E2E_INTERVAL=10s
	[ -z "${NFP_IN_VM-}" ] || return 0
	for tool in qemu-system-x86_64 busybox depmod; do
		command -v $tool >/dev/null || skip "$tool is not installed: run scripts/setup --vm"
	done
	need_nfprobe
	log=$(mktemp)
	"$E2E_TOP/scripts/vm" --timeout 540 "$kernel" \
		"NFP_IN_VM=$kernel NFPROBE='$(realpath "$NFPROBE")' NFP_BUILD='${NFP_BUILD-}' bash '$(realpath "$0")'" \
		2>"$log" || code=$?
	cat "$log" >&2
	if grep -q 'could not be fetched' "$log"; then
		rm "$log"
		skip "Debian's kernel $kernel is not here and could not be fetched"
	fi
	rm "$log"
	exit $code
}

# need_device KIND...: modules of the guest's kernel.
need_device() {
	local kind
	for kind in "$@"; do
		modprobe "$kind" || fail "the kernel lacks $kind"
	done
}

# json_run NS HOOKS: nfprobe whose records go to $E2E_DIR/nfprobe.log as JSON lines.
json_run() { nfprobe_start "$1" "$2" --json --flush; }

# json_sum FIELD CONDITION: over the records, by jq. Fields of the condition are fields of the record.
json_sum() { grep '^{' "$E2E_DIR/nfprobe.log" | jq -s "[.[] | select($2) | .$1] | add // 0"; }

# same WHAT EXPECTED GOT
same() {
	[ "$2" = "$3" ] || fail "$1: $3 instead of $2"
	say "ok: $1: $3"
}
