/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow table: layout and hash, for the programs, for their readers and for tests. Pure.
 *
 * A table is an mmap-able ARRAY; an element is a set of NFP_SET_SLOTS slots, so that one look-up finds all
 * places where a key can be. A slot's hot part (key and counters) is one cache line for IPv4, two for
 * IPv6; the cold part is written once, when the slot is claimed, and read at the drain.
 *
 * The last word of a key (ifindex, CPU, flags, DSCP) tells the state of its slot:
 *   0              free
 *   NFP_CLAIMED    taken by a compare-and-swap, its other words are being written
 *   anything else  in use; the key is complete
 * ifindex is never 0, so that neither 0 nor NFP_CLAIMED is anybody's key. Slots are not freed while the
 * bucket is open: a key whose set was full once will find no place there later.
 */
#ifndef NFP_TABLE_H
#define NFP_TABLE_H

#include "ebpf/abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef __bpf__
#define NFP_UNROLL _Pragma("unroll")
#else
#define NFP_UNROLL
#endif

#define NFP_SET_SLOTS 8
#define NFP_CLAIMED NFP_WORD_META2(0, 0, 0, 0x80) /* a DSCP that does not exist, beside ifindex 0 */

/* Counters in the order and width that let a packet change them with plain adds of whole words:
 * narrow stores before wide loads cost 70 ns at a million flows (store forwarding). */
struct nfp_slot_count {
	__u64 packets; /* 48 bits; above: OR of the TCP flags */
	__u64 octets;  /* 48 bits; above: 8 bits ttl_min, 8 bits ttl_max */
	__u64 l2;      /* l2_octets, 48 bits; above: 8 bits NFP_V_*, 4 bits ECN */
	__u64 last;    /* ns since 1970, packet clock; to a tick. Not below `first` after the drain */
	__u64 length;  /* 32 bits len_min, 32 bits len_max */
};
#define NFP_COUNT_BITS 48 /* 281 TB of one flow on one CPU in one bucket: 78 Gbyte/s for an hour */
#define NFP_COUNT_MASK (((__u64)1 << NFP_COUNT_BITS) - 1)

struct nfp_slot_cold {
	__u64 first;      /* host; ns since 1970, exact */
	__u64 tcp_options; /* as the members of struct nfp_value, and written by each SYN */
	__u8 smac[6];
	__u8 dmac[6];
	__be32 flow_label; /* net */
	__u32 ingress_if;  /* host; egress hooks: where the packet came in; ingress: 0, it is in the key */
	__u16 tcp_mss;
	__u8 tcp_wscale;
	__u8 zero;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_slot_cold) == 40, "a slot of IPv6 is two lines");

#define NFP_WORDS4 (sizeof(struct nfp_key_v4) / 8)
#define NFP_WORDS6 (sizeof(struct nfp_key_v6) / 8)
#define NFP_WORDS_ETH (sizeof(struct nfp_key_eth) / 8) /* in slots of IPv6 */

struct nfp_slot4 {
	__u64 key[NFP_WORDS4]; /* struct nfp_key_v4 */
	struct nfp_slot_count count;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_slot4) == 64, "one cache line");

/* Keys of a full set that are in the HASH, as a Bloom filter of one bit a key: who is not in it need not ask the HASH
 * once that is full, too. One line, read for full sets only. */
#define NFP_ELSEWHERE 8
#define NFP_ELSEWHERE_WORD(hash) ((hash) >> 40 & (NFP_ELSEWHERE - 1))
#define NFP_ELSEWHERE_BIT(hash) ((__u64)1 << ((hash) >> 48 & 63))

struct nfp_set4 {
	struct nfp_slot4 slot[NFP_SET_SLOTS];
	struct nfp_slot_cold cold[NFP_SET_SLOTS];
	__u64 elsewhere[NFP_ELSEWHERE];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_set4) % 64 == 0, "lines of the next set begin where they should");

struct nfp_slot6 {
	__u64 key[NFP_WORDS6]; /* struct nfp_key_v6 */
	struct nfp_slot_count count;
	struct nfp_slot_cold cold;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_slot6) == 128, "two cache lines");

struct nfp_set6 {
	struct nfp_slot6 slot[NFP_SET_SLOTS];
	__u64 elsewhere[NFP_ELSEWHERE];
};

/* ---- a bucket's place in the ring ----------------------------------------------------------------- */

#define NFP_RING 4          /* buckets that have tables at a time: closing, current, next, being made */
#define NFP_RING_ROWS 16    /* tables of a ring place: index = place * NFP_RING_ROWS + protocol */
#define NFP_FAST_ROWS 4096  /* of 64 bytes: header, then hooks times CPUs */
#define NFP_FAST_IFINDEX 16384 /* higher ones have no fast row */
NFP_STATIC_ASSERT(NFP_P_N <= NFP_RING_ROWS, "each protocol has a place");

/* Element 0 of the map that makes a bucket visible in the ring: its bounds come and go with it. */
struct nfp_table_head {
	__u64 start; /* host; ns since 1970 on the packet clock: the label without its step */
	__u64 end;
	__u64 step;  /* struct nfp_clock: packets under another one are not of this bucket */
	__u64 seed;
	__u8 bits[NFP_RING_ROWS]; /* by protocol: 0 = no table, else 1 + log2 of the number of sets */
	__u64 zero[2];
};

/* The other elements: the hot members of struct nfp_hook_row. */
struct nfp_fast_row {
	__u64 key; /* nfp_hook_word(); 0 = nobody's */
	__u64 seen;
	__u64 seen_skbs;
	__u64 seen_skb_bytes;
	__u64 coarsened;
	__u64 zero[3];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_table_head) == 64 && sizeof(struct nfp_fast_row) == 64,
		  "elements of one map");

/* Map "hookslot", by ifindex: first fast row of the interface's hooks, that of CPU 0; 0 = none. */
struct nfp_hook_slots {
	__u16 row[4]; /* by NFP_HOOK_SLOT(flags) */
};
#define NFP_HOOK_SLOT(flags) (((flags) & NFP_KEY_EGRESS ? 1 : 0) | ((flags) & NFP_KEY_XDP ? 2 : 0))

/* What the fast path counts beside the hook's row, per CPU: a packet of it is seen, recorded and parsed
 * to its deepest row. Value of map "lane". */
struct nfp_lane {
	__u64 packets; /* host; wire packets */
	__u64 skbs;    /* host; socket buffers */
	__u64 place;   /* host; of the ring, where the last packet of this CPU was counted */
	__u64 zero;
};

/* ---- words ------------------------------------------------------------------------------------- */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NFP_WORD_META1(l4, vlan, cvlan) ((__u64)(l4) | (__u64)(vlan) << 32 | (__u64)(cvlan) << 48)
#define NFP_WORD_META2(ifindex, cpu, flags, dscp)                                                  \
	((__u64)(ifindex) | (__u64)(cpu) << 32 | (__u64)(flags) << 48 | (__u64)(dscp) << 56)
#else
#define NFP_WORD_META1(l4, vlan, cvlan) ((__u64)(l4) << 32 | (__u64)(vlan) << 16 | (__u64)(cvlan))
#define NFP_WORD_META2(ifindex, cpu, flags, dscp)                                                  \
	((__u64)(ifindex) << 32 | (__u64)(cpu) << 16 | (__u64)(flags) << 8 | (__u64)(dscp))
#endif

/* nfp_key_meta.protocol as the word l4. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NFP_L4_PROTOCOL(protocol) ((__u32)(protocol))
#else
#define NFP_L4_PROTOCOL(protocol) ((__u32)(protocol) << 24)
#endif

/* struct nfp_hook_key as a word. */
#define NFP_WORD_HOOK(ifindex, cpu, flags)                                                         \
	NFP_WORD_META2(ifindex, cpu, (flags) & (NFP_KEY_EGRESS | NFP_KEY_XDP), 0)

/* Multiplications spread what differs upwards, shifts bring it down again; the seed is secret, so that nobody
 * can choose keys that share a set. */
static __always_inline __u64 nfp_hash_word(__u64 h, __u64 word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static __always_inline __u64 nfp_hash_end(__u64 h)
{
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 29;
}

static __always_inline __u64 nfp_table_hash(const __u64 *key, __u32 words, __u64 seed)
{
	__u64 h = seed;
	__u32 i;

	for (i = 0; i < words; i++)
		h = nfp_hash_word(h, key[i]);
	return nfp_hash_end(h);
}

/* Set of a key in a table of 1 << (bits - 1) sets, and the slot of the set that is tried first. */
static __always_inline __u32 nfp_table_set(__u64 hash, __u8 bits)
{
	return (__u32)(hash >> 8) & (((__u32)1 << ((bits - 1) & 31)) - 1);
}

static __always_inline __u32 nfp_table_slot(__u64 hash)
{
	return (__u32)hash & (NFP_SET_SLOTS - 1);
}

#endif
