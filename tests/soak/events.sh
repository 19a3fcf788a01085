# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The events of soak.sh: each is a function without arguments that leaves the network as it was, or says in a variable
# what is different from now on. Sourced by it.

begun=0 event= # of soak.sh: when it began, what it does now
extra=0 # packets sent by events, beside the generator's
links=0
variant=0
stays=0
memory=64MiB

port_of() { case $1 in steady) echo 4739 ;; torn) echo 4740 ;; full) echo 4741 ;; esac; }

# resend: as much as a collector that is killed may have left unread, and little enough to be full soon: what is kept to be sent
# again is memory, some four times of its octets on the wire, and would look like a leak for as long as it fills.
write_conf() {
	local more=
	# Comes and goes; while what grows is measured it stays, and goes elsewhere: its thread is no growth.
	[ $stays$((variant % 2)) = 00 ] || more="  - { name: more, endpoint: \"udp://127.0.0.1:$((4743 + variant % 2))\" }"
	conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
  - { match: "x*", direction: ingress }
maps: { memory: $memory }
collectors:
  - { name: steady, endpoint: "tcp://127.0.0.1:4739", retry: 100ms, resend: 2MiB, spool: { path: "$E2E_DIR/run" } }
  - { name: torn, endpoint: "tcp://127.0.0.1:4740", retry: 100ms, resend: 2MiB, spool: { path: "$E2E_DIR/run" } }
  - { name: full, endpoint: "tcp://127.0.0.1:4741", retry: 100ms, resend: 2MiB, spool: { path: "$E2E_DIR/disk", size: 64MiB } }
  - { name: udp, endpoint: "udp://127.0.0.1:4742" }
$more
YAML
}

start_probe() {
	start r nfprobe "$NFPROBE" run -c "$E2E_DIR/nfprobe.yaml"
	# shellcheck disable=SC2034 # for lib_nfprobe.sh
	E2E_PROBE_NS=r
	wait_for 60 "r0 to be metered" is_metered r0
	# Hooks are pinned: they are there before it is. A signal that comes before its handlers ends it as any program.
	wait_for 60 "nfprobe to answer" answers
}
answers() { status | books '"yes" if s["daemon"] else "no"' | grep -q yes; }
is_metered() { status | books "'yes' if any(h['ifname'] == '$1' and h['attached'] for h in s['hooks']) else 'no'" | grep -q yes; }
moment() { sleep "0.$(printf %03d $((RANDOM % 900)))"; }

# Its `resend` was filled, more than once: until then a daemon grows.
is_warm() {
	status | books "'yes' if all(c['octets'] > 6 << 20 for c in s['collectors'] if c['name'] in ('steady', 'torn')) else 'no'" |
		grep -q yes
}

# Descriptors, threads (of its own: a library's pool has as many as it likes), memory that is the daemon's alone, its maps;
# pins of the instance. What ends while it is looked at is not there.
usage() {
	local pid=${E2E_PID[nfprobe]} maps threads
	maps=$(cat "/proc/$pid"/fdinfo/* 2>/dev/null | awk '/^memlock/ { sum += $2 } END { print int(sum / 1024) }') || true
	threads=$(cat "/proc/$pid"/task/*/comm 2>/dev/null | grep -cv '^pool') || true
	echo "seconds $((SECONDS - begun)) descriptors $(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l) threads $threads" \
		"memory_kib $(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status") map_kib $maps" \
		"pins $(find "/sys/fs/bpf/nfprobe/$E2E_ID" 2>/dev/null | wc -l)"
}
# No bucket waits for a collector that is there.
rest_probe() {
	room
	local name
	for name in steady torn full; do running $name || chaos_start $name "$(port_of $name)"; done
	wait_for 300 "steady to have all" none_waits steady
	wait_for 300 "torn to have all" none_waits torn
	wait_for 300 "full to have all" none_waits full
}

# ---- the daemon ----

# Nobody harvests between away and back; what goes by on r0 in between has to be in records of that time (chaos.py gaps).
now_ms() { echo "${EPOCHREALTIME/./}" | cut -c -13; }
away() {
	away_since=$(now_ms)
	came_before=$(counter r r0 rx_packets)
}
back() {
	local came
	# Before it can have read anything.
	came=$(($(counter r r0 rx_packets) - came_before))
	start_probe
	echo "$away_since $(now_ms) $came $event" >>"$E2E_DIR/gaps"
}
# Now and then for longer than buckets were made ahead for: then packets go to the spill bucket.
while_away() { if [ $((RANDOM % 4)) = 0 ]; then sleep $((3 + RANDOM % 6)); else moment; fi; }

kill_probe() {
	stop nfprobe KILL || true
	away
	while_away
	back
}

kill_all() {
	chaos_stop steady
	chaos_stop torn
	kill_probe
	moment
	chaos_start torn 4740
	chaos_start steady 4739
}

end_probe() {
	stop nfprobe TERM || fail "nfprobe ended with exit code $?"
	away
	while_away
	back
}

# An asker waits for some seconds, which a slow machine may take.
reload() { wait_for 60 "a reload" reload_asked; }
reload_asked() { nfprobe reload >>"$E2E_DIR/reload.log" 2>&1; }

reload_probe() {
	variant=$((variant + 1))
	write_conf
	reload
}

# Changes nothing.
wrong_conf() {
	cp "$E2E_DIR/nfprobe.yaml" "$E2E_DIR/right.yaml"
	echo 'colectors: []' >>"$E2E_DIR/nfprobe.yaml"
	! nfprobe reload 2>>"$E2E_DIR/wrong.log" || fail "a wrong file was taken"
	mv "$E2E_DIR/right.yaml" "$E2E_DIR/nfprobe.yaml"
}

# ---- collectors ----

kill_collector() {
	local name=steady
	[ $((RANDOM % 2)) = 0 ] || name=torn
	chaos_stop $name
	sleep $((RANDOM % 4))
	chaos_start $name "$(port_of $name)"
}

pause_collector() {
	kill -STOP "${E2E_PID[steady]}"
	sleep $((RANDOM % 5))
	kill -CONT "${E2E_PID[steady]}"
}

# Connections end in the middle of a message.
reset_sessions() {
	chaos_stop torn
	chaos_start torn 4740 --reset $((1000 + RANDOM))
	sleep $((1 + RANDOM % 3))
	chaos_stop torn
	chaos_start torn 4740
}

# ---- links ----

link_up() {
	links=$((links + 1))
	x=x$links
	on_link=0
	link s "s$links" 02:09:00:00:02:01 r "$x" 02:09:00:00:02:02
	wait_for 60 "$x to be metered" is_metered "$x"
}
link_sends() {
	in_ns s timeout 60 python3 "$E2E_SUPPORT/flood.py" send "s$links" "$1" 20 $RANDOM || fail "flood"
	extra=$((extra + $1))
	on_link=$((on_link + $1))
}
# All that was sent on the link has gone by the hook: the counter is behind it.
have_come() { [ "$(counter r "$1" rx_packets)" = "$on_link" ]; }
link_down() {
	wait_for 20 "the packets on $1" have_come "$1"
	ip -n "$E2E_ID-s" link del "s$links"
}

come_and_go() {
	link_up
	link_sends 500
	link_down "$x"
}

rename_link() {
	link_up
	link_sends 200
	ip -n "$E2E_ID-r" link set "$x" down
	ip -n "$E2E_ID-r" link set "$x" name "$x-new"
	ip -n "$E2E_ID-r" link set "$x-new" up
	wait_for 60 "$x-new to be metered" is_metered "$x-new"
	link_sends 200
	link_down "$x-new"
}

# To a namespace that nobody meters: what it gets there is nobody's.
move_link() {
	link_up
	link_sends 200
	wait_for 20 "the packets on $x" have_come "$x"
	ip -n "$E2E_ID-r" link set "$x" netns "$E2E_ID-away"
	ip -n "$E2E_ID-s" link del "s$links"
}

change_mtu() {
	local mtu=$((1300 + RANDOM % 7000))
	ip -n "$E2E_ID-s" link set s0 mtu $mtu
	ip -n "$E2E_ID-r" link set r0 mtu $mtu
}

toggle_offloads() {
	local to=off
	[ $((RANDOM % 2)) = 0 ] || to=on
	offloads s s0 $to
	offloads r r0 $to
}

# ---- resources ----

# More flows than the tables have room for.
flood() {
	local packets=$((2000 + RANDOM % 10000))
	flows_send $packets $RANDOM
	extra=$((extra + packets))
}

fill_disk() {
	chaos_stop full
	dd if=/dev/zero of="$E2E_DIR/disk/ballast" bs=64k 2>/dev/null || true
	sleep $((1 + RANDOM % 4))
	rm "$E2E_DIR/disk/ballast"
	chaos_start full 4741
}
# Room for so few entries that most are counted in coarser records.
limit_maps() {
	memory=4MiB
	write_conf
	reload
	flood
	sleep $((1 + RANDOM % 3))
	memory=64MiB
	write_conf
	reload
}

# No descriptor is left: neither maps nor sockets nor files can be made, until there are some again.
limit_descriptors() {
	local pid=${E2E_PID[nfprobe]} before
	before=$(prlimit --pid "$pid" --nofile --output SOFT --noheadings)
	prlimit --pid "$pid" --nofile="$(find "/proc/$pid/fd" -mindepth 1 | wc -l):"
	sleep $((1 + RANDOM % 4))
	prlimit --pid "$pid" --nofile="${before// /}:"
}

# As with a full disk, by setrlimit(2): which also sends a signal.
limit_files() {
	local pid=${E2E_PID[nfprobe]}
	chaos_stop full
	prlimit --pid "$pid" --fsize=16384:
	sleep $((1 + RANDOM % 4))
	prlimit --pid "$pid" --fsize=unlimited:
	chaos_start full 4741
}

# A control group that has hardly any memory to give: maps cannot be made, and the kernel may kill who asks for more.
squeeze_memory() {
	local own kind=v1 root=/sys/fs/cgroup/memory limit=memory.limit_in_bytes pid=${E2E_PID[nfprobe]}
	if [ ! -d $root ]; then
		kind=v2 root=/sys/fs/cgroup limit=memory.max
		echo +memory >$root/cgroup.subtree_control 2>/dev/null || true
	fi
	own=$(awk -F: -v kind=$kind '(kind == "v2" && $1 == 0) || (kind == "v1" && $2 == "memory") { print $3 }' /proc/self/cgroup)
	group=$root/$E2E_ID group_back=$root$own/cgroup.procs
	mkdir "$group" 2>/dev/null || { group=; return 0; }
	if [ -w "$group/$limit" ] && echo $((4 << RANDOM % 5))M >"$group/$limit" && echo "$pid" >"$group/cgroup.procs"; then
		squeezed=$((squeezed + 1))
		sleep $((1 + RANDOM % 4))
	fi
	leave_group
	# bash tells of a killed child as soon as it may.
	if ! { running nfprobe || stop nfprobe; } 2>/dev/null; then
		killed_by_limit=$((killed_by_limit + 1))
		away
		back
	fi
	wait_for 20 "the control group to be empty" rmdir "$group"
	group=
}
# Who is in it goes back to where it was.
leave_group() {
	local pid
	while read -r pid; do echo "$pid" >"$group_back" || true; done <"$group/cgroup.procs" 2>/dev/null
}
soak_end() {
	local code=$?
	set +e # the last line but one fails where the run has
	[ -z "$group" ] || { leave_group; rmdir "$group"; }
	(exit $code)
	e2e_end
}
group=
squeezed=0
killed_by_limit=0

room() { rm -f "$E2E_DIR/disk/ballast"; }

step_clock() {
	local steps=(1 -1 5 -5 60 -60 3600 -3600 7200 -7200) by
	by=${steps[RANDOM % ${#steps[@]}]}
	say "         by $by s"
	date -u -s "@$(($(date +%s) + by))" >/dev/null
	sleep $((RANDOM % 3))
	date -u -s "@$(($(date +%s) - by))" >/dev/null
}

take_cpu() {
	local online=/sys/devices/system/cpu/cpu1/online
	[ -w $online ] || return 0
	echo 0 >$online
	sleep $((1 + RANDOM % 3))
	echo 1 >$online
}
