/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/table4.h"

#include <stdlib.h>
#include <string.h>

#include "enrich/flatten.h"
#include "enrich/pages.h"

#define SLOTS 65536

static uint32_t start_of(const GArray *ranges, guint i)
{
	return (uint32_t)(g_array_index(ranges, NfpRange, i).start >> 96);
}

/* Ranges, and one more for each slot that begins inside of one. */
static uint32_t count(const GArray *ranges)
{
	uint32_t n = SLOTS;

	for (guint i = 0; i < ranges->len; i++)
		n += (start_of(ranges, i) & 0xffff) != 0;
	return n;
}

NfpTable4 *nfp_table4_new(const GArray *ranges, const uint32_t *places)
{
	NfpTable4 *t = g_new0(NfpTable4, 1);
	uint32_t n = count(ranges);
	guint i = 0;

	t->starts = nfp_pages_alloc((n + NFP_TABLE4_RUN) * sizeof(*t->starts));
	memset(t->starts + n, 0, NFP_TABLE4_RUN * sizeof(*t->starts));
	t->values = nfp_pages_alloc(n * sizeof(*t->values));
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		t->index[slot] = t->n;
		/* i: the first range that starts behind the slot's first address. */
		while (i < ranges->len && start_of(ranges, i) <= slot << 16)
			i++;
		t->starts[t->n] = 0;
		t->values[t->n++] = places[g_array_index(ranges, NfpRange, i - 1).facts];
		for (; i < ranges->len && start_of(ranges, i) >> 16 == slot; i++) {
			t->starts[t->n] = (uint16_t)start_of(ranges, i);
			t->values[t->n++] = places[g_array_index(ranges, NfpRange, i).facts];
		}
	}
	t->index[SLOTS] = t->n;
	return t;
}

void nfp_table4_find_many(const NfpTable4 *t, const uint32_t *addresses, uint32_t *ret_values, uint32_t n)
{
	uint32_t ranges[NFP_TABLE4_MANY];

	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&t->index[addresses[i] >> 16]);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t begin = t->index[addresses[i] >> 16], end = t->index[(addresses[i] >> 16) + 1];

		/* The search begins in the middle; most are done within a line of it. */
		__builtin_prefetch(&t->starts[begin]);
		__builtin_prefetch(&t->starts[begin + (end - begin) / 2]);
	}
	for (uint32_t i = 0; i < n; i++) {
		ranges[i] = nfp_table4_range(t, addresses[i]);
		__builtin_prefetch(&t->values[ranges[i]]);
	}
	for (uint32_t i = 0; i < n; i++)
		ret_values[i] = t->values[ranges[i]];
}

size_t nfp_table4_memory(const NfpTable4 *t)
{
	return sizeof(*t) + (size_t)t->n * (sizeof(*t->starts) + sizeof(*t->values)) + NFP_TABLE4_RUN * sizeof(*t->starts);
}

void nfp_table4_free(NfpTable4 *t)
{
	if (!t)
		return;
	free(t->starts);
	free(t->values);
	g_free(t);
}
