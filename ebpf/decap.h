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

#include "ebpf/gso.h"

enum {
	NFP_PORT_L2TP = 1701,
	NFP_PORT_GTPU = 2152,
	NFP_PORT_TEREDO = 3544,
	NFP_ET_ERSPAN12 = 0x88be, /* types I and II */
	NFP_ET_ERSPAN3 = 0x22eb,
	NFP_ET_PPP = 0x880b,      /* RFC 2637 4.1 */
	NFP_GTPU_EXT_MAX = 8,     /* extension headers followed */
};

/* In the order of the rows decap_* of counters.def. */
enum nfp_decap_end {
	NFP_D_done, /* the flow is no tunnel */
	NFP_D_truncated,
	NFP_D_malformed,
	NFP_D_unknown,
	NFP_D_limit,
	NFP_D_N,
};
NFP_STATIC_ASSERT(NFP_C_decap_limit - NFP_C_decapsulated == NFP_D_limit,
		  "reasons and their counters are in one order");

struct nfp_decap {
	struct nfp_packet flow;  /* the deepest so far; MAC addresses and VLAN ids are the frame's */
	struct nfp_packet trial; /* what may be inside of it */
	__u32 tunnel[8];  /* net; saddr and daddr of the innermost tunnel, as nfp_packet.addr */
	__u32 id[NFP_DECAP_MAX];  /* outermost first */
	__u8 type[NFP_DECAP_MAX]; /* enum nfp_tunnel_type, outermost first */
	__u32 depth;      /* tunnels taken off */
	__u32 version;    /* 4 or 6, of `tunnel` */
	__u32 end;        /* enum nfp_decap_end */
	__u32 limit;      /* offset behind the flow's packet as its headers say; NFP_NO_LIMIT */
	/* the tunnel in hand */
	__u32 kind;       /* enum nfp_tunnel_type */
	__u32 number;     /* its id */
	__u32 off;        /* of what is inside */
	__u32 inside;     /* EtherType of that; NFP_ET_TEB, NFP_ET_PPP; 0: IP by its first nibble */
	__u32 opened;     /* 1: the above is valid */
	__u32 mirror;     /* 1: the inside may be cut short (ERSPAN) */
	__u32 labelled;   /* 1: MPLS labels are directly inside */
};

#define NFP_NO_LIMIT 0xffffffffU

static __always_inline bool nfp_in_mask(__u32 mask, __u32 kind)
{
	return mask >> kind & 1;
}

/* A first fragment tells what is inside, and holds a part of it; later ones tell nothing. */
static __always_inline bool nfp_may_hold(const struct nfp_packet *p)
{
	return p->family && !(p->value_flags & NFP_V_FRAG_LATER) &&
	       (p->outcome == NFP_O_ok || p->outcome == NFP_O_unknown_l4);
}

/* True if it is worth the call of nfp_decap_run(). */
static __always_inline bool nfp_may_be_tunnel(const struct nfp_packet *p)
{
	__u32 ports = NFP_SWAP32(p->l4); /* as numbers: source, destination */
	__u16 sport = ports >> 16, dport = ports & 0xffff;

	switch (p->protocol) {
	case NFP_IP_IPIP:
	case NFP_IP_IPV6:
	case NFP_IP_GRE:
	case NFP_IP_AH:
		return p->family != 0;
	case NFP_IP_UDP:
		return nfp_is_tunnel_port(dport) || dport == NFP_PORT_GTPU || dport == NFP_PORT_L2TP ||
		       sport == NFP_PORT_L2TP || dport == NFP_PORT_TEREDO || sport == NFP_PORT_TEREDO;
	default:
		return false;
	}
}

/* The tunnel's header says that it ends at `end`. False: behind the packet that it is in. */
static __always_inline bool nfp_decap_narrow(struct nfp_decap *d, __u32 end)
{
	if (end <= d->limit) {
		d->limit = end;
		return true;
	}
	if (d->flow.value_flags & NFP_V_FRAG_FIRST)
		return true;
	d->end = NFP_D_malformed;
	return false;
}

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

/* RFC 7348 5; GPE: draft-ietf-nvo3-vxlan-gpe 3. */
static NFP_NOINLINE void nfp_open_vxlan(struct nfp_view *v, struct nfp_decap *d, bool gpe)
{
	const __u8 *h = nfp_take(v, d->off, 8);

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	d->kind = NFP_T_vxlan;
	d->number = nfp_be32(h + 4) >> 8;
	d->off += 8;
	d->inside = NFP_ET_TEB;
	d->opened = (h[0] & 0x08) != 0;
	if (!gpe || !(h[0] & 0x04))
		return;
	if (h[0] & 0x31) /* a version to come, or OAM */
		d->opened = 0;
	if (h[3] == 1)
		d->inside = NFP_ET_IPV4;
	else if (h[3] == 2)
		d->inside = NFP_ET_IPV6;
	else if (h[3] == 5)
		d->inside = NFP_ET_MPLS;
	else if (h[3] != 3)
		d->opened = 0;
}

/* RFC 8926 3.4. Options are passed over, critical ones too: they change nothing in what follows. */
static NFP_NOINLINE void nfp_open_geneve(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->off, 8);

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	d->kind = NFP_T_geneve;
	d->number = nfp_be32(h + 4) >> 8;
	d->off += 8 + (h[0] & 0x3f) * 4;
	d->inside = nfp_be16(h + 2);
	d->opened = !(h[0] & 0xc0) && !(h[1] & 0x80) &&
		    (d->inside == NFP_ET_TEB || d->inside == NFP_ET_IPV4 || d->inside == NFP_ET_IPV6 ||
		     d->inside == NFP_ET_MPLS);
}

/* 3GPP TS 29.281 5.1 and 5.2: G-PDU only. */
static NFP_NOINLINE void nfp_open_gtpu(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->off, 8);
	__u32 end;
	__u8 next, flags;
	int i;

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	flags = h[0];
	if (flags >> 4 != 3 || h[1] != 0xff)
		return;
	d->kind = NFP_T_gtpu;
	d->number = nfp_be32(h + 4);
	d->off += 8;
	end = d->off + nfp_be16(h + 2);
	if (!nfp_decap_narrow(d, end))
		return;
	if (flags & 0x07) {
		h = nfp_take(v, d->off, 4);
		if (!h) {
			d->end = NFP_D_truncated;
			return;
		}
		next = flags & 0x04 ? h[3] : 0;
		d->off += 4;
		for (i = 0; i < NFP_GTPU_EXT_MAX; i++) {
			__u32 size, last;

			if (!next)
				break;
			h = nfp_take(v, d->off, 1);
			size = h ? h[0] * 4 : 0;
			if (h && !size) {
				d->end = NFP_D_malformed;
				return;
			}
			last = d->off + size - 1;
			h = h ? nfp_take(v, last, 1) : NULL;
			if (!h) {
				d->end = NFP_D_truncated;
				return;
			}
			next = h[0];
			d->off = last + 1;
		}
		if (next) {
			d->end = NFP_D_limit;
			return;
		}
	}
	d->opened = 1;
}

/* RFC 2661 3.1: data messages of version 2. */
static NFP_NOINLINE void nfp_open_l2tp(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->off, 6);
	__u32 start = d->off;
	__u16 flags;

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	flags = nfp_be16(h);
	if ((flags & 0x800f) != 2 || flags & 0x34f0)
		return;
	d->kind = NFP_T_l2tp;
	d->inside = NFP_ET_PPP;
	d->off += 2;
	if (flags & 0x4000) {
		__u32 end = start + nfp_be16(h + 2);

		if (end < start + 8) {
			d->end = NFP_D_malformed;
			return;
		}
		if (!nfp_decap_narrow(d, end))
			return;
		d->off += 2;
	}
	h = nfp_take(v, d->off, 4);
	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	d->number = nfp_be32(h);
	d->off += flags & 0x0800 ? 8 : 4;
	if (flags & 0x0200) {
		h = nfp_take(v, d->off, 2);
		if (!h) {
			d->end = NFP_D_truncated;
			return;
		}
		d->off += 2 + nfp_be16(h);
	}
	d->opened = 1;
}

/* RFC 4380 5.1.1: authentication, then origin indication, either or none, then IPv6. */
static NFP_NOINLINE void nfp_open_teredo(struct nfp_view *v, struct nfp_decap *d)
{
	const __u8 *h = nfp_take(v, d->off, 4);

	if (h && nfp_be16(h) == 1) {
		d->off += 4 + h[2] + h[3] + 9;
		h = nfp_take(v, d->off, 4);
	}
	if (h && nfp_be16(h) == 0) {
		d->off += 8;
		h = nfp_take(v, d->off, 4);
	}
	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	d->kind = NFP_T_teredo;
	d->inside = NFP_ET_IPV6;
	d->opened = h[0] >> 4 == 6;
}

/* One kind of UDP tunnel a port; true if the mask has it. */
static __always_inline __u32 nfp_udp_kind(__u16 sport, __u16 dport)
{
	if (dport == NFP_PORT_VXLAN || dport == NFP_PORT_VXLAN_LINUX || dport == NFP_PORT_VXLAN_GPE)
		return NFP_T_vxlan;
	if (dport == NFP_PORT_GENEVE)
		return NFP_T_geneve;
	if (dport == NFP_PORT_GTPU)
		return NFP_T_gtpu;
	if (dport == NFP_PORT_MPLS_UDP)
		return NFP_T_mplsudp;
	if (dport == NFP_PORT_L2TP || sport == NFP_PORT_L2TP)
		return NFP_T_l2tp;
	if (dport == NFP_PORT_TEREDO || sport == NFP_PORT_TEREDO)
		return NFP_T_teredo;
	return NFP_T_none;
}

static NFP_NOINLINE void nfp_open_udp(struct nfp_view *v, struct nfp_decap *d, __u32 mask)
{
	const __u8 *h = nfp_take(v, d->off, 8);
	__u16 dport, length;
	__u32 kind;

	if (!h) {
		d->end = NFP_D_truncated;
		return;
	}
	dport = nfp_be16(h + 2);
	length = nfp_be16(h + 4);
	kind = nfp_udp_kind(nfp_be16(h), dport);
	if (kind == NFP_T_none || !nfp_in_mask(mask, kind)) {
		d->end = NFP_D_done;
		return;
	}
	/* Behind an IP header without a length (BIG TCP) this one means nothing either. */
	if (d->flow.ip_len && length && d->off + length < d->limit)
		d->limit = d->off + length;
	d->off += 8;
	switch (kind) {
	case NFP_T_vxlan:
		nfp_open_vxlan(v, d, dport == NFP_PORT_VXLAN_GPE);
		break;
	case NFP_T_geneve:
		nfp_open_geneve(v, d);
		break;
	case NFP_T_gtpu:
		nfp_open_gtpu(v, d);
		break;
	case NFP_T_l2tp:
		nfp_open_l2tp(v, d);
		break;
	case NFP_T_teredo:
		nfp_open_teredo(v, d);
		break;
	default:
		d->kind = NFP_T_mplsudp;
		d->inside = NFP_ET_MPLS;
		d->opened = 1;
	}
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
