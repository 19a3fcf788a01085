/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP options, of packets with SYN only: others pay one test of a flag. */
#ifndef NFP_SYN_BPF_H
#define NFP_SYN_BPF_H

#include "ebpf/count.bpf.h"

#define NFP_TCP_FIXED 20

/* Reads w->options. A global function: see nfp_tunnel_step(). */
__noinline int nfp_syn_parse(__u32 length)
{
	__u32 zero = 0;
	struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);

	if (!w)
		return 0;
	nfp_tcp_options_parse(w->options, length, &w->tcp);
	return 1;
}

struct nfp_syn_place {
	__u32 off;    /* of the options in the frame */
	__u32 length; /* 1..NFP_TCP_OPTIONS bytes that are in the buffer, else none */
};

/* Forgets the options of the packet before; where those of p are. */
static __always_inline struct nfp_syn_place nfp_syn_begin(const struct nfp_frame *f,
							  const struct nfp_packet *p,
							  struct nfp_tcp_options *o)
{
	struct nfp_syn_place place = { .off = p->l4_off + NFP_TCP_FIXED };
	__u32 end = p->header_len < f->captured ? p->header_len : f->captured, length;

	o->kinds = 0;
	o->mss = 0;
	o->wscale = 0;
	/* As in nfp_copy_length(): the lower bound comes from arithmetic. */
	length = end - place.off - 1;
	NFP_OPAQUE(length);
	place.length = NFP_HEAD_MAX;
	if (length < NFP_TCP_OPTIONS) {
		NFP_OPAQUE(length); /* else the sum is made ahead of the test, and 5.10 sees no relation */
		place.length = length + 1;
	}
	return place;
}

#endif
