/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/flatten.h"

#include <stdlib.h>

/* A prefix around the one that is looked at: at most one of each length. */
typedef struct {
	NfpAddress last;
	uint32_t facts;
} Around;

typedef struct {
	GArray *ranges;
	Around stack[129];
	guint depth;
} Sweep;

static int compare(const void *a, const void *b)
{
	const NfpPrefixRow *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->order < y->order) - (x->order > y->order);
}

static NfpRange *range_at(GArray *ranges, guint from_end)
{
	return ranges->len < from_end ? NULL : &g_array_index(ranges, NfpRange, ranges->len - from_end);
}

static void emit(Sweep *s, NfpAddress start, uint32_t facts)
{
	NfpRange range = { start, facts };

	if (range_at(s->ranges, 1) && range_at(s->ranges, 1)->start == start)
		g_array_set_size(s->ranges, s->ranges->len - 1);
	if (!range_at(s->ranges, 1) || range_at(s->ranges, 1)->facts != facts)
		g_array_append_val(s->ranges, range);
}

static uint32_t around(const Sweep *s)
{
	return s->depth ? s->stack[s->depth - 1].facts : 0;
}

/* Leaves the innermost prefix: behind it the one around it goes on. */
static void leave(Sweep *s)
{
	NfpAddress last = s->stack[--s->depth].last;

	if (last != ~(NfpAddress)0)
		emit(s, last + 1, around(s));
}

static uint32_t merge(NfpFactsPool *pool, uint32_t first, uint32_t rest)
{
	if (pool)
		return nfp_facts_merge(pool, first, rest);
	return first ? first : rest;
}

GArray *nfp_flatten(GArray *rows, NfpFactsPool *pool)
{
	Sweep s = { .ranges = g_array_new(FALSE, FALSE, sizeof(NfpRange)) };

	if (rows->len)
		qsort(rows->data, rows->len, sizeof(NfpPrefixRow), compare);
	emit(&s, 0, 0);
	for (guint i = 0; i < rows->len;) {
		const NfpPrefixRow *row = &g_array_index(rows, NfpPrefixRow, i);
		NfpAddress last = row->first | ~nfp_prefix_mask(row->length);
		uint32_t facts = 0;

		for (; i < rows->len && g_array_index(rows, NfpPrefixRow, i).first == row->first &&
		       g_array_index(rows, NfpPrefixRow, i).length == row->length; i++)
			facts = merge(pool, facts, g_array_index(rows, NfpPrefixRow, i).facts);
		while (s.depth && s.stack[s.depth - 1].last < row->first)
			leave(&s);
		facts = merge(pool, facts, around(&s));
		emit(&s, row->first, facts);
		s.stack[s.depth++] = (Around){ last, facts };
	}
	while (s.depth)
		leave(&s);
	return s.ranges;
}
