#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nfprobe object: tc installs what it wrote, and the packets are counted in the instance's maps.
[ -n "${E2E_MOUNTS-}" ] || E2E_MOUNTS=own exec unshare --mount --propagation slave "$0" "$@"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin tc unshare
need_nfprobe
# tc makes folders and links in the BPF file system, and leaves them: in one of this test's.
mount -t bpf nfpt /sys/fs/bpf || fail "cannot mount a BPF file system"
ns_add s r
link s s0 02:10:00:00:00:01 r r0 02:10:00:00:00:02
chain_quiet
E2E_PROBE_NS=r
conf nfprobe <<YAML
interfaces: [ { match: "none*" } ]
YAML
c=(-c "$E2E_DIR/nfprobe.yaml")
object=$E2E_DIR/r0.o

expect_in r 0 "^$object: written; install it with: tc filter add dev r0 ingress bpf da obj $object sec tc\$" \
	"$NFPROBE" object r0 -o "$object" "${c[@]}"
in_ns r tc qdisc add dev r0 clsact
in_ns r tc filter add dev r0 ingress bpf da obj "$object" sec tc || fail "tc does not take the object"
frames s s0 sent
seen=$(status | books 's["seen"]')
[ "$seen" = "$(sent sent)" ] || fail "counted $seen of $(sent sent)"
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"
in_ns r tc filter del dev r0 ingress
nfprobe detach >/dev/null || fail "detach"
