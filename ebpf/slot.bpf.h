/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting in a flow table, for the fast path and for the general one: the place of a bucket in the ring, the
 * set of a key, its slot.
 *
 * Why plain adds are exact: see account.bpf.h. Why a claim needs no lock: a key holds its CPU, so only one CPU
 * looks for it; two CPUs meet in a set only when both want the same free slot, and one compare-and-swap
 * decides.
 */
#ifndef NFP_SLOT_BPF_H
#define NFP_SLOT_BPF_H

#include "ebpf/count.bpf.h"
#include "ebpf/fib.bpf.h"
#include "ebpf/measure.bpf.h"

/* ---- bucket --------------------------------------------------------------------------------------- */

/* The length first: an open head's is written last, a closed one's is 0. */
static __always_inline bool nfp_fast_covers(const struct nfp_table_head *head, __u64 now, __u64 step)
{
	__u64 length = *(const volatile __u64 *)&head->length;

	return now - *(const volatile __u64 *)&head->start < length && head->step == step;
}

/* Place of the bucket that covers the time; NFP_RING: none. */
static __noinline __u32 nfp_fast_turn(__u64 now, __u64 step)
{
	__u32 zero = 0, place;
	int i;

	NFP_UNROLL
	for (i = 0; i < NFP_RING; i++) {
		const struct nfp_table_head *head = NULL;
		void *map;

		place = i;
		map = bpf_map_lookup_elem(&ring, &place);
		if (map)
			head = bpf_map_lookup_elem(map, &zero);
		if (head && nfp_fast_covers(head, now, step))
			return i;
	}
	return NFP_RING;
}

/* The map that makes the packet's bucket visible; NULL: it has no tables. */
static __always_inline void *nfp_fast_bucket(struct nfp_plain *f, struct nfp_lane *l, __u64 step,
					     struct nfp_table_head **ret_head)
{
	__u32 zero = 0, place = l->place;
	struct nfp_table_head *head;
	void *map;
	int i;

	NFP_UNROLL
	for (i = 0; i < 2; i++) {
		map = bpf_map_lookup_elem(&ring, &place);
		if (map) {
			head = bpf_map_lookup_elem(map, &zero);
			if (head && nfp_fast_covers(head, f->now, step)) {
				f->place = place;
				*ret_head = head;
				return map;
			}
		}
		if (!i) {
			place = nfp_fast_turn(f->now, step);
			if (place >= NFP_RING)
				break;
			l->place = place;
		}
	}
	return NULL;
}

/* The same by the label of a packet whose bucket is known. */
static __always_inline struct nfp_table_head *nfp_table_of(struct nfp_plain *f, const struct nfp_bucket *id)
{
	__u32 zero = 0, place;
	int i;

	NFP_UNROLL
	for (i = 0; i < NFP_RING; i++) {
		struct nfp_table_head *head = NULL;
		void *map;

		place = i;
		map = bpf_map_lookup_elem(&ring, &place);
		if (map)
			head = bpf_map_lookup_elem(map, &zero);
		if (head && *(const volatile __u64 *)&head->length == id->end_ts - id->start_ts &&
		    head->start + head->step == id->start_ts) {
			f->place = i;
			return head;
		}
	}
	return NULL;
}

/* ---- slot ----------------------------------------------------------------------------------------- */

static __always_inline __u64 nfp_slot_bits(const struct nfp_plain *f)
{
	return (__u64)f->value_flags << NFP_COUNT_BITS | (f->ip ? 1ULL << (56 + (f->tos & 3)) : 0);
}

static __always_inline void nfp_slot_add(struct nfp_slot_count *c, const struct nfp_plain *f)
{
	__u64 word = c->octets, lengths = c->length;
	__u8 ttl_min = word >> 48, ttl_max = word >> 56;
	__u32 len_min = lengths, len_max = lengths >> 32;

	c->packets = (c->packets + f->segments) | (__u64)f->tcp_flags << NFP_COUNT_BITS;
	word += f->octets;
	if (f->ip && (word >> NFP_COUNT_BITS) != (f->ttl | (__u64)f->ttl << 8)) {
		if (f->ttl < ttl_min)
			ttl_min = f->ttl;
		if (f->ttl > ttl_max)
			ttl_max = f->ttl;
		word = (word & NFP_COUNT_MASK) | (__u64)ttl_min << 48 | (__u64)ttl_max << 56;
	}
	c->octets = word;
	c->l2 = (c->l2 + f->l2_octets) | nfp_slot_bits(f);
	c->last = f->now;
	if (f->len_min < len_min || f->len_max > len_max) {
		if (f->len_min < len_min)
			len_min = f->len_min;
		if (f->len_max > len_max)
			len_max = f->len_max;
		c->length = len_min | (__u64)len_max << 32;
	}
}

/* Exact time of an entry's first packet; false: it is of another bucket by then. */
static __always_inline bool nfp_fast_exact(struct nfp_plain *f, const struct nfp_table_head *head, __u64 offset)
{
	if (knob_clock != NFP_CLOCK_TICK || f->exact)
		return true;
	f->now = bpf_ktime_get_boot_ns() + offset;
	return f->now - head->start < head->length;
}

/* All of it: the table may have been another bucket's. */
static __always_inline void nfp_slot_first(struct nfp_slot_count *c, struct nfp_slot_cold *cold,
					   const struct nfp_plain *f, const __u8 *macs)
{
	c->packets = f->segments | (__u64)f->tcp_flags << NFP_COUNT_BITS;
	c->octets = f->octets | (__u64)f->ttl << 48 | (__u64)f->ttl << 56;
	c->l2 = f->l2_octets | nfp_slot_bits(f);
	c->last = f->now;
	c->length = f->len_min | (__u64)f->len_max << 32;
	cold->first = f->now;
	cold->tcp_options = 0;
	if (knob_link == NFP_LINK_ETHERNET) {
		__builtin_memcpy(cold->dmac, macs, 6);
		__builtin_memcpy(cold->smac, macs + 6, 6);
	} else {
		__builtin_memset(cold->smac, 0, 12);
	}
	cold->flow_label = f->flow_label;
	cold->way = f->way;
	cold->tcp_mss = 0;
	cold->tcp_wscale = 0;
}

/* The key but for its last word: each kind of key has its words. */
static __always_inline bool nfp_same_v4(const __u64 *key, const struct nfp_plain *f)
{
	return !((key[0] ^ f->k0) | (key[1] ^ f->k1));
}

static __always_inline bool nfp_same_eth(const __u64 *key, const struct nfp_plain *f)
{
	return !((key[0] ^ f->k0) | (key[1] ^ f->k1) | (key[2] ^ f->k2));
}

static __always_inline bool nfp_same_v6(const __u64 *key, const struct nfp_plain *f)
{
	return !((key[0] ^ f->k0) | (key[1] ^ f->k1) | (key[2] ^ f->k2) | (key[3] ^ f->k3) | (key[4] ^ f->k4));
}

static __always_inline void nfp_put_v4(__u64 *key, const struct nfp_plain *f)
{
	key[0] = f->k0;
	key[1] = f->k1;
}

static __always_inline void nfp_put_eth(__u64 *key, const struct nfp_plain *f)
{
	key[0] = f->k0;
	key[1] = f->k1;
	key[2] = f->k2;
}

static __always_inline void nfp_put_v6(__u64 *key, const struct nfp_plain *f)
{
	key[0] = f->k0;
	key[1] = f->k1;
	key[2] = f->k2;
	key[3] = f->k3;
	key[4] = f->k4;
}

static __always_inline __u64 nfp_hash_v4(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash3(f->k0, f->k1, f->k2, seed);
}

static __always_inline __u64 nfp_hash_eth(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash4(f->k0, f->k1, f->k2, f->k3, seed);
}

static __always_inline __u64 nfp_hash_v6(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash6(f->k0, f->k1, f->k2, f->k3, f->k4, f->k5, seed);
}

static __always_inline void *nfp_element(const struct nfp_plain *f, __u32 index, bool wide)
{
	__u32 table = f->place * NFP_RING_ROWS + f->row;
	void *map = wide ? bpf_map_lookup_elem(&tables6, &table) : bpf_map_lookup_elem(&tables4, &table);

	return map ? bpf_map_lookup_elem(map, &index) : NULL;
}

/* The set of the key; NULL: no table. A set is one element, so its slots need one look-up only. */
static __always_inline void *nfp_set_of(const struct nfp_plain *f, __u64 hash, bool wide)
{
	return nfp_element(f, nfp_table_set(hash, f->bits), wide);
}

/* What lies beside a set of IPv4. */
static __always_inline struct nfp_beside4 *nfp_beside_of(const struct nfp_plain *f, __u64 hash)
{
	return nfp_element(f, NFP_TABLE_BESIDE(nfp_table_set(hash, f->bits), f->bits), false);
}

static __always_inline __u8 nfp_kind_of(__u32 row)
{
	switch (row) {
#define NFP_PROTOCOL(name, key, parent)                                                            \
	case NFP_P_##name:                                                                         \
		return sizeof(struct key) == sizeof(struct nfp_key_v4)  ? NFP_KIND_V4 :             \
		       sizeof(struct key) == sizeof(struct nfp_key_v6)  ? NFP_KIND_V6 :             \
		       sizeof(struct key) == sizeof(struct nfp_key_eth) ? NFP_KIND_ETH :            \
									  NFP_KIND_NONE;
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	}
	return NFP_KIND_NONE;
}

enum nfp_in {
	NFP_IN_NOT,  /* not here: ask the HASH */
	NFP_IN_SLOT, /* counted */
	NFP_IN_FULL, /* not here, no room, and no key of the set that looks like this one is in the HASH */
};

/* What a SYN tells: its options are in the work area. */
static __always_inline void nfp_slot_syn(struct nfp_slot_cold *c)
{
	__u32 zero = 0;
	const struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);

	if (!w)
		return;
	if (w->tcp.kinds & 1ULL << NFP_TCPOPT_WSCALE && !(c->tcp_options & 1ULL << NFP_TCPOPT_WSCALE))
		c->tcp_wscale = w->tcp.wscale;
	if (!c->tcp_mss)
		c->tcp_mss = w->tcp.mss;
	c->tcp_options |= w->tcp.kinds;
}

#define NFP_FIND_FREE NFP_SET_SLOTS       /* beside the number of the slot: it is free */
#define NFP_FIND_FULL (2 * NFP_SET_SLOTS) /* neither the key nor a free slot */

/* Claims slot s for the key: compare-and-swap, everything, then, by nfp_slot_publish() (a full barrier), the last
 * word, which makes the entry one for its readers. False: another CPU took it meanwhile, or the packet is of another
 * bucket; the HASH takes it then. Or a route is to be asked for first. */
static __always_inline bool nfp_slot_claim(struct nfp_plain *f, const struct nfp_table_head *head, __u64 offset,
					   __u64 *last, __u64 word)
{
	__u64 seen;

	if (knob_fib && f->way_known != NFP_WAY_KNOWN) {
		f->way_known = NFP_WAY_WANTED;
		return false;
	}
	if (!nfp_fast_exact(f, head, offset))
		return false;
	seen = *last;
	return (seen ^ word) & NFP_GENERATION_MASK &&
	       __sync_val_compare_and_swap(last, seen, NFP_CLAIMED(word)) == seen;
}

static __always_inline void nfp_slot_publish(__u64 *last, __u64 word)
{
	__sync_lock_test_and_set(last, word);
}

#define NFP_FIND(kind, set_type, words)                                                            \
	static __always_inline __u32 nfp_find_##kind(const struct nfp_plain *f,                    \
						     const struct set_type *set, __u64 last, __u32 s)  \
	{                                                                                          \
		int i;                                                                             \
                                                                                                   \
		NFP_UNROLL                                                                         \
		for (i = 0; i < NFP_SET_SLOTS; i++) {                                              \
			const __u64 *key = set->slot[s].key;                                       \
			__u64 seen = key[words - 1];                                               \
                                                                                                   \
			if (seen == last && nfp_same_##kind(key, f))                               \
				return s;                                                          \
			if ((seen ^ last) & NFP_GENERATION_MASK)                                   \
				return s | NFP_FIND_FREE;                                          \
			s = (s + 1) & (NFP_SET_SLOTS - 1);                                         \
		}                                                                                  \
		return NFP_FIND_FULL;                                                              \
	}

/* Counts in the slot of the key, or claims one. A slot that another CPU takes meanwhile is not ours: the CPU is in
 * the key. macs: destination and source. */
#define NFP_IN_WIDE(kind, words, last_word)                                                        \
	static __always_inline enum nfp_in nfp_in_##kind(                                          \
		struct nfp_plain *f, struct nfp_set6 *set, __u64 hash,                             \
		const struct nfp_table_head *head, __u64 offset, const __u8 *macs)                 \
	{                                                                                          \
		__u64 word = (last_word) | head->generation;                                       \
		__u32 s = nfp_find_##kind(f, set, word, nfp_table_slot(hash));                     \
		struct nfp_slot6 *slot;                                                            \
                                                                                                   \
		if (s < NFP_SET_SLOTS) {                                                           \
			nfp_slot_add(&set->slot[s].count, f);                                      \
			if (f->syn)                                                                \
				nfp_slot_syn(&set->slot[s].cold);                                  \
			return NFP_IN_SLOT;                                                        \
		}                                                                                  \
		if (s >= NFP_FIND_FULL) {                                                          \
			if (set->elsewhere[NFP_ELSEWHERE_WORD(hash)] & NFP_ELSEWHERE_BIT(hash))    \
				return NFP_IN_NOT;                                                 \
			return NFP_IN_FULL;                                                        \
		}                                                                                  \
		slot = &set->slot[s & (NFP_SET_SLOTS - 1)];                                        \
		if (!nfp_slot_claim(f, head, offset, &slot->key[words - 1], word))                 \
			return NFP_IN_NOT;                                                         \
		nfp_put_##kind(slot->key, f);                                                      \
		nfp_slot_first(&slot->count, &slot->cold, f, macs);                                \
		if (f->syn)                                                                        \
			nfp_slot_syn(&slot->cold);                                                 \
		nfp_slot_publish(&slot->key[words - 1], word);                                     \
		return NFP_IN_SLOT;                                                                \
	}

NFP_FIND(v4, nfp_set4, NFP_WORDS4)
NFP_FIND(v6, nfp_set6, NFP_WORDS6)
NFP_FIND(eth, nfp_set6, NFP_WORDS_ETH)
NFP_IN_WIDE(v6, NFP_WORDS6, f->k5)
NFP_IN_WIDE(eth, NFP_WORDS_ETH, f->k3)

static __always_inline enum nfp_in nfp_in_v4(struct nfp_plain *f, struct nfp_set4 *set, __u64 hash,
					     const struct nfp_table_head *head, __u64 offset, const __u8 *macs)
{
	__u64 word = f->k2 | head->generation, *last;
	__u32 s = nfp_find_v4(f, set, word, nfp_table_slot(hash));
	struct nfp_beside4 *beside;
	struct nfp_slot4 *slot;

	if (s < NFP_SET_SLOTS && !f->syn) {
		nfp_slot_add(&set->slot[s].count, f);
		return NFP_IN_SLOT;
	}
	beside = nfp_beside_of(f, hash);
	if (!beside)
		return NFP_IN_NOT;
	if (s < NFP_SET_SLOTS) {
		nfp_slot_add(&set->slot[s].count, f);
		nfp_slot_syn(&beside->cold[s]);
		return NFP_IN_SLOT;
	}
	if (s >= NFP_FIND_FULL) {
		if (beside->elsewhere[NFP_ELSEWHERE_WORD(hash)] & NFP_ELSEWHERE_BIT(hash))
			return NFP_IN_NOT;
		return NFP_IN_FULL;
	}
	s &= NFP_SET_SLOTS - 1;
	slot = &set->slot[s];
	last = &slot->key[NFP_WORDS4 - 1];
	if (!nfp_slot_claim(f, head, offset, last, word))
		return NFP_IN_NOT;
	nfp_put_v4(slot->key, f);
	nfp_slot_first(&slot->count, &beside->cold[s], f, macs);
	if (f->syn)
		nfp_slot_syn(&beside->cold[s]);
	nfp_slot_publish(last, word);
	return NFP_IN_SLOT;
}

#define NFP_IN_TABLE(kind, wide)                                                                   \
	do {                                                                                       \
		__u64 hash_ = nfp_hash_##kind(f, head->seed);                                      \
		void *set_ = nfp_set_of(f, hash_, wide);                                           \
                                                                                                   \
		if (!set_)                                                                         \
			return NFP_IN_NOT;                                                         \
		return nfp_in_##kind(f, set_, hash_, head, offset, macs);                          \
	} while (0)

/* Counts f, wherever in memory, in the table of its row. */
static __always_inline enum nfp_in nfp_in_any(struct nfp_plain *f, const struct nfp_table_head *head,
					      __u64 offset, const __u8 *macs)
{
	if (f->row >= NFP_RING_ROWS)
		return NFP_IN_NOT;
	f->bits = head->bits[f->row];
	if (!f->bits)
		return NFP_IN_NOT;
	switch (f->kind) {
	case NFP_KIND_V4:
		NFP_IN_TABLE(v4, false);
	case NFP_KIND_V6:
		NFP_IN_TABLE(v6, true);
	case NFP_KIND_ETH:
		NFP_IN_TABLE(eth, true);
	default:
		return NFP_IN_NOT;
	}
}

#endif
