// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs: one entry function a hook, each the same way: who and what, the parser, the wire
 * counts, the books, the entry. The verdict is "continue" on every path, the packet is never changed.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/book.bpf.h"
#include "ebpf/event.bpf.h"
#include "ebpf/fast.bpf.h"
#include "ebpf/filter.bpf.h"
#include "ebpf/measure.bpf.h"
#include "ebpf/sample.bpf.h"
#include "ebpf/syn.bpf.h"
#include "ebpf/xdp.bpf.h"

/* Copies the head of the packet into the work area; 0 or an error. */
static __always_inline long nfp_copy_head(struct __sk_buff *skb, struct nfp_work *w)
{
	return bpf_skb_load_bytes(skb, 0, w->head, nfp_copy_length(skb->len, NFP_HEAD_MAX));
}

/* Bytes of the buffer that are the frame's. */
static __always_inline __u32 nfp_captured(struct __sk_buff *skb)
{
	return knob_clock == NFP_CLOCK_CAPTURE && skb->cb[0] ? skb->cb[0] - 1 : skb->len;
}

/* Parser over the copy: for headers that are not in the linear part of the buffer. */
static __noinline int nfp_parse_copy(struct __sk_buff *skb, struct nfp_work *w)
{
	struct nfp_view v = { .base = w->head };

	if (nfp_copy_head(skb, w))
		return 0;
	nfp_view_frame(&v, nfp_captured(skb));
	nfp_status(NFP_C_nonlinear, 1);
	nfp_parse(&v, knob_link, skb->protocol, &w->packet);
	if (nfp_missed(&v))
		w->packet.outcome = NFP_O_ext_limit; /* deeper than the copy reaches */
	return 1;
}

/* Header length of a tunnel's segments: rare enough to walk in a copy. */
static __noinline __u32 nfp_tunnel_header(struct __sk_buff *skb, struct nfp_work *w)
{
	struct nfp_view v = { .base = w->head };

	if (nfp_copy_head(skb, w))
		return w->packet.header_len;
	nfp_view_frame(&v, skb->len);
	return nfp_gso_header_len(&v, &w->walk, w->packet.l3_off, NFP_SWAP16(w->packet.ethertype));
}

/* Whatever tunnels the packet is in, in a copy. */
static __noinline int nfp_decapsulate(struct __sk_buff *skb, struct nfp_work *w)
{
	if (nfp_copy_head(skb, w))
		return 0;
	nfp_tunnel_walk(w);
	return 1;
}

/* Options of a SYN. */
static __noinline int nfp_syn_skb(struct __sk_buff *skb, struct nfp_work *w)
{
	struct nfp_syn_place place = nfp_syn_begin(&w->frame, nfp_flow(w), &w->tcp);

	if (place.length > NFP_TCP_OPTIONS || bpf_skb_load_bytes(skb, place.off, w->options, place.length))
		return 0;
	return nfp_syn_parse(place.length);
}

static __always_inline void nfp_frame_of_skb(struct nfp_frame *f, struct __sk_buff *skb)
{
	__builtin_memset(f, 0, sizeof(*f));
	f->captured = nfp_captured(skb);
	f->length = knob_clock == NFP_CLOCK_CAPTURE && skb->mark ? skb->mark : f->captured;
	f->gso_size = skb->gso_size;
	f->segments = skb->gso_segs;
	if (!f->segments && (!f->gso_size || f->gso_size == NFP_GSO_BY_FRAGS))
		f->segments = 1;
	f->ifindex = skb->ifindex;
	f->cpu = bpf_get_smp_processor_id();
	if (knob_egress) {
		f->ingress_if = skb->ingress_ifindex;
		f->egress_if = skb->ifindex;
		f->key_flags = NFP_KEY_EGRESS;
	} else {
		f->ingress_if = skb->ifindex;
	}
	if (knob_link != NFP_LINK_ETHERNET)
		f->key_flags |= NFP_KEY_L3;
	f->protocol = skb->protocol;
	if (skb->vlan_present)
		f->vlan = (skb->vlan_tci & 0x0fff) | NFP_VLAN_PRESENT;
}

/* The buffer as the fast path sees it. False: that is for others. */
static __always_inline bool nfp_plain_of_skb(struct nfp_plain *f, struct __sk_buff *skb)
{
	__builtin_memset(f, 0, sizeof(*f));
	f->length = skb->len;
	f->ifindex = skb->ifindex;
	f->segments = skb->gso_segs;
	f->gso_size = skb->gso_size;
	if (knob_clock == NFP_CLOCK_CAPTURE) {
		if (skb->cb[0])
			return false;
		if (skb->mark)
			f->length = skb->mark;
		f->time = skb->tstamp;
	}
	if (knob_egress) {
		f->way = skb->ingress_ifindex;
		f->key_flags = NFP_KEY_EGRESS;
	}
	if (knob_link != NFP_LINK_ETHERNET)
		f->key_flags |= NFP_KEY_L3;
	if (skb->vlan_present)
		f->vlan = (skb->vlan_tci & 0x0fff) | NFP_VLAN_PRESENT;
	return true;
}

/* chosen: struct nfp_work, of sampled hooks; else 0. */
static __always_inline int nfp_fast(struct __sk_buff *skb, __u64 chosen)
{
	const __u8 *data = (const __u8 *)(long)skb->data, *end = (const __u8 *)(long)skb->data_end;
	struct nfp_plain f;

	return nfp_plain_of_skb(&f, skb) &&
	       nfp_fast_count(&f, data, end, knob_link == NFP_LINK_L3 ? skb->protocol : 0, chosen);
}

/* Not inlined: its frame and those of the general path's calls would not fit on the stack together (512 octets,
 * counted whatever is taken). */
static __noinline int nfp_fast_skb(struct __sk_buff *skb)
{
	return nfp_fast(skb, 0);
}

static __noinline int nfp_fast_some(struct __sk_buff *skb, __u64 chosen)
{
	return chosen && nfp_fast(skb, chosen);
}

/* The general path: any packet at all. sampled: a constant. */
static __always_inline int nfp_general(struct __sk_buff *skb, bool sampled)
{
	struct nfp_view v = {
		.base = (const __u8 *)(long)skb->data,
		.end = (const __u8 *)(long)skb->data_end,
		.direct = true,
		.frame = skb->len,
	};
	__u32 zero = 0, tell;
	struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);

	if (!w) /* entry 0 of an array is always there */
		return TC_ACT_UNSPEC;
	nfp_frame_of_skb(&w->frame, skb);
	if (knob_fib)
		nfp_fib_begin(w, skb->pkt_type == NFP_PACKET_HOST);

	/* The parser has no way out of here: nothing that it makes of a packet can hide it from the
	 * books. They come after it, as the packet count of GSO buffers from tun and virtio needs the
	 * length of their headers. */
	nfp_parse(&v, knob_link, w->frame.protocol, &w->packet);
	if (nfp_missed(&v) || (knob_clock == NFP_CLOCK_CAPTURE && skb->cb[0]))
		NFP_KEEP(nfp_parse_copy(skb, w));
	w->packet.addr[0] += NFP_BENCH_FLOW;
	if (w->frame.gso_size) {
		w->frame.header = w->packet.header_len;
		if (nfp_is_tunnel(&w->packet))
			w->frame.header = nfp_tunnel_header(skb, w);
		nfp_status(NFP_C_gso, 1);
	}
	if (nfp_tunnel_wanted(w))
		NFP_KEEP(nfp_decapsulate(skb, w));
	if (nfp_flow(w)->tcp_flags & NFP_TCP_SYN)
		NFP_KEEP(nfp_syn_skb(skb, w));
	nfp_measure(&w->frame, nfp_flow(w));

	tell = nfp_book(skb, w, skb->tstamp, sampled);
	if (tell & NFP_EVENT_COARSENED)
		NFP_KEEP(nfp_event_skb(skb, w, NFP_C_coarsened_to_hook));
	if (tell & NFP_EVENT_OUTCOME)
		NFP_KEEP(nfp_event_skb(skb, w, NFP_C_outcome_ok + nfp_flow(w)->outcome));
	return TC_ACT_UNSPEC;
}

/* A buffer that is left out: in the books by as many packets as it would be if it were not. */
static __noinline int nfp_filtered_skb(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct nfp_work *w;
	struct nfp_plain f;

	if (knob_table && nfp_plain_of_skb(&f, skb)) {
		if (!f.segments && !f.gso_size)
			f.segments = 1;
		if (nfp_filtered_fast(&f))
			return 1;
	}
	w = bpf_map_lookup_elem(&scratch, &zero);
	if (!w)
		return 0;
	nfp_frame_of_skb(&w->frame, skb);
	if (!w->frame.segments && nfp_parse_copy(skb, w)) {
		w->frame.header = w->packet.header_len;
		if (nfp_is_tunnel(&w->packet))
			w->frame.header = nfp_tunnel_header(skb, w);
		nfp_measure(&w->frame, &w->packet);
	}
	nfp_filtered(w, skb->tstamp);
	return 1;
}

/* Not inlined: the fast path should not save the registers that it takes. */
static __noinline int nfp_general_skb(struct __sk_buff *skb)
{
	return nfp_general(skb, false);
}

static __noinline int nfp_general_some(struct __sk_buff *skb)
{
	return nfp_general(skb, true);
}

/* What the host sends to a group that it has joined, or to all, comes back to it without having been on the wire, and
 * without its Ethernet header (net/core/dev.c, dev_loopback_xmit()). Egress counted it; packet sockets pass it over, too. */
static __always_inline bool nfp_is_echo(const struct __sk_buff *skb)
{
	if (knob_egress || skb->pkt_type != NFP_PACKET_LOOPBACK)
		return false;
	nfp_status(NFP_C_own_multicast, 1);
	return true;
}

SEC("tc")
int nfprobe_tc(struct __sk_buff *skb)
{
	__u8 way;

	if (nfp_is_echo(skb))
		return TC_ACT_UNSPEC;
	NFP_BENCH_NEXT();
	way = knob_way;
	if (way > NFP_IN_TABLE) {
		if (!nfp_filter(skb)) {
			NFP_KEEP(nfp_filtered_skb(skb));
			return TC_ACT_UNSPEC;
		}
		if (way > NFP_IN_FILTERED_TABLE)
			return nfp_general_skb(skb);
	} else if (way < NFP_IN_TABLE) {
		return nfp_general_skb(skb);
	}
	if (nfp_fast_skb(skb))
		return TC_ACT_UNSPEC;
	return nfp_general_skb(skb);
}

/* Of hooks that are sampled. A program of its own: the other one is, instruction for instruction, what it would be
 * without sampling. */
SEC("?tc")
int nfprobe_tc_some(struct __sk_buff *skb)
{
	__u32 zero = 0, choice = NFP_CHOICE_ASK;
	struct nfp_work *w;

	if (nfp_is_echo(skb))
		return TC_ACT_UNSPEC;
	NFP_BENCH_NEXT();
	w = bpf_map_lookup_elem(&scratch, &zero);
	if (!w) /* entry 0 of an array is always there */
		return TC_ACT_UNSPEC;
	if (knob_way > NFP_IN_TABLE && !nfp_filter(skb)) {
		NFP_KEEP(nfp_filtered_skb(skb));
		return TC_ACT_UNSPEC;
	}
	w->taken = 0;
	if (knob_table)
		choice = nfp_sample_skb(skb, w);
	if (choice == NFP_CHOICE_LEFT)
		return TC_ACT_UNSPEC;
	if (choice == NFP_CHOICE_TAKEN && nfp_fast_some(skb, w->taken))
		return TC_ACT_UNSPEC;
	return nfp_general_some(skb);
}

char nfp_license[] SEC("license") = "GPL";
