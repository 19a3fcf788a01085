/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a parsed packet to its entry: key, look-up, insert, cascade to the parent rows.
 *
 * Why plain adds are exact: the CPU is in every key, tc and XDP programs run with bottom halves off,
 * so a softirq cannot interrupt another hook on its CPU, and a nested transmit begins after our
 * program has returned. One entry has one writer. Where that does not hold, see knob_atomic.
 */
#ifndef NFP_ACCOUNT_BPF_H
#define NFP_ACCOUNT_BPF_H

#include "ebpf/fib.bpf.h"
#include "ebpf/measure.bpf.h"
#include "ebpf/slot.bpf.h"

#define NFP_PARENTS_MAX 2 /* rows above a transport row, the hook left out */

/* NFP_V_* of this packet in its entry. */
static __always_inline __u8 nfp_value_flags(const struct nfp_frame *f, const struct nfp_packet *p)
{
	return p->value_flags | f->value_flags;
}

/* What a SYN tells of its sender. */
static __always_inline void nfp_value_syn(struct nfp_value *v, const struct nfp_tcp_options *o)
{
	if (o->kinds & 1ULL << NFP_TCPOPT_WSCALE && !(v->tcp_options & 1ULL << NFP_TCPOPT_WSCALE))
		v->tcp_wscale = o->wscale;
	if (!v->tcp_mss)
		v->tcp_mss = o->mss;
	v->tcp_options |= o->kinds;
}

static __always_inline void nfp_key_meta(struct nfp_key_meta *m, const struct nfp_frame *f,
					 const struct nfp_packet *p)
{
	if (f->vlan) { /* a tag in metadata is the outermost */
		m->vlan = f->vlan;
		m->cvlan = p->vlan[0];
	} else {
		m->vlan = p->vlan[0];
		m->cvlan = p->vlan[1];
	}
	m->ifindex = f->ifindex;
	m->cpu = f->cpu;
	m->flags = f->key_flags;
	m->dscp = p->tos >> 2;
}

/* The key of `row`, which is the packet's own row or one of its ancestors. */
static __always_inline void nfp_key_make(union nfp_key *key, __u32 row, const struct nfp_frame *f,
					 const struct nfp_packet *p)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (row == NFP_P_eth) {
		nfp_key_meta(&key->eth.meta, f, p);
		key->eth.meta.dscp = 0;
		__builtin_memcpy(key->eth.smac, p->smac, 6);
		__builtin_memcpy(key->eth.dmac, p->dmac, 6);
		key->eth.ethertype = p->ethertype;
		return;
	}
	if (p->family == 4) {
		key->v4.saddr = p->addr[0];
		key->v4.daddr = p->addr[4];
		nfp_key_meta(&key->v4.meta, f, p);
		if (row == NFP_P_ipv4) {
			key->v4.meta.protocol = p->protocol;
		} else {
			key->v4.meta.l4 = p->l4;
			key->v4.meta.flags |= p->key_flags;
		}
	} else {
		__builtin_memcpy(key->v6.saddr, p->saddr, 32);
		nfp_key_meta(&key->v6.meta, f, p);
		if (row == NFP_P_ipv6) {
			key->v6.meta.protocol = p->protocol;
		} else {
			key->v6.meta.l4 = p->l4;
			key->v6.meta.flags |= p->key_flags;
		}
	}
}

static __always_inline void nfp_value_add(struct nfp_value *v, const struct nfp_work *w,
					  const struct nfp_packet *p)
{
	const struct nfp_frame *f = &w->frame;

	nfp_add(&v->packets, f->segments);
	nfp_add(&v->octets, f->octets);
	nfp_add(&v->l2_octets, f->l2_octets);
	v->last = f->now;
	if (f->len_min < v->len_min)
		v->len_min = f->len_min;
	if (f->len_max > v->len_max)
		v->len_max = f->len_max;
	v->flags |= nfp_value_flags(f, p);
	if (!p->family)
		return;
	v->tcp_flags |= p->tcp_flags;
	if (p->ttl < v->ttl_min)
		v->ttl_min = p->ttl;
	if (p->ttl > v->ttl_max)
		v->ttl_max = p->ttl;
	v->ecn |= 1 << (p->tos & 3);
	if (p->tcp_flags & NFP_TCP_SYN)
		nfp_value_syn(v, &w->tcp);
}

static __always_inline void nfp_value_first(struct nfp_value *v, const struct nfp_work *w,
					    const struct nfp_packet *p)
{
	const struct nfp_frame *f = &w->frame;

	__builtin_memset(v, 0, sizeof(*v));
	v->packets = f->segments;
	v->octets = f->octets;
	v->l2_octets = f->l2_octets;
	v->first = f->now;
	v->last = f->now;
	v->len_min = f->len_min;
	v->len_max = f->len_max;
	v->tcp_flags = p->tcp_flags;
	v->ttl_min = p->ttl;
	v->ttl_max = p->ttl;
	v->ecn = p->family ? 1 << (p->tos & 3) : 0;
	v->flags = nfp_value_flags(f, p);
	__builtin_memcpy(v->smac, p->smac, 6);
	__builtin_memcpy(v->dmac, p->dmac, 6);
	v->flow_label = p->flow_label;
	v->ingress_if = f->ingress_if;
	v->egress_if = f->egress_if;
	if (knob_fib)
		__builtin_memcpy(v->next_hop, w->way.next_hop, sizeof(v->next_hop));
	if (p->tcp_flags & NFP_TCP_SYN)
		nfp_value_syn(v, &w->tcp);
}

/* w->value of a new entry; inner: of the flow inside tunnels. A global function, as the next, so that the kernel
 * verifies it once and not for each row. */
__noinline int nfp_value_new(__u32 inner)
{
	__u32 zero = 0;
	struct nfp_work *w = bpf_map_lookup_elem(&scratch, &zero);

	if (!w)
		return 0;
	nfp_value_first(&w->value, w, knob_decap && inner ? &w->decap.flow : &w->packet);
	return 1;
}

/* A map took no new entry: counts it, and remembers a full one (start: of its bucket; 0: the spill bucket, which is
 * emptied under the same key). */
__noinline int nfp_refuse(__u32 row, __u64 start, __u32 full)
{
	__u64 *refusal = bpf_map_lookup_elem(&refused, &row);

	if (full) {
		nfp_status(NFP_C_map_full, 1);
		if (refusal)
			*refusal = start;
	} else {
		nfp_status(NFP_C_map_nomem, 1); /* -ENOMEM, or -EBUSY of a locked hash bucket */
	}
	return 0;
}

/* Makes an entry that counts this packet under w->key. 0, or the kernel's refusal. */
static __noinline long nfp_insert(void *flows, struct nfp_work *w, bool inner, __u32 row)
{
	__u64 *refusal = bpf_map_lookup_elem(&refused, &row);
	__u64 start = w->frame.bucket.start_ts;
	long err;

	if (refusal && start && *refusal == start)
		return -NFP_E2BIG;
	NFP_KEEP(nfp_value_new(inner));
	err = bpf_map_update_elem(flows, &w->key, &w->value, BPF_NOEXIST);
	if (err && err != -NFP_EEXIST)
		NFP_KEEP(nfp_refuse(row, start, err == -NFP_E2BIG));
	return err;
}

/* The entry of a row in its metric map. *flows: the metric map, NULL if the bucket has none. One
 * call of the look-ups for each row: the kernel inlines those whose map is constant. */
static __always_inline struct nfp_value *nfp_lookup(__u32 row, const struct nfp_bucket *bucket,
						    const union nfp_key *key, void **flows)
{
	struct nfp_value *value = NULL;

	*flows = NULL;
	switch (row) {
#define NFP_PROTOCOL(name, key_type, parent)                                                       \
	case NFP_P_##name:                                                                         \
		if (NFP_P_##name == NFP_P_tunnel && !knob_decap)                                   \
			break;                                                                     \
		*flows = bpf_map_lookup_elem(&name, bucket);                                       \
		if (*flows)                                                                        \
			value = bpf_map_lookup_elem(*flows, key);                                  \
		break;
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	}
	return value;
}

static __always_inline __u32 nfp_parent(__u32 row)
{
	switch (row) {
#define NFP_PROTOCOL(name, key_type, parent)                                                       \
	case NFP_P_##name:                                                                         \
		return NFP_P_##parent;
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	}
	return NFP_P_hook;
}

/* ---- flow tables ---------------------------------------------------------------------------------- */

/* w->plain from what the general path knows. */
static __always_inline void nfp_plain_make(struct nfp_work *w, const struct nfp_packet *p, __u32 row)
{
	struct nfp_plain *f = &w->plain;

	__builtin_memcpy(&f->k0, &w->key, 6 * sizeof(f->k0));
	f->row = row;
	f->kind = nfp_kind_of(row);
	f->now = w->frame.now;
	f->octets = w->frame.octets;
	f->l2_octets = w->frame.l2_octets;
	f->len_min = w->frame.len_min;
	f->len_max = w->frame.len_max;
	f->segments = w->frame.segments;
	f->way = knob_egress ? w->frame.ingress_if : w->frame.way;
	f->flow_label = p->flow_label;
	f->tcp_flags = p->tcp_flags;
	f->ttl = p->ttl;
	f->tos = p->tos;
	f->ip = p->family != 0;
	f->value_flags = nfp_value_flags(&w->frame, p);
	f->exact = 1;
	f->syn = (p->tcp_flags & NFP_TCP_SYN) != 0;
}

/* Counts p under w->key in the table of the row: enum nfp_in. */
static __noinline int nfp_table_count(struct nfp_work *w, __u32 row)
{
	const struct nfp_packet *p = &w->packet;
	const struct nfp_table_head *head;

	if (w->frame.ifindex >= NFP_TABLE_IFINDEX)
		return NFP_IN_NOT;
	head = nfp_table_of(&w->plain, &w->frame.bucket);
	if (!head)
		return NFP_IN_NOT;
	nfp_plain_make(w, p, row);
	return nfp_in_any(&w->plain, head, 0, p->dmac);
}

/* w->key is in the HASH from now on. */
static __noinline int nfp_table_elsewhere(struct nfp_work *w, __u32 row)
{
	struct nfp_table_head *head = nfp_table_of(&w->plain, &w->frame.bucket);
	struct nfp_plain *f = &w->plain;
	struct nfp_beside4 *beside;
	struct nfp_set6 *set6;
	__u64 hash;

	if (!head || row >= NFP_RING_ROWS)
		return 0;
	if (!(head->elsewhere & 1ULL << row))
		__sync_fetch_and_or(&head->elsewhere, 1ULL << row);
	f->row = row;
	f->bits = head->bits[row];
	if (!f->bits)
		return 0;
	__builtin_memcpy(&f->k0, &w->key, 6 * sizeof(f->k0));
	if (nfp_kind_of(row) == NFP_KIND_V4) {
		hash = nfp_hash_v4(f, head->seed);
		beside = nfp_beside_of(f, hash);
		if (beside)
			__sync_fetch_and_or(&beside->elsewhere[NFP_ELSEWHERE_WORD(hash)], NFP_ELSEWHERE_BIT(hash));
		return 1;
	}
	hash = nfp_kind_of(row) == NFP_KIND_V6 ? nfp_hash_v6(f, head->seed) : nfp_hash_eth(f, head->seed);
	set6 = nfp_set_of(f, hash, true);
	if (set6)
		__sync_fetch_and_or(&set6->elsewhere[NFP_ELSEWHERE_WORD(hash)], NFP_ELSEWHERE_BIT(hash));
	return 1;
}

/* ---- rows ------------------------------------------------------------------------------------------ */

/* Counts p under w->key in `row`; false if that row takes no new entry. ctx NULL: no route is asked for. */
static __always_inline bool nfp_count_key(void *ctx, __u32 row, struct nfp_work *w, const struct nfp_packet *p)
{
	struct nfp_value *value;
	void *flows;
	int in = NFP_IN_NOT;

	if (knob_table && row != NFP_P_tunnel) {
		in = nfp_table_count(w, row);
		if (in == NFP_IN_SLOT)
			return true;
		if (knob_fib && ctx && w->plain.way_known == NFP_WAY_WANTED) {
			NFP_KEEP(nfp_fib(ctx, w));
			if (nfp_table_count(w, row) == NFP_IN_SLOT)
				return true;
		}
	}
	value = nfp_lookup(row, &w->frame.bucket, &w->key, &flows);
	if (!flows) {
		nfp_status(NFP_C_map_missing, 1);
		return false;
	}
	if (!value) {
		long err;

		if (knob_fib && ctx && w->plain.way_known != NFP_WAY_KNOWN)
			NFP_KEEP(nfp_fib(ctx, w));
		err = nfp_insert(flows, w, p == &w->decap.flow, row);

		if (!err && knob_table && row != NFP_P_tunnel)
			NFP_KEEP(nfp_table_elsewhere(w, row));
		if (err != -NFP_EEXIST)
			return !err;
		/* Another task of this CPU made it meanwhile (PREEMPT_RT). */
		value = bpf_map_lookup_elem(flows, &w->key);
		if (!value)
			return false;
	}
	nfp_value_add(value, w, p);
	return true;
}

static __always_inline bool nfp_count_in(void *ctx, __u32 row, struct nfp_work *w)
{
	nfp_key_make(&w->key, row, &w->frame, &w->packet);
	return nfp_count_key(ctx, row, w, &w->packet);
}

/* Key of the flow inside the tunnels that were taken off. */
static __always_inline void nfp_key_tunnel_make(struct nfp_key_tunnel *key, const struct nfp_frame *f,
						const struct nfp_decap *d)
{
	__u32 depth = d->depth, i;

	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memcpy(key->saddr, d->flow.saddr, 32);
	__builtin_memcpy(key->tunnel_saddr, d->tunnel, 32);
	for (i = 0; i < NFP_DECAP_MAX; i++) {
		__u32 from = depth - 1 - i;

		NFP_OPAQUE(from);
		if (from >= NFP_DECAP_MAX)
			break;
		key->id[i] = d->id[from];
		key->type[i] = d->type[from];
	}
	key->row = d->flow.row;
	key->tunnel_version = d->version;
	nfp_key_meta(&key->meta, f, &d->flow);
	if (d->flow.row == NFP_P_ipv4 || d->flow.row == NFP_P_ipv6) {
		key->meta.protocol = d->flow.protocol;
	} else {
		key->meta.l4 = d->flow.l4;
		key->meta.flags |= d->flow.key_flags;
	}
}

static __noinline bool nfp_count_tunnel(void *ctx, struct nfp_work *w)
{
	nfp_key_tunnel_make(&w->key.tunnel, &w->frame, &w->decap);
	return nfp_count_key(ctx, NFP_P_tunnel, w, &w->decap.flow);
}

/* The last resort, which needs no insert. */
static __always_inline void nfp_count_in_hook(const struct nfp_frame *f, struct nfp_hook_row *row)
{
	nfp_add(&row->packets, f->segments);
	nfp_add(&row->octets, f->octets);
	nfp_add(&row->l2_octets, f->l2_octets);
	if (!row->first)
		row->first = f->now;
	row->last = f->now;
	nfp_status(NFP_C_coarsened_to_hook, f->segments);
}

/* Walks up from `row`. True: it ended in the hook's own row. */
static __noinline bool nfp_cascade(struct nfp_work *w, struct nfp_hook_row *hook_row, __u32 row)
{
	int i;

	w->frame.value_flags = NFP_V_COARSENED;
	if (knob_fib)
		nfp_fib_forget(w);
	nfp_status(NFP_C_coarsened, w->frame.segments);
	nfp_add(&hook_row->coarsened, w->frame.segments);
	for (i = 0; i < NFP_PARENTS_MAX + (knob_decap != 0); i++) {
		NFP_FORGET(row, w->frame.length);
		if (row >= NFP_P_hook)
			break;
		if (nfp_count_in(NULL, row, w))
			return false;
		row = nfp_parent(row);
	}
	nfp_count_in_hook(&w->frame, hook_row);
	return true;
}

/* Counts the packet once, at its deepest row that takes it. True: only the hook's row did. */
static __always_inline bool nfp_account(void *ctx, struct nfp_work *w, struct nfp_hook_row *hook_row)
{
	bool to_hook = false;

	if (knob_decap && w->decap.depth) {
		if (!nfp_count_tunnel(ctx, w)) {
			nfp_measure(&w->frame, &w->packet);
			to_hook = nfp_cascade(w, hook_row, w->packet.row);
		}
	} else if (!nfp_count_in(ctx, w->packet.row, w)) {
		to_hook = nfp_cascade(w, hook_row, nfp_parent(w->packet.row));
	}
	nfp_status(NFP_C_recorded, w->frame.segments);
	return to_hook;
}

#endif
