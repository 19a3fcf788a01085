/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair/match.h"

#include <stdlib.h>
#include <string.h>

#define TCP_SYN 0x02
#define TCP_ACK 0x10

struct NfpMatcher {
	NfpDirections *directions;
	uint64_t seed;   /* so that nobody can choose flows that collide */
	uint32_t *table; /* index of a flow's first entry; open addressing */
	uint32_t room;   /* of the table, a power of two */
	GArray *sides[2]; /* of a flow in many records: Candidate */
};

typedef struct {
	uint64_t rank; /* what has to be equal */
	uint32_t index;
} Candidate;

/* What the records of a flow tell of one side. */
typedef struct {
	gboolean seen;
	uint64_t first_ns;
	gboolean syn;      /* in any packet */
	gboolean syn_only; /* a record with SYN and without ACK: who sends it begins */
} Evidence;

NfpMatcher *nfp_matcher_new(NfpDirections *directions)
{
	NfpMatcher *matcher = g_new0(NfpMatcher, 1);

	matcher->directions = directions;
	matcher->seed = (uint64_t)g_random_int() << 32 | g_random_int();
	for (guint i = 0; i < 2; i++)
		matcher->sides[i] = g_array_new(FALSE, FALSE, sizeof(Candidate));
	return matcher;
}

void nfp_matcher_free(NfpMatcher *matcher)
{
	if (!matcher)
		return;
	for (guint i = 0; i < 2; i++)
		g_array_unref(matcher->sides[i]);
	g_free(matcher->table);
	g_free(matcher);
}

void nfp_matcher_enter(const NfpMatcher *matcher, const NfpRecord *record, NfpPairEntry *entry)
{
	*entry = (NfpPairEntry){
		.record = record,
		.partner = NFP_PAIR_NONE,
		.next = NFP_PAIR_NONE,
		.first_ns = record->first_ns,
		.tcp_flags = record->tcp_flags,
		.began = TRUE,
		.direction = NFP_BIFLOW_ARBITRARY,
	};
	entry->kind = nfp_pair_key(record, &entry->key, &entry->side);
	if (entry->kind != NFP_PAIR_NEVER)
		entry->hash = nfp_pair_hash(&entry->key, record, entry->side, matcher->seed);
}

/* ---- who began ----------------------------------------------------------------------------------- */

static void learn(Evidence evidence[2], const NfpPairEntry *entry)
{
	Evidence *e = &evidence[entry->side];

	e->first_ns = e->seen ? MIN(e->first_ns, entry->first_ns) : entry->first_ns;
	e->seen = TRUE;
	e->syn |= (entry->tcp_flags & TCP_SYN) != 0;
	e->syn_only |= (entry->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static uint8_t seen_first(const Evidence evidence[2])
{
	if (!evidence[0].seen || !evidence[1].seen)
		return evidence[1].seen;
	return evidence[1].first_ns < evidence[0].first_ns;
}

/* The flags are those of all packets of a bucket: both sides have SYN and ACK after a handshake, and the first
 * packet of the one that began was the first of all. */
static NfpBeginner tcp_beginner(const Evidence evidence[2], const NfpBeginner *known)
{
	if (evidence[0].syn_only != evidence[1].syn_only)
		return (NfpBeginner){ evidence[1].syn_only, TRUE };
	if (known && known->sure)
		return *known;
	if (evidence[0].syn && evidence[1].syn)
		return (NfpBeginner){ seen_first(evidence), TRUE };
	return known ? *known : (NfpBeginner){ seen_first(evidence), FALSE };
}

static NfpBeginner timed_beginner(const Evidence evidence[2], const NfpBeginner *known)
{
	gboolean tie = evidence[0].seen && evidence[1].seen && evidence[0].first_ns == evidence[1].first_ns;

	return known ? *known : (NfpBeginner){ seen_first(evidence), !tie };
}

/* hash, kind: of the flow. */
static NfpBeginner find_beginner(NfpMatcher *matcher, const NfpPairEntry *entry, const Evidence evidence[2])
{
	NfpBeginner known, beginner = { 0, TRUE };
	const NfpBeginner *before;

	if (entry->kind == NFP_PAIR_ASKED)
		return beginner;
	before = nfp_directions_get(matcher->directions, entry->hash, &known) ? &known : NULL;
	beginner = entry->kind == NFP_PAIR_TCP ? tcp_beginner(evidence, before) : timed_beginner(evidence, before);
	nfp_directions_put(matcher->directions, entry->hash, beginner);
	return beginner;
}

static void set_direction(NfpPairEntry *entry, NfpBeginner beginner)
{
	entry->began = entry->side == beginner.side;
	entry->direction = !beginner.sure ? NFP_BIFLOW_ARBITRARY :
			   entry->began	  ? NFP_BIFLOW_INITIATOR :
					    NFP_BIFLOW_REVERSE_INITIATOR;
}

void nfp_matcher_alone(NfpMatcher *matcher, NfpPairEntry *entry)
{
	Evidence evidence[2] = { 0 };

	if (entry->kind == NFP_PAIR_NEVER)
		return;
	learn(evidence, entry);
	set_direction(entry, find_beginner(matcher, entry, evidence));
}

/* ---- partners ------------------------------------------------------------------------------------ */

static uint64_t rank_by_role(const NfpRecord *r)
{
	return ((uint64_t)r->direction << 32) + ((uint64_t)(r->have & NFP_HAVE_VLAN ? r->vlan_id + 1 : 0) << 19) +
	       ((uint64_t)(r->have & NFP_HAVE_CVLAN ? r->cvlan_id + 1 : 0) << 6) + r->dscp;
}

static uint64_t rank_by_direction(const NfpRecord *r)
{
	return r->direction;
}

static uint64_t rank_by_interface(const NfpRecord *r)
{
	return r->ifindex;
}

static uint64_t rank_by_nothing(const NfpRecord *r)
{
	return 0;
}

static int by_rank(const void *a, const void *b)
{
	const Candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Those that have no partner yet, in order of rank. */
static void rank_side(GArray *side, const NfpPairEntry *entries, uint64_t (*rank)(const NfpRecord *r))
{
	guint left = 0;

	for (guint i = 0; i < side->len; i++) {
		Candidate c = g_array_index(side, Candidate, i);

		if (entries[c.index].partner != NFP_PAIR_NONE)
			continue;
		c.rank = rank(entries[c.index].record);
		g_array_index(side, Candidate, left++) = c;
	}
	g_array_set_size(side, left);
	/* g_array_sort() would take as much memory again. */
	qsort(side->data, left, sizeof(Candidate), by_rank);
}

static void join(NfpPairEntry *entries, uint32_t a, uint32_t b)
{
	entries[a].partner = b;
	entries[b].partner = a;
}

static void join_ranks(NfpMatcher *matcher, NfpPairEntry *entries)
{
	GArray *low = matcher->sides[0], *high = matcher->sides[1];

	for (guint i = 0, j = 0; i < low->len && j < high->len;) {
		Candidate a = g_array_index(low, Candidate, i), b = g_array_index(high, Candidate, j);

		if (a.rank == b.rank) {
			join(entries, a.index, b.index);
			i++;
			j++;
		} else if (a.rank < b.rank) {
			i++;
		} else {
			j++;
		}
	}
}

static void join_many(NfpMatcher *matcher, NfpPairEntry *entries, uint32_t first)
{
	uint64_t (*const ranks[])(const NfpRecord *r) = { rank_by_role, rank_by_direction, rank_by_interface,
							   rank_by_nothing };

	for (guint side = 0; side < 2; side++)
		g_array_set_size(matcher->sides[side], 0);
	for (uint32_t i = first; i != NFP_PAIR_NONE; i = entries[i].next) {
		Candidate candidate = { 0, i };

		g_array_append_val(matcher->sides[entries[i].side], candidate);
	}
	for (guint i = 0; i < G_N_ELEMENTS(ranks) && matcher->sides[0]->len && matcher->sides[1]->len; i++) {
		for (guint side = 0; side < 2; side++)
			rank_side(matcher->sides[side], entries, ranks[i]);
		join_ranks(matcher, entries);
	}
}

/* ---- flows --------------------------------------------------------------------------------------- */

static gboolean same_flow(const NfpPairEntry *a, const NfpPairEntry *b)
{
	return a->hash == b->hash && !memcmp(&a->key, &b->key, sizeof(a->key)) &&
	       (!a->key.tunnel || nfp_pair_same_tunnel(a->record, a->side, b->record, b->side));
}

/* Into the flow's list; the first of a flow is in the table. */
static void insert(NfpMatcher *matcher, NfpPairEntry *entries, uint32_t index)
{
	NfpPairEntry *entry = &entries[index];
	uint32_t mask = matcher->room - 1;

	for (uint32_t at = (uint32_t)entry->hash & mask;; at = (at + 1) & mask) {
		NfpPairEntry *first;

		if (matcher->table[at] == NFP_PAIR_NONE) {
			matcher->table[at] = index;
			entry->last = index;
			return;
		}
		first = &entries[matcher->table[at]];
		if (!same_flow(first, entry))
			continue;
		entries[first->last].next = index;
		first->last = index;
		entry->last = NFP_PAIR_NONE;
		return;
	}
}

static void settle(NfpMatcher *matcher, NfpPairEntry *entries, uint32_t first)
{
	Evidence evidence[2] = { 0 };
	NfpBeginner beginner;
	uint32_t second = entries[first].next;

	for (uint32_t i = first; i != NFP_PAIR_NONE; i = entries[i].next)
		learn(evidence, &entries[i]);
	beginner = find_beginner(matcher, &entries[first], evidence);
	for (uint32_t i = first; i != NFP_PAIR_NONE; i = entries[i].next)
		set_direction(&entries[i], beginner);
	if (!evidence[0].seen || !evidence[1].seen)
		return;
	if (entries[second].next == NFP_PAIR_NONE)
		join(entries, first, second);
	else
		join_many(matcher, entries, first);
}

static void clear_table(NfpMatcher *matcher, uint32_t n)
{
	uint32_t room = 64;

	while (room / 2 < n)
		room *= 2;
	if (room != matcher->room) {
		g_free(matcher->table);
		matcher->table = g_new(uint32_t, room);
		matcher->room = room;
	}
	memset(matcher->table, 0xff, room * sizeof(*matcher->table));
}

void nfp_matcher_run(NfpMatcher *matcher, NfpPairEntry *entries, uint32_t n)
{
	clear_table(matcher, n);
	for (uint32_t i = 0; i < n; i++)
		if (entries[i].kind != NFP_PAIR_NEVER)
			insert(matcher, entries, i);
	for (uint32_t i = 0; i < n; i++)
		if (entries[i].kind != NFP_PAIR_NEVER && entries[i].last != NFP_PAIR_NONE)
			settle(matcher, entries, i);
}
