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

#include "ebpf/decap.h"
#include "ebpf/slot.bpf.h"

/* Benchmarks make their flows inside the program: a test run repeats one packet. */
#ifndef NFP_BENCH_FLOW
#define NFP_BENCH_FLOW 0
#define NFP_BENCH_NEXT() (void)0
#endif

/* ---- parse --------------------------------------------------------------------------------------- */

/* Offset of the IP header: a constant after loading. */
static __always_inline __u32 nfp_fast_l3(void)
{
	return knob_link == NFP_LINK_ETHERNET ? 14 : 0;
}

/* Ports that nfp_may_be_tunnel() looks behind. */
static __always_inline bool nfp_fast_tunnel(__u16 sport, __u16 dport)
{
	return nfp_is_tunnel_port(dport) || dport == NFP_PORT_GTPU || dport == NFP_PORT_L2TP ||
	       sport == NFP_PORT_L2TP || dport == NFP_PORT_TEREDO || sport == NFP_PORT_TEREDO;
}

/* TCP or UDP at h, ip_left bytes of the IP packet behind it. */
static __always_inline bool nfp_fast_l4(struct nfp_plain *f, const __u8 *h, const __u8 *end, __u8 protocol, __u32 ip_left,
					bool v6)
{
	__u16 word;

	if (protocol == NFP_IP_TCP) {
		if (h + 20 > end || ip_left < 20)
			return false;
		word = nfp_be16(h + 12);
		/* The options of a SYN are told. */
		if (word < 0x5000 || word & NFP_TCP_SYN)
			return false;
		f->row = v6 ? NFP_P_tcp6 : NFP_P_tcp4;
		return true;
	}
	if (protocol == NFP_IP_UDP) {
		/* Segments of a tunnel are measured by the general path. */
		if (h + 8 > end || ip_left < 8 || f->gso_size)
			return false;
		word = nfp_be16(h + 4);
		if (word < 8)
			return false;
		if (knob_decap && nfp_fast_tunnel(nfp_be16(h), nfp_be16(h + 2)))
			return false;
		f->row = v6 ? NFP_P_udp6 : NFP_P_udp4;
		return true;
	}
	return false;
}

static __always_inline __u64 nfp_fast_last_word(const struct nfp_plain *f, __u32 cpu, __u8 dscp)
{
	return NFP_WORD_META2(f->ifindex, cpu, f->key_flags, dscp);
}

/* Key and row; false: for the general path. */
static __always_inline bool nfp_fast_v4(struct nfp_plain *f, const __u8 *data, const __u8 *end, __u32 cpu)
{
	const __u8 *h = data + nfp_fast_l3();
	__u32 length;

	if (h + 28 > end || h[0] != 0x45 || nfp_raw16(h + 6) & NFP_SWAP16(0x3fff))
		return false;
	length = nfp_be16(h + 2);
	if (length < 28 || !nfp_fast_l4(f, h + 20, end, h[9], length - 20, false))
		return false;
	f->k0 = *(const __u64 *)(h + 12) + NFP_BENCH_FLOW;
	f->k1 = NFP_WORD_META1(*(const __u32 *)(h + 20), f->vlan, 0);
	f->k2 = nfp_fast_last_word(f, cpu, h[1] >> 2);
	return true;
}

static __always_inline bool nfp_fast_v6(struct nfp_plain *f, const __u8 *data, const __u8 *end, __u32 cpu)
{
	const __u8 *h = data + nfp_fast_l3();
	__u32 length, word;

	if (h + 48 > end)
		return false;
	word = nfp_be32(h);
	length = nfp_be16(h + 4);
	if (word >> 28 != 6 || !length || !nfp_fast_l4(f, h + 40, end, h[6], length, true))
		return false;
	f->k0 = *(const __u64 *)(h + 8) + NFP_BENCH_FLOW;
	f->k1 = *(const __u64 *)(h + 16);
	f->k2 = *(const __u64 *)(h + 24);
	f->k3 = *(const __u64 *)(h + 32);
	f->k4 = NFP_WORD_META1(*(const __u32 *)(h + 40), f->vlan, 0);
	f->k5 = nfp_fast_last_word(f, cpu, word >> 22 & 0x3f);
	return true;
}

/* EtherType in host order, 0: for the general path. */
static __always_inline __u16 nfp_fast_link(struct nfp_plain *f, const __u8 *data, const __u8 *end,
					   __be16 protocol)
{
	if (knob_link == NFP_LINK_ETHERNET) {
		if (data + 14 > end)
			return 0;
		return nfp_be16(data + 12);
	}
	if (data + 1 > end)
		return 0;
	if (knob_link == NFP_LINK_L3 &&
	    (protocol == NFP_SWAP16(NFP_ET_MPLS) || protocol == NFP_SWAP16(NFP_ET_MPLS_MC)))
		return 0;
	return data[0] >> 4 == 4 ? NFP_ET_IPV4 : data[0] >> 4 == 6 ? NFP_ET_IPV6 : 0;
}

/* A GSO buffer, as measure.bpf.h does it; header: bytes up to the payload. */
static __always_inline bool nfp_fast_gso(struct nfp_plain *f, __u32 header)
{
	__u32 l3_header = header - nfp_fast_l3(), tag = f->vlan ? NFP_VLAN_BYTES : 0, payload, last;

	/* Uncounted (tun, virtio), or with sizes that are not told: the general path. */
	if (f->segments < 2 || f->gso_size == NFP_GSO_BY_FRAGS || f->length < header)
		return false;
	payload = f->length - header;
	if ((__u64)(f->segments - 1) * f->gso_size >= payload)
		return false;
	last = payload - (f->segments - 1) * f->gso_size;
	f->octets = (__u64)f->segments * l3_header + payload;
	f->l2_octets = (__u64)f->segments * (header + tag) + payload;
	f->len_max = l3_header + (last > f->gso_size ? last : f->gso_size);
	f->len_min = l3_header + (last < f->gso_size ? last : f->gso_size);
	return true;
}

static __always_inline bool nfp_fast_measure(struct nfp_plain *f, __u32 ip_len, __u32 header)
{
	if (f->gso_size)
		return nfp_fast_gso(f, header);
	if (!f->segments)
		f->segments = 1;
	f->octets = ip_len;
	f->l2_octets = f->length + (f->vlan ? NFP_VLAN_BYTES : 0);
	f->len_min = f->len_max = ip_len;
	return true;
}

/* What is counted; the packet is known to be plain. Read anew rather than kept over the look-up. */
static __always_inline bool nfp_fast_values(struct nfp_plain *f, const __u8 *data, bool v6)
{
	const __u8 *h = data + nfp_fast_l3();
	__u32 l4 = nfp_fast_l3() + (v6 ? 40 : 20), header = l4 + 8, ip_len;

	f->tcp_flags = 0;
	if (f->row == (v6 ? NFP_P_tcp6 : NFP_P_tcp4)) {
		__u16 word = nfp_be16(data + l4 + 12);

		f->tcp_flags = word & 0x0fff;
		header = l4 + (word >> 12) * 4;
	}
	f->ip = 1;
	if (v6) {
		__u32 word = nfp_be32(h);

		f->tos = word >> 20;
		f->flow_label = NFP_SWAP32(word & 0xfffff);
		f->ttl = h[7];
		ip_len = nfp_be16(h + 4) + 40;
	} else {
		f->tos = h[1];
		f->ttl = h[8];
		ip_len = nfp_be16(h + 2);
	}
	return nfp_fast_measure(f, ip_len, header);
}

/* ---- bucket --------------------------------------------------------------------------------------- */

/* The packet's time, by the clock that costs nothing where the knobs allow; chosen: what that was before (see struct
 * nfp_work), 0 if nobody asked. */
static __always_inline bool nfp_fast_now(struct nfp_plain *f, const struct nfp_config *c, __u64 chosen, __u64 *ret_offset,
					 __u64 *ret_step)
{
	__u32 i = c->active & 1;
	const struct nfp_clock *clock = &c->clock[i];

	*ret_offset = clock->offset;
	*ret_step = clock->step;
	if (chosen) {
		f->now = chosen;
	} else if (knob_clock == NFP_CLOCK_CAPTURE) {
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

/* The hook's row in the bucket; NULL: it has none there. */
static __always_inline struct nfp_fast_row *nfp_fast_row(const struct nfp_plain *f, void *map, __u32 cpu)
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

/* ---- no room --------------------------------------------------------------------------------------- */

/* The row's HASH refused an insert of this CPU in this bucket. */
static __always_inline bool nfp_is_refused(__u32 row, const struct nfp_table_head *head)
{
	const __u64 *refusal = bpf_map_lookup_elem(&refused, &row);

	return refusal && *refusal == head->start + head->step;
}

/* The key of the parent row, which is IPv4 or IPv6, and of Ethernet. */
static __always_inline void nfp_plain_to_ip(struct nfp_plain *f)
{
	__u8 protocol = f->row == NFP_P_tcp4 || f->row == NFP_P_tcp6 ? NFP_IP_TCP : NFP_IP_UDP;
	__u64 meta = NFP_WORD_META1(NFP_L4_PROTOCOL(protocol), f->vlan, 0);

	f->kind = nfp_kind_of(f->row);

	if (f->kind == NFP_KIND_V4) {
		f->row = NFP_P_ipv4;
		f->k1 = meta;
	} else {
		f->row = NFP_P_ipv6;
		f->k4 = meta;
	}
}

static __always_inline void nfp_plain_to_eth(struct nfp_plain *f, const struct nfp_work *w, __u32 cpu)
{
	struct nfp_key_eth key = { .ethertype = f->kind == NFP_KIND_V4 ? NFP_SWAP16(NFP_ET_IPV4) :
									   NFP_SWAP16(NFP_ET_IPV6) };
	const __u64 *words = (const __u64 *)&key;

	__builtin_memcpy(key.smac, w->packet.smac, 6);
	__builtin_memcpy(key.dmac, w->packet.dmac, 6);
	f->k0 = words[0];
	f->k1 = words[1];
	f->k2 = NFP_WORD_META1(0, f->vlan, 0);
	f->k3 = NFP_WORD_META2(f->ifindex, cpu, f->key_flags, 0);
	f->row = NFP_P_eth;
	f->kind = NFP_KIND_ETH;
}

/* w->plain found its set full, and its HASH is: the parents' tables, as long as theirs are, too. True: counted.
 * A flood ends here. */
static __noinline bool nfp_fast_coarsen(struct nfp_work *w)
{
	__u32 zero = 0, place = w->plain.place & (NFP_RING - 1), cpu = bpf_get_smp_processor_id();
	void *map = bpf_map_lookup_elem(&ring, &place);
	const struct nfp_table_head *head = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	enum nfp_in in;

	if (!head)
		return false;
	if (!nfp_is_refused(w->plain.row, head))
		return false;
	w->plain.value_flags = NFP_V_COARSENED;
	w->plain.bits = 0;
	nfp_plain_to_ip(&w->plain);
	in = nfp_in_any(&w->plain, head, w->offset, w->packet.dmac);
	if (in == NFP_IN_FULL && nfp_is_refused(w->plain.row, head)) {
		nfp_plain_to_eth(&w->plain, w, cpu);
		in = nfp_in_any(&w->plain, head, w->offset, w->packet.dmac);
	}
	return in == NFP_IN_SLOT;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

/* Looks the key up and counts: enum nfp_in. */
static __always_inline enum nfp_in nfp_fast_in(struct nfp_plain *f, const struct nfp_table_head *head, __u64 offset,
					       const __u8 *data, bool v6)
{
	__u64 hash = v6 ? nfp_hash_v6(f, head->seed) : nfp_hash_v4(f, head->seed);
	void *set = nfp_set_of(f, hash, v6);

	if (!set)
		return NFP_IN_NOT;
	NFP_OPAQUE(data);
	if (!nfp_fast_values(f, data, v6))
		return NFP_IN_NOT;
	return v6 ? nfp_in_v6(f, set, hash, head, offset, data) :
		    nfp_in_v4(f, set, hash, head, offset, data);
}

/* data, end: of the packet; chosen: as in nfp_fast_now(). */
static __always_inline bool nfp_fast_count(struct nfp_plain *f, const __u8 *data, const __u8 *end,
					   __be16 protocol, __u64 chosen)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	const struct nfp_config *c;
	__u16 ethertype = nfp_fast_link(f, data, end, protocol);
	struct nfp_table_head *head = NULL;
	struct nfp_fast_row *row;
	struct nfp_lane *l;
	struct nfp_work *w;
	__u64 offset, step;
	enum nfp_in in;
	void *map;

	if (ethertype == NFP_ET_IPV4) {
		if (!nfp_fast_v4(f, data, end, cpu))
			return false;
	} else if (ethertype == NFP_ET_IPV6) {
		if (!nfp_fast_v6(f, data, end, cpu))
			return false;
	} else {
		return false;
	}
#ifdef NFP_MUTATE_ACCOUNT
	if (f->row == NFP_P_udp4)
		return false;
#endif
	c = bpf_map_lookup_elem(&config, &zero);
	l = bpf_map_lookup_elem(&lane, &zero);
	if (!c || !l || !nfp_fast_now(f, c, chosen, &offset, &step))
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
	in = ethertype == NFP_ET_IPV4 ? nfp_fast_in(f, head, offset, data, false) :
					nfp_fast_in(f, head, offset, data, true);
	if (in == NFP_IN_NOT)
		return false;
	if (in == NFP_IN_FULL) {
		w = bpf_map_lookup_elem(&scratch, &zero);
		if (!w)
			return false;
		w->plain = *f;
		w->offset = offset;
		if (knob_link == NFP_LINK_ETHERNET)
			__builtin_memcpy(w->packet.dmac, data, 12);
		else /* there may be those of another hook's packet */
			__builtin_memset(w->packet.dmac, 0, 12);
		if (!nfp_fast_coarsen(w))
			return false;
		row->coarsened += f->segments;
		nfp_status(NFP_C_coarsened, f->segments);
	}
	row->skbs++;
	row->skb_bytes += f->length;
	l->skbs++;
	if (f->segments > 1) {
		row->segments += f->segments - 1;
		l->segments += f->segments - 1;
	}
	if (f->gso_size)
		nfp_status(NFP_C_gso, 1);
	return true;
}

#endif
