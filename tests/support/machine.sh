#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# machine.sh BASE WORK CGROUP: starts systemd as process 1 of a PID namespace, over a copy-on-write layer on a
# Debian, with a bpffs and a cgroup of its own, in the network namespace of the caller. Nothing but what a test
# asks for is started in it. WORK/root is its root, WORK/console what it says; it lives as long as this process.
set -eu
base=$1 work=$2 cgroup=$3 root=$2/root

if [ "${4-}" != inside ]; then
	mkdir "$cgroup"
	echo $$ >"$cgroup/cgroup.procs"
	exec unshare --pid --fork --mount --cgroup --uts --ipc --kill-child bash "$0" "$1" "$2" "$3" inside
fi

mount --make-rprivate /
mkdir -p "$work/rw" "$root"
mount -t tmpfs rw "$work/rw"
mkdir "$work/rw/upper" "$work/rw/work"
mount -t overlay -o "lowerdir=$base,upperdir=$work/rw/upper,workdir=$work/rw/work" root "$root"
mount -t proc proc "$root/proc"
# The kernel's settings are the whole machine's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sys "$root/sys"
mount -t bpf -o mode=700 bpf "$root/sys/fs/bpf"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=755 dev "$root/dev"
while read -r name minor; do
	mknod -m 666 "$root/dev/$name" c 1 "$minor"
done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
rm -rf "$root"/lib/systemd/system/*.wants "$root"/etc/systemd/system/*.wants
exec env -i container=nfprobe-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	chroot "$root" /lib/systemd/systemd --unit=basic.target </dev/null >"$work/console" 2>&1
