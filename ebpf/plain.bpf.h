/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet on its way into a flow table: key and counts, no pointers. Lives in registers on the fast path. */
#ifndef NFP_PLAIN_BPF_H
#define NFP_PLAIN_BPF_H

#include <linux/types.h>

/* How a row's keys look. */
enum nfp_kind {
	NFP_KIND_NONE, /* no table */
	NFP_KIND_V4,
	NFP_KIND_V6,
	NFP_KIND_ETH,
};

struct nfp_plain {
	__u64 k0, k1, k2, k3, k4, k5; /* the key's words; no array: the compiler would keep it in memory */
	__u64 now;        /* ns since 1970 */
	__u64 octets, l2_octets;
	__u32 len_min, len_max;
	__u32 segments;   /* 0: not known yet */
	__u32 way;        /* struct nfp_slot_cold */
	__be32 flow_label;
	__u32 place;      /* in the ring */
	__u16 tcp_flags;
	__u8 row;         /* enum nfp_protocol */
	__u8 kind;        /* enum nfp_kind */
	__u8 ttl;
	__u8 tos;
	__u8 ip;          /* 1: ttl and tos are valid */
	__u8 value_flags; /* NFP_V_* */
	__u8 exact;       /* 1: now is the exact time */
	__u8 bits;        /* size of the table */
	__u8 syn;         /* 1: tcp options are in the work area */
	__u8 way_known;   /* enum nfp_way_known of fib.bpf.h */
	/* fast path only: the buffer as its hook sees it, and what its parser finds */
	__u64 time;       /* NFP_CLOCK_CAPTURE: ns since 1970 */
	__u32 length;
	__u32 ifindex;
	__u32 gso_size;
	__u16 vlan;       /* tag in metadata | NFP_VLAN_PRESENT */
	__u8 key_flags;
};

#endif
