/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is not metered. The filter itself comes from the configuration: the instructions of nfp_filter() are written over
 * before the object is loaded (probe/translate.c). A frame that it leaves out is in the books all the same: seen, and
 * lost by reason `filtered`.
 */
#ifndef NFP_FILTER_BPF_H
#define NFP_FILTER_BPF_H

#include "ebpf/book.bpf.h"
#include "ebpf/fast.bpf.h"

#define NFP_FILTER_ROOM 4096 /* NFP_TRANSLATE_ROOM of probe/translate.h */
#define NFP_TEXT_(x) #x
#define NFP_TEXT(x) NFP_TEXT_(x)

/* 1: the frame is metered. As it is compiled, each is; nothing of it is loaded unless knob_way says so. */
static __noinline __u32 nfp_filter(void *ctx)
{
	__u64 passes;

	__asm__ volatile("%0 = %1\n\t"
			 "%0 = 1\n\t"
			 ".rept " NFP_TEXT(NFP_FILTER_ROOM) "\n\t"
			 "goto +0\n\t"
			 ".endr"
			 : "=&r"(passes)
			 : "r"(ctx));
	return passes;
}

/* The books of a frame that is left out; f->segments and f->now's time are known. */
static __always_inline void nfp_filtered(struct nfp_work *w, __u64 time)
{
	struct nfp_hook_row *row = nfp_row_find(w, nfp_bucket_of(&w->frame, time, 0));

	if (!nfp_see(&w->frame, row))
		return;
	nfp_add(&row->lost[NFP_LOST_filtered], w->frame.segments);
	nfp_status(NFP_C_filtered, w->frame.segments);
}

/* The same in the hook's row of the flow tables. False: it has none there. */
static __always_inline bool nfp_filtered_fast(struct nfp_plain *f)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	const struct nfp_config *c = bpf_map_lookup_elem(&config, &zero);
	struct nfp_lane *l = bpf_map_lookup_elem(&lane, &zero);
	struct nfp_table_head *head = NULL;
	struct nfp_fast_row *row;
	__u64 offset, step;
	void *map;

	if (!c || !l || !f->segments || !nfp_fast_now(f, c, 0, &offset, &step))
		return false;
	map = nfp_fast_bucket(f, l, step, &head);
	if (!map || !head)
		return false;
	row = nfp_fast_row(f, map, cpu);
	if (!row)
		return false;
	row->skbs++;
	row->skb_bytes += f->length;
	row->segments += f->segments - 1;
	row->filtered += f->segments;
	nfp_status(NFP_C_seen, f->segments);
	nfp_status(NFP_C_seen_skbs, 1);
	nfp_status(NFP_C_filtered, f->segments);
	return true;
}

#endif
