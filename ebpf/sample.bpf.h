/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 1-in-N sampling: which packets are looked at. The others are seen, and in the books as `unsampled`.
 *
 * What is chosen is a socket buffer, with all wire packets that it stands for: each packet is chosen with probability
 * 1/N whatever its buffer, so that counts times N are right on average (docs/sampling.md has what it does to the spread).
 * N is that of the packet's bucket, and kept in the hook's row there: see struct nfp_rate.
 */
#ifndef NFP_SAMPLE_BPF_H
#define NFP_SAMPLE_BPF_H

#include "ebpf/fast.bpf.h"

/* enum nfp_sample_mode, of the programs *_some. */
const volatile __u8 knob_sample = NFP_SAMPLE_RANDOM;

enum nfp_choice {
	NFP_CHOICE_ASK,   /* not made: the general path asks */
	NFP_CHOICE_TAKEN,
	NFP_CHOICE_LEFT,  /* counted, done */
};

/* The first packet of a row that a filter lets pass; before: some did before, and were counted each. */
static __noinline int nfp_sample_begin(struct nfp_sampler *s, struct nfp_books_key *hook, __u64 now, bool before)
{
	const struct nfp_rate *r = before ? NULL : bpf_map_lookup_elem(&rates, hook);
	__u32 rate = 1;

	if (r)
		rate = now >= r->from ? r->after : r->before;
	if (!rate)
		rate = 1;
	s->skip = bpf_get_prandom_u32() % rate;
	s->rate = rate;
	return 1;
}

static __always_inline bool nfp_sample_takes(struct nfp_sampler *s)
{
	if (s->rate <= 1)
		return true;
	if (knob_sample == NFP_SAMPLE_RANDOM)
		return !((__u64)bpf_get_prandom_u32() * s->rate >> 32);
	if (s->skip) {
		s->skip--;
		return false;
	}
	s->skip = s->rate - 1;
	return true;
}

/* A packet that is in the books as seen, on the general path. True: it is in them as unsampled, too. The row has its rate
 * even when the fast row has chosen for it: readers join the two. */
static __noinline bool nfp_sample_leaves(struct nfp_work *w, struct nfp_hook_row *row)
{
	const struct nfp_frame *f = &w->frame;
	struct nfp_books_key hook = { .ifindex = f->ifindex, .flags = f->key_flags & (NFP_KEY_EGRESS | NFP_KEY_XDP) };

	if (!row->sampler.rate)
		NFP_KEEP(nfp_sample_begin(&row->sampler, &hook, f->now, row->seen != f->segments + row->lost[NFP_LOST_filtered]));
	if (w->taken || nfp_sample_takes(&row->sampler))
		return false;
	nfp_add(&row->lost[NFP_LOST_unsampled], f->segments);
	nfp_status(NFP_C_unsampled, f->segments);
	return true;
}

/* Before anything of the packet is read: its hook's fast row decides, and if it takes the packet, sets w->taken, so that
 * it is counted in the bucket that decided, though another one may begin meanwhile. enum nfp_choice. */
static __noinline int nfp_sample_skb(struct __sk_buff *skb, struct nfp_work *w)
{
	struct nfp_plain f = { .ifindex = skb->ifindex, .segments = skb->gso_segs };
	struct nfp_books_key hook = { .ifindex = skb->ifindex };
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), length = skb->len;
	const struct nfp_config *c = bpf_map_lookup_elem(&config, &zero);
	struct nfp_lane *l = bpf_map_lookup_elem(&lane, &zero);
	struct nfp_table_head *head = NULL;
	struct nfp_fast_row *row;
	__u64 offset, step;
	void *map;

	/* From tun and virtio: how many packets it is takes the length of their headers. */
	if (!c || !l || (!f.segments && skb->gso_size))
		return NFP_CHOICE_ASK;
	if (!f.segments)
		f.segments = 1;
	if (knob_clock == NFP_CLOCK_CAPTURE) {
		f.time = skb->tstamp;
		if (skb->mark)
			length = skb->mark;
	}
	if (knob_egress)
		hook.flags = f.key_flags = NFP_KEY_EGRESS;
	if (!nfp_fast_now(&f, c, 0, &offset, &step))
		return NFP_CHOICE_ASK;
	map = nfp_fast_bucket(&f, l, step, &head);
	if (!map || !head)
		return NFP_CHOICE_ASK;
	row = nfp_fast_row(&f, map, cpu);
	if (!row)
		return NFP_CHOICE_ASK;
	if (!row->sampler.rate)
		NFP_KEEP(nfp_sample_begin(&row->sampler, &hook, f.now, row->skbs + row->segments != row->filtered));
	if (nfp_sample_takes(&row->sampler)) {
		w->taken = f.now;
		return NFP_CHOICE_TAKEN;
	}
	row->skbs++;
	row->skb_bytes += length;
	if (f.segments > 1)
		row->segments += f.segments - 1;
	row->unsampled += f.segments;
	nfp_status(NFP_C_seen, f.segments);
	nfp_status(NFP_C_seen_skbs, 1);
	nfp_status(NFP_C_unsampled, f.segments);
	return NFP_CHOICE_LEFT;
}

#endif
