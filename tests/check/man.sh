#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are sound, nfprobe(8) tells of every command and option that --help tells of, and
# nfprobe.yaml(5) of every option that the sample has.
set -u
cd "$(dirname "$0")/../.." || exit 1
page=docs/nfprobe.8
bad=0

complain() {
	printf '%s\n' "$*"
	bad=1
}

# sound PAGE: nothing to complain of by those who will set it.
sound() {
	local said
	if command -v mandoc >/dev/null; then
		said=$(mandoc -Tlint -W warning "$1") || complain "$said"
	else
		echo "mandoc is not installed: the form of $1 was not looked at"
	fi
	if command -v groff >/dev/null; then
		said=$(groff -mandoc -ww -z -Tutf8 "$1" 2>&1)
		[ -z "$said" ] || complain "groff: $said"
	else
		echo "groff is not installed: it was not asked about $1"
	fi
	if command -v man >/dev/null; then
		said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings=w -E UTF-8 -l "$1" 2>&1 >/dev/null)
		[ -z "$said" ] || complain "man: $said"
	fi
}

sound "$page"
[ -x "${NFPROBE-}" ] || { echo "SKIP: nfprobe is not built: its options were not compared"; exit $((bad ? 1 : 77)); }

# The paragraphs of a command, and those of the options of several.
paragraphs() {
	awk -v command="$1" '/^\.Ss Commands/ { within = 1 }
		/^\.Ss Options of several/ { shared = 1 }
		/^\.Sh CONFIGURATION/ { exit }
		/^\.Bl/ { depth++ }
		/^\.El/ { depth-- }
		/^\.It Cm / && depth == 1 && within { mine = $3 == command }
		mine && !shared || shared' "$page"
}

commands=$("$NFPROBE" --help | sed -n 's/^  \([a-z]\+\)  *[a-z].*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 9 ] || complain "no commands in: $("$NFPROBE" --help)"
for command in $commands; do
	grep -q "^\.It Cm $command\$" "$page" || complain "$page: no command $command"
	told=$(paragraphs "$command")
	for option in $("$NFPROBE" "$command" --help | sed -n 's/^  .\{4\}-\(-[a-z-]*\).*/\1/p'); do
		grep -q "^\.\(It \)\?Fl .*$option\b" <<<"$told" ||
			complain "$page: no option -$option below $command"
	done
done

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
made=$directory/nfprobe.yaml.5
"$NFPROBE" schema --man >"$made" || complain "nfprobe schema --man fails"
sound "$made"
options=$("$NFPROBE" schema --sample | sed -n 's/^#\? *-\? *#\?\([a-z_]*\):.*/\1/p' | sort -u)
[ "$(wc -w <<<"$options")" -ge 20 ] || complain "no options in the sample"
for option in $options; do
	grep -qE "^\.(It )?Cm ([a-z_]+\.)?$option(\.[a-z_]+)?$" "$made" || complain "nfprobe.yaml(5): no option $option"
done
exit $bad
