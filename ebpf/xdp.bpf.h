/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XDP hook (ingress): same parser, same accounting, in a program that runs before there is a socket
 * buffer. One body, two programs: nfprobe_xdp_frags for kernels with frames of several buffers (5.18: the
 * flag BPF_F_XDP_HAS_FRAGS and the helpers bpf_xdp_get_buff_len, bpf_xdp_load_bytes), nfprobe_xdp for
 * those before, where every frame is linear. Neither is loaded unless asked for ("?").
 *
 * What XDP does not know: how many wire packets a buffer stands for (generic mode runs behind GRO and sees
 * the sender's GSO buffers), and tags that the NIC took out of the frame.
 */
#ifndef NFP_XDP_BPF_H
#define NFP_XDP_BPF_H

#include "ebpf/book.bpf.h"
#include "ebpf/event.bpf.h"
#include "ebpf/filter.bpf.h"
#include "ebpf/measure.bpf.h"
#include "ebpf/syn.bpf.h"

static __always_inline __u32 nfp_xdp_linear(const struct xdp_md *xdp)
{
	return xdp->data_end - xdp->data;
}

static __always_inline void nfp_frame_of_xdp(struct nfp_frame *f, const struct xdp_md *xdp,
					     __u32 length)
{
	__builtin_memset(f, 0, sizeof(*f));
	f->length = length;
	f->captured = length;
	f->segments = 1;
	f->ifindex = xdp->ingress_ifindex;
	f->ingress_if = xdp->ingress_ifindex;
	f->cpu = bpf_get_smp_processor_id();
	f->key_flags = NFP_KEY_XDP;
	if (knob_link != NFP_LINK_ETHERNET)
		f->key_flags |= NFP_KEY_L3;
}

/* As nfp_parse_copy(): for headers that are not in the first buffer of a frame. */
static __noinline int nfp_xdp_parse_copy(struct xdp_md *xdp, struct nfp_work *w)
{
	__u32 length = bpf_xdp_get_buff_len(xdp);
	struct nfp_view v = { .base = w->head };

	if (bpf_xdp_load_bytes(xdp, 0, w->head, nfp_copy_length(length, NFP_HEAD_MAX)))
		return 0;
	nfp_status(NFP_C_nonlinear, 1);
	nfp_view_frame(&v, length);
	nfp_parse(&v, knob_link, 0, &w->packet);
	if (nfp_missed(&v))
		w->packet.outcome = NFP_O_ext_limit; /* deeper than the copy reaches */
	return 1;
}

/* As nfp_decapsulate(), with frames of several buffers. */
static __noinline int nfp_xdp_decapsulate(struct xdp_md *xdp, struct nfp_work *w)
{
	__u32 length = bpf_xdp_get_buff_len(xdp);

	if (bpf_xdp_load_bytes(xdp, 0, w->head, nfp_copy_length(length, NFP_HEAD_MAX)))
		return 0;
	nfp_tunnel_walk(w);
	return 1;
}

/* As nfp_syn_skb(). */
static __noinline int nfp_xdp_syn_frags(struct xdp_md *xdp, struct nfp_work *w)
{
	struct nfp_syn_place place = nfp_syn_begin(&w->frame, nfp_flow(w), &w->tcp);

	if (place.length > NFP_TCP_OPTIONS ||
	    bpf_xdp_load_bytes(xdp, place.off, w->options, place.length))
		return 0;
	return nfp_syn_parse(place.length);
}

static __noinline int nfp_xdp_syn(struct xdp_md *xdp, struct nfp_work *w)
{
	struct nfp_syn_place place = nfp_syn_begin(&w->frame, nfp_flow(w), &w->tcp);
	const __u8 *data = (const __u8 *)(long)xdp->data;
	const __u8 *end = (const __u8 *)(long)xdp->data_end;
	__u32 i;

	if (place.length > NFP_TCP_OPTIONS || place.off > NFP_OFF_MAX)
		return 0;
	for (i = 0; i < NFP_TCP_OPTIONS; i++) {
		const __u8 *p = data + place.off + i;

		NFP_OPAQUE(p);
		if (i >= place.length || p + 1 > end)
			break;
		w->options[i] = *p;
	}
	return nfp_syn_parse(i);
}

/* Head of a frame that is linear: what is behind `captured` stays 0. */
static __always_inline void nfp_xdp_copy_linear(struct xdp_md *xdp, struct nfp_event *e)
{
	const __u8 *data = (const __u8 *)(long)xdp->data;
	const __u8 *end = (const __u8 *)(long)xdp->data_end;
	__u32 i;

	for (i = 0; i < NFP_EVENT_HEAD; i++) {
		const __u8 *p = data + i;

		NFP_OPAQUE(p);
		if (p + 1 > end)
			break;
		e->head[i] = *p;
	}
	e->captured = i;
}

static __noinline int nfp_xdp_event(struct xdp_md *xdp, struct nfp_work *w, __u32 counter)
{
	if (!nfp_event_begin(w, counter, nfp_xdp_linear(xdp)))
		return 0;
	nfp_xdp_copy_linear(xdp, &w->event);
	return nfp_event_send(xdp, w);
}

static __noinline int nfp_xdp_event_frags(struct xdp_md *xdp, struct nfp_work *w, __u32 counter)
{
	__u32 frame = bpf_xdp_get_buff_len(xdp);
	__u32 length = nfp_copy_length(frame, NFP_EVENT_HEAD);

	if (!nfp_event_begin(w, counter, frame))
		return 0;
	if (!bpf_xdp_load_bytes(xdp, 0, w->event.head, length))
		w->event.captured = length;
	return nfp_event_send(xdp, w);
}

/* frags: a constant. */
static __always_inline void nfp_xdp_tell(struct xdp_md *xdp, bool frags, struct nfp_work *w,
					 __u32 counter)
{
	if (frags)
		NFP_KEEP(nfp_xdp_event_frags(xdp, w, counter));
	else
		NFP_KEEP(nfp_xdp_event(xdp, w, counter));
}

/* frags, sampled: constants. */
static __always_inline int nfp_xdp(struct xdp_md *xdp, bool frags, bool sampled)
{
	__u32 length = frags ? bpf_xdp_get_buff_len(xdp) : nfp_xdp_linear(xdp);
	struct nfp_view v = {
		.base = (const __u8 *)(long)xdp->data,
		.end = (const __u8 *)(long)xdp->data_end,
		.direct = true,
		.frame = length,
	};
	__u32 zero = 0, tell;
	struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);

	if (!w) /* entry 0 of an array is always there */
		return XDP_PASS;
	nfp_frame_of_xdp(&w->frame, xdp, length);
	if (knob_way > NFP_IN_TABLE && !nfp_filter(xdp)) {
		nfp_filtered(w, 0);
		return XDP_PASS;
	}
	if (sampled)
		w->taken = 0;
	if (knob_fib)
		nfp_fib_begin(w, true);

	nfp_parse(&v, knob_link, 0, &w->packet);
	if (nfp_missed(&v)) {
		if (frags)
			NFP_KEEP(nfp_xdp_parse_copy(xdp, w));
		else
			w->packet.outcome = NFP_O_ext_limit; /* deeper than NFP_OFF_MAX */
	}
	/* Without frags there is no helper to copy with: probe/ asks for decapsulation with frags only. */
	if (nfp_tunnel_wanted(w) && frags)
		NFP_KEEP(nfp_xdp_decapsulate(xdp, w));
	if (nfp_flow(w)->tcp_flags & NFP_TCP_SYN) {
		if (frags)
			NFP_KEEP(nfp_xdp_syn_frags(xdp, w));
		else
			NFP_KEEP(nfp_xdp_syn(xdp, w));
	}
	nfp_measure(&w->frame, nfp_flow(w));

	tell = nfp_book(xdp, w, 0, sampled);
	if (tell & NFP_EVENT_COARSENED)
		nfp_xdp_tell(xdp, frags, w, NFP_C_coarsened_to_hook);
	if (tell & NFP_EVENT_OUTCOME)
		nfp_xdp_tell(xdp, frags, w, NFP_C_outcome_ok + nfp_flow(w)->outcome);
	return XDP_PASS;
}

SEC("?xdp")
int nfprobe_xdp(struct xdp_md *xdp)
{
	return nfp_xdp(xdp, false, false);
}

SEC("?xdp.frags")
int nfprobe_xdp_frags(struct xdp_md *xdp)
{
	return nfp_xdp(xdp, true, false);
}

/* As the tc hook's: programs of their own, so that those of hooks that are not sampled are what they were. */
SEC("?xdp")
int nfprobe_xdp_some(struct xdp_md *xdp)
{
	return nfp_xdp(xdp, false, true);
}

SEC("?xdp.frags")
int nfprobe_frags_some(struct xdp_md *xdp)
{
	return nfp_xdp(xdp, true, true);
}

#endif
