/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/enrich_rows.h"

static NfpAddress bits(GRand *random)
{
	NfpAddress value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 32 | g_rand_int(random);
	return value;
}

NfpAddress nfp_random_address(GRand *random, uint8_t family)
{
	return bits(random) & nfp_prefix_mask(nfp_family_bits(family));
}

static uint32_t random_facts(GRand *random, NfpFactsPool *pool)
{
	NfpFacts facts = { 0 };

	if (g_rand_boolean(random))
		facts.as_number = (uint32_t)g_rand_int_range(random, 1, 4);
	for (guint i = 0; i < NFP_FACT_TEXTS; i++)
		if (g_rand_int_range(random, 0, 3) == 0)
			facts.text[i] = (uint32_t)g_rand_int_range(random, 1, 4);
	return nfp_facts_add(pool, &facts);
}

GArray *nfp_random_rows(GRand *random, uint8_t family, guint n, bool near, NfpFactsPool *pool)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	uint8_t most = nfp_family_bits(family);

	for (guint i = 0; i < n; i++) {
		NfpPrefixRow row = {
			.facts = random_facts(random, pool),
			.priority = g_rand_int_range(random, -1, 2),
			.order = i,
			.length = (uint8_t)g_rand_int_range(random, 0, most + 1),
		};

		if (i % 8 == 0)
			row.length = most;
		if (near) /* some bits at both ends of the address may differ */
			row.first = (bits(random) & ((NfpAddress)7 << 125)) |
				    (bits(random) & ((NfpAddress)15 << (128 - most)));
		else
			row.first = nfp_random_address(random, family);
		row.first &= nfp_prefix_mask(row.length);
		g_array_append_val(rows, row);
	}
	return rows;
}

NfpAddress nfp_random_border(GRand *random, const GArray *rows, uint8_t family)
{
	NfpAddress one = (NfpAddress)1 << (128 - nfp_family_bits(family)), address;
	const NfpPrefixRow *row;

	if (!rows->len)
		return nfp_random_address(random, family);
	row = &g_array_index(rows, NfpPrefixRow, g_rand_int_range(random, 0, (gint32)rows->len));
	address = g_rand_boolean(random) ? row->first : row->first | ~nfp_prefix_mask(row->length);
	address += (NfpAddress)(guint64)g_rand_int_range(random, 0, 3) * one - one;
	return address & nfp_prefix_mask(nfp_family_bits(family));
}

static const NfpPrefixRow *best(const GArray *rows, NfpAddress address, uint8_t length, const GHashTable *taken)
{
	const NfpPrefixRow *found = NULL;

	for (guint i = 0; i < rows->len; i++) {
		const NfpPrefixRow *row = &g_array_index(rows, NfpPrefixRow, i);

		if (row->length != length || (address & nfp_prefix_mask(length)) != row->first ||
		    g_hash_table_contains((GHashTable *)taken, row))
			continue;
		if (!found || row->priority > found->priority ||
		    (row->priority == found->priority && row->order > found->order))
			found = row;
	}
	return found;
}

uint32_t nfp_naive_facts(const GArray *rows, NfpAddress address, NfpFactsPool *pool)
{
	uint32_t result = 0;

	for (int length = 0; length <= 128; length++) {
		g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);
		const NfpPrefixRow *row;
		uint32_t own = 0;

		while ((row = best(rows, address, (uint8_t)length, taken))) {
			g_hash_table_add(taken, (void *)row);
			own = nfp_facts_merge(pool, own, row->facts);
		}
		result = nfp_facts_merge(pool, own, result);
	}
	return result;
}
