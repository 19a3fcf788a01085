#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The spool's bad days: its disk is full, nfprobe is killed while it is loaded, its file is damaged. What is
# metered in the meantime stays in maps and memory, and arrives when there is room and somebody to send it to.
[ -n "${E2E_MOUNTS-}" ] || E2E_MOUNTS=own exec unshare --mount --propagation slave "$0" "$@"
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin unshare
need_nfprobe

chaos_network
mkdir "$E2E_DIR/disk"
mount -t tmpfs -o size=1m nfpt "$E2E_DIR/disk" || skip "cannot mount a tmpfs"
E2E_DISKS+=("$E2E_DIR/disk")
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
collectors:
  - name: c
    endpoint: "tcp://127.0.0.1:4739"
    retry: 100ms
    queue: 1024
    spool: { path: "$E2E_DIR/disk", size: 64MiB }
YAML
restart() { nfprobe_start r 1; }
restart
sent=0
# Each packet a flow of its own: the spool fills.
flows() {
	flows_send "$1" $RANDOM
	sent=$((sent + $1))
}

flows 30000
is_full() { collector c "['spool'].get('error', '')" | grep -q 'No space left'; }
wait_for 60 "the disk to be full" is_full
grep -q 'the spool is not usable: .*No space left' "$E2E_DIR/nfprobe.log" || fail "the log says nothing"
waiting=$(collector c "['spool']['waiting_records']")
[ "$waiting" -gt 1000 ] || fail "$waiting records in the spool"
say "ok: the disk is full with $waiting records in the spool"

flows 3000
for ((i = 0; i < $(full 10 3); i++)); do
	stop nfprobe KILL || true
	sleep "0.$(printf %03d $((RANDOM % 700)))"
	restart
	flows 500
done
grep -q 'records of an earlier run are in the spool' "$E2E_DIR/nfprobe.log" || fail "the spool was not found again"
say "ok: killed with a loaded spool on a full disk"

mount -o remount,size=256m "$E2E_DIR/disk"
usable() { ! is_full && collector c "['spool']" | grep -q waiting; }
wait_for 60 "the spool to be usable" usable
say "ok: usable again by itself"
stop nfprobe KILL || true
chaos_start c 4739
restart
rest s r
# What the killed ones had delivered to the spool and not yet removed from the maps is recorded once all the same.
wait_for 60 "the last bucket" all_recorded
wait_for 120 "the spool to be empty" none_waits c
wait_for 60 "the collector to read" all_read 4739
[ "$(collector c "['refused_records']")" = 0 ] || fail "records were refused"
[ "$(collector c "['spool']['dropped_records']")" = 0 ] || fail "records were dropped"
nfprobe_stop
chaos_stop c TERM
distinct c
[ "$packets" = "$sent" ] || fail "$packets packets of $sent ($records records, $again came again)"
size=$(stat -c %s "$E2E_DIR/disk/c.spool")
[ "$size" -lt 200000 ] || fail "an empty spool of $size octets"
say "ok: all $sent packets in $records records, $again came again; the disk has its room back"

# A damaged file: told, moved aside, and a new one serves.
python3 - "$E2E_DIR/disk/c.spool" <<'PY'
import sys
with open(sys.argv[1], "r+b") as file:
    file.write(b"this is no database, and never was, whatever the name of the file says. " * 100)
PY
restart
grep -q 'c.spool was damaged: it is now .*c.spool.corrupt' "$E2E_DIR/nfprobe.log" || fail "the log does not tell of the damage"
before=$sent
flows 200
spooled() { [ "$(collector c "['spool']['waiting_records']")" -ge 100 ]; }
wait_for 60 "records in the new spool" spooled
nfprobe_stop
say "ok: a damaged file is moved aside"
chaos_start d 4739
restart
wait_for 60 "the spool to be empty" none_waits c
wait_for 60 "the collector to read" all_read 4739
nfprobe_stop
chaos_stop d TERM
distinct d
[ "$packets" = $((sent - before)) ] || fail "$packets packets of $((sent - before)) after the damage"
say "ok: what came after the damage has arrived"
