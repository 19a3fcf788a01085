/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/table4.h"

#include <criterion/criterion.h>

#include "support/enrich_rows.h"

/* Value n of range n, so that each is told from each. */
static NfpTable4 *table_of(GArray *ranges, guint n)
{
	g_autofree uint32_t *places = g_new(uint32_t, n);

	for (guint i = 0; i < n; i++)
		places[i] = i * 3;
	return nfp_table4_new(ranges, places);
}

/* Many at once, in every number, are what each is alone. */
Test(table4, many_are_as_one)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = nfp_random_rows(random, 4, 500, false, pool);
	g_autoptr(GArray) ranges = nfp_flatten(rows, pool);
	g_autoptr(NfpTable4) table = table_of(ranges, nfp_facts_n(pool));

	for (uint32_t n = 0; n <= NFP_TABLE4_MANY; n++) {
		uint32_t addresses[NFP_TABLE4_MANY], values[NFP_TABLE4_MANY];

		for (uint32_t i = 0; i < n; i++)
			addresses[i] = (uint32_t)(nfp_random_border(random, rows, 4) >> 96);
		nfp_table4_find_many(table, addresses, values, n);
		for (uint32_t i = 0; i < n; i++)
			cr_assert_eq(values[i], nfp_table4_find(table, addresses[i]));
	}
}

Test(table4, finds_what_the_naive_matcher_finds)
{
	for (guint32 seed = 0; seed < 100; seed++) {
		g_autoptr(GRand) random = g_rand_new_with_seed(seed);
		g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
		g_autoptr(GArray) rows = nfp_random_rows(random, 4, seed % 80, seed & 2, pool);
		g_autoptr(GArray) ranges = nfp_flatten(rows, pool);
		g_autoptr(NfpTable4) table = table_of(ranges, nfp_facts_n(pool));

		for (guint i = 0; i < 60; i++) {
			NfpAddress address = i & 1 ? nfp_random_border(random, rows, 4) : nfp_random_address(random, 4);

			cr_assert_eq(nfp_table4_find(table, (uint32_t)(address >> 96)),
				     3 * nfp_naive_facts(rows, address, pool), "seed %u", seed);
		}
		cr_assert_gt(nfp_table4_memory(table), sizeof(*table));
	}
}

Test(table4, a_full_slot)
{
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(NfpRange));
	g_autoptr(NfpTable4) table = NULL;

	for (uint32_t i = 0; i < 65537; i++) {
		NfpRange range = { (NfpAddress)(0xffff0000u + i - 1) << 96, i };

		range.start = i ? range.start : 0;
		g_array_append_val(ranges, range);
	}
	table = table_of(ranges, 65537);
	for (uint32_t i = 0; i < 65536; i++)
		cr_assert_eq(nfp_table4_find(table, 0xffff0000u + i), 3 * (i + 1));
	cr_expect_eq(nfp_table4_find(table, 0xfffeffffu), 0);
	nfp_table4_free(NULL);
}
