#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# First process of the container. Before metering begins it tells, all at once, what the container was not
# given: a sentence each, and what to do. Then it becomes nfprobe.
#
#   entrypoint.sh [OPTIONS of nfprobe run]   without any: run -c $NFPROBE_CONFIG
#   entrypoint.sh COMMAND ...                that command of nfprobe
#   entrypoint.sh health                     exit code 0 while the daemon answers (the image's HEALTHCHECK)
#
# NFPROBE_ROOT goes before every path that is looked at: for tests.
set -eu

root=${NFPROBE_ROOT-}
nfprobe=$root/usr/sbin/nfprobe
config=${NFPROBE_CONFIG:-/etc/nfprobe/nfprobe.yaml}
user=${NFPROBE_USER:-$(id -u)}
code=0

say() { printf 'nfprobe container: %s\n' "$*" >&2; }

# missing CODE SENTENCE: goes on, so that one start tells everything.
missing() {
	[ "$code" != 0 ] || code=$1
	shift
	say "$@"
}

# of_config KEY DEFAULT: an option of the top level; the file is read in full by nfprobe itself.
of_config() {
	value=
	[ ! -r "$root$file" ] ||
		value=$(sed -n "s/^$1:[[:space:]]*[\"']\{0,1\}\([^\"'#[:space:]]*\).*/\1/p" "$root$file" | tail -n 1)
	printf '%s' "${value:-$2}"
}

# Where the options say it is; nothing without -c: then nfprobe's own defaults hold.
config_of() {
	file=
	while [ $# -gt 0 ]; do
		case $1 in
		-c | --config) file=${2-} ;;
		-c?*) file=${1#-c} ;;
		--config=*) file=${1#*=} ;;
		esac
		shift
	done
}

check_config() {
	[ -n "$file" ] || return 0
	if [ -d "$root$file" ]; then
		missing 2 "$file is a folder. The container's engine makes one when the file to mount is not there on the" \
			"host. Remove the folder there, write the file, and mount its folder: -v /etc/nfprobe:$(dirname "$file"):ro"
	elif [ ! -e "$root$file" ]; then
		missing 2 "there is no configuration at $file. Mount its folder: -v /etc/nfprobe:$(dirname "$file"):ro" \
			"(Kubernetes: a ConfigMap), or do without a file: run --collector udp://HOST:PORT"
	elif [ ! -r "$root$file" ]; then
		missing 2 "user $user may not read $file. On the host: chgrp $user FILE && chmod g+r FILE"
	fi
}

# Bits of linux/capability.h. Root gets what the container has. Another user gets the ambient ones, and by the
# file capabilities of the binary those of the bounding set, unless no_new_privs forbids it.
check_capabilities() {
	bounding=0 ambient=0 effective=0 no_new_privs=0 lacks=
	while read -r key value; do
		case $key in
		CapEff:) effective=$((0x$value)) ;;
		CapBnd:) bounding=$((0x$value)) ;;
		CapAmb:) ambient=$((0x$value)) ;;
		NoNewPrivs:) no_new_privs=$value ;;
		esac
	done <"$root/proc/self/status"
	have=$((ambient | bounding))
	[ "$no_new_privs" = 0 ] || have=$ambient
	[ "$user" != 0 ] || have=$effective
	for capability in 39:BPF 12:NET_ADMIN 38:PERFMON; do
		[ $((have >> ${capability%:*} & 1)) = 1 ] || lacks="$lacks CAP_${capability#*:}"
	done
	[ -n "$lacks" ] || return 0
	lacks=$(printf '%s' "${lacks# }" | sed 's/ /, /g')
	if [ "$user" != 0 ] && [ "$no_new_privs" != 0 ]; then
		missing 77 "user $user gets no capability ($lacks missing), for no_new_privs switches off those of the binary." \
			"Leave out --security-opt no-new-privileges (Kubernetes: allowPrivilegeEscalation: true)," \
			"or run it as root with these capabilities alone: --user 0"
	else
		missing 77 "$lacks missing. docker, podman: --cap-drop ALL --cap-add BPF --cap-add NET_ADMIN --cap-add PERFMON;" \
			"Kubernetes: securityContext: { capabilities: { drop: [ALL], add: [BPF, NET_ADMIN, PERFMON] } }"
	fi
}

# type_at PATH: the type of the file system there; the last mount at a place hides the others.
type_at() {
	best='' type=''
	while read -r _ _ _ _ point rest; do
		case $1/ in
		"${point%/}"/*) ;;
		*) continue ;;
		esac
		[ ${#point} -ge ${#best} ] || continue
		best=$point
		type=${rest#* - }
		type=${type%% *}
	done <"$root/proc/self/mountinfo"
	printf '%s' "$type"
}

# may_write DIRECTORY: it, or the nearest of its parents that is there.
may_write() {
	at=$1
	until [ -e "$root$at" ] || [ "$at" = / ]; do
		at=$(dirname "$at")
	done
	[ -d "$root$at" ] && [ -w "$root$at" ] && [ -x "$root$at" ]
}

check_pins() {
	pins=$(of_config pin_root /sys/fs/bpf/nfprobe)
	if [ "$(type_at "$pins")" != bpf ]; then
		missing 77 "no BPF file system at $pins, and one mounted in here would be gone with the container." \
			"On the host: install -d -o $user -g $user -m 700 /sys/fs/bpf/nfprobe, and give it to the container:" \
			"-v /sys/fs/bpf/nfprobe:/sys/fs/bpf (Kubernetes: a hostPath volume)"
	elif ! may_write "$pins"; then
		missing 77 "user $user may not write to the BPF file system at $pins." \
			"On the host: chown $user:$user /sys/fs/bpf/nfprobe (or the folder that is mounted here)"
	fi
}

check_folders() {
	run_dir=$(of_config run_dir /run/nfprobe)
	state_dir=$(of_config state_dir /var/lib/nfprobe)
	may_write "$run_dir" ||
		missing 77 "user $user may not write to $run_dir, where the control socket is to be." \
			"With a read-only root file system: --tmpfs $run_dir (Kubernetes: an emptyDir)"
	may_write "$state_dir" ||
		say "note: user $user may not write to $state_dir: what has to outlive this container is forgotten." \
			"Give it a volume: -v nfprobe-state:$state_dir. Metering goes on without."
}

# Interfaces may come later: no reason to stop.
check_interfaces() {
	names=$(sed -n 's/^ *\([^ :]*\):.*/\1/p' "$root/proc/net/dev" | grep -vx lo | tr '\n' ' ')
	names=${names% }
	case $names in
	'')
		say "note: there is no interface here but lo. To meter the host: --network host; to meter a router in a" \
			"container: --network container:ROUTER (compose: network_mode: \"service:router\")"
		;;
	eth0)
		say "note: this network namespace has eth0 alone: if it is the container's own, nobody else's packets pass" \
			"here. To meter the host: --network host; a router in a container: --network container:ROUTER"
		;;
	*) say "note: interfaces here: $names" ;;
	esac
}

# `status` works without a daemon, from the maps; what counts here is that the daemon answers.
health() {
	file=
	[ ! -f "$root$config" ] || file=$config
	answer=$("$nfprobe" status --json ${file:+-c "$root$file"}) || exit 1
	case $answer in
	*'"daemon":null'*) say "the daemon does not answer at its control socket"; exit 1 ;;
	*'"daemon":'*) exit 0 ;;
	esac
	say "status is not what was expected: $answer"
	exit 1
}

[ "${1-}" != nfprobe ] || shift
case ${1-} in
'') set -- run -c "$config" ;;
health) health ;;
-h | --help | --version) ;;
-*) set -- run "$@" ;;
esac
case $1 in
run)
	config_of "$@"
	check_config
	check_capabilities
	check_pins
	check_folders
	[ "$code" = 0 ] || exit "$code"
	check_interfaces
	;;
esac
exec "$nfprobe" "$@"
