# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the command line. Sourced behind lib.sh (or alone, by those that need no root).

# expect CODE PATTERN COMMAND...: the exit code, and a line of the output that matches (extended regex); output
# is left in $OUT.
expect() {
	local code=$1 pattern=$2 got=0
	shift 2
	OUT=$(timeout 30 "$@" 2>&1 </dev/null) || got=$?
	if [ $got != "$code" ] || ! grep -qE -- "$pattern" <<<"$OUT"; then
		printf 'FAILED: %s\nexit code %s, wanted %s with a line like: %s\n%s\n' "$*" $got "$code" "$pattern" \
			"$OUT" >&2
		exit 1
	fi
	# An error is a sentence or more, never a trace and never silence.
	if [ "$code" != 0 ] && [ "$(wc -c <<<"$OUT")" -lt 20 ]; then
		printf 'FAILED: %s\nsays only: %s\n' "$*" "$OUT" >&2
		exit 1
	fi
}

# expect_in NS CODE PATTERN COMMAND...: the same in a namespace of lib.sh.
expect_in() {
	expect "$2" "$3" nsenter --net="/run/netns/$E2E_ID-$1" "${@:4}"
}
