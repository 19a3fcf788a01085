#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an idle probe with the default configuration takes of the kernel's memory: every map that is pinned.
. "$(dirname "$0")/lib.sh"
e2e_begin bpftool jq
need_nfprobe
# Before, fdinfo tells what a map could take.
[ "$(printf '6.4\n%s\n' "$(uname -r)" | sort -V | head -n 1)" = 6.4 ] || skip "Linux 6.4 tells what maps take"
most=$((16 << 20))

ns_add s r
link s s0 02:0a:00:00:00:01 r r0 02:0a:00:00:00:03
chain_quiet
E2E_INTERVAL=60s conf nfprobe <<YAML
interfaces:
  - { match: r0, direction: both }
YAML
nfprobe_start r 2

# OCTETS MAPS
maps() {
	find "/sys/fs/bpf/nfprobe/$E2E_ID" -type f -exec bpftool -j map show pinned {} \; 2>/dev/null |
		jq -rs '[.[] | select(.bytes_memlock)] | unique_by(.id) | "\(map(.bytes_memlock) | add // 0) \(length)"'
}
# The buckets of the present and of the next minute, and the spill bucket.
buckets() { [ "$(find "/sys/fs/bpf/nfprobe/$E2E_ID/buckets/hook" -type f ! -name '*table' | wc -l)" -ge 3 ]; }
wait_for 60 "the first buckets" buckets
read -r octets n < <(maps)
[ "$n" -gt 60 ] || fail "only $n maps were found"
[ "$octets" -gt $((1 << 20)) ] || fail "$n maps take $octets octets: that is not true"
[ "$octets" -le $most ] || fail "an idle probe takes $octets octets in $n maps, more than $most"
say "an idle probe: $octets octets in $n maps"
