/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a packet that comes in is forwarded to: egress interface and next hop by bpf_fib_lookup(), asked when an entry is
 * made, never for one that is there. The fast path makes no entries then; it leaves them to the general path.
 *
 * The kernel's own tables and rules are asked with what is known before routing: ingress interface (its VRF by the
 * l3mdev rule), addresses, TOS or traffic class, flow label, protocol and ports. Not known, hence not followed: marks that
 * netfilter sets, addresses that it translates.
 *
 * Not asked for: frames with a VLAN tag (they come in by the VLAN's device), to a group or (tc) to another host. XDP is not told
 * whom a frame is for.
 */
#ifndef NFP_FIB_BPF_H
#define NFP_FIB_BPF_H

#include "ebpf/count.bpf.h"

#define NFP_AF_INET 2
#define NFP_AF_INET6 10
#define NFP_PACKET_HOST 0 /* linux/if_packet.h */
#define NFP_PACKET_LOOPBACK 5
#define NFP_WAY_TRIES 4

/* nfp_plain.way_known */
enum nfp_way_known {
	NFP_WAY_UNKNOWN,
	NFP_WAY_WANTED, /* an entry waits for it */
	NFP_WAY_KNOWN,  /* or not to be asked for */
};

/* What a packet of the general path begins with. routed: it is for this host on its link. */
static __always_inline void nfp_fib_begin(struct nfp_work *w, bool routed)
{
	w->plain.way_known = routed ? NFP_WAY_UNKNOWN : NFP_WAY_KNOWN;
	__builtin_memset(&w->way, 0, sizeof(w->way));
}

/* An entry of a coarser row is of many flows. */
static __always_inline void nfp_fib_forget(struct nfp_work *w)
{
	nfp_fib_begin(w, false);
	w->frame.egress_if = 0;
	w->frame.way = 0;
}

static __always_inline bool nfp_fib_fill(struct nfp_work *w)
{
	const struct nfp_packet *p = &w->packet;
	struct bpf_fib_lookup *fib = &w->fib;

	if (!p->family || w->frame.vlan || p->vlan[0])
		return false;
	if (knob_link == NFP_LINK_ETHERNET && p->dmac[0] & 1)
		return false;
	/* tot_len stays 0: no MTU is compared before the result is there. */
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = w->frame.ifindex;
	fib->l4_protocol = p->protocol;
	/* Of fragments the kernel looks at no ports, the first one's neither. */
	if (nfp_row_has_ports(p->row) && !(p->value_flags & (NFP_V_FRAG_FIRST | NFP_V_FRAG_LATER))) {
		fib->sport = ((const __be16 *)&p->l4)[0];
		fib->dport = ((const __be16 *)&p->l4)[1];
	}
	if (p->family == 4) {
		fib->family = NFP_AF_INET;
		fib->tos = p->tos;
		fib->ipv4_src = p->addr[0];
		fib->ipv4_dst = p->addr[4];
	} else {
		fib->family = NFP_AF_INET6;
		fib->flowinfo = NFP_SWAP32((__u32)p->tos << 20) | p->flow_label;
		__builtin_memcpy(fib->ipv6_src, p->saddr, 32);
	}
	return true;
}

/* The gateway, if there is one: else the destination is left as it was. */
static __always_inline void nfp_fib_take(struct nfp_work *w)
{
	const struct bpf_fib_lookup *fib = &w->fib;
	const struct nfp_packet *p = &w->packet;
	const __u32 *dst = (const __u32 *)fib->ipv6_dst;
	__u32 *hop = (__u32 *)w->way.next_hop;

	w->way.egress_if = fib->ifindex;
	w->frame.egress_if = fib->ifindex;
	if (p->family == 4) {
		/* A gateway of the other version (RFC 8950) has no place in a record of this one. */
		if (fib->family == NFP_AF_INET && fib->ipv4_dst != p->addr[4])
			hop[0] = fib->ipv4_dst;
	} else if ((dst[0] ^ p->addr[4]) | (dst[1] ^ p->addr[5]) | (dst[2] ^ p->addr[6]) | (dst[3] ^ p->addr[7])) {
		__builtin_memcpy(hop, dst, 16);
	}
}

static __always_inline bool nfp_way_same(const struct nfp_way *a, const struct nfp_way *b)
{
	const __u32 *x = (const __u32 *)a, *y = (const __u32 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

/* w->frame.way, for slots of tables. */
static __always_inline void nfp_way_number(struct nfp_work *w)
{
	const __u32 *words = (const __u32 *)&w->way;
	__u64 hash;
	int i;

	w->frame.way = w->way.egress_if < NFP_WAY_FIRST ? w->way.egress_if : 0;
	if (!(words[1] | words[2] | words[3] | words[4]))
		return;
	hash = nfp_hash3(words[0] | (__u64)words[1] << 32, words[2] | (__u64)words[3] << 32, words[4], 0) >> 32;
	NFP_UNROLL
	for (i = 0; i < NFP_WAY_TRIES; i++) {
		__u32 number = (__u32)hash + i;
		const struct nfp_way *known;

		if (number < NFP_WAY_FIRST)
			number += NFP_WAY_FIRST;
		known = bpf_map_lookup_elem(&ways, &number);
		if (!known) {
			/* Another CPU may make it at the same time, or another one in its place. */
			NFP_KEEP(bpf_map_update_elem(&ways, &number, &w->way, BPF_NOEXIST));
			known = bpf_map_lookup_elem(&ways, &number);
		}
		if (known && nfp_way_same(known, &w->way)) {
			w->frame.way = number;
			return;
		}
	}
	nfp_status(NFP_C_fib_crowded, 1);
}

/* w->frame.egress_if, w->frame.way and w->way of the packet in hand. Its verdict does not depend on it. */
static __noinline int nfp_fib(void *ctx, struct nfp_work *w)
{
	long rc;

	w->plain.way_known = NFP_WAY_KNOWN;
	if (!nfp_fib_fill(w))
		return 0;
	rc = bpf_fib_lookup(ctx, &w->fib, sizeof(w->fib), knob_fib & ~NFP_FIB_ASK);
	switch (rc) {
	case BPF_FIB_LKUP_RET_SUCCESS:
	case BPF_FIB_LKUP_RET_NO_NEIGH:    /* since 5.10 interface and gateway are filled in before */
	case BPF_FIB_LKUP_RET_FRAG_NEEDED: /* likewise: of tc, which compares the buffer's length afterwards */
		nfp_fib_take(w);
		if (knob_table)
			nfp_way_number(w);
		nfp_status(NFP_C_fib_found, 1);
		break;
	case BPF_FIB_LKUP_RET_NOT_FWDED:
	case BPF_FIB_LKUP_RET_FWD_DISABLED:
		nfp_status(NFP_C_fib_not_forwarded, 1);
		break;
	case BPF_FIB_LKUP_RET_BLACKHOLE:
	case BPF_FIB_LKUP_RET_UNREACHABLE:
	case BPF_FIB_LKUP_RET_PROHIBIT:
		nfp_status(NFP_C_fib_prohibited, 1);
		break;
	case BPF_FIB_LKUP_RET_UNSUPP_LWT:
		nfp_status(NFP_C_fib_unsupported, 1);
		break;
	default: /* an error, or what later kernels think of */
		nfp_status(NFP_C_fib_failed, 1);
		break;
	}
	return 0;
}

#endif
