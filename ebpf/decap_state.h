/* SPDX-License-Identifier: GPL-2.0-only */
/* What taking tunnels off keeps between its steps (decap.h). Pure, see view.h. */
#ifndef NFP_DECAP_STATE_H
#define NFP_DECAP_STATE_H

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

#endif
