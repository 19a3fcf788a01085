#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# detach: one interface, everything, nothing; by hand and from outside of a namespace.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_cli.sh"
e2e_begin
need_nfprobe
ns_add r
link r r0 02:0f:00:00:00:01 r r1 02:0f:00:00:00:02
E2E_PROBE_NS=r
conf nfprobe </dev/null
c=(-c "$E2E_DIR/nfprobe.yaml")
pins=/sys/fs/bpf/nfprobe/$E2E_ID
hooks() { status | books "sorted(h['ifname'] for h in s['hooks'] if h['attached'])"; }

in_ns r "$NFPROBE" attach r0 "${c[@]}" >/dev/null
in_ns r "$NFPROBE" attach r1 "${c[@]}" >/dev/null
[ "$(hooks)" = "['r0', 'r1']" ] || fail "hooks: $(hooks)"
expect_in r 0 '^r0: detached$' "$NFPROBE" detach r0 "${c[@]}"
[ "$(hooks)" = "['r1']" ] || fail "hooks after detach r0: $(hooks)"
expect_in r 1 'r0' "$NFPROBE" detach r0 "${c[@]}"
expect_in r 0 "^$pins: removed programs, links and maps\$" "$NFPROBE" detach "${c[@]}"
[ ! -e "$pins" ] || fail "left: $(ls "$pins")"
expect_in r 0 "^nothing to detach: there is nothing of instance \"$E2E_ID\" under /sys/fs/bpf/nfprobe\$" "$NFPROBE" detach "${c[@]}"
say "ok: in the namespace"

expect 0 '^r0: attached' "$NFPROBE" attach r0 --netns "$E2E_ID-r" "${c[@]}"
[ -d "$pins@$E2E_ID-r" ] || fail "no pins of the namespace"
expect 0 '^r0: detached$' "$NFPROBE" detach r0 --netns "$E2E_ID-r" "${c[@]}"
expect 0 "^$pins@$E2E_ID-r: removed programs, links and maps\$" "$NFPROBE" detach "${c[@]}"
ls -d "$pins"* 2>/dev/null && fail "left pins"
say "ok: from outside"

# Names that a BPF file system does not take as they are.
in_ns r "$NFPROBE" attach r0 "${c[@]}" --instance "$E2E_ID.dot" >/dev/null
expect_in r 0 'r0 .*ingress' "$NFPROBE" status "${c[@]}" --instance "$E2E_ID.dot"
expect_in r 0 ': removed programs, links and maps$' "$NFPROBE" detach "${c[@]}" --instance "$E2E_ID.dot"
ls -d "$pins"* 2>/dev/null && fail "left pins"
say "ok: a name with a dot"
