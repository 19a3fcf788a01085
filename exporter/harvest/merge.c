/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/merge.h"

#include <string.h>

#include "harvest/rows.h"
#include "harvest/uid.h"

#define NONE UINT32_MAX
#define OPTION_WSCALE (1u << 3) /* of tcp_options */
#define KEEP_ENTRIES (1u << 20) /* memory of larger buckets is given back */

struct NfpMerge {
	enum nfp_protocol row;
	const NfpEntries *entries;
	uint64_t seed;
	bool with_cpu, indexed;
	size_t at;
	/* indexed: entries of one flow are a chain, its head is the first of them */
	uint32_t *table; /* slot -> head, NONE = free; size is a power of two >= 2 * entries */
	uint32_t *next;  /* entry -> next of its chain */
	uint32_t *tail;  /* head -> last of its chain; NONE: not a head */
	uint64_t *flow_id;
	size_t table_size, capacity;
};

NfpMerge *nfp_merge_new(void)
{
	return g_new0(NfpMerge, 1);
}

static void drop_memory(NfpMerge *m)
{
	g_clear_pointer(&m->table, g_free);
	g_clear_pointer(&m->next, g_free);
	g_clear_pointer(&m->tail, g_free);
	g_clear_pointer(&m->flow_id, g_free);
	m->table_size = 0;
	m->capacity = 0;
}

void nfp_merge_free(NfpMerge *m)
{
	if (!m)
		return;
	drop_memory(m);
	g_free(m);
}

void nfp_value_merge(struct nfp_value *a, const struct nfp_value *b)
{
	struct nfp_value sum = b->first < a->first ? *b : *a; /* cold fields of the earliest */

	sum.packets = a->packets + b->packets;
	sum.octets = a->octets + b->octets;
	sum.l2_octets = a->l2_octets + b->l2_octets;
	sum.last = MAX(a->last, b->last);
	sum.len_min = MIN(a->len_min, b->len_min);
	sum.len_max = MAX(a->len_max, b->len_max);
	sum.ttl_min = MIN(a->ttl_min, b->ttl_min);
	sum.ttl_max = MAX(a->ttl_max, b->ttl_max);
	sum.tcp_flags = a->tcp_flags | b->tcp_flags;
	sum.ecn = a->ecn | b->ecn;
	sum.flags = a->flags | b->flags;
	if (!(sum.tcp_options & OPTION_WSCALE))
		sum.tcp_wscale = a->tcp_options & OPTION_WSCALE ? a->tcp_wscale : b->tcp_wscale;
	if (!sum.tcp_mss)
		sum.tcp_mss = a->tcp_mss ? a->tcp_mss : b->tcp_mss;
	sum.tcp_options = a->tcp_options | b->tcp_options;
	*a = sum;
}

void nfp_hook_row_merge(struct nfp_hook_row *a, const struct nfp_hook_row *b)
{
	a->seen += b->seen;
	a->seen_skbs += b->seen_skbs;
	a->seen_skb_bytes += b->seen_skb_bytes;
	a->coarsened += b->coarsened;
	for (int i = 0; i < NFP_LOST_N; i++)
		a->lost[i] += b->lost[i];
	a->packets += b->packets;
	a->octets += b->octets;
	a->l2_octets += b->l2_octets;
	if (b->first && (!a->first || b->first < a->first))
		a->first = b->first;
	a->last = MAX(a->last, b->last);
}

static const void *key_at(const NfpMerge *m, size_t i)
{
	return (const char *)m->entries->keys + i * m->entries->key_size;
}

static bool several_cpus(const NfpEntries *entries)
{
	const char *key = entries->keys;
	uint16_t cpu;

	if (!entries->n)
		return false;
	cpu = nfp_key_meta_of(key, entries->key_size)->cpu;
	for (size_t i = 1; i < entries->n; i++) {
		key += entries->key_size;
		if (nfp_key_meta_of(key, entries->key_size)->cpu != cpu)
			return true;
	}
	return false;
}

static void reserve(NfpMerge *m, size_t n)
{
	size_t size = 64;

	while (size < 2 * n)
		size *= 2;
	if (n > m->capacity || (m->capacity > KEEP_ENTRIES && n <= KEEP_ENTRIES)) {
		drop_memory(m);
		m->capacity = MAX(n, 4096);
		m->next = g_new(uint32_t, m->capacity);
		m->tail = g_new(uint32_t, m->capacity);
		m->flow_id = g_new(uint64_t, m->capacity);
	}
	if (size > m->table_size) {
		g_free(m->table);
		m->table = g_new(uint32_t, size);
	}
	m->table_size = size;
	memset(m->table, 0xff, size * sizeof(*m->table));
}

/* The flowId, which leaves the CPU out, is the hash of the index too. */
static void index_entries(NfpMerge *m)
{
	size_t n = m->entries->n, key_size = m->entries->key_size;

	reserve(m, n);
	for (size_t i = 0; i < n; i++) {
		const void *key = key_at(m, i);
		uint64_t id = nfp_uid_flow_id(m->seed, m->row, key, false);
		size_t slot = id & (m->table_size - 1);
		uint32_t head;

		m->flow_id[i] = id;
		m->next[i] = NONE;
		while ((head = m->table[slot]) != NONE &&
		       !(m->flow_id[head] == id && nfp_key_same_flow(key_at(m, head), key, key_size)))
			slot = (slot + 1) & (m->table_size - 1);
		if (head == NONE) {
			m->table[slot] = i;
			m->tail[i] = i;
		} else {
			m->next[m->tail[head]] = i;
			m->tail[head] = i;
			m->tail[i] = NONE;
		}
	}
}

void nfp_merge_begin(NfpMerge *m, enum nfp_protocol row, const NfpEntries *entries, uint64_t seed, bool with_cpu)
{
	m->row = row;
	m->entries = entries;
	m->seed = seed;
	m->with_cpu = with_cpu;
	m->at = 0;
	m->indexed = !with_cpu && several_cpus(entries);
	if (m->indexed)
		index_entries(m);
}

bool nfp_merge_next(NfpMerge *m, const void **ret_key, uint64_t *ret_flow_id, struct nfp_value *ret_value)
{
	const NfpEntries *e = m->entries;

	while (m->indexed && m->at < e->n && m->tail[m->at] == NONE)
		m->at++;
	if (m->at >= e->n)
		return false;
	*ret_key = key_at(m, m->at);
	*ret_value = e->values[m->at];
	if (m->indexed) {
		*ret_flow_id = m->flow_id[m->at];
		for (uint32_t i = m->next[m->at]; i != NONE; i = m->next[i])
			nfp_value_merge(ret_value, &e->values[i]);
	} else {
		*ret_flow_id = nfp_uid_flow_id(m->seed, m->row, *ret_key, m->with_cpu);
	}
	m->at++;
	return true;
}
