/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bucket a packet belongs to, and the row of its hook there. Decided once per packet, by the
 * map `hook`, so that all rows of a packet are in one bucket.
 */
#ifndef NFP_BUCKET_BPF_H
#define NFP_BUCKET_BPF_H

#include "ebpf/count.bpf.h"

/* Sets the time and the label of the interval; false if nobody configured a clock yet. chosen: struct nfp_work, 0: by nobody.
 * It is of the clock in ticks, which may be in the interval before: N is that interval's, so the packet has to be, too. */
static __always_inline bool nfp_bucket_of(struct nfp_frame *f, __u64 tstamp, __u64 chosen)
{
	__u32 zero = 0;
	const struct nfp_config *c = bpf_map_lookup_elem(&config, &zero);
	const struct nfp_clock *clock;
	__u64 length, now, aligned;

	if (!c)
		return false;
	clock = c->active & 1 ? &c->clock[1] : &c->clock[0];
	now = knob_clock == NFP_CLOCK_CAPTURE ? tstamp : bpf_ktime_get_boot_ns() + clock->offset;
	f->now = now;
	length = clock->length;
	if (!length)
		return false;
	aligned = now - now % length;
	if (chosen && chosen - aligned >= length) {
		f->now = chosen;
		aligned = chosen - chosen % length;
	}
	f->bucket.start_ts = aligned + clock->step;
	f->bucket.end_ts = aligned + length + clock->step;
	return true;
}

/* The row of a hook in a map of hook rows; made if absent. NULL: no room. */
static __always_inline struct nfp_hook_row *nfp_row_get(void *rows, struct nfp_work *w)
{
	struct nfp_hook_row *row = bpf_map_lookup_elem(rows, &w->hook_key);
	long err;

	if (row)
		return row;
	err = bpf_map_update_elem(rows, &w->hook_key, &w->empty, BPF_NOEXIST);
	/* -EEXIST: another task of this CPU was faster (PREEMPT_RT); the look-up tells. */
	row = bpf_map_lookup_elem(rows, &w->hook_key);
	if (!row)
		nfp_status(err == -NFP_E2BIG ? NFP_C_map_full : NFP_C_map_nomem, 1);
	return row;
}

/* Finds the hook's row: in the packet's bucket, in the spill bucket, outside of buckets. Sets
 * f->bucketed if the packet has a bucket. NULL: no room for a row at all. */
static __always_inline struct nfp_hook_row *nfp_row_find(struct nfp_work *w, bool has_clock)
{
	struct nfp_frame *f = &w->frame;
	struct nfp_hook_row *row;
	void *rows = has_clock ? bpf_map_lookup_elem(&hook, &f->bucket) : NULL;

	w->hook_key.ifindex = f->ifindex;
	w->hook_key.cpu = f->cpu;
	w->hook_key.flags = f->key_flags & (NFP_KEY_EGRESS | NFP_KEY_XDP);
	w->hook_key.zero = 0;
	f->bucketed = 1;
	if (!rows) {
		f->bucket.start_ts = 0;
		f->bucket.end_ts = 0;
		rows = bpf_map_lookup_elem(&hook, &f->bucket);
		if (!rows) { /* the two take turns: see abi.h */
			f->bucket.end_ts = 1;
			rows = bpf_map_lookup_elem(&hook, &f->bucket);
		}
	}
	if (rows) {
		row = nfp_row_get(rows, w);
		if (row)
			return row;
	} else {
		f->bucketed = 0;
	}
	return nfp_row_get(&base, w);
}

#endif
