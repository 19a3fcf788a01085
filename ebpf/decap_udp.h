/* SPDX-License-Identifier: GPL-2.0-only */
/* Tunnels in UDP: their headers, opened for decap.h. Pure, see view.h. */
#ifndef NFP_DECAP_UDP_H
#define NFP_DECAP_UDP_H

#include "ebpf/decap_state.h"

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

#endif
