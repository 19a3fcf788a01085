#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Other people's tc filters, queueing disciplines and XDP programs are as they were: while nfprobe runs, after
# it ended and after detach. An interface that goes away and comes back while it runs is metered again.
. "$(dirname "$0")/lib.sh"
e2e_begin
need_nfprobe
xdp_drop=${NFP_BUILD:?}/skel/xdp_drop.bpf.o
[ -r "$xdp_drop" ] || fail "$xdp_drop is not built"

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
link s s1 02:0a:00:00:01:01 r r1 02:0a:00:00:01:03
in_ns r tc qdisc add dev r0 root handle 5: tbf rate 800mbit burst 100kb limit 1mb
in_ns r tc qdisc add dev r0 clsact
for side in ingress egress; do
	in_ns r tc filter add dev r0 $side pref 7 protocol ip u32 \
		match ip dst 198.51.100.1/32 classid 5:1
	in_ns r tc filter add dev r0 $side pref 49000 protocol ipv6 u32 \
		match ip6 dst 2001:db8::1/128 classid 5:1
done
in_ns r ip link set dev r0 xdp obj "$xdp_drop" sec xdp

# What others have, without what changes by itself.
foreign() {
	local dev
	for dev in r0 r1; do
		in_ns r tc qdisc show dev $dev | sed "s/^/$dev: /"
		in_ns r tc filter show dev $dev ingress | grep -v '^filter.* bpf ' || true
		in_ns r tc filter show dev $dev egress | grep -v '^filter.* bpf ' || true
		in_ns r ip -d link show dev $dev | grep -o 'prog/xdp.*' || true
	done
}
everything() {
	local dev
	foreign
	for dev in r0 r1; do
		in_ns r tc filter show dev $dev ingress
		in_ns r tc filter show dev $dev egress
		in_ns r bpftool net show dev $dev
	done
}
# In the end not even a qdisc of ours stays on r1, where there was none.
everything >"$E2E_DIR/before"
foreign >"$E2E_DIR/foreign"

chain_quiet
conf nfprobe <<YAML
interfaces:
  - { match: "r*", direction: both }
YAML
nfprobe_start r 4 --flush
send() { frames s "$1" sent; }
seen() { [ "$(status | books 's["seen"]')" = "$1" ]; }
# Where the kernel has no TCX, r1 gets a clsact qdisc of ours.
foreign_now() { foreign | sed '/^r1: qdisc clsact/d'; }

send s0
one=$(sent sent)
send s1
wait_for 10 "the hooks to see $((2 * one)) packets" seen $((2 * one))
foreign_now | diff "$E2E_DIR/foreign" - || fail "something foreign has changed while nfprobe runs"
say "ok: foreign filters, qdiscs and XDP while it runs"

# The interface goes and comes back, with another index.
ip -n "$E2E_ID-r" link del r1
hooks_on() { [ "$(status | books "sum(h['ifname'] == '$1' and h['attached'] for h in s['hooks'])")" = "$2" ]; }
wait_for 10 "the hooks of the interface that went" hooks_on r1 0
running nfprobe || fail "nfprobe ended with the interface"
send s0
ip -n "$E2E_ID-r" link add dummy type veth peer name dummy2
link s s1 02:0a:00:00:01:01 r r1 02:0a:00:00:01:03
chain_quiet
wait_for 10 "the hooks of the interface that came back" hooks_on r1 2
base=$(status | books 's["seen"]')
send s1
wait_for 10 "the packets on the interface that came back" seen $((base + one))
[ "$base" -ge $((3 * one)) ] || fail "packets of the interface that went are gone: $base of $((3 * one))"
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books after the interface came back"
say "ok: an interface that went and came back"

nfprobe_stop
ip -n "$E2E_ID-r" link del dummy
foreign_now | diff "$E2E_DIR/foreign" - || fail "something foreign has changed after nfprobe ended"
nfprobe detach || fail "detach"
ls -d /sys/fs/bpf/nfprobe/"$E2E_ID"* 2>/dev/null && fail "detach left pins"
everything | sed 's/r1@if[0-9]*/r1/; s/([0-9]*)/(n)/' >"$E2E_DIR/after"
sed -i 's/r1@if[0-9]*/r1/; s/([0-9]*)/(n)/' "$E2E_DIR/before"
diff "$E2E_DIR/before" "$E2E_DIR/after" || fail "detach left or took something"
say "ok: after detach everything is as it was"
