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
#include "ebpf/measure.bpf.h"

/* ---- bucket --------------------------------------------------------------------------------------- */

static __always_inline bool nfp_fast_covers(const struct nfp_table_head *head, __u64 now, __u64 step)
{
	return now - head->start < head->end - head->start && head->step == step;
}

/* The map that makes the packet's bucket visible; NULL: it has no tables. */
static __always_inline void *nfp_fast_bucket(struct nfp_plain *f, struct nfp_lane *l, __u64 step,
					     struct nfp_table_head **ret_head)
{
	__u32 zero = 0, place = l->place & (NFP_RING - 1);
	void *map;
	int i;

	NFP_UNROLL
	for (i = 0; i < NFP_RING; i++) {
		map = bpf_map_lookup_elem(&ring, &place);
		if (map) {
			struct nfp_table_head *head = bpf_map_lookup_elem(map, &zero);

			if (head && nfp_fast_covers(head, f->now, step)) {
				if (i)
					l->place = place;
				f->place = place;
				*ret_head = head;
				return map;
			}
		}
		place = (place + 1) & (NFP_RING - 1);
	}
	return NULL;
}

/* The same by the label of a packet whose bucket is known. */
static __always_inline const struct nfp_table_head *nfp_table_of(struct nfp_plain *f,
								 const struct nfp_bucket *id)
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
		if (head && head->start + head->step == id->start_ts && head->end + head->step == id->end_ts) {
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
	if (f->ip && (f->ttl < ttl_min || f->ttl > ttl_max)) {
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
	return f->now - head->start < head->end - head->start;
}

static __always_inline void nfp_slot_first(struct nfp_slot_count *c, struct nfp_slot_cold *cold,
					   const struct nfp_plain *f, const __u8 *macs)
{
	c->packets = f->segments | (__u64)f->tcp_flags << NFP_COUNT_BITS;
	c->octets = f->octets | (__u64)f->ttl << 48 | (__u64)f->ttl << 56;
	c->l2 = f->l2_octets | nfp_slot_bits(f);
	c->last = f->now;
	c->length = f->len_min | (__u64)f->len_max << 32;
	cold->first = f->now;
	if (knob_link == NFP_LINK_ETHERNET) {
		__builtin_memcpy(cold->dmac, macs, 6);
		__builtin_memcpy(cold->smac, macs + 6, 6);
	}
	cold->flow_label = f->flow_label;
	cold->ingress_if = f->ingress_if;
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

static __always_inline __u64 nfp_hash3(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash_word(nfp_hash_word(nfp_hash_word(seed, f->k0), f->k1), f->k2);
}

static __always_inline __u64 nfp_hash_v4(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash_end(nfp_hash3(f, seed));
}

static __always_inline __u64 nfp_hash_eth(const struct nfp_plain *f, __u64 seed)
{
	return nfp_hash_end(nfp_hash_word(nfp_hash3(f, seed), f->k3));
}

static __always_inline __u64 nfp_hash_v6(const struct nfp_plain *f, __u64 seed)
{
	__u64 h = nfp_hash_word(nfp_hash_word(nfp_hash3(f, seed), f->k3), f->k4);

	return nfp_hash_end(nfp_hash_word(h, f->k5));
}

/* The set of the key; NULL: no table. A set is one element, so its slots need one look-up only. */
static __always_inline void *nfp_set_of(const struct nfp_plain *f, __u64 hash, bool wide)
{
	__u32 table = f->place * NFP_RING_ROWS + f->row, index = nfp_table_set(hash, f->bits);
	void *map = wide ? bpf_map_lookup_elem(&tables6, &table) : bpf_map_lookup_elem(&tables4, &table);

	return map ? bpf_map_lookup_elem(map, &index) : NULL;
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

/* Counts in the slot of the key, or claims one: compare-and-swap, everything, then the last word (a full
 * barrier), which makes the entry one for its readers. A slot that another CPU takes meanwhile is not ours:
 * the CPU is in the key. nfp_in_v4, nfp_in_v6, nfp_in_eth. macs: destination and source. */
#define NFP_IN(kind, set_type, slot_type, wide, words, last_word, cold_of)                         \
	static __always_inline enum nfp_in nfp_in_##kind(                                          \
		struct nfp_plain *f, const struct nfp_table_head *head, __u64 offset,              \
		const __u8 *macs, struct nfp_slot_cold **ret_cold)                                 \
	{                                                                                          \
		__u64 hash = nfp_hash_##kind(f, head->seed);                                       \
		struct set_type *set = nfp_set_of(f, hash, wide);                                  \
		__u32 s = nfp_table_slot(hash);                                                    \
		struct slot_type *slot;                                                            \
		__u64 *last, seen;                                                                 \
		int i;                                                                             \
                                                                                                   \
		if (!set)                                                                          \
			return NFP_IN_NOT;                                                         \
		NFP_UNROLL                                                                         \
		for (i = 0; i < NFP_SET_SLOTS; i++) {                                              \
			slot = &set->slot[s];                                                      \
			last = &slot->key[words - 1];                                              \
			seen = *last;                                                              \
			if (seen == last_word && nfp_same_##kind(slot->key, f)) {                  \
				nfp_slot_add(&slot->count, f);                                     \
				*ret_cold = cold_of;                                               \
				return NFP_IN_SLOT;                                                \
			}                                                                          \
			if (!seen) {                                                               \
				if (!nfp_fast_exact(f, head, offset))                              \
					return NFP_IN_NOT;                                         \
				if (!__sync_val_compare_and_swap(last, 0, NFP_CLAIMED))            \
					goto claimed;                                              \
			}                                                                          \
			s = (s + 1) & (NFP_SET_SLOTS - 1);                                         \
		}                                                                                  \
		if (set->elsewhere[NFP_ELSEWHERE_WORD(hash)] & NFP_ELSEWHERE_BIT(hash))            \
			return NFP_IN_NOT;                                                         \
		return NFP_IN_FULL;                                                                \
	claimed:                                                                                   \
		nfp_put_##kind(slot->key, f);                                                      \
		nfp_slot_first(&slot->count, cold_of, f, macs);                                    \
		__sync_lock_test_and_set(last, last_word);                                         \
		*ret_cold = cold_of;                                                               \
		return NFP_IN_SLOT;                                                                \
	}
NFP_IN(v4, nfp_set4, nfp_slot4, false, NFP_WORDS4, f->k2, &set->cold[s])
NFP_IN(v6, nfp_set6, nfp_slot6, true, NFP_WORDS6, f->k5, &slot->cold)
NFP_IN(eth, nfp_set6, nfp_slot6, true, NFP_WORDS_ETH, f->k3, &slot->cold)

/* Counts f, wherever in memory, in the table of its row. */
static __always_inline enum nfp_in nfp_in_any(struct nfp_plain *f, const struct nfp_table_head *head,
					      __u64 offset, const __u8 *macs, struct nfp_slot_cold **ret_cold)
{
	if (f->row >= NFP_RING_ROWS)
		return NFP_IN_NOT;
	f->bits = head->bits[f->row];
	if (!f->bits)
		return NFP_IN_NOT;
	switch (f->kind) {
	case NFP_KIND_V4:
		return nfp_in_v4(f, head, offset, macs, ret_cold);
	case NFP_KIND_V6:
		return nfp_in_v6(f, head, offset, macs, ret_cold);
	case NFP_KIND_ETH:
		return nfp_in_eth(f, head, offset, macs, ret_cold);
	default:
		return NFP_IN_NOT;
	}
}

#endif
