/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes tunnels off: from the outermost packet, as parse.h leaves it, to the flow inside. Pure, see view.h.
 *
 * A tunnel counts as one when its header is sound by its own rules and a sound IP header is inside, whose
 * packet ends where the tunnel's own lengths say or before. If not, the flow stays the one outside of it, with
 * the reason; nothing is guessed:
 *  - of a tunnel's packet in fragments the first one tells what is inside, and counts with the bytes that it
 *    has of it; later ones tell nothing, and stay outside;
 *  - what is known by a UDP port is known by the destination port. Two protocols answer to whatever port
 *    they were asked from: L2TP and Teredo are known by the source port too, and have checks of their own;
 *  - L2TPv3 stays outside: the length of its cookie and what it carries are only known to its ends.
 * Inside, the rules of parse.h hold: a flow is keyed by the deepest sound header.
 */
#ifndef NFP_DECAP_H
#define NFP_DECAP_H

#include "ebpf/decap_state.h"
#include "ebpf/decap_udp.h"

static __always_inline void nfp_open_ip(struct nfp_decap *d, __u8 protocol, __u32 mask)
{
	bool outer6 = d->flow.family == 6;

	if (protocol == NFP_IP_IPIP)
		d->kind = outer6 ? NFP_T_4in6 : NFP_T_4in4;
	else
		d->kind = outer6 ? NFP_T_6in6 : NFP_T_6in4;
	d->inside = protocol == NFP_IP_IPIP ? NFP_ET_IPV4 : NFP_ET_IPV6;
	d->opened = nfp_in_mask(mask, d->kind);
}

/* IPv4 AH in tunnel mode (RFC 4302 3.1.2): IP behind it. */
static NFP_NOINLINE void nfp_open_ah(struct nfp_view *v, struct nfp_decap *d, __u32 mask)
{
	const __u8 *h = nfp_take(v, d->off, 12);

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	if (h[0] != NFP_IP_IPIP && h[0] != NFP_IP_IPV6)
		return;
	d->off += (h[1] + 2) * 4;
	nfp_open_ip(d, h[0], mask);
}

static __always_inline void nfp_open_erspan(struct nfp_view *v, struct nfp_decap *d, __u16 protocol,
					    bool sequence)
{
	const __u8 *h;
	__u32 word;

	d->kind = NFP_T_erspan;
	d->inside = NFP_ET_TEB;
	d->mirror = 1;
	if (protocol == NFP_ET_ERSPAN12 && !sequence) { /* type I: no header of its own */
		d->opened = 1;
		return;
	}
	h = nfp_take(v, d->off, 12);
	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	word = nfp_be32(h);
	d->number = word & 0x3ff;
	if (protocol == NFP_ET_ERSPAN12) {
		d->off += 8;
		d->opened = word >> 28 == 1;
	} else {
		__u16 rest = nfp_be16(h + 10), frame = rest >> 10 & 0x1f;

		d->off += rest & 1 ? 20 : 12; /* platform subheader */
		if (frame == 2)
			d->inside = 0;
		d->opened = word >> 28 == 2 && (frame == 0 || frame == 2);
	}
}

/* RFC 2784, RFC 2890; version 1: RFC 2637 4.1. RFC 1701's routing is left alone. */
static NFP_NOINLINE void nfp_open_gre(struct nfp_view *v, struct nfp_decap *d, __u32 mask)
{
	const __u8 *h = nfp_take(v, d->off, 4);
	__u16 flags, protocol;
	bool key, sequence;

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	flags = nfp_be16(h);
	protocol = nfp_be16(h + 2);
	key = flags & 0x2000;
	sequence = flags & 0x1000;
	d->off += 4;
	if ((flags & 7) == 1) {
		d->kind = NFP_T_pptp;
		d->inside = NFP_ET_PPP;
		if (!nfp_in_mask(mask, NFP_T_pptp))
			d->end = NFP_D_done;
		/* Without a sequence number it is an acknowledgement: nothing inside. */
		if (!nfp_in_mask(mask, NFP_T_pptp) || protocol != NFP_ET_PPP || !key || !sequence ||
		    flags & 0xc000)
			return;
		h = nfp_take(v, d->off, 4);
		if (!h) {
			d->end = NFP_D_truncated;
			return;
		}
		d->number = nfp_be16(h + 2);
		d->off += flags & 0x0080 ? 12 : 8;
		d->opened = 1;
		return;
	}
	if (flags & 0x4007)
		return;
	if (flags & 0x8000)
		d->off += 4;
	if (key) {
		h = nfp_take(v, d->off, 4);
		if (!h) {
			d->end = NFP_D_truncated;
			return;
		}
		d->number = nfp_be32(h);
		d->off += 4;
	}
	if (sequence)
		d->off += 4;
	if (protocol == NFP_ET_ERSPAN12 || protocol == NFP_ET_ERSPAN3) {
		if (nfp_in_mask(mask, NFP_T_erspan))
			nfp_open_erspan(v, d, protocol, sequence);
		else
			d->end = NFP_D_done;
		return;
	}
	d->kind = NFP_T_gre;
	d->inside = protocol;
	if (!nfp_in_mask(mask, NFP_T_gre))
		d->end = NFP_D_done;
	d->opened = nfp_in_mask(mask, NFP_T_gre) &&
		    (protocol == NFP_ET_IPV4 || protocol == NFP_ET_IPV6 || protocol == NFP_ET_TEB ||
		     protocol == NFP_ET_MPLS || protocol == NFP_ET_MPLS_MC);
}

/* The tunnel that the flow's packet is, if it is one: d->opened, or d->end tells why not. */
static NFP_NOINLINE void nfp_decap_open(struct nfp_view *v, struct nfp_decap *d, __u32 mask)
{
	__u8 protocol = d->flow.protocol;

	d->opened = 0;
	d->number = 0;
	d->inside = 0;
	d->mirror = 0;
	d->labelled = 0;
	d->off = d->flow.l4_off;
	d->end = NFP_D_done;
	if (!nfp_may_hold(&d->flow))
		return;
	if (protocol == NFP_IP_IPIP || protocol == NFP_IP_IPV6) {
		nfp_open_ip(d, protocol, mask);
		return;
	}
	if (protocol == NFP_IP_AH) {
		nfp_open_ah(v, d, mask);
		return;
	}
	d->end = NFP_D_unknown;
	if (protocol == NFP_IP_GRE) {
		if (mask & (1U << NFP_T_gre | 1U << NFP_T_pptp | 1U << NFP_T_erspan))
			nfp_open_gre(v, d, mask);
		else
			d->end = NFP_D_done;
	} else if (protocol == NFP_IP_UDP) {
		nfp_open_udp(v, d, mask);
	} else {
		d->end = NFP_D_done;
	}
	d->labelled = d->inside == NFP_ET_MPLS || d->inside == NFP_ET_MPLS_MC;
}

/* A PPP header at d->off (RFC 1661 2, 6.5, 6.6: protocol and address fields may be compressed). */
static NFP_NOINLINE void nfp_decap_ppp(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->off, 2);
	__u16 protocol;

	d->inside = NFP_ET_PPP;
	if (h && h[0] == 0xff && h[1] == 0x03) {
		d->off += 2;
		h = nfp_take(v, d->off, 2);
	}
	if (!h) {
		d->trial.outcome = NFP_O_truncated_l2;
		return;
	}
	if (h[0] & 1) {
		protocol = h[0];
		d->off += 1;
	} else {
		protocol = nfp_be16(h);
		d->off += 2;
	}
	if (protocol == NFP_PPP_IPV4)
		d->inside = NFP_ET_IPV4;
	else if (protocol == NFP_PPP_IPV6)
		d->inside = NFP_ET_IPV6;
}

/* From d->off to the IP header: d->inside is an EtherType that nfp_parse_behind() takes, or
 * d->trial.outcome tells why not. */
static NFP_NOINLINE void nfp_decap_link(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h;

	if (d->inside == NFP_ET_TEB) {
		h = nfp_take(v, d->off, 14);
		d->off += 14;
		if (!h) {
			d->trial.outcome = NFP_O_truncated_l2;
			return;
		}
		d->inside = nfp_parse_tags(v, &d->off, nfp_be16(h + 12), &d->trial);
	} else if (d->inside == NFP_ET_PPP) {
		nfp_decap_ppp(v, d);
	} else if (!d->inside) {
		h = nfp_take(v, d->off, 1);
		if (!h)
			d->trial.outcome = NFP_O_truncated_l3;
		else
			d->inside = h[0] >> 4 == 4 ? NFP_ET_IPV4 : h[0] >> 4 == 6 ? NFP_ET_IPV6 : 0;
	}
}

static __always_inline __u32 nfp_decap_reason(__u8 outcome)
{
	switch (outcome) {
	case NFP_O_truncated_l2:
	case NFP_O_truncated_l3:
	case NFP_O_truncated_l4:
		return NFP_D_truncated;
	case NFP_O_malformed_l3:
	case NFP_O_malformed_l4:
		return NFP_D_malformed;
	case NFP_O_ext_limit:
		return NFP_D_limit;
	default:
		return NFP_D_unknown;
	}
}

/* What is inside the tunnel that was opened, into d->trial. */
static NFP_NOINLINE void nfp_decap_inside(struct nfp_view *v, struct nfp_decap *d)
{
	__builtin_memset(&d->trial, 0, sizeof(d->trial));
	d->trial.row = NFP_P_eth;
	nfp_decap_link(v, d);
	NFP_BARRIER();
	nfp_parse_behind(v, d->off, d->inside, &d->trial);
}

/* The label in front of what is inside, the bottom of the stack. */
static __always_inline bool nfp_decap_label(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->trial.l3_off - 4U, 4);

	if (h)
		d->number = nfp_be32(h) >> 12;
	return h != NULL;
}

static __always_inline void nfp_decap_push(struct nfp_decap *d, __u32 kind)
{
	__u32 i = d->depth;

	NFP_OPAQUE(i);
	if (i < NFP_DECAP_MAX) {
		d->type[i] = kind;
		d->id[i] = d->number;
		d->depth = i + 1;
	}
}

/* The trial becomes the flow, if it is sound and there is room. */
static NFP_NOINLINE void nfp_decap_take(struct nfp_view *v, struct nfp_decap *d)
{
	bool own_label = d->kind == NFP_T_mplsudp;
	/* Labels directly in another tunnel are one more, for they tell the tenant. Behind an Ethernet
	 * header they are that network's own affair, as they are outside. */
	__u32 more = d->labelled && !own_label ? 2 : 1, end;

	if (!d->trial.family) {
		d->end = nfp_decap_reason(d->trial.outcome);
		return;
	}
	end = d->trial.ip_len ? d->trial.l3_off + d->trial.ip_len : d->limit;
	if (end > d->limit && d->flow.value_flags & NFP_V_FRAG_FIRST) {
		end = d->limit; /* so much of it is in this fragment */
		d->trial.ip_len = end - d->trial.l3_off;
	} else if (end > d->limit && !d->mirror) {
		d->end = NFP_D_malformed;
		return;
	}
	if (d->depth + more > NFP_DECAP_MAX) {
		d->end = NFP_D_limit;
		return;
	}
	if (own_label && !nfp_decap_label(v, d))
		return;
	nfp_decap_push(d, d->kind);
	if (more == 2 && nfp_decap_label(v, d))
		nfp_decap_push(d, NFP_T_mpls);
	if (d->trial.outcome == NFP_O_truncated_l4 && nfp_missed(v))
		d->trial.outcome = NFP_O_ext_limit; /* deeper than the copy reaches */
	d->limit = end;
	d->version = d->flow.family;
	__builtin_memcpy(d->tunnel, d->flow.addr, sizeof(d->tunnel));
	__builtin_memcpy(d->trial.smac, d->flow.smac, 6);
	__builtin_memcpy(d->trial.dmac, d->flow.dmac, 6);
	__builtin_memcpy(d->trial.vlan, d->flow.vlan, sizeof(d->flow.vlan));
	__builtin_memcpy(&d->flow, &d->trial, sizeof(d->flow));
	d->end = NFP_D_done;
}

/* Before the first step. outer: as nfp_parse() left it. */
static __always_inline void nfp_decap_begin(struct nfp_decap *d, const struct nfp_packet *outer)
{
	__builtin_memset(d, 0, sizeof(*d));
	__builtin_memcpy(&d->flow, outer, sizeof(d->flow));
	d->limit = outer->ip_len ? outer->l3_off + outer->ip_len : NFP_NO_LIMIT;
}

/* Takes one tunnel off, if mask (1 << enum nfp_tunnel_type, ...) has its kind; false: d->flow is what it stays,
 * d->end says why. v: base, end and direct as for nfp_parse(), anew for each step; frame: bytes of the whole
 * frame. To be called at most NFP_DECAP_MAX + 1 times. */
static __always_inline bool nfp_decap_step(struct nfp_view *v, struct nfp_decap *d, __u32 frame, __u32 mask)
{
	nfp_view_frame(v, frame < d->limit ? frame : d->limit);
	NFP_BARRIER();
	nfp_decap_open(v, d, mask);
	NFP_BARRIER();
	if (d->opened && d->depth >= NFP_DECAP_MAX) {
		d->end = NFP_D_limit;
		return false;
	}
	if (d->opened) {
		nfp_decap_inside(v, d);
		NFP_BARRIER();
		nfp_decap_take(v, d);
	}
	NFP_BARRIER();
	if (d->end == NFP_D_truncated && nfp_missed(v))
		d->end = NFP_D_limit;
	return d->opened && d->end == NFP_D_done;
}

#endif
