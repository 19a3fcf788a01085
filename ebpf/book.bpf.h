/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of every hook's program: a parsed and measured packet enters the books and its entry. */
#ifndef NFP_BOOK_BPF_H
#define NFP_BOOK_BPF_H

#include "ebpf/account.bpf.h"
#include "ebpf/bucket.bpf.h"
#include "ebpf/fragment.bpf.h"
#include "ebpf/sample.bpf.h"
#include "ebpf/tunnel.bpf.h"

/* Enters the packet in the books. False: it can be in no record. */
static __always_inline bool nfp_see(const struct nfp_frame *f, struct nfp_hook_row *row)
{
	__u32 n = f->segments;

	nfp_status(NFP_C_seen, n);
	nfp_status(NFP_C_seen_skbs, 1);
	if (!row) {
		nfp_status(NFP_C_lost_no_row, n);
		return false;
	}
	nfp_add(&row->seen, n);
	nfp_add(&row->seen_skbs, 1);
	nfp_add(&row->seen_skb_bytes, f->length);
	if (!f->bucketed) {
		nfp_add(&row->lost[NFP_LOST_no_bucket], n);
		nfp_status(NFP_C_unbucketed, n);
		return false;
	}
	if (!f->bucket.start_ts)
		nfp_status(NFP_C_spilled, n);
	return true;
}

static __always_inline bool nfp_is_error(__u8 outcome)
{
	return outcome >= NFP_O_truncated_l2;
}

/* The packet that the record is of: the outermost, or what is in the tunnels that were taken off. */
static __always_inline struct nfp_packet *nfp_flow(struct nfp_work *w)
{
	return knob_decap && w->decap.depth ? &w->decap.flow : &w->packet;
}

/* What is worth an event; sending one is the hook's own matter. */
enum nfp_tell {
	NFP_EVENT_COARSENED = 0x01, /* only the hook's own row took the packet */
	NFP_EVENT_OUTCOME = 0x02,   /* the parser met an error */
};

/* Books and entry of a packet that was parsed and measured; ctx: of the hook; time: of captures (NFP_CLOCK_CAPTURE).
 * sampled: a constant. Returns bits of enum nfp_tell. */
static __always_inline __u32 nfp_book(void *ctx, struct nfp_work *w, __u64 time, bool sampled)
{
	struct nfp_hook_row *row = nfp_row_find(w, nfp_bucket_of(&w->frame, time, sampled ? w->taken : 0));
	struct nfp_packet *p = nfp_flow(w);
	__u32 tell = 0;

	if (!nfp_see(&w->frame, row))
		return 0;
	if (sampled && nfp_sample_leaves(w, row))
		return 0;
	nfp_status(NFP_C_outcome_ok + p->outcome, w->frame.segments);
	if (knob_decap)
		nfp_tunnel_status(w);
	if (knob_fragments && p->value_flags & (NFP_V_FRAG_FIRST | NFP_V_FRAG_LATER))
		NFP_KEEP(nfp_fragment_ports(w, p));

#ifdef NFP_MUTATE_ACCOUNT
	/* For the test that proves the books: one row is left out of the account. */
	if (w->packet.row == NFP_P_udp4)
		return 0;
#endif
	if (nfp_account(ctx, w, row))
		tell = NFP_EVENT_COARSENED;
	if (nfp_is_error(p->outcome))
		tell |= NFP_EVENT_OUTCOME;
	return tell;
}

#endif
