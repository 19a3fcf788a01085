/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the bytes of a frame to what accounting needs: pure, see view.h.
 *
 * Definitions: the key is the OUTERMOST IP header behind the link header and any VLAN tags, PPPoE
 * session, MPLS labels or LLC/SNAP (decap.h goes on from there, where that is wanted). A packet belongs to the deepest row whose header is sound. What
 * ends early or contradicts itself keeps what was sound and gets an outcome; nothing is guessed.
 *  - Ports and ICMP type are taken when their bytes are inside both the frame and the IP length,
 *    even if the rest of that header is not: they stand at fixed places. The outcome tells.
 *  - Later fragments keep the row of their protocol, ports 0 (ICMP: the row ipv4 or ipv6).
 *  - IPv6: hop-by-hop, routing, fragment, AH and destination options are walked (RFC 8200 4.1,
 *    RFC 4302 2.2); ESP, 59, mobility, HIP and shim6 end the chain. IPv4 AH is protocol 51.
 */
#ifndef NFP_PARSE_H
#define NFP_PARSE_H

#include "ebpf/abi.h"
#include "ebpf/view.h"

/* In the order of the rows outcome_* of counters.def. */
enum nfp_outcome {
	NFP_O_ok,
	NFP_O_fragment,
	NFP_O_unknown_l3,
	NFP_O_unknown_l4,
	NFP_O_truncated_l2,
	NFP_O_truncated_l3,
	NFP_O_truncated_l4,
	NFP_O_malformed_l3,
	NFP_O_malformed_l4,
	NFP_O_ext_limit,
	NFP_O_N,
};
NFP_STATIC_ASSERT(NFP_C_outcome_ext_limit - NFP_C_outcome_ok == NFP_O_ext_limit,
		  "outcomes and their counters are in one order");

enum nfp_link {
	NFP_LINK_ETHERNET, /* starts with an Ethernet header */
	NFP_LINK_L3,       /* no link header; the driver's protocol tells MPLS, else the first nibble */
	NFP_LINK_RAW,      /* no link header and no protocol (captures): the first nibble decides */
};

#define NFP_TAGS_MAX 4    /* VLAN tags in the frame */
#define NFP_L2_STEPS 6    /* tags and LLC/SNAP headers together */
#define NFP_LABELS_MAX 8  /* MPLS */
#define NFP_EXT_MAX 10    /* IPv6 extension headers */

/* EtherTypes and IP protocols, host byte order (IANA registries). */
enum {
	NFP_ET_IPV4 = 0x0800,
	NFP_ET_TEB = 0x6558, /* Ethernet in GRE and GENEVE (RFC 1701, RFC 8926) */
	NFP_ET_8021Q = 0x8100,
	NFP_ET_IPV6 = 0x86dd,
	NFP_ET_MPLS = 0x8847,
	NFP_ET_MPLS_MC = 0x8848,
	NFP_ET_PPPOE = 0x8864,
	NFP_ET_8021AD = 0x88a8,
	NFP_ET_9100 = 0x9100, /* QinQ before 802.1ad; some switches go on to 9200 and 9300 */
	NFP_ET_9200 = 0x9200,
	NFP_ET_9300 = 0x9300,
	NFP_PPP_IPV4 = 0x0021,
	NFP_PPP_IPV6 = 0x0057,
	NFP_IP_HOPOPTS = 0,
	NFP_IP_ICMP = 1,
	NFP_IP_IPIP = 4,
	NFP_IP_TCP = 6,
	NFP_IP_UDP = 17,
	NFP_IP_DCCP = 33,
	NFP_IP_IPV6 = 41,
	NFP_IP_ROUTING = 43,
	NFP_IP_FRAGMENT = 44,
	NFP_IP_GRE = 47,
	NFP_IP_AH = 51,
	NFP_IP_ICMPV6 = 58,
	NFP_IP_NONE = 59,
	NFP_IP_DSTOPTS = 60,
	NFP_IP_SCTP = 132,
	NFP_IP_UDPLITE = 136,
};

struct nfp_packet {
	__u8 tos;         /* DSCP << 2 | ECN */
	__u8 row;         /* enum nfp_protocol */
	__u8 outcome;     /* enum nfp_outcome */
	__u8 family;      /* 4, 6, or 0: no sound IP header */
	__u8 protocol;    /* IP protocol at the end of the chain */
	__u8 key_flags;   /* NFP_KEY_ALT */
	__u8 value_flags; /* NFP_V_FRAG_*, NFP_V_IP_OPTIONS */
	__u8 ttl;
	__u16 tcp_flags;  /* host; the 12 bits */
	__u16 l3_off;     /* of the IP header; of what `ethertype` announces when family is 0 */
	__u16 header_len; /* up to the payload of the transport header of `protocol` */
	__u16 jumbo_len;  /* bytes of a jumbo hop-by-hop header that segmentation takes out again */
	__u32 ip_len;     /* host; as the IP header says; 0: take it from the frame */
	__u32 l4;         /* nfp_key_meta.l4 of the row */
	__be32 flow_label;
	__u32 frag_id;    /* net; identification, of fragments only (IPv4: the two bytes) */
	__u16 vlan[2];    /* host; outermost first, in the frame; | NFP_VLAN_PRESENT */
	__be16 ethertype; /* net; innermost; 0: LLC */
	__u16 l4_off;     /* of the transport header; 0: not reached */
	__u8 dmac[6];
	__u8 smac[6];
	union {
		struct {
			__u8 saddr[16]; /* net; IPv4: the first four bytes */
			__u8 daddr[16];
		};
		__u32 addr[8];
	};
};

static __always_inline bool nfp_is_vlan(__u16 ethertype)
{
	return ethertype == NFP_ET_8021Q || ethertype == NFP_ET_8021AD || ethertype == NFP_ET_9100 ||
	       ethertype == NFP_ET_9200 || ethertype == NFP_ET_9300;
}

static __always_inline bool nfp_is_extension(__u8 protocol)
{
	return protocol == NFP_IP_HOPOPTS || protocol == NFP_IP_ROUTING ||
	       protocol == NFP_IP_FRAGMENT || protocol == NFP_IP_AH || protocol == NFP_IP_DSTOPTS;
}

/* Bytes of the fixed transport header, 0 for protocols without a row. */
static __always_inline __u32 nfp_l4_size(__u8 protocol, bool v6)
{
	switch (protocol) {
	case NFP_IP_TCP:
		return 20;
	case NFP_IP_UDP:
	case NFP_IP_UDPLITE:
		return 8;
	case NFP_IP_SCTP:
	case NFP_IP_DCCP:
		return 12;
	case NFP_IP_ICMP:
		return v6 ? 0 : 4;
	case NFP_IP_ICMPV6:
		return v6 ? 4 : 0;
	default:
		return 0;
	}
}

/* The row of a transport protocol; true if it has ports. */
static __always_inline bool nfp_l4_row(struct nfp_packet *p, bool v6)
{
	switch (p->protocol) {
	case NFP_IP_TCP:
		p->row = v6 ? NFP_P_tcp6 : NFP_P_tcp4;
		return true;
	case NFP_IP_UDPLITE:
		p->key_flags = NFP_KEY_ALT;
		p->row = v6 ? NFP_P_udp6 : NFP_P_udp4;
		return true;
	case NFP_IP_UDP:
		p->row = v6 ? NFP_P_udp6 : NFP_P_udp4;
		return true;
	case NFP_IP_DCCP:
		p->key_flags = NFP_KEY_ALT;
		p->row = v6 ? NFP_P_sctp6 : NFP_P_sctp4;
		return true;
	case NFP_IP_SCTP:
		p->row = v6 ? NFP_P_sctp6 : NFP_P_sctp4;
		return true;
	default:
		return false;
	}
}

/* True for rows whose key has ports. */
static __always_inline bool nfp_row_has_ports(__u8 row)
{
	return row == NFP_P_tcp4 || row == NFP_P_tcp6 || row == NFP_P_udp4 || row == NFP_P_udp6 ||
	       row == NFP_P_sctp4 || row == NFP_P_sctp6;
}

/* off: of the transport header; ip_end: first offset behind the IP packet by its own length. */
static __always_inline void nfp_parse_l4(struct nfp_view *v, __u32 off, __u32 ip_end, bool v6,
					 struct nfp_packet *p)
{
	__u32 size = nfp_l4_size(p->protocol, v6);
	const __u8 *h;

	NFP_FORGET(size, v->frame);
	NFP_BARRIER();
	p->header_len = off;
	p->l4_off = off;
	if (!size) {
		p->outcome = NFP_O_unknown_l4;
		return;
	}
	p->header_len = off + size;
	h = off + 4 <= ip_end ? nfp_take(v, off, 4) : NULL;
	if (!h) {
		p->outcome = off + 4 > v->frame ? NFP_O_truncated_l4 : NFP_O_malformed_l4;
		/* Two bytes are enough for type and code. */
		if (p->protocol != NFP_IP_ICMP && p->protocol != NFP_IP_ICMPV6)
			return;
		h = off + 2 <= ip_end ? nfp_take(v, off, 2) : NULL;
		if (!h)
			return;
		p->row = v6 ? NFP_P_icmp6 : NFP_P_icmp4;
		p->l4 = nfp_raw16(h);
		return;
	}
	if (!nfp_l4_row(p, v6)) {
		p->row = v6 ? NFP_P_icmp6 : NFP_P_icmp4;
		p->l4 = nfp_raw16(h); /* type, code: the first two bytes of the word on any machine */
		return;
	}
	p->l4 = nfp_raw32(h);
	/* A first fragment may be as short as 8 bytes (RFC 791 3.2): not malformed. */
	if (off + size > v->frame)
		p->outcome = NFP_O_truncated_l4;
	else if (off + size > ip_end && !(p->value_flags & NFP_V_FRAG_FIRST))
		p->outcome = NFP_O_malformed_l4;
	if (p->protocol == NFP_IP_TCP) {
		h = off + 14 <= ip_end ? nfp_take(v, off + 12, 2) : NULL;
		if (!h)
			return;
		p->tcp_flags = nfp_be16(h) & 0x0fff;
		p->header_len = off + (h[0] >> 4) * 4;
		if (h[0] < 0x50) {
			p->header_len = off + 20;
			p->outcome = NFP_O_malformed_l4;
		}
	} else if (p->protocol == NFP_IP_UDP) {
		h = off + 6 <= ip_end ? nfp_take(v, off + 4, 2) : NULL;
		/* 0 stands for "longer than 65535" (RFC 2675 4). */
		if (h && nfp_be16(h) && nfp_be16(h) < 8)
			p->outcome = NFP_O_malformed_l4;
	}
}

static __always_inline void nfp_parse_ipv4(struct nfp_view *v, __u32 off, struct nfp_packet *p)
{
	const __u8 *h = nfp_take(v, off, 20);
	__u32 header, length;
	__u16 fragment;

	if (!h) {
		p->outcome = NFP_O_truncated_l3;
		return;
	}
	header = (h[0] & 0x0f) * 4;
	length = nfp_be16(h + 2);
	if (h[0] >> 4 != 4 || header < 20 || (length && length < header)) {
		p->outcome = NFP_O_malformed_l3;
		return;
	}
	p->row = NFP_P_ipv4;
	p->family = 4;
	p->tos = h[1];
	p->ip_len = length;
	p->ttl = h[8];
	p->protocol = h[9];
	p->addr[0] = nfp_raw32(h + 12);
	p->addr[4] = nfp_raw32(h + 16);
	if (header > 20)
		p->value_flags |= NFP_V_IP_OPTIONS;
	fragment = nfp_be16(h + 6);
	if (fragment & 0x3fff)
		p->frag_id = nfp_raw16(h + 4);
	if (fragment & 0x1fff) {
		p->value_flags |= NFP_V_FRAG_LATER;
		p->header_len = off + header;
		p->outcome = NFP_O_fragment;
		nfp_l4_row(p, false);
		return;
	}
	if (fragment & 0x2000)
		p->value_flags |= NFP_V_FRAG_FIRST;
	nfp_parse_l4(v, off + header, length ? off + length : v->frame, false, p);
}

/* BIG TCP keeps a jumbo option in front of TCP inside the host only (Linux 5.19 to 6.x,
 * include/net/ipv6.h ipv6_has_hopopt_jumbo()): length 0 and 8 bytes, type 0xc2. */
static __always_inline bool nfp_is_jumbo(const __u8 *h)
{
	return h[0] == NFP_IP_TCP && h[1] == 0 && h[2] == 0xc2 && h[3] == 4;
}

static __always_inline void nfp_parse_ipv6(struct nfp_view *v, __u32 off, struct nfp_packet *p)
{
	const __u8 *h = nfp_take(v, off, 40);
	__u32 length, ip_end, word;
	__u8 next;
	int i;

	if (!h) {
		p->outcome = NFP_O_truncated_l3;
		return;
	}
	word = nfp_be32(h);
	if (word >> 28 != 6) {
		p->outcome = NFP_O_malformed_l3;
		return;
	}
	p->row = NFP_P_ipv6;
	p->family = 6;
	p->tos = word >> 20;
	p->flow_label = NFP_SWAP32(word & 0xfffff);
	length = nfp_be16(h + 4);
	next = h[6];
	p->ttl = h[7];
	for (i = 0; i < 8; i++)
		p->addr[i] = nfp_raw32(h + 8 + 4 * i);
	off += 40;
	/* 0 is a jumbogram or BIG TCP, unless nothing follows. */
	ip_end = length ? off + length : v->frame;
	p->ip_len = length || next == NFP_IP_NONE ? length + 40 : 0;

	for (i = 0; i < NFP_EXT_MAX; i++) {
		if (!nfp_is_extension(next))
			break;
		p->protocol = next;
		p->header_len = off;
		p->value_flags |= NFP_V_IP_OPTIONS;
		h = off + 8 <= ip_end ? nfp_take(v, off, 8) : NULL;
		if (!h) {
			p->outcome = off + 8 > v->frame ? NFP_O_truncated_l4 : NFP_O_malformed_l4;
			return;
		}
		if (next == NFP_IP_FRAGMENT) {
			__u16 fragment = nfp_be16(h + 2);

			p->frag_id = nfp_raw32(h + 4);
			next = h[0];
			off += 8;
			if (fragment & 0xfff8) {
				p->value_flags |= NFP_V_FRAG_LATER;
				p->protocol = next;
				p->header_len = off;
				p->outcome = NFP_O_fragment;
				nfp_l4_row(p, true);
				return;
			}
			if (fragment & 1) /* else atomic: a whole packet (RFC 6946) */
				p->value_flags |= NFP_V_FRAG_FIRST;
			NFP_FORGET(off, v->frame);
			continue;
		}
		if (i == 0 && next == NFP_IP_HOPOPTS && !length && nfp_is_jumbo(h))
			p->jumbo_len = 8;
		off += next == NFP_IP_AH ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
		next = h[0];
		NFP_FORGET(off, v->frame);
		NFP_FORGET(next, v->frame);
	}
	NFP_FORGET(off, v->frame);
	NFP_FORGET(next, v->frame);
	p->protocol = next;
	p->header_len = off;
	if (nfp_is_extension(next)) {
		p->outcome = NFP_O_ext_limit;
		return;
	}
	nfp_parse_l4(v, off, ip_end, true, p);
}

/* Walks an MPLS stack at *off. Returns the EtherType that the payload's first nibble tells
 * (as routers do for load balancing, RFC 4928 3), or 0 with p->outcome set. */
static __always_inline __u16 nfp_parse_mpls(struct nfp_view *v, __u32 *off, struct nfp_packet *p)
{
	const __u8 *h;
	int i;

	for (i = 0; i < NFP_LABELS_MAX; i++) {
		h = nfp_take(v, *off, 4);
		if (!h) {
			p->outcome = NFP_O_truncated_l2;
			return 0;
		}
		*off += 4;
		if (h[2] & 1) {
			h = nfp_take(v, *off, 1);
			if (!h) {
				p->outcome = NFP_O_truncated_l2;
				return 0;
			}
			p->outcome = NFP_O_unknown_l3; /* a pseudowire, most likely (RFC 4385) */
			return h[0] >> 4 == 4 ? NFP_ET_IPV4 : h[0] >> 4 == 6 ? NFP_ET_IPV6 : 0;
		}
	}
	p->outcome = NFP_O_ext_limit;
	return 0;
}

/* The PPP header of a PPPoE session frame (RFC 2516 4); returns as nfp_parse_mpls(). */
static __always_inline __u16 nfp_parse_pppoe(struct nfp_view *v, __u32 *off, struct nfp_packet *p)
{
	const __u8 *h = nfp_take(v, *off, 8);
	__u16 protocol;

	if (!h) {
		p->outcome = NFP_O_truncated_l2;
		return 0;
	}
	if (h[6] & 1) { /* protocol field compressed to one byte (RFC 1661 6.5) */
		protocol = h[6];
		*off += 7;
	} else {
		protocol = nfp_be16(h + 6);
		*off += 8;
	}
	p->outcome = NFP_O_unknown_l3;
	return protocol == NFP_PPP_IPV4 ? NFP_ET_IPV4 : protocol == NFP_PPP_IPV6 ? NFP_ET_IPV6 : 0;
}

/* Tags and LLC behind the Ethernet header, from *off on. Returns the EtherType they lead to;
 * p->outcome is not ok when they lead nowhere. */
static __always_inline __u16 nfp_parse_tags(struct nfp_view *v, __u32 *off, __u16 ethertype,
					    struct nfp_packet *p)
{
	const __u8 *h;
	int tags = 0, i;

	for (i = 0; i < NFP_L2_STEPS; i++) {
		if (nfp_is_vlan(ethertype)) {
			__u16 id;

			if (tags == NFP_TAGS_MAX)
				break;
			h = nfp_take(v, *off, 4);
			if (!h) {
				p->outcome = NFP_O_truncated_l2;
				return ethertype;
			}
			id = (nfp_be16(h) & 0x0fff) | NFP_VLAN_PRESENT;
			if (tags == 0)
				p->vlan[0] = id;
			else if (tags == 1)
				p->vlan[1] = id;
			tags++;
			ethertype = nfp_be16(h + 2);
			*off += 4;
		} else if (ethertype <= 1500) { /* an 802.3 length */
			h = nfp_take(v, *off, 8);
			if (h && nfp_raw32(h) == NFP_SWAP32(0xaaaa0300) && !nfp_raw16(h + 4)) {
				ethertype = nfp_be16(h + 6);
				*off += 8;
				continue;
			}
			h = nfp_take(v, *off, 3);
			if (h && h[0] == 0x06 && h[1] == 0x06 && h[2] == 0x03) {
				*off += 3;
				return NFP_ET_IPV4;
			}
			p->outcome = NFP_O_unknown_l3;
			return 0;
		} else {
			return ethertype;
		}
	}
	if (nfp_is_vlan(ethertype) || ethertype <= 1500)
		p->outcome = NFP_O_ext_limit;
	return ethertype;
}

/* Where a frame without a link header begins. */
static __always_inline __u16 nfp_parse_raw(struct nfp_view *v, enum nfp_link link, __be16 protocol)
{
	__u16 ethertype = NFP_SWAP16(protocol);
	const __u8 *h;

	if (link == NFP_LINK_L3 && (ethertype == NFP_ET_MPLS || ethertype == NFP_ET_MPLS_MC))
		return ethertype;
	h = nfp_take(v, 0, 1);
	if (h && h[0] >> 4 == 4)
		return NFP_ET_IPV4;
	if (h && h[0] >> 4 == 6)
		return NFP_ET_IPV6;
	return link == NFP_LINK_L3 ? ethertype : 0;
}

/* What `ethertype` (host byte order) announces at off. p: zeroed, but for the link's members and the
 * outcome, which is ok unless the link was not. */
static __always_inline void nfp_parse_behind(struct nfp_view *v, __u32 off, __u16 ethertype,
					     struct nfp_packet *p)
{
	__u16 inner = ethertype;

	p->ethertype = NFP_SWAP16(ethertype);
	p->l3_off = p->header_len = off;
	if (p->outcome != NFP_O_ok)
		return;
	if (ethertype == NFP_ET_PPPOE)
		inner = nfp_parse_pppoe(v, &off, p);
	else if (ethertype == NFP_ET_MPLS || ethertype == NFP_ET_MPLS_MC)
		inner = nfp_parse_mpls(v, &off, p);
	if (inner != NFP_ET_IPV4 && inner != NFP_ET_IPV6) {
		if (p->outcome == NFP_O_ok)
			p->outcome = NFP_O_unknown_l3;
		return;
	}
	NFP_FORGET(inner, v->frame);
	NFP_FORGET(off, v->frame);
	p->outcome = NFP_O_ok;
	p->ethertype = NFP_SWAP16(inner);
	p->l3_off = p->header_len = off;
	if (inner == NFP_ET_IPV4)
		nfp_parse_ipv4(v, off, p);
	else
		nfp_parse_ipv6(v, off, p);
}

/* Parses the frame in v. protocol: skb->protocol (net), read for NFP_LINK_L3 only. Writes all of
 * *p. When nfp_missed() is true afterwards, the result is that of a frame cut where the readable bytes
 * end: parse again with more of them. */
static __always_inline void nfp_parse(struct nfp_view *v, enum nfp_link link, __be16 protocol,
				      struct nfp_packet *p)
{
	__u16 ethertype;
	__u32 off = 0;
	const __u8 *h;

	__builtin_memset(p, 0, sizeof(*p));
	NFP_FORGET(v->wanted, v->frame);
	p->row = NFP_P_eth;
	p->outcome = NFP_O_ok;
	if (link == NFP_LINK_ETHERNET) {
		h = nfp_take(v, 0, 14);
		if (!h) {
			p->outcome = NFP_O_truncated_l2;
			p->l3_off = p->header_len = v->frame < 14 ? v->frame : 14;
			return;
		}
		__builtin_memcpy(p->dmac, h, 6);
		__builtin_memcpy(p->smac, h + 6, 6);
		off = 14;
		/* Else each take would widen what is known of the frame's start, one state more each. */
		NFP_FORGET(off, v->frame);
		ethertype = nfp_parse_tags(v, &off, nfp_be16(h + 12), p);
	} else {
		NFP_FORGET(off, v->frame);
		ethertype = nfp_parse_raw(v, link, protocol);
	}
	nfp_parse_behind(v, off, ethertype, p);
}

#endif
