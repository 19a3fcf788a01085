/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow table: layout and hash, for the programs, for their readers and for tests. Pure.
 *
 * A table is an mmap-able ARRAY; an element is a set of NFP_SET_SLOTS slots, so that one look-up finds all
 * places where a key can be. A slot's hot part (key and counters) is one cache line for IPv4, two for
 * IPv6; the cold part is written once, when the slot is claimed, and read at the drain.
 *
 * The last word of a key (ifindex, CPU, flags, DSCP) tells the state of its slot. Beside the ifindex it has the
 * generation of its bucket: a table goes from bucket to bucket as it is, and what an earlier one left is free.
 *   another generation       free
 *   NFP_CLAIMED(generation)  taken by a compare-and-swap, its other words are being written
 *   anything else            in use; the key is complete
 * ifindex is never 0, so that NFP_CLAIMED is nobody's key. Slots are not freed while the bucket is open: a key
 * whose set was full once will find no place there later.
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
#define NFP_TABLE_IFINDEX (1u << 20) /* higher ones are counted in the HASH alone */
#define NFP_GENERATIONS (1u << 12)   /* 0 is nobody's: fresh memory is free */
#define NFP_WORD_GENERATION(generation) NFP_WORD_META2((__u32)(generation) * NFP_TABLE_IFINDEX, 0, 0, 0)
#define NFP_GENERATION_MASK NFP_WORD_GENERATION(NFP_GENERATIONS - 1)
#define NFP_IFINDEX_MASK NFP_WORD_META2(NFP_TABLE_IFINDEX - 1, 0, 0, 0)
/* A DSCP that does not exist, beside ifindex 0. */
#define NFP_CLAIMED(word) (((word) & NFP_GENERATION_MASK) | NFP_WORD_META2(0, 0, 0, 0x80))

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
	__u32 way;         /* host; egress hooks: interface where the packet came in; ingress: where it goes, below */
	__u16 tcp_mss;
	__u8 tcp_wscale;
	__u8 zero;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_slot_cold) == 40, "a slot of IPv6 is two lines");

/* Ingress: 0 = not known; less than NFP_WAY_FIRST: egress interface, no next hop is known; else a key of map
 * "ways". Values of that map: */
struct nfp_way {
	__u32 egress_if;   /* host */
	__u8 next_hop[16]; /* net; IPv4: the first four bytes, the others 0 */
};
NFP_STATIC_ASSERT(sizeof(struct nfp_way) == 20, "padding");
#define NFP_WAYS_MAX 16384 /* gateways times interfaces */
#define NFP_WAY_FIRST NFP_TABLE_IFINDEX

#define NFP_WORDS4 (sizeof(struct nfp_key_v4) / 8)
#define NFP_WORDS6 (sizeof(struct nfp_key_v6) / 8)
#define NFP_WORDS_ETH (sizeof(struct nfp_key_eth) / 8) /* in slots of IPv6 */

struct nfp_slot4 {
	__u64 key[NFP_WORDS4]; /* struct nfp_key_v4 */
	struct nfp_slot_count count;
};
NFP_STATIC_ASSERT(sizeof(struct nfp_slot4) == 64, "one cache line");

/* Keys of a full set that are in the HASH, as a Bloom filter of one bit a key: who is not in it need not ask the HASH
 * once that is full, too. Read for full sets only. */
#define NFP_ELSEWHERE 8
#define NFP_ELSEWHERE_WORD(hash) ((hash) >> 40 & (NFP_ELSEWHERE - 1))
#define NFP_ELSEWHERE_BIT(hash) ((__u64)1 << ((hash) >> 48 & 63))

/* What counting touches lies close together, as pages are 4 KiB and translations are missed, too: sets first, then, in
 * elements of the same size, what belongs to each. */
struct nfp_set4 {
	struct nfp_slot4 slot[NFP_SET_SLOTS];
};

struct nfp_beside4 {
	struct nfp_slot_cold cold[NFP_SET_SLOTS];
	__u64 elsewhere[NFP_ELSEWHERE];
	__u64 zero[16];
};
NFP_STATIC_ASSERT(sizeof(struct nfp_set4) == 512 && sizeof(struct nfp_beside4) == 512, "elements of one map");

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

/* Elements of a table of so many sets; the element beside a set of nfp_table_set(). */
#define NFP_TABLE_ENTRIES(wide, sets) ((wide) ? (sets) : 2 * (sets))
#define NFP_TABLE_BESIDE(set, bits) ((set) | (__u32)1 << (((bits) - 1) & 31))

/* ---- a bucket's place in the ring ----------------------------------------------------------------- */

#define NFP_RING 4          /* buckets that have tables at a time: closing, current, next, being made */
#define NFP_RING_ROWS 16    /* tables of a ring place: index = place * NFP_RING_ROWS + protocol */
#define NFP_FAST_ROWS 4096  /* of 64 bytes: header, then hooks times CPUs */
#define NFP_FAST_IFINDEX 16384 /* higher ones have no fast row */
NFP_STATIC_ASSERT(NFP_P_N <= NFP_RING_ROWS, "each protocol has a place");

/* Element 0 of the map that makes a bucket visible in the ring: its bounds come and go with it. */
struct nfp_table_head {
	__u64 start;  /* host; ns since 1970 on the packet clock: the label without its step */
	__u64 length; /* ns; 0: not open. Written last when it opens, first when it closes */
	__u64 step;   /* struct nfp_clock: packets under another one are not of this bucket */
	__u64 seed;
	__u8 bits[NFP_RING_ROWS]; /* by protocol: 0 = no table, else 1 + log2 of the number of sets */
	__u64 generation; /* NFP_WORD_GENERATION() */
	__u64 elsewhere;  /* 1 << protocol: sets of that table have bits in their filters */
};

/* The other elements: the hot members of struct nfp_hook_row. */
struct nfp_fast_row {
	__u64 key; /* nfp_hook_word(); 0 = nobody's */
	__u64 skbs;
	__u64 skb_bytes;
	__u64 segments; /* packets beyond one a buffer: seen = skbs + segments */
	__u64 coarsened;
	__u64 filtered; /* packets, seen too */
	struct nfp_sampler sampler; /* as in struct nfp_hook_row */
	__u64 unsampled;            /* packets, seen too */
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
	__u64 skbs;     /* host; socket buffers */
	__u64 segments; /* host; wire packets beyond one a buffer */
	__u64 place;    /* host; of the ring, where the last packet of this CPU was counted */
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
 * can choose keys that share a set. Words are taken two by two, side by side, as one that waits for another keeps
 * the slot's address waiting. */
#define NFP_HASH_A 0x9e3779b97f4a7c15ULL
#define NFP_HASH_B 0xd6e8feb86659fd93ULL
#define NFP_HASH_C 0xff51afd7ed558ccdULL

static __always_inline __u64 nfp_hash_word(__u64 h, __u64 word)
{
	h = (h ^ word) * NFP_HASH_A;
	return h ^ h >> 32;
}

static __always_inline __u64 nfp_hash_pair(__u64 seed, __u64 a, __u64 b)
{
	__u64 h = (seed + b) * NFP_HASH_B;

	return nfp_hash_word(seed, a) + (h ^ h >> 29);
}

static __always_inline __u64 nfp_hash_end(__u64 h)
{
	h = (h ^ h >> 31) * NFP_HASH_C;
	return h ^ h >> 32;
}

static __always_inline __u64 nfp_hash3(__u64 k0, __u64 k1, __u64 k2, __u64 seed)
{
	return nfp_hash_end(nfp_hash_pair(seed, k0, k1) ^ nfp_hash_word(~seed, k2));
}

static __always_inline __u64 nfp_hash4(__u64 k0, __u64 k1, __u64 k2, __u64 k3, __u64 seed)
{
	return nfp_hash_end(nfp_hash_pair(seed, k0, k1) ^ nfp_hash_pair(~seed, k2, k3));
}

static __always_inline __u64 nfp_hash6(__u64 k0, __u64 k1, __u64 k2, __u64 k3, __u64 k4, __u64 k5, __u64 seed)
{
	__u64 h = nfp_hash_pair(seed, k0, k1) ^ (nfp_hash_pair(~seed, k2, k3) * NFP_HASH_B);

	return nfp_hash_end(h + nfp_hash_pair(seed + NFP_HASH_C, k4, k5));
}

/* words: of the key, NFP_WORDS4, NFP_WORDS6 or NFP_WORDS_ETH. */
static __always_inline __u64 nfp_table_hash(const __u64 *key, __u32 words, __u64 seed)
{
	if (words == NFP_WORDS4)
		return nfp_hash3(key[0], key[1], key[2], seed);
	if (words == NFP_WORDS_ETH)
		return nfp_hash4(key[0], key[1], key[2], key[3], seed);
	return nfp_hash6(key[0], key[1], key[2], key[3], key[4], key[5], seed);
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
