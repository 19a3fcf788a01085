/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers that every segment of a GSO buffer repeats: all up to the payload of the INNERMOST
 * transport header, for that is what segmentation cuts (net/core/gso.c; skb_inner_transport_header).
 * Pure, see view.h. Known tunnels: IPIP, 6in4, GRE v0, VXLAN, VXLAN-GPE, GENEVE, MPLS in UDP.
 * A UDP tunnel on a port that is not listed here counts as plain UDP: FOU and GUE have no fixed port.
 */
#ifndef NFP_GSO_H
#define NFP_GSO_H

#include "ebpf/parse.h"

#define NFP_GSO_STEPS 12 /* headers from the outermost IP to the innermost transport */

enum {
	NFP_PORT_VXLAN = 4789,       /* RFC 7348 */
	NFP_PORT_VXLAN_GPE = 4790,
	NFP_PORT_VXLAN_LINUX = 8472, /* the default of `ip link add type vxlan` */
	NFP_PORT_GENEVE = 6081,      /* RFC 8926 */
	NFP_PORT_MPLS_UDP = 6635,    /* RFC 7510 */
};

static __always_inline bool nfp_is_tunnel_port(__u16 port)
{
	return port == NFP_PORT_VXLAN || port == NFP_PORT_VXLAN_LINUX || port == NFP_PORT_GENEVE ||
	       port == NFP_PORT_VXLAN_GPE || port == NFP_PORT_MPLS_UDP;
}

/* True if segmentation cuts deeper than p->header_len: nfp_gso_header_len() has to tell. */
static __always_inline bool nfp_is_tunnel(const struct nfp_packet *p)
{
	__u16 dport;

	if (p->protocol == NFP_IP_IPIP || p->protocol == NFP_IP_IPV6 || p->protocol == NFP_IP_GRE)
		return p->family != 0;
	if (p->protocol != NFP_IP_UDP)
		return false;
	/* The destination port is the second halfword of the ports as they stand in the packet. */
	dport = NFP_SWAP32(p->l4) & 0xffff;
	return nfp_is_tunnel_port(dport);
}

enum nfp_gso_next {
	NFP_NEXT_ETHERTYPE, /* what: an EtherType */
	NFP_NEXT_PROTOCOL,  /* what: an IP protocol */
};

struct nfp_gso_walk {
	__u32 next; /* enum nfp_gso_next */
	__u32 what;
	__u32 off;
	__u32 done; /* 1: off is the answer */
};

/* Not inlined: kernels before 6.2 refuse a loop that is closed by falling through (check_cfg()), and that
 * is how clang lays out one with so many ways round. */
static NFP_NOINLINE void nfp_gso_step_ethertype(struct nfp_view *v, struct nfp_gso_walk *w)
{
	const __u8 *h;

	if (w->what == NFP_ET_IPV4) {
		h = nfp_take(v, w->off, 20);
		if (!h)
			goto end;
		w->off += (h[0] & 0x0f) * 4;
		w->what = h[9];
		w->next = NFP_NEXT_PROTOCOL;
	} else if (w->what == NFP_ET_IPV6) {
		h = nfp_take(v, w->off, 40);
		if (!h)
			goto end;
		w->off += 40;
		w->what = h[6];
		w->next = NFP_NEXT_PROTOCOL;
	} else if (w->what == NFP_ET_TEB) {
		h = nfp_take(v, w->off, 14);
		if (!h)
			goto end;
		w->off += 14;
		w->what = nfp_be16(h + 12);
	} else if (nfp_is_vlan(w->what)) {
		h = nfp_take(v, w->off, 4);
		if (!h)
			goto end;
		w->off += 4;
		w->what = nfp_be16(h + 2);
	} else if (w->what == NFP_ET_MPLS || w->what == NFP_ET_MPLS_MC) {
		h = nfp_take(v, w->off, 5);
		if (!h)
			goto end;
		w->off += 4;
		if (h[2] & 1)
			w->what = h[4] >> 4 == 4 ? NFP_ET_IPV4 : h[4] >> 4 == 6 ? NFP_ET_IPV6 : 0;
	} else {
		goto end;
	}
	return;
end:
	w->done = 1;
}

static __always_inline void nfp_gso_step_udp(struct nfp_view *v, struct nfp_gso_walk *w)
{
	const __u8 *h = nfp_take(v, w->off, 16);
	__u16 dport = h ? nfp_be16(h + 2) : 0;

	w->off += 8;
	w->next = NFP_NEXT_ETHERTYPE;
	if (dport == NFP_PORT_VXLAN || dport == NFP_PORT_VXLAN_LINUX) {
		w->off += 8;
		w->what = NFP_ET_TEB;
	} else if (dport == NFP_PORT_VXLAN_GPE) { /* next protocol: IPv4, IPv6, Ethernet */
		w->off += 8;
		w->what = h[11] == 1 ? NFP_ET_IPV4 : h[11] == 2 ? NFP_ET_IPV6 : NFP_ET_TEB;
	} else if (dport == NFP_PORT_GENEVE) {
		w->off += 8 + (h[8] & 0x3f) * 4;
		w->what = nfp_be16(h + 10);
	} else if (dport == NFP_PORT_MPLS_UDP) {
		w->what = NFP_ET_MPLS;
	} else {
		w->done = 1;
	}
}

static NFP_NOINLINE void nfp_gso_step_protocol(struct nfp_view *v, struct nfp_gso_walk *w)
{
	const __u8 *h;

	if (w->what == NFP_IP_TCP) {
		h = nfp_take(v, w->off + 12, 1);
		w->off += h ? (h[0] >> 4) * 4 : 20;
		w->done = 1;
	} else if (w->what == NFP_IP_UDP) {
		nfp_gso_step_udp(v, w);
	} else if (w->what == NFP_IP_SCTP) {
		w->off += 12;
		w->done = 1;
	} else if (w->what == NFP_IP_IPIP || w->what == NFP_IP_IPV6) {
		w->next = NFP_NEXT_ETHERTYPE;
		w->what = w->what == NFP_IP_IPIP ? NFP_ET_IPV4 : NFP_ET_IPV6;
	} else if (w->what == NFP_IP_GRE) { /* checksum, key, sequence: 4 bytes each (RFC 2890 2) */
		h = nfp_take(v, w->off, 4);
		if (!h) {
			w->done = 1;
			return;
		}
		w->off += 4 + (h[0] >> 7) * 4 + (h[0] >> 5 & 1) * 4 + (h[0] >> 4 & 1) * 4;
		w->what = nfp_be16(h + 2);
		w->next = NFP_NEXT_ETHERTYPE;
	} else if (nfp_is_extension(w->what)) {
		h = nfp_take(v, w->off, 2);
		if (!h) {
			w->done = 1;
			return;
		}
		if (w->what == NFP_IP_FRAGMENT)
			w->off += 8;
		else
			w->off += w->what == NFP_IP_AH ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
		w->what = h[0];
	} else {
		w->done = 1;
	}
}

/* l3_off, ethertype (host): of the outermost IP header. Returns the offset of the payload behind
 * the innermost transport header, as far as the readable bytes tell. w: room for the walk, given by
 * the caller, as the verifier is quicker when it is in a map. */
static __always_inline __u32 nfp_gso_header_len(struct nfp_view *v, struct nfp_gso_walk *w,
						__u32 l3_off, __u16 ethertype)
{
	int i;

	w->next = NFP_NEXT_ETHERTYPE;
	w->what = ethertype;
	w->off = l3_off;
	w->done = 0;
	for (i = 0; i < NFP_GSO_STEPS; i++) {
		if (w->next == NFP_NEXT_ETHERTYPE)
			nfp_gso_step_ethertype(v, w);
		else
			nfp_gso_step_protocol(v, w);
		NFP_BARRIER();
		if (w->done)
			break;
	}
	return w->off;
}

#endif
