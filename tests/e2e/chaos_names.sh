#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Collectors that move: the name is looked up again when its address stops answering, over TCP with the next
# connection, over UDP after ICMP errors. The name comes from an /etc/hosts of the test's own.
[ -n "${E2E_MOUNTS-}" ] || E2E_MOUNTS=own exec unshare --mount --propagation slave "$0" "$@"
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_chaos.sh
. "$(dirname "$0")/lib_chaos.sh"
e2e_begin unshare
need_nfprobe

chaos_network
hosts() { printf '127.0.0.1 localhost\n%s tcp.nfprobe.test udp.nfprobe.test\n' "$1" >"$E2E_DIR/hosts"; }
hosts 127.0.0.2
mount --bind "$E2E_DIR/hosts" /etc/hosts || skip "cannot bind an /etc/hosts"
E2E_DISKS+=(/etc/hosts)
listen() { # ADDRESS
	start r "tcp-$1" python3 "$E2E_SUPPORT/ipfix.py" listen tcp "$1" 4739 "$E2E_DIR/tcp-$1"
	start r "udp-$1" python3 "$E2E_SUPPORT/ipfix.py" listen udp "$1" 4740 "$E2E_DIR/udp-$1"
	wait_for 60 "the listener" listening r t 4739
	wait_for 60 "the listener" listening r u 4740
}
listen 127.0.0.2
conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: ingress }
collectors:
  - { name: tcp, endpoint: "tcp://tcp.nfprobe.test:4739", retry: 200ms }
  - { name: udp, endpoint: "udp://udp.nfprobe.test:4740", domain: 2 }
YAML
nfprobe_start r 1
flows_send 100 1
arrived() { # DIR RECORDS
	[ "$(python3 "$E2E_SUPPORT/ipfix.py" records "$E2E_DIR/$1"/*.ipfix | wc -l)" -ge "$2" ]
}
wait_for 60 "records at the first address" arrived tcp-127.0.0.2 100
wait_for 60 "records at the first address" arrived udp-127.0.0.2 100

stop tcp-127.0.0.2 KILL || true
stop udp-127.0.0.2 KILL || true
hosts 127.0.0.3
listen 127.0.0.3
moved() { # NAME: sends until something gets there
	flows_send 20 $RANDOM
	collector "$1" "['state']" >/dev/null
	[ -n "$(ls "$E2E_DIR/$1-127.0.0.3")" ] && arrived "$1-127.0.0.3" 20
}
wait_for 60 "TCP at the second address" moved tcp
say "ok: TCP finds the name's new address"
wait_for 120 "UDP at the second address" moved udp
say "ok: UDP finds the name's new address"
nfprobe_stop
