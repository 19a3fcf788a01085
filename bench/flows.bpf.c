// SPDX-License-Identifier: GPL-2.0-only
/* The programs with flows of their own making (a test run repeats one packet), and what they are compared with. */
#include <linux/types.h>

__u32 bench_state = 0;
__u32 bench_mask = 0;  /* flows - 1; flows: a power of two */
__u64 bench_base = 0;  /* other flows with each run, for floods */

/* 1: flows in an order that was drawn beforehand, over and over. */
#define NFP_BENCH_DRAWN (1 << 19)
const volatile __u8 bench_zipf = 0;
__u32 bench_at = 0;
__u32 bench_sequence[NFP_BENCH_DRAWN] = { 0 };

#define NFP_BENCH_FLOW (bench_base + bench_state)
/* A full period over all flows (Hull-Dobell), in an order that no prefetcher knows. */
#define NFP_BENCH_NEXT()                                                                           \
	(bench_state = bench_zipf ? bench_sequence[bench_at++ & (NFP_BENCH_DRAWN - 1)]             \
				  : (bench_state * 1664525u + 1013904223u) & bench_mask)

#include "ebpf/nfprobe.bpf.c"

/* As many elements as the benchmark asks for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct nfp_key_v4);
	__type(value, __u64[2]);
} bench_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct nfp_key_v6);
	__type(value, __u64[2]);
} bench_hash6 SEC(".maps");

SEC("tc")
int bench_empty(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

static __always_inline int bench_count(void *map, const void *key, __u32 length)
{
	__u64 *value = bpf_map_lookup_elem(map, key), first[2] = { 1, length };

	if (!value) {
		bpf_map_update_elem(map, key, first, BPF_ANY);
		return TC_ACT_UNSPEC;
	}
	value[0]++;
	value[1] += length;
	return TC_ACT_UNSPEC;
}

/* One look-up in a kernel HASH with the same key, two counters. Fills the map as it goes. */
SEC("tc")
int bench_lookup(struct __sk_buff *skb)
{
	const __u8 *data = (const __u8 *)(long)skb->data, *end = (const __u8 *)(long)skb->data_end;
	struct nfp_key_v4 key = { 0 };

	NFP_BENCH_NEXT();
	if (data + 38 > end)
		return TC_ACT_UNSPEC;
	key.saddr = *(const __u32 *)(data + 26) + (__u32)NFP_BENCH_FLOW;
	key.daddr = *(const __u32 *)(data + 30);
	key.meta.l4 = *(const __u32 *)(data + 34);
	key.meta.ifindex = skb->ifindex;
	key.meta.cpu = bpf_get_smp_processor_id();
	return bench_count(&bench_hash, &key, skb->len);
}

SEC("tc")
int bench_lookup6(struct __sk_buff *skb)
{
	const __u8 *data = (const __u8 *)(long)skb->data, *end = (const __u8 *)(long)skb->data_end;
	struct nfp_key_v6 key = { 0 };

	NFP_BENCH_NEXT();
	if (data + 58 > end)
		return TC_ACT_UNSPEC;
	__builtin_memcpy(key.saddr, data + 22, 32);
	*(__u64 *)key.saddr += NFP_BENCH_FLOW;
	key.meta.l4 = *(const __u32 *)(data + 54);
	key.meta.ifindex = skb->ifindex;
	key.meta.cpu = bpf_get_smp_processor_id();
	return bench_count(&bench_hash6, &key, skb->len);
}

/* The limit: one line of memory for each flow, found without a key. At a load of one half, as the tables. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 21);
	__type(key, __u32);
	__type(value, __u64[8]);
} bench_lines SEC(".maps");

SEC("tc")
int bench_line(struct __sk_buff *skb)
{
	__u32 index;
	__u64 *line;

	NFP_BENCH_NEXT();
	index = bench_state * 2;
	line = bpf_map_lookup_elem(&bench_lines, &index);
	if (line)
		line[0]++;
	return TC_ACT_UNSPEC;
}
