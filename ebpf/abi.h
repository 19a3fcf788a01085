/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The border between kernel and user space: everything that both sides read.
 *
 * Only fixed-width types, no implicit padding (asserted), every member with its byte order and unit.
 * "host" is the byte order of this machine, "net" is big-endian as on the wire.
 * Included by the BPF object, by probe/ and harvest/, and by nobody else (checked by the layer test).
 */
#ifndef NFP_ABI_H
#define NFP_ABI_H

#include <linux/types.h>

#define NFP_STATIC_ASSERT(cond, why) _Static_assert(cond, why)

/* ---- rows ------------------------------------------------------------------------------------ */

/* NFP_P_eth, NFP_P_tcp4, ...: index of the protocol's row. */
enum nfp_protocol {
#define NFP_PROTOCOL(name, key, parent) NFP_P_##name,
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	NFP_P_N,
	NFP_P_hook = NFP_P_N, /* the parent of all: the hook's own row */
};

/* NFP_C_seen, ...: key of the status map. */
enum nfp_counter {
#define NFP_COUNTER(name, help) NFP_C_##name,
#include "ebpf/counters.def"
#undef NFP_COUNTER
	NFP_C_N,
};

/* Rows of the status map: as long as new counters find room, an upgrade takes the pinned maps over. */
#define NFP_COUNTER_ROWS 64
NFP_STATIC_ASSERT(NFP_C_N <= NFP_COUNTER_ROWS, "raise it: maps of builds before are set aside then");

/* Why a packet that was seen is in no record. Index of nfp_hook_row.lost. */
enum nfp_lost {
	NFP_LOST_no_bucket,  /* neither the bucket nor the spill bucket was there */
	NFP_LOST_no_row,     /* no room for the hook's row (user space adds these from the status map) */
	NFP_LOST_unreadable, /* entry that user space could not read back (written by the harvester) */
	NFP_LOST_filtered,   /* left out by the filter of the interface */
	NFP_LOST_unsampled,  /* left out by 1-in-N sampling: others stand for it */
	NFP_LOST_N = 8,      /* room for more without a new ABI */
};

/* NFP_T_gre, ...: kinds of tunnel; 0 = none. */
enum nfp_tunnel_type {
	NFP_T_none,
#define NFP_TUNNEL(name, id, help) NFP_T_##name,
#include "ebpf/tunnels.def"
#undef NFP_TUNNEL
	NFP_T_N,
};
NFP_STATIC_ASSERT(NFP_T_N <= 32, "one bit each in knob_decap");

#define NFP_DECAP_MAX 4 /* tunnels in one another that are taken off */

/* ---- keys ------------------------------------------------------------------------------------ */

/* A bucket: the half-open interval [start_ts, end_ts). Key of the bucket maps (HASH_OF_MAPS).
 * {0, 0} and {0, 1} are spill buckets: packets whose interval has no bucket (yet) ask for them in this
 * order. They take turns, so that a packet's hook row and its entry are always in the same one. */
struct nfp_bucket {
	__u64 start_ts; /* host; ns since 1970 on the packet clock (boot time + config offset) */
	__u64 end_ts;   /* host; ns */
};

enum nfp_key_flags {
	NFP_KEY_EGRESS = 0x01, /* direction: 0 ingress, 1 egress (as flowDirection, element 61) */
	NFP_KEY_XDP = 0x02,    /* counted by the XDP hook */
	NFP_KEY_ALT = 0x04,    /* udp4/6: UDP-Lite (136); sctp4/6: DCCP (33) */
	NFP_KEY_L3 = 0x08,     /* link without an Ethernet header (tun, WireGuard, ...): no MAC addresses */
};

#define NFP_VLAN_PRESENT 0x1000 /* set beside the 12-bit VLAN id, so that id 0 is told from no tag */

/* Tail of every metric key. */
struct nfp_key_meta {
	union {
		struct {
			__be16 sport; /* net; 0 in later fragments */
			__be16 dport; /* net */
		};
		struct {
			__u8 icmp_type; /* icmp4, icmp6 */
			__u8 icmp_code;
			__u16 icmp_zero; /* 0 */
		};
		struct {
			__u8 protocol; /* ipv4, ipv6 rows: IP protocol number */
			__u8 protocol_zero[3];
		};
		__u32 l4; /* the four bytes as one word; 0 in eth */
	};
	__u16 vlan;    /* host; outermost tag's id | NFP_VLAN_PRESENT, 0 = untagged */
	__u16 cvlan;   /* host; second tag, alike */
	__u32 ifindex; /* host; never 0 */
	__u16 cpu;     /* host; the only CPU that updates this entry */
	__u8 flags;    /* enum nfp_key_flags */
	__u8 dscp;     /* 0..63; 0 for eth */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_key_meta) == 16, "padding in a map key is never zero for sure");

struct nfp_key_v4 {
	__be32 saddr; /* net */
	__be32 daddr; /* net */
	struct nfp_key_meta meta;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_key_v4) == 24, "padding in a map key");

struct nfp_key_v6 {
	__u8 saddr[16]; /* net */
	__u8 daddr[16]; /* net */
	struct nfp_key_meta meta;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_key_v6) == 48, "padding in a map key");

struct nfp_key_eth {
	__u8 smac[6];     /* 0 on links without Ethernet header */
	__be16 ethertype; /* net; innermost; LLC frames: 0 */
	__u8 dmac[6];
	__u16 zero;
	struct nfp_key_meta meta;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_key_eth) == 32, "padding in a map key");

/* A flow inside a tunnel. Kinds and ids of all tunnels around it are in the key as they are, no hash: flows
 * of two tenants with equal addresses never meet. */
struct nfp_key_tunnel {
	__u8 saddr[16]; /* net; of the flow; IPv4: the first four bytes, the others 0 */
	__u8 daddr[16];
	__u8 tunnel_saddr[16]; /* net; of the header that carries the innermost tunnel; IPv4 alike */
	__u8 tunnel_daddr[16];
	__u32 id[NFP_DECAP_MAX];  /* host; innermost tunnel first; 0 where a kind has none */
	__u8 type[NFP_DECAP_MAX]; /* enum nfp_tunnel_type, innermost first; 0 behind the last */
	__u8 row;                 /* enum nfp_protocol: what the flow would be without a tunnel */
	__u8 tunnel_version;      /* 4 or 6, of tunnel_saddr */
	__u8 zero[2];
	struct nfp_key_meta meta; /* l4, flags and dscp of the flow; VLAN ids of the frame */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_key_tunnel) == 104, "padding in a map key");

/* Key of a hook's rows (bucket map "hook", map "base"). */
struct nfp_hook_key {
	__u32 ifindex; /* host */
	__u16 cpu;     /* host */
	__u8 flags;    /* NFP_KEY_EGRESS | NFP_KEY_XDP */
	__u8 zero;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_hook_key) == 8, "padding in a map key");

/* ---- values ---------------------------------------------------------------------------------- */

enum nfp_value_flags {
	NFP_V_COARSENED = 0x01,  /* holds packets that a deeper row refused */
	NFP_V_FRAG_FIRST = 0x02, /* a first fragment was seen */
	NFP_V_FRAG_LATER = 0x04, /* a later fragment was seen */
	NFP_V_IP_OPTIONS = 0x08, /* IPv4 options or IPv6 extension headers were seen */
};

/* An entry of a metric map. One CPU writes it (the CPU is in the key): plain adds are exact. */
struct nfp_value {
	/* hot: touched by every packet */
	__u64 packets;   /* host; on the wire, each segment of a GSO buffer */
	__u64 octets;    /* host; IP bytes on the wire (eth: bytes behind the link header) */
	__u64 l2_octets; /* host; frame bytes on the wire, tags included, without FCS */
	__u64 last;      /* host; ns since 1970, packet clock */
	__u32 len_min;   /* host; IP bytes of one wire packet */
	__u32 len_max;
	__u16 tcp_flags; /* host; OR of the 12 flag bits */
	__u8 ttl_min;    /* TTL or hop limit */
	__u8 ttl_max;
	__u8 ecn : 4;    /* OR of 1 << (ECN codepoint) */
	__u8 tcp_wscale : 4; /* 0..14, of the first SYN with the option (bit 3 of tcp_options) */
	__u8 flags;      /* enum nfp_value_flags */
	__u16 tcp_mss;   /* host; of the first SYN with the option (bit 2 of tcp_options) */
	/* cold: written when the entry is made; tcp_* by each SYN */
	__u64 first;     /* host; ns since 1970 */
	__u64 tcp_options; /* host; OR of 1 << kind (0..63) of the options in packets with SYN */
	__u8 smac[6];    /* of the first packet */
	__u8 dmac[6];
	__be32 flow_label; /* net; IPv6 flow label (20 bits) of the first packet */
	__u32 ingress_if;  /* host; 0 = not known */
	__u32 egress_if;   /* host; 0 = not known */
	__u8 next_hop[16]; /* net; IPv4 in the first four bytes; 0 = not known */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_value) == 104, "padding would go to user space unwritten");

/* How packets are chosen; also the values of samplingAlgorithm (element 35). */
enum nfp_sample_mode {
	NFP_SAMPLE_NONE,
	NFP_SAMPLE_DETERMINISTIC, /* each N-th socket buffer of a hook and CPU, from a random one of the first N on */
	NFP_SAMPLE_RANDOM,        /* each with the probability 1/N, whatever came before */
};
#define NFP_SAMPLE_MAX 65535 /* N; a random choice is 1/N to 16 parts in a million */

/* 1-in-N in force on one hook and CPU in one bucket: fixed by the first packet there. */
struct nfp_sampler {
	__u32 rate; /* host; N; 0: no packet asked yet, or not sampled */
	__u32 skip; /* host; deterministic: buffers to leave out before the next that is taken */
};

#define NFP_SAMPLE_SEVERAL 0xffffffffu /* rate, for readers who join rows: they did not have the same one */

/* Value of map "rates": what N is in a bucket of the hook. The bucket's start decides, so that all CPUs agree. */
struct nfp_rate {
	__u64 from;   /* host; ns since 1970, packet clock, a boundary of buckets: N is `after` from there on */
	__u32 before; /* host; N until then */
	__u32 after;
	__u32 budget; /* host; socket buffers a second that a CPU may meter: N follows the traffic; 0: N is fixed */
	__u32 mode;   /* enum nfp_sample_mode */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_rate) == 24, "padding in a map's value");

/* The books of one hook on one CPU in one bucket; and the coarsest record, which needs no insert. */
struct nfp_hook_row {
	__u64 seen;           /* host; wire packets, counted at entry, before parsing */
	__u64 seen_skbs;      /* host; socket buffers */
	__u64 seen_skb_bytes; /* host; sum of skb->len: what veth and tun counters show */
	__u64 coarsened;      /* host; packets in a parent row */
	__u64 lost[NFP_LOST_N]; /* host; packets, by enum nfp_lost */
	/* the last resort of the cascade, exported as a record of interface and direction */
	__u64 packets;
	__u64 octets;
	__u64 l2_octets;
	__u64 first; /* host; ns since 1970; 0 = none */
	__u64 last;
	struct nfp_sampler sampler; /* what the counts of this hook's entries have to be multiplied by */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_hook_row) == 144, "padding would go to user space unwritten");

/* ---- maps that are not per bucket -------------------------------------------------------------- */

/* Packet clock and bucket length. epoch ns = boot ns + offset; a bucket's start is
 * epoch - epoch % length + step. step grows by 1 at each backward step of the clock, so that no
 * label comes twice. */
struct nfp_clock {
	__s64 offset; /* host; ns, CLOCK_REALTIME - CLOCK_BOOTTIME */
	__u64 length; /* host; ns, never 0 once written */
	__u64 step;   /* host; ns, < 1000000000 */
};

/* Ticks: epoch ns = base + jiffies64 * length, floored to the tick, that is up to one tick (1 to 10 ms) late.
 * length 0: not calibrated. */
struct nfp_tick {
	__u64 base;   /* host; ns, offset of the clock included; modulo 2^64 */
	__u64 length; /* host; ns of a tick */
};

/* Map "config", ARRAY with one entry. The harvester writes the slot that is not active, then
 * `active`: a packet always reads one whole slot. */
struct nfp_config {
	__u64 abi;    /* host; NFP_ABI_HASH of the writer */
	__u32 active; /* host; 0 or 1 */
	__u32 zero;
	struct nfp_clock clock[2];
	struct nfp_tick tick[2];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_config) == 96, "padding");

/* Map "books", HASH: totals of drained buckets, per hook; survives the daemon. Written by the
 * harvester only, one whole value at a time, after the bucket's records were delivered; `last`
 * names the bucket added last, so that a crash between adding and unpinning adds nothing twice. */
struct nfp_books_key {
	__u32 ifindex; /* host */
	__u8 flags;    /* NFP_KEY_EGRESS | NFP_KEY_XDP */
	__u8 zero[3];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_books_key) == 8, "padding in a map key");

struct nfp_books_value {
	__u64 seen;
	__u64 seen_skbs;
	__u64 seen_skb_bytes;
	__u64 recorded; /* host; packets in drained entries, summed from the entries themselves */
	__u64 coarsened;
	__u64 lost[NFP_LOST_N];
	struct nfp_bucket last;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_books_value) == 120, "padding");

/* ---- events ---------------------------------------------------------------------------------- */

#define NFP_EVENT_HEAD 96 /* first bytes of the packet in an event */

/* Perf event: something went wrong with a packet. At most one per CPU and 100 ms. */
struct nfp_event {
	__u64 time;       /* host; ns since 1970, packet clock */
	__u32 ifindex;    /* host */
	__u32 length;     /* host; skb->len */
	__u32 suppressed; /* host; events left out on this CPU since the last one */
	__u16 counter;    /* host; enum nfp_counter that tells the reason */
	__u8 flags;       /* enum nfp_key_flags */
	__u8 captured;    /* bytes of head that are valid */
	__u8 head[NFP_EVENT_HEAD];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_event) == 120, "padding would go to user space unwritten");

/* Changes whenever a pinned map of another build would be misread. Raise the leading number when a
 * meaning changes and no size does. */
#define NFP_ABI_HASH                                                                               \
	((__u64)3 << 56 | (__u64)NFP_P_N << 48 | (__u64)NFP_COUNTER_ROWS << 40 |                    \
	 (__u64)sizeof(struct nfp_key_tunnel) << 32 | (__u64)sizeof(struct nfp_value) << 24 |          \
	 (__u64)sizeof(struct nfp_hook_row) << 16 | (__u64)sizeof(struct nfp_books_value) << 8 |   \
	 (__u64)sizeof(struct nfp_config))

#endif
