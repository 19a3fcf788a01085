/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maps of the flow table. Written by the harvester in this order, a grace period between each two steps:
 * tables of a place, then `ring` (now packets use them); back: `ring`, then the tables.
 */
#ifndef NFP_TABLE_BPF_H
#define NFP_TABLE_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/table.h"

#ifndef BPF_F_INNER_MAP
#define BPF_F_INNER_MAP (1U << 12) /* 5.10: inner ARRAYs of any size; their look-up is a call then */
#endif

/* key: place in the ring; value: ARRAY of NFP_FAST_ROWS, [0] struct nfp_table_head, the others struct
 * nfp_fast_row. One size for all: the kernel inlines both look-ups. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, NFP_RING);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, NFP_FAST_ROWS);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct nfp_fast_row));
		});
} ring SEC(".maps");

/* key: place * NFP_RING_ROWS + protocol; value: ARRAY of struct nfp_set4, nfp_set6. */
#define NFP_TABLE_MAP(name, set_type)                                                              \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, NFP_RING * NFP_RING_ROWS);                                     \
		__type(key, __u32);                                                                \
		__array(                                                                           \
			values, struct {                                                           \
				__uint(type, BPF_MAP_TYPE_ARRAY);                                  \
				__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);               \
				__uint(max_entries, 1);                                            \
				__uint(key_size, sizeof(__u32));                                   \
				__uint(value_size, sizeof(set_type));                              \
			});                                                                        \
	} name SEC(".maps");

NFP_TABLE_MAP(tables4, struct nfp_set4)
NFP_TABLE_MAP(tables6, struct nfp_set6)

/* key: ifindex. Written by user space when it attaches. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NFP_FAST_IFINDEX);
	__type(key, __u32);
	__type(value, struct nfp_hook_slots);
} hookslot SEC(".maps");

/* key: a hash of the value, or a number after it, from NFP_WAY_FIRST on. Written by the programs, never changed;
 * slots have room for a number only. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NFP_WAYS_MAX);
	__type(key, __u32);
	__type(value, struct nfp_way);
} ways SEC(".maps");

/* key: 0. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nfp_lane);
} lane SEC(".maps");

#endif
