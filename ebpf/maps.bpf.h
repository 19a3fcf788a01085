/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All maps of the object. Names are at most 15 characters: the kernel cuts longer ones.
 * probe/ pins those that outlive a program; the layout of keys and values is in abi.h.
 */
#ifndef NFP_MAPS_BPF_H
#define NFP_MAPS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/abi.h"
#include "ebpf/table.bpf.h"
#include "ebpf/work.bpf.h"

#define NFP_BUCKETS_MAX 256 /* buckets of one protocol at a time: open, ahead, draining, spill */
#define NFP_FRAGMENTS_MAX 4096 /* datagrams whose ports are known; the oldest make room */
#define NFP_HOOKS_MAX 65536 /* hooks times CPUs that have rows outside of buckets */

/* Bucket maps: one a row of protocols.def, named as the row.
 * key: struct nfp_bucket; value: that bucket's metric map (HASH: the row's key -> struct nfp_value).
 * Written by the harvester; the metric maps by the programs. The template's size is not what counts:
 * max_entries is no part of the comparison of a HASH (since 5.10), so user space chooses it. Sizes,
 * not types: clang 14 to 19 leave a struct named only in a template as a forward declaration. */
#define NFP_BUCKET_MAP(name, key_type, value_type)                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);                                           \
		__uint(max_entries, NFP_BUCKETS_MAX);                                              \
		__type(key, struct nfp_bucket);                                                    \
		__array(                                                                           \
			values, struct {                                                           \
				__uint(type, BPF_MAP_TYPE_HASH);                                   \
				__uint(map_flags, BPF_F_NO_PREALLOC);                              \
				__uint(max_entries, 1);                                            \
				__uint(key_size, sizeof(key_type));                                \
				__uint(value_size, sizeof(value_type));                            \
			});                                                                        \
	} name SEC(".maps");

#define NFP_PROTOCOL(name, key, parent) NFP_BUCKET_MAP(name, struct key, struct nfp_value)
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL

/* key: struct nfp_bucket; value: HASH struct nfp_hook_key -> struct nfp_hook_row, the books of the
 * bucket. A bucket exists for a packet when it is in this map. */
NFP_BUCKET_MAP(hook, struct nfp_hook_key, struct nfp_hook_row)

/* key: 0; value: struct nfp_config. Written by the harvester each second. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nfp_config);
} config SEC(".maps");

/* key: enum nfp_counter; value: count on this CPU. Written by the programs, never reset. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NFP_COUNTER_ROWS);
	__type(key, __u32);
	__type(value, __u64);
} status SEC(".maps");

/* key: struct nfp_hook_key; value: struct nfp_hook_row. Rows of hooks for packets that found neither
 * bucket nor spill bucket, or no room in the bucket's own map. Written by the programs. Preallocated:
 * it must not want memory when everything else does. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct nfp_hook_key);
	__type(value, struct nfp_hook_row);
} base SEC(".maps");

/* key: struct nfp_books_key; value: struct nfp_books_value, totals of drained buckets. Written by
 * the harvester only; here so that it lives and is pinned with the others. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NFP_HOOKS_MAX);
	__type(key, struct nfp_books_key);
	__type(value, struct nfp_books_value);
} books SEC(".maps");

/* key: struct nfp_books_key; value: struct nfp_rate, of hooks that are sampled. Written by user space only, one whole
 * value at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, NFP_HOOKS_MAX);
	__type(key, struct nfp_books_key);
	__type(value, struct nfp_rate);
} rates SEC(".maps");

/* key: CPU; value: the reader's perf event. Carries struct nfp_event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

/* key: enum nfp_protocol; value: start_ts of the bucket whose metric map was full for this CPU, so
 * that it is not asked again (a refusal costs 200-320 ns). Written and read by the programs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NFP_P_N);
	__type(key, __u32);
	__type(value, __u64);
} refused SEC(".maps");

/* key: struct nfp_fragment_key; value: struct nfp_fragment, of first fragments. Programs only, those that
 * have knob_fragments. Shared by the CPUs: the fragments of a datagram may go to several. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NFP_FRAGMENTS_MAX);
	__type(key, struct nfp_fragment_key);
	__type(value, struct nfp_fragment);
} fragments SEC(".maps");

/* key: 0; value: struct nfp_work. Programs only. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nfp_work);
} scratch SEC(".maps");

#endif
