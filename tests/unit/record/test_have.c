// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>

#include "record/have.h"
#include "record/templates.h"
#include "support/encode_records.h"

Test(have, every_bit_has_a_word)
{
	for (guint bit = 0; bit < 31; bit++) {
		g_autoptr(GString) word = g_string_new(NULL);
		const char *near = NULL;

		nfp_have_print(word, 1u << bit);
		cr_assert_gt(word->len, 0, "bit %u has no word", bit);
		cr_assert_eq(nfp_have_find(word->str, &near), 1u << bit);
	}
}

Test(have, an_unknown_word_gets_a_suggestion)
{
	const char *near = NULL;

	cr_assert_eq(nfp_have_find("vlna", &near), 0);
	cr_assert_str_eq(near, "vlan");
}

Test(have, prints_words_with_spaces)
{
	g_autoptr(GString) words = g_string_new(NULL);

	nfp_have_print(words, NFP_HAVE_IPV4 | NFP_HAVE_TCP);
	cr_assert_str_eq(words->str, "ipv4 tcp");
}

/* What is implied must be true of every record there is, or a template would claim what is not
 * there. */
Test(have, what_is_implied_is_had_by_every_kind_of_record)
{
	uint64_t seed = 1;

	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		NfpRecord record;

		nfp_test_record(&record, kind, &seed);
		/* The one exception: a link's bits say nothing of the times of a record without
		 * packets. */
		if (!(record.have & NFP_HAVE_TIMES))
			continue;
		cr_assert_eq(nfp_have_implied(nfp_record_have(&record)) & ~nfp_record_have(&record),
			     0, "kind %u", kind);
	}
}

Test(have, derived_bits)
{
	NfpRecord record = { .have = NFP_HAVE_VLAN | NFP_HAVE_NEXT_HOP | NFP_HAVE_IPV6,
			     .direction = 1 };
	uint32_t have = nfp_record_have(&record);

	cr_assert(have & NFP_HAVE_ALWAYS);
	cr_assert(have & NFP_HAVE_EGRESS_VLAN);
	cr_assert(have & NFP_HAVE_NEXT_HOP6);
	cr_assert_not(have & NFP_HAVE_NEXT_HOP4);
	record.direction = 0;
	cr_assert_not(nfp_record_have(&record) & NFP_HAVE_EGRESS_VLAN);
	record = (NfpRecord){ .have = NFP_HAVE_NEXT_HOP | NFP_HAVE_IPV4, .direction = 1 };
	have = nfp_record_have(&record);
	cr_assert(have & NFP_HAVE_NEXT_HOP4);
	cr_assert_not(have & (NFP_HAVE_NEXT_HOP6 | NFP_HAVE_EGRESS_VLAN));
}
