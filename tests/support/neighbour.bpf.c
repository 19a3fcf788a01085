/* SPDX-License-Identifier: GPL-2.0-only */
/* Somebody else's program at a tc hook: counts what comes by and has an opinion of its own about it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile int verdict = 0;
const volatile __u32 target = 0; /* interface whose egress it redirects to; 0: it does not */
__u64 met = 0;

SEC("tc")
int neighbour(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&met, 1);
	return target ? bpf_redirect(target, 0) : verdict;
}

char neighbour_license[] SEC("license") = "GPL";
