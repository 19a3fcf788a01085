#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page is sound, and tells of every command and option that --help tells of.
set -u
cd "$(dirname "$0")/../.." || exit 1
page=docs/nfprobe.8
bad=0

if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$page" || bad=1
else
	echo "mandoc is not installed: the page's form was not looked at"
fi

[ -x "${NFPROBE-}" ] || { echo "SKIP: nfprobe is not built: its options were not compared"; exit $((bad ? 1 : 77)); }
commands=$("$NFPROBE" --help | sed -n 's/^  \([a-z]\+\)  *[a-z].*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 9 ] || { echo "no commands in: $("$NFPROBE" --help)"; bad=1; }
for command in $commands; do
	grep -q "^\.It Cm $command\$" "$page" || { echo "$page: no command $command"; bad=1; }
	for option in $("$NFPROBE" "$command" --help | sed -n 's/^  .\{4\}-\(-[a-z-]*\).*/\1/p'); do
		grep -q "^\.It Fl .*$option\b" "$page" ||
			{ echo "$page: no option -$option of $command"; bad=1; }
	done
done
exit $bad
