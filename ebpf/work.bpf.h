/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs keep of the packet in hand, in one per-CPU work area rather than on the stack:
 * the stack of a call chain ends at 512 bytes, and the verifier follows every constant on it, but none
 * in a map (kernel/bpf/verifier.c, stacksafe()).
 *
 * One CPU works on one packet at a time, for hooks run with bottom halves off (see account.bpf.h).
 * PREEMPT_RT kernels that do not serialise bottom halves per CPU (an option since 6.18) break that.
 */
#ifndef NFP_WORK_BPF_H
#define NFP_WORK_BPF_H

#include <linux/bpf.h>

#include "ebpf/decap.h"
#include "ebpf/tcpopt.h"
#include "ebpf/plain.bpf.h"
#include "ebpf/table.h"

/* One buffer, whichever hook it came through: filled by the hook's entry function, so that the
 * accounting never sees __sk_buff or xdp_md. */
struct nfp_frame {
	__u64 now;           /* ns since 1970, packet clock */
	struct nfp_bucket bucket;
	__u32 length;        /* bytes of the buffer, as the device counts them */
	__u32 segments;      /* packets on the wire; 0 until the parser has told the header length */
	__u32 gso_size;      /* payload bytes of each; 0: not segmented */
	__u32 ifindex;
	__u32 ingress_if;    /* 0: not known */
	__u32 egress_if;     /* 0: not known */
	__u32 way;           /* ingress: struct nfp_slot_cold */
	__be16 protocol;     /* net; EtherType as the stack knows it */
	__u16 vlan;          /* host; tag in metadata | NFP_VLAN_PRESENT; 0: none */
	__u16 cpu;
	__u8 key_flags;      /* NFP_KEY_EGRESS | NFP_KEY_XDP | NFP_KEY_L3 */
	__u8 bucketed;       /* there is a bucket for it */
	__u32 captured;      /* bytes of the frame that are in the buffer */
	__u32 header;        /* bytes that each segment repeats; GSO buffers only */
	__u8 value_flags;    /* NFP_V_COARSENED */
	/* filled by measure.bpf.h */
	__u64 octets;        /* IP bytes on the wire, all segments */
	__u64 l2_octets;     /* frame bytes on the wire, all segments */
	__u32 len_min;       /* IP bytes of one segment */
	__u32 len_max;
};

union nfp_key {
	struct nfp_key_eth eth;
	struct nfp_key_v4 v4;
	struct nfp_key_v6 v6;
	struct nfp_key_tunnel tunnel;
};

/* Key and value of map "fragments". */
struct nfp_fragment_key {
	__u32 addr[8];   /* as nfp_packet.addr */
	__u32 id;        /* net; identification */
	__u32 number;    /* host; id of the innermost tunnel around it, 0 = none */
	__u8 tunnel;     /* enum nfp_tunnel_type of that */
	__u8 protocol;
	__u8 family;
	__u8 zero;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_fragment_key) == 44, "padding in a map key");

struct nfp_fragment {
	__u64 time; /* ns since 1970, of the first fragment */
	__u32 l4;   /* ports, as nfp_key_meta.l4 */
	__u32 zero;
};

struct nfp_work {
	struct nfp_plain plain; /* of the flow table */
	__u64 offset;           /* of the clock, beside it */
	struct nfp_packet packet;
	struct nfp_frame frame;
	struct nfp_gso_walk walk;
	struct nfp_decap decap;
	struct nfp_tcp_options tcp;   /* of the packet in hand, if it has SYN */
	struct nfp_fragment_key fragment_key;
	struct nfp_fragment fragment;
	union nfp_key key;
	struct nfp_hook_key hook_key;
	struct nfp_value value;       /* of an entry to be made */
	struct bpf_fib_lookup fib;
	struct nfp_way way;           /* what it told */
	struct nfp_hook_row empty;    /* of a hook's row to be made; never written */
	struct nfp_event event;
	__u64 event_time;             /* boot ns of the last error event */
	__u64 event_suppressed;       /* events left out since */
	__u64 taken;                  /* of the packet in hand, sampled hooks: the time by which it was chosen, ns since 1970,
				       * nobody asks again; 0: nobody asked */
	__u8 head[NFP_HEAD_MAX + NFP_HEAD_PAD]; /* copy of a frame's first bytes */
	__u8 options[NFP_TCP_OPTIONS_ROOM];     /* copy of TCP options */
};

#endif
