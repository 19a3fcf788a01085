# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for bash. Commands and options are those that nfprobe itself tells of by --help, so none is
# missing; here stands only what their values are.

_nfprobe_commands() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p'
	echo help
}

# A line an option: "-i --interface IFACE", "--json".
_nfprobe_options() {
	"$1" "$2" --help 2>/dev/null |
		sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\)\( [A-Z][A-Z]*\)\{0,1\} .*/\1\2\3/p' |
		sed 's/^ *//; s/^\(-.\), /\1 /'
}

_nfprobe_interfaces() { (cd /sys/class/net 2>/dev/null && printf '%s\n' *); }

# _nfprobe_value OPTION METAVARIABLE: words, or "FILE" for names of files.
_nfprobe_value() {
	case "$2" in
	FILE) echo FILE ;;
	IFACE) _nfprobe_interfaces ;;
	DIR) echo ingress egress both ;;
	HOOK) echo tc xdp ;;
	ORDER) echo bytes packets first last duration ;;
	FIGURE) echo bits rate bytes packets ;;
	TABLE) echo prefix host service interface ;;
	LIST) [ "$1" != --decapsulate ] || echo all vxlan gre ;;
	URL) echo udp:// tcp:// tls:// dtls:// zmq:// file:/// stdout: ;;
	TIME) echo 1s 10s 60s 5m 1h ;;
	NAME) [ "$1" != --netns ] || (cd /run/netns 2>/dev/null && printf '%s\n' *) ;;
	esac
}

# What a command takes beside options.
_nfprobe_argument() {
	case "$2" in
	attach | detach | object) _nfprobe_interfaces ;;
	replay) echo FILE ;;
	help) _nfprobe_commands "$1" ;;
	enrich) if [ "$3" = 1 ]; then "$1" enrich --help 2>/dev/null | sed -n 's/^  enrich \([a-z]*\).*/\1/p'; else echo FILE; fi ;;
	esac
}

_nfprobe() {
	local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-}
	local previous= line words= options arguments=0 i
	COMPREPLY=()
	if [ "$COMP_CWORD" -lt 2 ]; then
		words="$(_nfprobe_commands "$program") --help --version"
	else
		options=$(_nfprobe_options "$program" "$command")
		previous=${COMP_WORDS[COMP_CWORD - 1]}
		# --interface=eth0 comes as three words.
		[ "$current" != = ] || current=
		[ "$previous" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
		line=$(sed -n "s/^\(.* \)\{0,1\}$previous\( .*\)\{0,1\}$/&/p" <<<"$options" 2>/dev/null)
		if [[ $previous == -* && $line =~ (--[a-z0-9-]+)\ ([A-Z]+)$ ]]; then
			words=$(_nfprobe_value "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
		elif [[ $current == -* ]]; then
			words="$(sed 's/ [A-Z]*$//' <<<"$options") --help"
		else
			for ((i = 2; i <= COMP_CWORD; i++)); do
				[[ ${COMP_WORDS[i]} == -* ]] || arguments=$((arguments + 1))
			done
			words=$(_nfprobe_argument "$program" "$command" $arguments)
			[ -n "$words" ] || words="$(sed 's/ [A-Z]*$//' <<<"$options") --help"
		fi
	fi
	if [ "$words" = FILE ]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		[ ${#COMPREPLY[@]} != 1 ] || [[ ${COMPREPLY[0]} != *[:/] ]] || compopt -o nospace 2>/dev/null
	fi
}

complete -F _nfprobe nfprobe
