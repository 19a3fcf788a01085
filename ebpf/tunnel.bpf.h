/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes tunnels off, over the copy of the frame's head in the work area. */
#ifndef NFP_TUNNEL_BPF_H
#define NFP_TUNNEL_BPF_H

#include "ebpf/count.bpf.h"

/* One tunnel; 1: there may be another in it. A global function, so that the kernel verifies it once by itself
 * and not with each way that leads here. */
__noinline int nfp_tunnel_step(void)
{
	__u32 zero = 0;
	struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);
	struct nfp_view v = { 0 };

	if (!knob_decap || !w)
		return 0;
	v.base = w->head;
	return nfp_decap_step(&v, &w->decap, w->frame.captured, knob_decap);
}

/* A buffer whose segments are tunnelled packets of their own (UDP GRO of forwarded packets) has many flows
 * inside, of which we would see the first only. */
static __always_inline bool nfp_is_one_flow(const struct nfp_frame *f, const struct nfp_packet *outer,
					    const struct nfp_packet *flow)
{
	return !f->gso_size || !outer->ip_len || !flow->ip_len ||
	       outer->l3_off + outer->ip_len == flow->l3_off + flow->ip_len;
}

/* Forgets the tunnels of the packet before; true if this one may be in some. */
static __always_inline bool nfp_tunnel_wanted(struct nfp_work *w)
{
	if (!knob_decap)
		return false;
	w->decap.depth = 0;
	w->decap.end = NFP_D_done;
	return nfp_may_be_tunnel(&w->packet);
}

/* The flow inside w->packet, into w->decap. w->head holds the frame's first bytes. */
static __always_inline void nfp_tunnel_walk(struct nfp_work *w)
{
	int i;

	nfp_decap_begin(&w->decap, &w->packet);
	for (i = 0; i <= NFP_DECAP_MAX; i++)
		if (!nfp_tunnel_step())
			break;
	if (!nfp_is_one_flow(&w->frame, &w->packet, &w->decap.flow)) {
		w->decap.depth = 0;
		w->decap.end = NFP_D_unknown;
	}
}

static __always_inline void nfp_tunnel_status(struct nfp_work *w)
{
	__u32 end = w->decap.end;

	if (w->decap.depth)
		nfp_status(NFP_C_decapsulated, w->frame.segments);
	if (end != NFP_D_done && end < NFP_D_N)
		nfp_status(NFP_C_decapsulated + end, w->frame.segments);
}

#endif
