#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One bad event after another, at random moments, under traffic whose amount is known. At the end the generator's count is
# that of the records and the named losses, each collector has what it must have, what came while nobody harvested is in
# records of that time, and descriptors, threads, maps and memory are what they were at the beginning (growth.py). Buckets
# of one second. Usage: soak.sh MINUTES SEED [--clock] [--cpu]
[ -n "${E2E_MOUNTS-}" ] || E2E_MOUNTS=own exec unshare --mount --propagation slave "$0" "$@"
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=../e2e/lib_chaos.sh
. "$(dirname "$0")/../e2e/lib_chaos.sh"
# shellcheck source=events.sh
. "$(dirname "$0")/events.sh"
e2e_begin unshare bpftool
trap soak_end EXIT
need_nfprobe
minutes=${1?how many minutes}
RANDOM=${2?a seed}
seed=$2
shift 2

chaos_network
ns_add away
mkdir "$E2E_DIR/disk"
mount -t tmpfs -o size=2m,mode=755 nfpt "$E2E_DIR/disk" || skip "cannot mount a tmpfs"
E2E_DISKS+=("$E2E_DIR/disk")
traffic_serve r 5000
# steady is restarted and paused, torn gets its connections reset, full has a disk without room.
chaos_start steady 4739
chaos_start torn 4740
chaos_start full 4741
ipfix_start r udp udp 4742
write_conf
start_probe

datagrams_start s

events=(reload_probe kill_collector pause_collector reset_sessions come_and_go rename_link move_link change_mtu toggle_offloads
	flood fill_disk wrong_conf limit_maps limit_descriptors limit_files)
stepped=()
for option in "$@"; do
	case $option in
	--clock) events+=(step_clock) stepped=(--stepped) ;;
	--cpu) events+=(take_cpu) ;;
	esac
done
# The second half is one life of the daemon, as something can only grow in one.
first_half=("${events[@]}" kill_probe end_probe kill_all squeeze_memory)
declare -A done_of=()
begun=$SECONDS
say "seed $seed, $minutes minutes"
measured_from=
one() {
	event=$1
	printf '%5d s  %s\n' $((SECONDS - begun)) "$event"
	$event
	done_of[$event]=$((${done_of[$event]-0} + 1))
	running nfprobe || fail "nfprobe ended: $(tail -n 3 "$E2E_DIR/nfprobe.log")"
}
: >"$E2E_DIR/gaps"
while [ $((SECONDS - begun)) -lt $((minutes * 60)) ]; do
	if [ $((SECONDS - begun)) -lt $((minutes * 30)) ]; then
		event=${first_half[RANDOM % ${#first_half[@]}]}
	else
		# From when all has been used once, pools and arenas, and what is kept to be sent again is there.
		if [ $stays = 0 ]; then
			stays=1
			for event in "${events[@]}"; do one "$event"; done
		elif [ -z "$measured_from" ] && { is_warm || [ $((SECONDS - begun)) -ge $((minutes * 45)) ]; }; then
			rest_probe
			measured_from=$(usage)
		fi
		[ -z "$measured_from" ] || usage >>"$E2E_DIR/samples"
		event=${events[RANDOM % ${#events[@]}]}
	fi
	one "$event"
	# Any moment: not a wait for something.
	sleep "$((RANDOM % 3)).$(printf %03d $((RANDOM % 1000)))"
done

datagrams_stop
room
rest s r
sent=$((sent + extra))
for name in steady torn full; do running $name || chaos_start $name "$(port_of $name)"; done
all_booked() { status | books "'yes' if s['seen'] == $sent and s['open'] == 0 else 'no'" | grep -q yes; }
wait_for 120 "all $sent packets in the books: $(status | books 's["seen"]')" all_booked
for name in steady torn; do
	wait_for 300 "$name to have all" none_waits $name
	wait_for 60 "$name to read" all_read "$(port_of $name)"
done
rest_probe
measured_to=$(usage)
status >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
lost=$(books 'sum(s["lost"].values())' <"$E2E_DIR/end.json")
nfprobe_stop

say "--- $minutes minutes, seed $seed"
for event in "${!done_of[@]}"; do printf '%6d  %s\n' "${done_of[$event]}" "$event"; done | sort -k2
say "ok: $sent packets sent = $((sent - lost)) in records + $lost lost for named reasons; the books close"
[ "$lost" = 0 ] || books 'str({k: v for k, v in s["lost"].items() if v})' <"$E2E_DIR/end.json"
for name in steady torn; do
	chaos_stop $name TERM
	distinct $name "${stepped[@]}" --gaps "$E2E_DIR/gaps"
	# shellcheck disable=SC2154 # of distinct
	[ "$packets" = $((sent - lost)) ] || fail "$name: $packets packets of $((sent - lost)) ($records records, $again came again)"
	say "ok: $name has all $packets packets in $records records, $again came again"
done
# Each time nobody harvested: what came in it, and what is in records of buckets of that time (they are longer than it).
if [ -s "$E2E_DIR/gaps" ]; then
	say "$(tail -n +2 "$E2E_DIR/steady.distinct" | awk -v lost="$lost" '
		{ away = $3 - $2; sum += away; if (away > most) most = away; came += $4; n++ }
		$1 + lost < $4 { print "UNEXPLAINED: " $5 ": away for " away " ms, " $4 " packets came, " $1 " in records of that time" }
		END { printf "%d gaps without a harvester, %.1f s in all, the longest %.1f s; %d packets came in them\n", n, sum / 1000, most / 1000, came }
		')" | tee "$E2E_DIR/gaps.told"
	! grep -q UNEXPLAINED "$E2E_DIR/gaps.told" || fail "packets of a gap are in no records of its time"
	say "ok: the packets of each gap are in records of its time"
fi
[ $squeezed = 0 ] || say "memory was short $squeezed times; the kernel killed nfprobe in $killed_by_limit of them"
say "what the daemons complained of:"
sed -n 's/.*level=\(warning\|error\) room="\([^"]*\)" msg="\(.*\)"$/\2: \3/p' "$E2E_DIR/nfprobe.log" |
	sed "s|$E2E_DIR/||g; s/[0-9][0-9.]*/N/g" | cut -c -160 | sort | uniq -c | sort -rn | awk 'NR <= 20'
python3 "$E2E_TOP/tests/soak/growth.py" "$measured_from" "$measured_to" "$E2E_DIR/samples" || fail "something grew"
say "ok: nothing grew"
