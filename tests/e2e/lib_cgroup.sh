# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A control group of the test's own, by the first version of them or the second. Sourced behind lib.sh.

# cgroup_make CONTROLLER: makes $E2E_CGROUP, which goes when the script ends.
cgroup_make() {
	local own=
	E2E_CGROUP=/sys/fs/cgroup/$E2E_ID
	if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
		own=$(sed -En "s/^[0-9]+:([^:]*,)?$1(,[^:]*)?:(.*)/\\3/p" /proc/self/cgroup | head -n 1)
		E2E_CGROUP=/sys/fs/cgroup/$1${own%/}/$E2E_ID
	fi
	mkdir "$E2E_CGROUP" 2>/dev/null || skip "this kernel gives no control group below ${E2E_CGROUP%/*}"
	E2E_CGROUPS+=("$E2E_CGROUP")
	compgen -G "$E2E_CGROUP/$1.*" >/dev/null || skip "this kernel's control groups have no $1 here"
}

cgroup_join() { echo "$1" >"$E2E_CGROUP/cgroup.procs" || fail "cannot move process $1"; }

# In thousandths of a CPU.
cgroup_cpu() {
	if [ -e "$E2E_CGROUP/cpu.max" ]; then
		echo "$(($1 * 100)) 100000" >"$E2E_CGROUP/cpu.max"
	else
		echo $(($1 * 100)) >"$E2E_CGROUP/cpu.cfs_quota_us"
	fi
}
cgroup_throttled() { awk '$1 == "nr_throttled" { print $2 }' "$E2E_CGROUP/cpu.stat"; }

# Octets; without swap, where the kernel says how much of it may be used.
cgroup_memory() {
	if [ -e "$E2E_CGROUP/memory.max" ]; then
		echo "$1" >"$E2E_CGROUP/memory.max"
		[ ! -e "$E2E_CGROUP/memory.swap.max" ] || echo 0 >"$E2E_CGROUP/memory.swap.max"
	else
		echo "$1" >"$E2E_CGROUP/memory.limit_in_bytes"
	fi
}
# The most that was in use.
cgroup_peak() { cat "$E2E_CGROUP/memory.peak" 2>/dev/null || cat "$E2E_CGROUP/memory.max_usage_in_bytes" 2>/dev/null || echo 0; }
cgroup_kills() { cat "$E2E_CGROUP/memory.events" "$E2E_CGROUP/memory.oom_control" 2>/dev/null | awk '$1 == "oom_kill" { print $2 }'; }
