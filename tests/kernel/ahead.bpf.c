// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that stand ahead of ours in test runs: they change the buffer as the stack or a driver
 * would and go on to the program in `next`.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

/* A tag in the metadata, as a NIC that strips tags leaves it. */
SEC("tc")
int ahead_vlan(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(0x8100), 0xa000 | 77);
	bpf_tail_call(skb, &next, 0);
	return 2; /* TC_ACT_SHOT: the test sees that the tail call failed */
}

char ahead_license[] SEC("license") = "GPL";
