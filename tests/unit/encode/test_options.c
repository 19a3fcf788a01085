// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "encode/options.h"

static const NfpOption *find(GArray *options, const char *element)
{
	for (guint i = 0; i < options->len; i++)
		if (strcmp(g_array_index(options, NfpOption, i).elements[1].name, element) == 0)
			return &g_array_index(options, NfpOption, i);
	return NULL;
}

Test(options, sampling_stands_alone)
{
	g_autoptr(GArray) options = nfp_options_new("edge1");
	const NfpOption *sampling = find(options, "samplingInterval");

	cr_assert_not_null(sampling);
	cr_assert_eq(sampling->n, 2, "nfdump 1.7.1 ignores it with a field beside it");
	cr_assert_eq(sampling->elements[1].length, 4);
	cr_assert_not(sampling->process);
}

Test(options, the_name_has_its_own_length_or_is_left_out)
{
	g_autoptr(GArray) named = nfp_options_new("edge1");
	g_autoptr(GArray) unnamed = nfp_options_new(NULL);
	g_autoptr(GArray) empty = nfp_options_new("");

	cr_assert_eq(find(named, "observationDomainName")->elements[1].length, 5);
	cr_assert_null(find(unnamed, "observationDomainName"));
	cr_assert_null(find(empty, "observationDomainName"));
	cr_assert_eq(unnamed->len, named->len - 1);
}

Test(options, names_are_cut_between_letters)
{
	static const struct {
		const char *text;
		gsize room, length;
	} cases[] = {
		{ "edge1", 255, 5 },	   { "edge1", 3, 3 },
		{ "a\xc3\xa4z", 2, 1 },	   { "a\xc3\xa4z", 3, 3 },
		{ "\xe2\x82\xac", 2, 0 },  { "\xf0\x9f\x90\x9fx", 3, 0 },
		{ "\xf0\x9f\x90\x9fx", 4, 4 }, { "ab\xff" "cd", 255, 2 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		char out[256];

		cr_assert_eq(nfp_options_name(cases[i].text, out, cases[i].room), cases[i].length,
			     "case %u", i);
		cr_assert(memcmp(out, cases[i].text, cases[i].length) == 0);
		cr_assert(g_utf8_validate(out, (gssize)cases[i].length, NULL));
	}
}

Test(options, values_stand_one_behind_the_other)
{
	g_autoptr(GArray) options = nfp_options_new("edge1");
	g_autoptr(GByteArray) values = g_byte_array_new();
	NfpOptionFacts facts = { .stats = { .messages = 1, .records = 2, .octets = 3 } };
	uint64_t counts[3];

	nfp_option_values(find(options, "exportedMessageTotalCount"), &facts, values);
	cr_assert_eq(values->len, 4 + 3 * 8);
	memcpy(counts, values->data + 4, sizeof(counts));
	cr_assert_eq(counts[0], 1);
	cr_assert_eq(counts[1], 2);
	cr_assert_eq(counts[2], 3);
}
