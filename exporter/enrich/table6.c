/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/table6.h"

#include <stdlib.h>
#include <string.h>

#include "enrich/flatten.h"
#include "enrich/pages.h"

typedef struct {
	GArray *starts, *values;             /* uint64_t, uint32_t */
	GArray *networks;                    /* NfpTable6Lower */
	GArray *lower_starts, *lower_values; /* uint64_t, uint32_t */
	const uint32_t *places;
} Build;

static const NfpRange *range_at(const GArray *ranges, guint i)
{
	return &g_array_index(ranges, NfpRange, i);
}

static uint64_t high_of(const GArray *ranges, guint i)
{
	return (uint64_t)(range_at(ranges, i)->start >> 64);
}

static void add_upper(Build *b, uint64_t start, uint32_t value)
{
	g_array_append_val(b->starts, start);
	g_array_append_val(b->values, value);
}

static void add_lower(Build *b, uint64_t start, uint32_t facts)
{
	g_array_append_val(b->lower_starts, start);
	g_array_append_val(b->lower_values, b->places[facts]);
}

/* Ranges first .. end-1 start in one /64, and not just one at its first address. */
static void add_network(Build *b, const GArray *ranges, guint first, guint end)
{
	NfpTable6Lower network = { .first = b->lower_starts->len };
	uint32_t before = first ? range_at(ranges, first - 1)->facts : 0;
	uint64_t high = high_of(ranges, first);

	if ((uint64_t)range_at(ranges, first)->start)
		add_lower(b, 0, before);
	for (guint i = first; i < end; i++)
		add_lower(b, (uint64_t)range_at(ranges, i)->start, range_at(ranges, i)->facts);
	network.n = b->lower_starts->len - network.first;
	add_upper(b, high, b->networks->len | NFP_TABLE6_LOWER);
	g_array_append_val(b->networks, network);
	/* The last of them goes on behind the network. */
	if (high != UINT64_MAX && (end == ranges->len || high_of(ranges, end) != high + 1))
		add_upper(b, high + 1, b->places[range_at(ranges, end - 1)->facts]);
}

static void add_all(Build *b, const GArray *ranges)
{
	for (guint first = 0, end; first < ranges->len; first = end) {
		for (end = first + 1; end < ranges->len && high_of(ranges, end) == high_of(ranges, first);)
			end++;
		if (end == first + 1 && !(uint64_t)range_at(ranges, first)->start)
			add_upper(b, high_of(ranges, first), b->places[range_at(ranges, first)->facts]);
		else
			add_network(b, ranges, first, end);
	}
}

static void add_levels(NfpTable6 *t)
{
	while (t->sizes[t->levels_n - 1] > NFP_TABLE6_NODE) {
		const uint64_t *below = t->levels[t->levels_n - 1];
		uint32_t n = (t->sizes[t->levels_n - 1] + NFP_TABLE6_NODE - 1) / NFP_TABLE6_NODE;
		uint64_t *keys = nfp_pages_alloc(n * sizeof(*keys));

		for (uint32_t i = 0; i < n; i++)
			keys[i] = below[i * NFP_TABLE6_NODE];
		t->sizes[t->levels_n] = n;
		t->levels[t->levels_n++] = keys;
	}
}

/* As large as it is, where it is quick to read; the array is gone. */
static void *settle(GArray *array)
{
	size_t octets = (size_t)array->len * g_array_get_element_size(array);
	void *memory = nfp_pages_alloc(octets);

	if (octets)
		memcpy(memory, array->data, octets);
	g_array_unref(array);
	return memory;
}

NfpTable6 *nfp_table6_new(const GArray *ranges, const uint32_t *places)
{
	NfpTable6 *t = g_new0(NfpTable6, 1);
	Build b = {
		.starts = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
		.values = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		.networks = g_array_new(FALSE, FALSE, sizeof(NfpTable6Lower)),
		.lower_starts = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
		.lower_values = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
		.places = places,
	};

	add_all(&b, ranges);
	t->sizes[0] = b.starts->len;
	t->networks_n = b.networks->len;
	t->lower_n = b.lower_starts->len;
	t->levels[0] = settle(b.starts);
	t->levels_n = 1;
	t->values = settle(b.values);
	t->networks = settle(b.networks);
	t->lower_starts = settle(b.lower_starts);
	t->lower_values = settle(b.lower_values);
	add_levels(t);
	return t;
}

void nfp_table6_find_many(const NfpTable6 *t, const NfpTable6Address *addresses, uint32_t *ret_values, uint32_t n)
{
	uint32_t ranges[NFP_TABLE6_MANY] = { 0 };

	for (uint32_t level = t->levels_n; level-- > 0;) {
		for (uint32_t i = 0; i < n; i++) {
			ranges[i] = nfp_table6_step(t, level, ranges[i], addresses[i].high);
			if (!level) {
				__builtin_prefetch(&t->values[ranges[i]]);
				continue;
			}
			/* A node of 16 keys has two lines or three. */
			__builtin_prefetch(&t->levels[level - 1][ranges[i] * NFP_TABLE6_NODE]);
			__builtin_prefetch(&t->levels[level - 1][ranges[i] * NFP_TABLE6_NODE + NFP_TABLE6_NODE / 2]);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		ret_values[i] = nfp_table6_value(t, ranges[i], addresses[i].low);
}

size_t nfp_table6_memory(const NfpTable6 *t)
{
	size_t octets = sizeof(*t) + t->sizes[0] * sizeof(*t->values) + t->networks_n * sizeof(*t->networks) +
			t->lower_n * (sizeof(*t->lower_starts) + sizeof(*t->lower_values));

	for (uint32_t level = 0; level < t->levels_n; level++)
		octets += t->sizes[level] * sizeof(uint64_t);
	return octets;
}

void nfp_table6_free(NfpTable6 *t)
{
	if (!t)
		return;
	for (uint32_t level = 0; level < t->levels_n; level++)
		free(t->levels[level]);
	free(t->values);
	free(t->networks);
	free(t->lower_starts);
	free(t->lower_values);
	g_free(t);
}
