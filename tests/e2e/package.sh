#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package in a clean Debian 12 with systemd as process 1: installed, run as the unit says, killed, upgraded
# under traffic, frozen for the watchdog, removed and purged. The books close over all of it, and nothing stays.
. "$(dirname "$0")/lib.sh"
trap_end() {
	local code=$? name
	set +e
	for name in machine frozen; do
		[ -z "${E2E_PID[$name]-}" ] || { kill -KILL "${E2E_PID[$name]}"; wait "${E2E_PID[$name]}"; } 2>/dev/null
	done
	if [ -d "${cgroup-/nonexistent}" ]; then
		for ((i = 0; i < 100; i++)); do
			find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
			[ -d "$cgroup" ] || break
			sleep 0.1
		done
	fi
	(exit $code)
	e2e_end
}
e2e_begin debootstrap cpack dpkg-deb dpkg-shlibdeps unshare
need_nfprobe
[ -e "${NFP_BUILD-}/CPackConfig.cmake" ] || skip "NFP_BUILD is no build directory"
[ "$(uname -n)" != nfprobe-vm ] || skip "this kernel runs in scripts/vm, where all this takes too long"
hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$hierarchy" ] || skip "this kernel or this container has no cgroup2"
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || skip "this kernel lacks overlay"

# --- the package, and one that is newer
cpack --config "$NFP_BUILD/CPackConfig.cmake" -B "$E2E_DIR/deb" >"$E2E_DIR/cpack.log" 2>&1 || fail "cpack"
deb=$(echo "$E2E_DIR"/deb/nfprobe_*.deb)
[ -f "$deb" ] || fail "cpack made no package"
version=$(dpkg-deb -f "$deb" Version)
dpkg-deb -R "$deb" "$E2E_DIR/newer"
sed -i "s/^Version: .*/Version: $version+newer/" "$E2E_DIR/newer/DEBIAN/control"
dpkg-deb -Znone -b "$E2E_DIR/newer" "$E2E_DIR/newer.deb" >/dev/null
dpkg-deb -f "$deb" Depends | grep -q 'libbpf1 (>= .*libc6 (>= .*libsqlite3-0 (>= ' || fail "dependencies: $(dpkg-deb -f "$deb" Depends)"
if command -v lintian >/dev/null; then
	lintian --allow-root --fail-on error,warning "$deb" >"$E2E_DIR/lintian.log" 2>&1 || fail "lintian: $(cat "$E2E_DIR/lintian.log")"
fi
say "ok: $(basename "$deb")"

# --- a Debian to install it in
mapfile -t needed < <(dpkg-deb -f "$deb" Depends | tr , '\n' | sed 's/(.*//; s/ //g')
if ! base=$("$E2E_TOP/scripts/debian-base" --kept systemd "${needed[@]}"); then
	[ -n "${CI-}${NFPROBE_FULL-}" ] || skip "no Debian 12 is kept here yet to install it in: NFPROBE_FULL=1 makes one, in a minute"
	base=$("$E2E_TOP/scripts/debian-base" systemd "${needed[@]}") || fail "no Debian 12 to install it in"
fi
ns_add s r
link s s0 02:0c:00:00:00:01 r r0 02:0c:00:00:00:02
address s s0 1 1
address r r0 1 2
neighbour s s0 1 2
neighbour r r0 1 1
chain_quiet
traffic_serve r 5000

cgroup=$hierarchy/$E2E_ID
trap trap_end EXIT
start r machine bash "$E2E_SUPPORT/machine.sh" "$base" "$E2E_DIR/machine" "$cgroup"
process_1() { ps -o pid= --ppid "${E2E_PID[machine]}" | tr -d ' ' | grep .; }
# Not `in_machine` before it runs: nsenter needs its namespaces.
in_machine() {
	timeout 180 nsenter --target="$(process_1)" --mount --net --pid --cgroup --uts --ipc --root --wd env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}
is_up() { [ "$(in_machine systemctl is-system-running)" = running ]; }
mkdir "$E2E_DIR/machine"
wait_for 60 "systemd" is_up
root=/proc/$(process_1)/root
mkdir -p "$root/etc/systemd/system/nfprobe.service.d"
cat >"$root/etc/systemd/system/nfprobe.service.d/test.conf" <<UNIT
[Service]
StandardError=append:/var/log/nfprobe.log
WatchdogSec=10s
UNIT
cp "$deb" "$root/tmp/nfprobe.deb"
cp "$E2E_DIR/newer.deb" "$root/tmp/newer.deb"

complain() { fail "$*: $(in_machine tail -n 20 /var/log/nfprobe.log)"; }
property() { in_machine systemctl show -P "$1" nfprobe.service; }
is_active() { [ "$(property ActiveState)" = active ]; }
status_of() { in_machine nfprobe status --json; }
sum_up() { status_of | books "$1"; }
apt() { in_machine apt-get -q -y --no-install-recommends "$@" >>"$E2E_DIR/apt.log" 2>&1 || fail "apt-get $*: $(tail -n 20 "$E2E_DIR/apt.log")"; }

# --- installed, it meters and does nothing else
apt install /tmp/nfprobe.deb
is_active || complain "not active after the installation"
[ "$(in_machine systemctl is-enabled nfprobe)" = enabled ] || fail "not enabled"
told() { [ "$(property StatusText)" = "metering at 1 hook, 0 collectors" ]; }
wait_for 30 "the status line" told
main=$(property MainPID)
[ "$(in_machine stat -c %U "/proc/$main/status")" = nfprobe ] || fail "it runs as another user"
effective=$(in_machine awk '/^CapEff/ { print $2 }' "/proc/$main/status")
[ $((0x$effective & ~(1 << 12 | 1 << 38 | 1 << 39))) = 0 ] || fail "capabilities $effective"
[ "$(in_machine stat -c %U:%a /sys/fs/bpf /sys/fs/bpf/nfprobe /var/lib/nfprobe /run/nfprobe | tr '\n' ' ')" = \
	"root:1700 nfprobe:700 nfprobe:750 nfprobe:750 " ] ||
	fail "modes: $(in_machine stat -c '%n %U:%a' /sys/fs/bpf /sys/fs/bpf/nfprobe /var/lib/nfprobe /run/nfprobe)"
in_ns r ss -Hlntu | grep -v ':5000 ' | grep . && fail "it listens as it comes"
[ -f "$root/var/lib/nfprobe/enrichment.db" ] || fail "no database of facts"
verified=$(in_machine systemd-analyze verify --man=no nfprobe.service nfprobe-pins.service 2>&1 | grep -i nfprobe) || true
[ -z "$verified" ] || fail "systemd-analyze verify: $verified"
exposure=$(in_machine systemd-analyze security --no-pager --threshold=25 nfprobe.service | tail -n 1) ||
	fail "systemd-analyze security: $exposure"
say "ok: installed; $(sed 's/^[^A-Za-z]*//; s/[^A-Za-z0-9.]*$//' <<<"$exposure")"

# --- a configuration of one's own, which the upgrade leaves alone
cat >"$root/etc/nfprobe/nfprobe.yaml" <<YAML
interval: 1s
interfaces:
  - match: r0
collectors:
  - { name: file, protocol: json, endpoint: "file:///var/lib/nfprobe/records.json" }
YAML
# Afresh: the bucket of a minute that is open would last.
in_machine systemctl stop nfprobe || complain "stop"
in_machine nfprobe detach || fail "detach"
in_machine systemctl start nfprobe || complain "start"
datagrams_start s
counts() { [ "$(sum_up 's["recorded"]')" -gt 0 ]; }
wait_for 30 "records" counts

# --- a reload: the same process, or the reason why not
main=$(property MainPID)
sed -i 's/^interval: .*/interval: 0s/' "$root/etc/nfprobe/nfprobe.yaml"
in_machine systemctl reload nfprobe 2>/dev/null && fail "a wrong file was taken"
sed -i 's/^interval: .*/interval: 2s/' "$root/etc/nfprobe/nfprobe.yaml"
in_machine systemctl reload nfprobe || complain "reload"
is_active && [ "$(property MainPID)" = "$main" ] || complain "the reload has ended the process"
say "ok: reloaded"

# --- killed, it comes again by itself
main=$(property MainPID)
in_machine systemctl kill --signal=KILL --kill-who=main nfprobe
came_again() { is_active && [ "$(property MainPID)" != "$main" ] && [ "$(property MainPID)" != 0 ]; }
wait_for 60 "systemd to start it again" came_again

# --- upgraded
main=$(property MainPID)
apt install /tmp/newer.deb
[ "$(in_machine dpkg-query -W -f '${Version}' nfprobe)" = "$version+newer" ] || fail "not upgraded"
is_active || complain "not active after the upgrade"
came_again || fail "the upgrade has not restarted it"
grep -q records.json "$root/etc/nfprobe/nfprobe.yaml" || fail "the upgrade took the configuration away"
say "ok: killed and upgraded under traffic"

# --- the watchdog: fed while the harvester moves, and only then
fed=$(property WatchdogTimestampMonotonic)
was_fed() { [ "$(property WatchdogTimestampMonotonic)" != "$fed" ]; }
wait_for 30 "the watchdog to be fed" was_fed
main=$(property MainPID)
# By its number out here.
start - frozen python3 "$E2E_SUPPORT/freeze.py" "$(pgrep --ns "$(process_1)" --nslist pid -x nfprobe)" harvest
wait_for 20 "the thread to be frozen" grep -q frozen "$E2E_DIR/frozen.log"
killed=$(property NRestarts)
was_killed() { [ "$(property NRestarts)" -gt "$killed" ] && came_again; }
wait_for 90 "the watchdog to bite" was_killed
say "ok: a harvester that stands still is restarted by the watchdog"

# --- the books over all that
datagrams_stop
rest s r
all_recorded() { [ "$(sum_up 's["recorded"]')" = "$sent" ] && [ "$(sum_up 's["open"]')" = 0 ]; }
wait_for 60 "the last bucket" all_recorded
in_machine systemctl stop nfprobe || complain "stop"
[ "$(property Result)" = success ] || complain "it ended with $(property Result)"
status_of >"$E2E_DIR/end.json"
python3 "$E2E_SUPPORT/books.py" check <"$E2E_DIR/end.json" || fail "the books do not close"
[ "$(books 's["seen"]' <"$E2E_DIR/end.json")" = "$sent" ] || fail "seen is not the $sent packets that were sent"
# What was sent and not yet unpinned when the process was killed leaves again, with the same flowId.
written=$(python3 -c 'import json, sys
flows = {r["flowId"]: r["packetDeltaCount"] for r in map(json.loads, sys.stdin)}
print(sum(flows.values()))' < <(cat "$root"/var/lib/nfprobe/records*))
[ "$written" = "$sent" ] || fail "the records hold $written packets of $sent: $(ls "$root/var/lib/nfprobe")"
say "ok: $sent packets sent, seen and in records, over a restart, a kill, an upgrade and the watchdog"

# --- removed: no program stays; purged: nothing does
in_machine systemctl start nfprobe || complain "start"
apt remove nfprobe
[ -z "$(ls -A "$root/sys/fs/bpf/nfprobe" 2>/dev/null)" ] || fail "pins stay: $(ls "$root/sys/fs/bpf/nfprobe")"
! grep -q nfp <<<"$(in_ns r bpftool net show dev r0)" || fail "programs stay: $(in_ns r bpftool net show dev r0)"
[ -f "$root/etc/nfprobe/nfprobe.yaml" ] && [ -f "$root/var/lib/nfprobe/enrichment.db" ] || fail "more than the program was removed"
apt purge nfprobe
for path in /etc/nfprobe /var/lib/nfprobe /run/nfprobe /sys/fs/bpf/nfprobe /usr/sbin/nfprobe /lib/systemd/system/nfprobe.service; do
	[ ! -e "$root$path" ] || fail "$path stays after the purge"
done
in_machine getent passwd nfprobe && fail "the user stays after the purge"
find "$root/etc/systemd" "$root/var/lib/systemd/deb-systemd-helper-enabled" -name 'nfprobe*' -not -path '*.service.d*' 2>/dev/null |
	grep . && fail "traces of the unit stay"
say "ok: removed and purged"
