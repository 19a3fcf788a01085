/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path: plain packets of TCP and UDP, counted in the flow table of their bucket. What makes it fast:
 * everything stays in registers, and nothing is called but the look-up of the set (a call that the
 * JIT does not inline costs 9 ns, a DRAM miss 130-180 ns).
 *
 * False: not counted at all, the general path takes the packet from the start. It does so whenever something
 * is out of the ordinary (tags in the frame, options, fragments, extension headers, lengths that do not
 * fit, a boundary of buckets, a full set, a hook without a fast row): this file decides nothing that
 * parse.h decides otherwise. A flow may have entries in the table and in the HASH; the reader joins them.
 */
#ifndef NFP_FAST_BPF_H
#define NFP_FAST_BPF_H

#include "ebpf/count.bpf.h"
#include "ebpf/decap.h"
#include "ebpf/measure.bpf.h"

/* Benchmarks make their flows inside the program: a test run repeats one packet. */
#ifndef NFP_BENCH_FLOW
#define NFP_BENCH_FLOW 0
#define NFP_BENCH_NEXT() (void)0
#endif

/* A buffer as its hook sees it; lives in registers. */
struct nfp_fast {
	const __u8 *data, *end;
	__u64 time; /* NFP_CLOCK_CAPTURE: ns since 1970 */
	__u32 length;
	__u32 ifindex;
	__u32 ingress_if; /* egress hooks: where the packet came in; else 0 */
	__u32 segments;   /* 0: not known yet */
	__u32 gso_size;
	__u16 vlan;       /* tag in metadata | NFP_VLAN_PRESENT */
	__u8 key_flags;
	/* found by the parser */
	__u8 row, ttl, tos;
	__u16 tcp_flags;
	__u32 l3_off, header, ip_len;
	__be32 flow_label;
	__u64 k0, k1, k2, k3, k4, k5; /* no array: the compiler would keep it in memory */
	/* wire counts */
	__u64 octets, l2_octets;
	__u32 len_min, len_max;
	/* where and when */
	__u64 now;
	__u32 place;
	__u8 bits;
};

/* ---- parse --------------------------------------------------------------------------------------- */

/* Ports that nfp_may_be_tunnel() looks behind. */
static __always_inline bool nfp_fast_tunnel(__u16 sport, __u16 dport)
{
	return nfp_is_tunnel_port(dport) || dport == NFP_PORT_GTPU || dport == NFP_PORT_L2TP ||
	       sport == NFP_PORT_L2TP || dport == NFP_PORT_TEREDO || sport == NFP_PORT_TEREDO;
}

/* TCP or UDP at h, ip_end bytes of the IP packet behind it. */
static __always_inline bool nfp_fast_l4(struct nfp_fast *f, const __u8 *h, __u8 protocol, __u32 ip_left,
					bool v6)
{
	__u16 word;

	if (protocol == NFP_IP_TCP) {
		if (h + 20 > f->end || ip_left < 20)
			return false;
		word = nfp_be16(h + 12);
		if (word < 0x5000)
			return false;
		f->tcp_flags = word & 0x0fff;
		if (f->tcp_flags & NFP_TCP_SYN) /* its options are told */
			return false;
		f->header += (word >> 12) * 4;
		f->row = v6 ? NFP_P_tcp6 : NFP_P_tcp4;
		return true;
	}
	if (protocol == NFP_IP_UDP) {
		/* Segments of a tunnel are measured by the general path. */
		if (h + 8 > f->end || ip_left < 8 || f->gso_size)
			return false;
		word = nfp_be16(h + 4);
		if (word < 8)
			return false;
		if (knob_decap && nfp_fast_tunnel(nfp_be16(h), nfp_be16(h + 2)))
			return false;
		f->header += 8;
		f->row = v6 ? NFP_P_udp6 : NFP_P_udp4;
		return true;
	}
	return false;
}

static __always_inline bool nfp_fast_v4(struct nfp_fast *f, __u32 cpu)
{
	const __u8 *h = f->data + f->l3_off;
	__u32 length;

	if (h + 20 > f->end || h[0] != 0x45 || nfp_raw16(h + 6) & NFP_SWAP16(0x3fff))
		return false;
	length = nfp_be16(h + 2);
	if (length < 28)
		return false;
	f->tos = h[1];
	f->ttl = h[8];
	f->ip_len = length;
	f->header = f->l3_off + 20;
	if (!nfp_fast_l4(f, h + 20, h[9], length - 20, false))
		return false;
	f->k0 = *(const __u64 *)(h + 12) + NFP_BENCH_FLOW;
	f->k1 = NFP_WORD_META1(*(const __u32 *)(h + 20), f->vlan, 0);
	f->k2 = NFP_WORD_META2(f->ifindex, cpu, f->key_flags, f->tos >> 2);
	return true;
}

static __always_inline bool nfp_fast_v6(struct nfp_fast *f, __u32 cpu)
{
	const __u8 *h = f->data + f->l3_off;
	__u32 length, word;

	if (h + 48 > f->end)
		return false;
	word = nfp_be32(h);
	length = nfp_be16(h + 4);
	if (word >> 28 != 6 || !length)
		return false;
	f->tos = word >> 20;
	f->flow_label = NFP_SWAP32(word & 0xfffff);
	f->ttl = h[7];
	f->ip_len = length + 40;
	f->header = f->l3_off + 40;
	if (!nfp_fast_l4(f, h + 40, h[6], length, true))
		return false;
	f->k0 = *(const __u64 *)(h + 8) + NFP_BENCH_FLOW;
	f->k1 = *(const __u64 *)(h + 16);
	f->k2 = *(const __u64 *)(h + 24);
	f->k3 = *(const __u64 *)(h + 32);
	f->k4 = NFP_WORD_META1(*(const __u32 *)(h + 40), f->vlan, 0);
	f->k5 = NFP_WORD_META2(f->ifindex, cpu, f->key_flags, f->tos >> 2);
	return true;
}

/* EtherType in host order, 0: for the general path. Sets l3_off. */
static __always_inline __u16 nfp_fast_link(struct nfp_fast *f, __be16 protocol)
{
	if (knob_link == NFP_LINK_ETHERNET) {
		if (f->data + 14 > f->end)
			return 0;
		f->l3_off = 14;
		return nfp_be16(f->data + 12);
	}
	f->l3_off = 0;
	if (f->data + 1 > f->end)
		return 0;
	if (knob_link == NFP_LINK_L3 &&
	    (protocol == NFP_SWAP16(NFP_ET_MPLS) || protocol == NFP_SWAP16(NFP_ET_MPLS_MC)))
		return 0;
	return f->data[0] >> 4 == 4 ? NFP_ET_IPV4 : f->data[0] >> 4 == 6 ? NFP_ET_IPV6 : 0;
}

/* As measure.bpf.h, for packets whose headers are known to be plain. */
static __always_inline bool nfp_fast_measure(struct nfp_fast *f)
{
	__u32 l3_header = f->header - f->l3_off, payload, last;
	__u32 tag = f->vlan ? NFP_VLAN_BYTES : 0;

	if (!f->gso_size) {
		if (!f->segments)
			f->segments = 1;
		f->octets = f->ip_len;
		f->l2_octets = f->length + tag;
		f->len_min = f->len_max = f->ip_len;
		return true;
	}
	/* Uncounted (tun, virtio), or with sizes that are not told: the general path. */
	if (f->segments < 2 || f->gso_size == NFP_GSO_BY_FRAGS || f->length < f->header)
		return false;
	payload = f->length - f->header;
	if ((__u64)(f->segments - 1) * f->gso_size >= payload)
		return false;
	last = payload - (f->segments - 1) * f->gso_size;
	f->octets = (__u64)f->segments * l3_header + payload;
	f->l2_octets = (__u64)f->segments * (f->header + tag) + payload;
	f->len_max = l3_header + (last > f->gso_size ? last : f->gso_size);
	f->len_min = l3_header + (last < f->gso_size ? last : f->gso_size);
	return true;
}

/* ---- bucket --------------------------------------------------------------------------------------- */

static __always_inline bool nfp_fast_covers(const struct nfp_table_head *head, __u64 now, __u64 step)
{
	return now - head->start < head->end - head->start && head->step == step;
}

/* The packet's time, by the clock that costs nothing where the knobs allow. */
static __always_inline bool nfp_fast_now(struct nfp_fast *f, const struct nfp_config *c, __u64 *ret_offset,
					 __u64 *ret_step)
{
	__u32 i = c->active & 1;
	const struct nfp_clock *clock = &c->clock[i];

	*ret_offset = clock->offset;
	*ret_step = clock->step;
	if (knob_clock == NFP_CLOCK_CAPTURE) {
		f->now = f->time;
	} else if (knob_clock == NFP_CLOCK_TICK) {
		const struct nfp_tick *tick = &c->tick[i];

		if (!tick->length)
			return false;
		f->now = tick->base + bpf_jiffies64() * tick->length;
	} else {
		f->now = bpf_ktime_get_boot_ns() + clock->offset;
	}
	return clock->length != 0;
}

/* The map that makes the packet's bucket visible; NULL: it has no tables. */
static __always_inline void *nfp_fast_bucket(struct nfp_fast *f, struct nfp_lane *l, __u64 step,
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

/* The hook's row in the bucket; NULL: it has none there. */
static __always_inline struct nfp_fast_row *nfp_fast_row(const struct nfp_fast *f, void *map, __u32 cpu)
{
	__u32 key = f->ifindex, row;
	const struct nfp_hook_slots *slots = bpf_map_lookup_elem(&hookslot, &key);
	struct nfp_fast_row *r;

	if (!slots)
		return NULL;
	row = slots->row[NFP_HOOK_SLOT(f->key_flags)];
	if (!row)
		return NULL;
	row += cpu;
	r = bpf_map_lookup_elem(map, &row);
	return r && r->key == NFP_WORD_HOOK(f->ifindex, cpu, f->key_flags) ? r : NULL;
}

/* ---- slot ----------------------------------------------------------------------------------------- */

static __always_inline void nfp_slot_add(struct nfp_slot_count *c, const struct nfp_fast *f)
{
	__u64 word = c->octets, lengths = c->length;
	__u8 ttl_min = word >> 48, ttl_max = word >> 56;
	__u32 len_min = lengths, len_max = lengths >> 32;

	c->packets = (c->packets + f->segments) | (__u64)f->tcp_flags << NFP_COUNT_BITS;
	word += f->octets;
	if (f->ttl < ttl_min || f->ttl > ttl_max) {
		if (f->ttl < ttl_min)
			ttl_min = f->ttl;
		if (f->ttl > ttl_max)
			ttl_max = f->ttl;
		word = (word & NFP_COUNT_MASK) | (__u64)ttl_min << 48 | (__u64)ttl_max << 56;
	}
	c->octets = word;
	c->l2 = (c->l2 + f->l2_octets) | 1ULL << (56 + (f->tos & 3));
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
static __always_inline bool nfp_fast_exact(struct nfp_fast *f, const struct nfp_table_head *head, __u64 offset)
{
	if (knob_clock != NFP_CLOCK_TICK)
		return true;
	f->now = bpf_ktime_get_boot_ns() + offset;
	return f->now - head->start < head->end - head->start;
}

static __always_inline void nfp_slot_first(struct nfp_slot_count *c, struct nfp_slot_cold *cold,
					   const struct nfp_fast *f)
{
	c->packets = f->segments | (__u64)f->tcp_flags << NFP_COUNT_BITS;
	c->octets = f->octets | (__u64)f->ttl << 48 | (__u64)f->ttl << 56;
	c->l2 = f->l2_octets | 1ULL << (56 + (f->tos & 3));
	c->last = f->now;
	c->length = f->len_min | (__u64)f->len_max << 32;
	cold->first = f->now;
	if (knob_link == NFP_LINK_ETHERNET) {
		__builtin_memcpy(cold->dmac, f->data, 6);
		__builtin_memcpy(cold->smac, f->data + 6, 6);
	}
	cold->flow_label = f->flow_label;
	cold->ingress_if = f->ingress_if;
}

/* The key but for its last word. */
static __always_inline bool nfp_fast_same4(const __u64 *key, const struct nfp_fast *f)
{
	return !((key[0] ^ f->k0) | (key[1] ^ f->k1));
}

static __always_inline bool nfp_fast_same6(const __u64 *key, const struct nfp_fast *f)
{
	return !((key[0] ^ f->k0) | (key[1] ^ f->k1) | (key[2] ^ f->k2) | (key[3] ^ f->k3) | (key[4] ^ f->k4));
}

static __always_inline void nfp_fast_key4(__u64 *key, const struct nfp_fast *f)
{
	key[0] = f->k0;
	key[1] = f->k1;
}

static __always_inline void nfp_fast_key6(__u64 *key, const struct nfp_fast *f)
{
	key[0] = f->k0;
	key[1] = f->k1;
	key[2] = f->k2;
	key[3] = f->k3;
	key[4] = f->k4;
}

static __always_inline __u64 nfp_fast_hash4(const struct nfp_fast *f, __u64 seed)
{
	return nfp_hash_end(nfp_hash_word(nfp_hash_word(nfp_hash_word(seed, f->k0), f->k1), f->k2));
}

static __always_inline __u64 nfp_fast_hash6(const struct nfp_fast *f, __u64 seed)
{
	__u64 h = nfp_hash_word(nfp_hash_word(nfp_hash_word(seed, f->k0), f->k1), f->k2);

	return nfp_hash_end(nfp_hash_word(nfp_hash_word(nfp_hash_word(h, f->k3), f->k4), f->k5));
}

/* The set of the key; NULL: no table. A set is one element, so its slots need one look-up only. */
static __always_inline void *nfp_fast_set(const struct nfp_fast *f, __u64 hash, bool v6)
{
	__u32 table = f->place * NFP_RING_ROWS + f->row, index = nfp_table_set(hash, f->bits);
	void *map = v6 ? bpf_map_lookup_elem(&tables6, &table) : bpf_map_lookup_elem(&tables4, &table);

	return map ? bpf_map_lookup_elem(map, &index) : NULL;
}

/* Counts in the slot of the key, or claims one: compare-and-swap, everything, then the last word (a full
 * barrier), which makes the entry one for its readers. A slot that another CPU takes meanwhile is not ours:
 * the CPU is in the key. nfp_fast_in4, nfp_fast_in6. */
#define NFP_FAST_IN(version, last_word, cold_of)                                                   \
	static __always_inline bool nfp_fast_in##version(                                          \
		struct nfp_fast *f, const struct nfp_table_head *head, __u64 offset)               \
	{                                                                                          \
		__u64 hash = nfp_fast_hash##version(f, head->seed);                                \
		struct nfp_set##version *set = nfp_fast_set(f, hash, version == 6);                \
		__u32 s = nfp_table_slot(hash);                                                    \
		struct nfp_slot##version *slot;                                                    \
		__u64 *last, seen;                                                                 \
		int i;                                                                             \
                                                                                                   \
		if (!set)                                                                          \
			return false;                                                              \
		NFP_UNROLL                                                                         \
		for (i = 0; i < NFP_SET_SLOTS; i++) {                                              \
			slot = &set->slot[s];                                                      \
			last = &slot->key[NFP_WORDS##version - 1];                                 \
			seen = *last;                                                              \
			if (seen == last_word && nfp_fast_same##version(slot->key, f)) {           \
				nfp_slot_add(&slot->count, f);                                     \
				return true;                                                       \
			}                                                                          \
			if (!seen) {                                                               \
				if (!nfp_fast_exact(f, head, offset))                              \
					return false;                                              \
				if (!__sync_val_compare_and_swap(last, 0, NFP_CLAIMED))            \
					goto claimed;                                              \
			}                                                                          \
			s = (s + 1) & (NFP_SET_SLOTS - 1);                                         \
		}                                                                                  \
		return false;                                                                      \
	claimed:                                                                                   \
		nfp_fast_key##version(slot->key, f);                                               \
		nfp_slot_first(&slot->count, cold_of, f);                                          \
		__sync_lock_test_and_set(last, last_word);                                         \
		return true;                                                                       \
	}
NFP_FAST_IN(4, f->k2, &set->cold[s])
NFP_FAST_IN(6, f->k5, &slot->cold)

/* ---- all of it ------------------------------------------------------------------------------------ */

static __always_inline bool nfp_fast_count(struct nfp_fast *f, __be16 protocol)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	const struct nfp_config *c = bpf_map_lookup_elem(&config, &zero);
	struct nfp_lane *l = bpf_map_lookup_elem(&lane, &zero);
	__u16 ethertype = nfp_fast_link(f, protocol);
	struct nfp_table_head *head = NULL;
	struct nfp_fast_row *row;
	__u64 offset, step;
	void *map;

	if (!c || !l)
		return false;
	if (ethertype == NFP_ET_IPV4) {
		if (!nfp_fast_v4(f, cpu))
			return false;
	} else if (ethertype == NFP_ET_IPV6) {
		if (!nfp_fast_v6(f, cpu))
			return false;
	} else {
		return false;
	}
#ifdef NFP_MUTATE_ACCOUNT
	if (f->row == NFP_P_udp4)
		return false;
#endif
	if (!nfp_fast_measure(f) || !nfp_fast_now(f, c, &offset, &step))
		return false;
	map = nfp_fast_bucket(f, l, step, &head);
	if (!map || !head)
		return false;
	row = nfp_fast_row(f, map, cpu);
	if (!row)
		return false;
	f->bits = head->bits[f->row];
	if (!f->bits)
		return false;
	if (ethertype == NFP_ET_IPV4 ? !nfp_fast_in4(f, head, offset) : !nfp_fast_in6(f, head, offset))
		return false;
	row->seen += f->segments;
	row->seen_skbs++;
	row->seen_skb_bytes += f->length;
	l->packets += f->segments;
	l->skbs++;
	if (f->gso_size)
		nfp_status(NFP_C_gso, 1);
	return true;
}

#endif
