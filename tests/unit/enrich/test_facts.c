/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/facts.h"

#include <criterion/criterion.h>

static uint32_t add(NfpFactsPool *pool, uint32_t as, uint32_t name, uint32_t country, uint32_t city, uint32_t site)
{
	NfpFacts facts = { .as_number = as,
			   .text = { [NFP_FACT_AS_NAME] = name, [NFP_FACT_COUNTRY] = country,
				     [NFP_FACT_CITY] = city, [NFP_FACT_SITE] = site } };

	return nfp_facts_add(pool, &facts);
}

Test(facts, each_set_is_kept_once)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();

	cr_expect_eq(add(pool, 0, 0, 0, 0, 0), 0);
	for (guint round = 0; round < 2; round++)
		for (guint i = 1; i < 5000; i++)
			cr_assert_eq(add(pool, i, 0, 0, 0, i % 7), i);
	cr_expect_eq(nfp_facts_n(pool), 5000);
	cr_expect_eq(nfp_facts_get(pool, 4999)->as_number, 4999);
	nfp_facts_pool_free(NULL);
}

Test(facts, what_one_leaves_open_the_next_fills)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();

	cr_expect_eq(nfp_facts_merge(pool, add(pool, 0, 0, 0, 0, 5), add(pool, 1, 2, 3, 4, 6)),
		     add(pool, 1, 2, 3, 4, 5));
	cr_expect_eq(nfp_facts_merge(pool, 0, add(pool, 1, 2, 0, 0, 0)), add(pool, 1, 2, 0, 0, 0));
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 1, 2, 0, 0, 0), 0), add(pool, 1, 2, 0, 0, 0));
}

Test(facts, a_name_stays_with_its_number_and_a_city_in_its_country)
{
	g_autoptr(NfpFactsPool) pool = nfp_facts_pool_new();

	cr_expect_eq(nfp_facts_merge(pool, add(pool, 9, 0, 0, 0, 0), add(pool, 1, 2, 0, 0, 0)), add(pool, 9, 0, 0, 0, 0),
		     "the name of another AS");
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 1, 0, 0, 0, 0), add(pool, 1, 2, 0, 0, 0)), add(pool, 1, 2, 0, 0, 0));
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 0, 8, 0, 0, 0), add(pool, 1, 2, 0, 0, 0)), add(pool, 1, 8, 0, 0, 0),
		     "a name of one's own for the number");
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 0, 0, 9, 0, 0), add(pool, 0, 0, 3, 4, 0)), add(pool, 0, 0, 9, 0, 0),
		     "a city of another country");
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 0, 0, 3, 0, 0), add(pool, 0, 0, 3, 4, 0)), add(pool, 0, 0, 3, 4, 0));
	cr_expect_eq(nfp_facts_merge(pool, add(pool, 0, 0, 0, 0, 1), add(pool, 0, 0, 3, 4, 0)), add(pool, 0, 0, 3, 4, 1));
}

Test(facts, become_a_place)
{
	g_autoptr(NfpTexts) texts = nfp_texts_new();
	NfpFacts facts = { .as_number = 64496 };
	NfpPlace place;

	for (guint i = 0; i < NFP_FACT_TEXTS; i++) {
		char text[] = { (char)('a' + i), '\0' };

		facts.text[i] = nfp_texts_add(texts, text, 1);
	}
	nfp_facts_place(&facts, texts, &place);
	cr_expect_eq(place.as_number, 64496);
	cr_expect_str_eq(place.as_name.text, "a");
	cr_expect_str_eq(place.country.text, "b");
	cr_expect_str_eq(place.city.text, "c");
	cr_expect_str_eq(place.site.text, "d");
	cr_expect_str_eq(place.customer.text, "e");
	cr_expect_str_eq(place.labels[0].text, "f");
	cr_expect_str_eq(place.labels[7].text, "m");
	cr_expect_str_eq(place.host.text, "n");
}
