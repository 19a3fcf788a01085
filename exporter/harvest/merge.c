/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/merge.h"

#include <string.h>

#include "harvest/aside.h"
#include "harvest/rows.h"
#include "harvest/uid.h"

#define RUN 256      /* flowIds made at a time */
#define BITS_ENTRY 4 /* of each filter, an entry that may be: an eighth of the single ones is taken for twins at full load */

/*
 * Most flows have one entry, and whether a flow has more is known when all were seen. So the entries are gone over twice:
 * first their flowIds alone, into two filters of one bit an id, "seen" and "seen again"; then entries whose id is
 * in the second (twins, and some that share a bit with others) are put aside, and all others are flows as they
 * are. Where no hook has packets on two CPUs, once is enough.
 */
struct NfpMerge {
	enum nfp_protocol row;
	size_t key_size;
	uint64_t seed;
	bool with_cpu;
	NfpScan *scan;
	NfpScan *own;        /* of nfp_merge_begin() */
	NfpEntries piece;
	size_t at;           /* of the piece */
	uint64_t entries;    /* gone over */
	uint64_t *filter;    /* words of 32 bits "seen", above them 32 "seen again" */
	size_t words;        /* a power of two; 0: none was needed */
	size_t room;
	uint64_t secret;     /* so that nobody can choose flows that share bits */
	NfpAside *aside;     /* NULL until needed */
	uint64_t ids[RUN];
};

NfpMerge *nfp_merge_new(void)
{
	NfpMerge *m = g_new0(NfpMerge, 1);

	m->secret = ((uint64_t)g_random_int() << 32 | g_random_int()) | 1;
	return m;
}

static void drop_own(NfpMerge *m)
{
	if (m->own)
		m->own->free(m->own);
	m->own = NULL;
}

void nfp_merge_free(NfpMerge *m)
{
	if (!m)
		return;
	drop_own(m);
	g_free(m->filter);
	nfp_aside_free(m->aside);
	g_free(m);
}

/* Of packets that a filter let pass. */
static void join_samplers(struct nfp_hook_row *a, const struct nfp_hook_row *b)
{
	if (a->seen == a->lost[NFP_LOST_filtered])
		a->sampler.rate = b->sampler.rate;
	else if (b->seen != b->lost[NFP_LOST_filtered] && MAX(a->sampler.rate, 1) != MAX(b->sampler.rate, 1))
		a->sampler.rate = NFP_SAMPLE_SEVERAL;
}

void nfp_hook_row_merge(struct nfp_hook_row *a, const struct nfp_hook_row *b)
{
	join_samplers(a, b);
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

/* ---- filter -------------------------------------------------------------------------------------- */

static const char *key_at(const NfpMerge *m, size_t i)
{
	return (const char *)m->piece.keys + i * m->key_size;
}

static bool next_piece(NfpMerge *m)
{
	m->entries += m->at;
	m->at = 0;
	m->piece.n = 0;
	return m->scan->next(m->scan, &m->piece);
}

/* flowIds of the next entries of the piece, no more than `max`. */
static size_t make_ids(NfpMerge *m, size_t max)
{
	size_t n = MIN(MIN(m->piece.n - m->at, max), RUN);

	nfp_uid_flow_ids(m->seed, m->row, key_at(m, m->at), n, m->with_cpu, m->ids);
	return n;
}

static uint64_t *word_of(const NfpMerge *m, uint64_t id, uint64_t *ret_bit)
{
	uint64_t mixed = id * m->secret;

	*ret_bit = (uint64_t)1 << (mixed >> 59);
	return &m->filter[(mixed >> 27) & (m->words - 1)];
}

static void reserve(NfpMerge *m)
{
	size_t words = 1;

	while (words * 32 < m->scan->entries * BITS_ENTRY)
		words *= 2;
	if (words > m->room || words < m->room / 16) { /* memory of larger buckets is given back */
		g_free(m->filter);
		m->filter = g_new(uint64_t, words);
		m->room = words;
	}
	m->words = words;
	memset(m->filter, 0, words * sizeof(*m->filter));
}

/* Goes over the keys. */
static void fill_filter(NfpMerge *m)
{
	uint16_t cpu = 0;
	bool any = false, several = false;

	reserve(m);
	m->scan->rewind(m->scan, true);
	while (next_piece(m)) {
		if (!any)
			cpu = nfp_key_meta_of(key_at(m, 0), m->key_size)->cpu;
		any = true;
		while (m->at < m->piece.n) {
			size_t n = make_ids(m, RUN);

			for (size_t i = 0; i < n; i++) {
				uint64_t bit, *word = word_of(m, m->ids[i], &bit);

				several |= nfp_key_meta_of(key_at(m, m->at + i), m->key_size)->cpu != cpu;
				*word |= bit | (*word & bit) << 32;
			}
			m->at += n;
		}
	}
	if (!several)
		m->words = 0;
}

void nfp_merge_begin_scan(NfpMerge *m, enum nfp_protocol row, NfpScan *scan, uint64_t seed, bool with_cpu, bool one_cpu)
{
	m->row = row;
	m->key_size = nfp_rows[row].key_size;
	m->seed = seed;
	m->with_cpu = with_cpu;
	m->scan = scan;
	m->words = 0;
	if (m->aside)
		nfp_aside_clear(m->aside);
	if (!with_cpu && !one_cpu && scan->entries > 1)
		fill_filter(m);
	if (m->words && !m->aside)
		m->aside = nfp_aside_new();
	if (m->words)
		nfp_aside_begin(m->aside, m->key_size, scan->entries, m->secret);
	m->piece.n = m->at = m->entries = 0;
	scan->rewind(scan, false);
}

void nfp_merge_begin(NfpMerge *m, enum nfp_protocol row, const NfpEntries *entries, uint64_t seed, bool with_cpu)
{
	drop_own(m);
	m->own = nfp_scan_new(entries);
	nfp_merge_begin_scan(m, row, m->own, seed, with_cpu, false);
}

/* ---- flows --------------------------------------------------------------------------------------- */

static bool has_twin(const NfpMerge *m, uint64_t id)
{
	uint64_t bit, *word = word_of(m, id, &bit);

	return *word >> 32 & bit;
}

static size_t single_flows(NfpMerge *m, NfpFlow *ret, size_t max)
{
	size_t n = make_ids(m, max), made = 0;

	for (size_t i = 0; i < n; i++) {
		const char *key = key_at(m, m->at + i);
		const struct nfp_value *value = &m->piece.values[m->at + i];

		if (m->words && has_twin(m, m->ids[i]))
			nfp_aside_add(m->aside, m->ids[i], key, value);
		else
			ret[made++] = (NfpFlow){ key, value, m->ids[i] };
	}
	m->at += n;
	return made;
}

size_t nfp_merge_flows(NfpMerge *m, NfpFlow *ret, size_t max)
{
	while (m->at < m->piece.n || next_piece(m)) {
		size_t made = single_flows(m, ret, max);

		if (made)
			return made;
	}
	return m->words ? nfp_aside_flows(m->aside, ret, max) : 0;
}

uint64_t nfp_merge_entries(const NfpMerge *m)
{
	return m->entries + m->at;
}

bool nfp_merge_next(NfpMerge *m, const void **ret_key, uint64_t *ret_flow_id, struct nfp_value *ret_value)
{
	NfpFlow flow;

	if (!nfp_merge_flows(m, &flow, 1))
		return false;
	*ret_key = flow.key;
	*ret_flow_id = flow.id;
	*ret_value = *flow.value;
	return true;
}
