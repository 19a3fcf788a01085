/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/flatten.h"

#include <criterion/criterion.h>

#include "support/enrich_rows.h"

static void add(GArray *rows, const char *text, int priority, uint32_t facts)
{
	NfpPrefixRow row = { .facts = facts, .priority = priority, .order = rows->len };
	const char *why;
	NfpPrefix prefix;

	cr_assert(nfp_prefix_parse(text, &prefix, &why));
	row.first = prefix.first;
	row.length = prefix.length;
	g_array_append_val(rows, row);
}

static uint32_t as(NfpFactsPool *pool, uint32_t number)
{
	return nfp_facts_add(pool, &(NfpFacts){ .as_number = number });
}

static char *flat(GArray *rows, NfpFactsPool *pool, uint8_t family)
{
	g_autoptr(GArray) ranges = nfp_flatten(rows, pool);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < ranges->len; i++) {
		const NfpRange *range = &g_array_index(ranges, NfpRange, i);
		char address[NFP_PREFIX_TEXT];

		g_string_append_printf(text, "%s=%u ", nfp_address_print(range->start, family, address),
				       nfp_facts_get(pool, range->facts)->as_number);
	}
	return g_string_free(text, FALSE);
}

Test(flatten, prefixes_in_one_another)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	g_autofree char *text = NULL;

	add(rows, "10.1.0.0/16", 0, as(pool, 2));
	add(rows, "10.0.0.0/8", 0, as(pool, 1));
	add(rows, "10.1.2.3", 0, as(pool, 3));
	add(rows, "10.255.255.255", 0, as(pool, 4));
	add(rows, "255.255.255.0/24", 0, as(pool, 5));
	text = flat(rows, pool, 4);
	cr_expect_str_eq(text, "0.0.0.0=0 10.0.0.0=1 10.1.0.0=2 10.1.2.3=3 10.1.2.4=2 10.2.0.0=1 10.255.255.255=4 "
			       "11.0.0.0=0 255.255.255.0=5 ");
}

Test(flatten, the_default_route_and_hosts_at_both_ends)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	g_autofree char *text = NULL;

	add(rows, "::", 0, as(pool, 2));
	add(rows, "::/0", 0, as(pool, 1));
	add(rows, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, as(pool, 3));
	text = flat(rows, pool, 6);
	cr_expect_str_eq(text, "::=2 ::1=1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff=3 ");
}

Test(flatten, neighbours_of_one_kind_are_one_range)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	g_autofree char *text = NULL;

	add(rows, "10.0.0.0/9", 0, as(pool, 1));
	add(rows, "10.128.0.0/9", 0, as(pool, 1));
	add(rows, "10.3.0.0/16", 0, as(pool, 1));
	text = flat(rows, pool, 4);
	cr_expect_str_eq(text, "0.0.0.0=0 10.0.0.0=1 11.0.0.0=0 ");
}

Test(flatten, of_one_prefix_the_priority_decides_and_then_the_later_row)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	g_autofree char *text = NULL;

	add(rows, "10.0.0.0/8", 5, as(pool, 1));
	add(rows, "10.0.0.0/8", 1, as(pool, 2));
	add(rows, "11.0.0.0/8", 1, as(pool, 3));
	add(rows, "11.0.0.0/8", 1, as(pool, 4));
	add(rows, "11.0.0.0/16", -7, as(pool, 5)); /* the longer one, whatever its priority */
	text = flat(rows, pool, 4);
	cr_expect_str_eq(text, "0.0.0.0=0 10.0.0.0=1 11.0.0.0=5 11.1.0.0=4 12.0.0.0=0 ");
}

Test(flatten, nothing_is_one_range)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NfpPrefixRow));
	g_autofree char *text = flat(rows, pool, 4);

	cr_expect_str_eq(text, "0.0.0.0=0 ");
}

static uint32_t flat_facts(const GArray *ranges, NfpAddress address)
{
	guint i = ranges->len;

	while (g_array_index(ranges, NfpRange, i - 1).start > address)
		i--;
	return g_array_index(ranges, NfpRange, i - 1).facts;
}

Test(flatten, says_what_looking_at_every_row_says)
{
	for (guint32 seed = 0; seed < 200; seed++) {
		g_autoptr(GRand) random = g_rand_new_with_seed(seed);
		g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();
		uint8_t family = seed & 1 ? 6 : 4;
		g_autoptr(GArray) rows = nfp_random_rows(random, family, seed % 60, seed & 2, pool);
		g_autoptr(GArray) ranges = nfp_flatten(rows, pool);

		for (guint i = 1; i < ranges->len; i++) {
			cr_assert(g_array_index(ranges, NfpRange, i - 1).start < g_array_index(ranges, NfpRange, i).start);
			cr_assert_neq(g_array_index(ranges, NfpRange, i - 1).facts, g_array_index(ranges, NfpRange, i).facts);
		}
		for (guint i = 0; i < 50; i++) {
			NfpAddress address = i & 1 ? nfp_random_border(random, rows, family)
						   : nfp_random_address(random, family);

			cr_assert_eq(flat_facts(ranges, address), nfp_naive_facts(rows, address, pool), "seed %u", seed);
		}
	}
}
