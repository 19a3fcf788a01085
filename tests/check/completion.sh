#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion offers every command and every option that --help tells of, in bash and in zsh.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ -x "${NFPROBE-}" ] || { echo "SKIP: nfprobe is not built"; exit 77; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
ln -s "$(realpath "$NFPROBE")" "$directory/nfprobe"
PATH=$directory:$PATH
bad=0

complain() {
	printf '%s\n' "$*"
	bad=1
}

# What --help tells, read another way than the completions do.
commands=$(nfprobe --help | python3 -c 'import re, sys
print(*re.findall(r"^  ([a-z]\S*) {1,9}[a-z]", sys.stdin.read(), re.M))')
options() {
	nfprobe "$1" --help | python3 -c 'import re, sys
text = sys.stdin.read().split("options:")[1].split("\n\n")[0]
print(*sorted(set(re.findall(r"^  (?:-., |    )(--\S+)", text, re.M))))'
}
[ "$(wc -w <<<"$commands")" -ge 9 ] || complain "no commands in: $(nfprobe --help)"

bash -n packaging/completion/nfprobe.bash || bad=1
. packaging/completion/nfprobe.bash

# offers WORD...: what bash would offer for the last of the words.
offers() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_nfprobe
	printf '%s\n' "${COMPREPLY[@]}"
}

# expect_offer WANTED WORD...
expect_offer() {
	local wanted=$1
	shift
	grep -qxF -e "$wanted" <<<"$(offers "$@")" || complain "bash: $* offers no $wanted: $(offers "$@" | tr '\n' ' ')"
}

said=$(offers nfprobe '')
for command in $commands help; do
	grep -qxF "$command" <<<"$said" || complain "bash: no command $command: $said"
done
for command in $commands; do
	said=$(offers nfprobe "$command" --)
	for option in $(options "$command"); do
		grep -qxF -e "$option" <<<"$said" || complain "bash: no $option of $command: $said"
	done
done
expect_offer status nfprobe sta
expect_offer --interval nfprobe run --inte
expect_offer egress nfprobe run --direction ''
expect_offer xdp nfprobe run -i eth0 --hook x
expect_offer xdp nfprobe run --hook = x
expect_offer lo nfprobe run -i l
expect_offer lo nfprobe detach ''
expect_offer import nfprobe enrich i
expect_offer packets nfprobe flows --sort p
expect_offer rate nfprobe top --sort r
expect_offer status nfprobe help st
touch "$directory/a.pcap"
expect_offer "$directory/a.pcap" nfprobe replay "$directory/a."
expect_offer "$directory/a.pcap" nfprobe check -c "$directory/a."
[ -z "$(offers nfprobe run --interval x)" ] || complain "bash: something begins with x: $(offers nfprobe run --interval x)"

if command -v zsh >/dev/null; then
	# What it hands to zsh's own functions, for each command.
	cat >"$directory/driver" <<'ZSH'
_describe() { print -rl -- "${(@P)2}" }
_arguments() { print -rl -- "$@" }
words=(nfprobe "$1" '') CURRENT=$2
source packaging/completion/_nfprobe
ZSH
	zsh -f "$directory/driver" '' 2 >"$directory/said" 2>&1
	for command in $commands help; do
		grep -q "^$command:." "$directory/said" || complain "zsh: no command $command: $(cat "$directory/said")"
	done
	for command in $commands; do
		zsh -f "$directory/driver" "$command" 3 >"$directory/said" 2>&1
		for option in $(options "$command"); do
			grep -q -- "^\*\?$option=\?\[." "$directory/said" ||
				complain "zsh: no $option of $command: $(cat "$directory/said")"
		done
	done
	zsh -f "$directory/driver" attach 3 >"$directory/said" 2>&1
	grep -q '^\*--direction=\[.*\]:DIR:(ingress egress both)$' "$directory/said" || complain "zsh: no directions"
	zsh -f "$directory/driver" enrich 3 >"$directory/said" 2>&1
	grep -q '^1:verb:(.*import.*)$' "$directory/said" || complain "zsh: no verbs: $(cat "$directory/said")"
else
	echo "zsh is not installed: its completion was not tried"
fi
exit $bad
