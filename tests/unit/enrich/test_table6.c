/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/table6.h"

#include <criterion/criterion.h>

#include "support/enrich_rows.h"

static NfpTable6 *table_of(GArray *ranges, guint n)
{
	g_autofree uint32_t *places = g_new(uint32_t, n);

	for (guint i = 0; i < n; i++)
		places[i] = i * 3;
	return nfp_table6_new(ranges, places);
}

static uint32_t find(const NfpTable6 *table, NfpAddress address)
{
	return nfp_table6_find(table, (uint64_t)(address >> 64), (uint64_t)address);
}

/* Many at once, in every number, are what each is alone. */
Test(table6, many_are_as_one)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = nfp_random_rows(random, 6, 2000, false, pool);
	g_autoptr(GArray) ranges = nfp_flatten(rows, pool);
	g_autoptr(NfpTable6) table = table_of(ranges, nfp_facts_n(pool));

	for (uint32_t n = 0; n <= NFP_TABLE6_MANY; n++) {
		NfpTable6Address addresses[NFP_TABLE6_MANY];
		uint32_t values[NFP_TABLE6_MANY];

		for (uint32_t i = 0; i < n; i++) {
			NfpAddress address = nfp_random_border(random, rows, 6);

			addresses[i] = (NfpTable6Address){ (uint64_t)(address >> 64), (uint64_t)address };
		}
		nfp_table6_find_many(table, addresses, values, n);
		for (uint32_t i = 0; i < n; i++)
			cr_assert_eq(values[i], find(table, (NfpAddress)addresses[i].high << 64 | addresses[i].low));
	}
}

Test(table6, finds_what_the_naive_matcher_finds)
{
	for (guint32 seed = 0; seed < 200; seed++) {
		g_autoptr(GRand) random = g_rand_new_with_seed(seed);
		g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
		g_autoptr(GArray) rows = nfp_random_rows(random, 6, seed % 80, seed & 2, pool);
		g_autoptr(GArray) ranges = nfp_flatten(rows, pool);
		g_autoptr(NfpTable6) table = table_of(ranges, nfp_facts_n(pool));

		for (guint i = 0; i < 60; i++) {
			NfpAddress address = i & 1 ? nfp_random_border(random, rows, 6) : nfp_random_address(random, 6);

			cr_assert_eq(find(table, address), 3 * nfp_naive_facts(rows, address, pool), "seed %u", seed);
		}
	}
}

/* Every size of the tree's levels, full and not. */
Test(table6, many_networks)
{
	for (uint32_t n = 1; n < 6000; n += n < 300 ? 1 : 397) {
		g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(NfpRange));
		g_autoptr(NfpTable6) table = NULL;

		for (uint32_t i = 0; i < n; i++) {
			NfpRange range = { (NfpAddress)i * 10 << 64, i };

			g_array_append_val(ranges, range);
		}
		table = table_of(ranges, n);
		for (uint32_t i = 0; i < n; i++) {
			cr_assert_eq(find(table, (NfpAddress)i * 10 << 64), 3 * i);
			cr_assert_eq(find(table, ((NfpAddress)i * 10 << 64) + 5), 3 * i);
			cr_assert_eq(find(table, ((NfpAddress)i * 10 + 9) << 64), 3 * i);
		}
		cr_assert_eq(find(table, ~(NfpAddress)0), 3 * (n - 1));
		cr_assert_gt(nfp_table6_memory(table), sizeof(*table));
	}
	nfp_table6_free(NULL);
}

/* Ranges that begin inside of a /64, in each way that they can lie beside others. */
Test(table6, inside_of_networks)
{
	static const uint64_t starts[][2] = { { 0, 0 }, { 0, 5 }, { 1, 7 }, { 1, 9 }, { 2, 0 }, { 2, 1 }, { 9, 3 },
					      { UINT64_MAX, 0 }, { UINT64_MAX, UINT64_MAX } };
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(NfpRange));
	g_autoptr(NfpTable6) table = NULL;

	for (uint32_t i = 0; i < G_N_ELEMENTS(starts); i++) {
		NfpRange range = { (NfpAddress)starts[i][0] << 64 | starts[i][1], i };

		g_array_append_val(ranges, range);
	}
	table = table_of(ranges, G_N_ELEMENTS(starts));
	for (uint32_t i = 0; i < G_N_ELEMENTS(starts); i++) {
		NfpAddress start = (NfpAddress)starts[i][0] << 64 | starts[i][1];

		cr_expect_eq(find(table, start), 3 * i);
		cr_expect_eq(find(table, start - 1), i ? 3 * (i - 1) : 3 * (G_N_ELEMENTS(starts) - 1));
		if (i + 1 < G_N_ELEMENTS(starts) && start + 1 != g_array_index(ranges, NfpRange, i + 1).start)
			cr_expect_eq(find(table, start + 1), 3 * i);
	}
}
