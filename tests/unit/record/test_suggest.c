// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>

#include "record/suggest.h"

Test(suggest, finds_what_was_meant)
{
	static const char *const words[] = { "interval", "interfaces", "templates", "mtu", "of" };
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{ "intervall", "interval" },
		{ "Interval", "interval" },
		{ "itnerval", "interval" },
		{ "interface", "interfaces" },
		{ "template", "templates" },
		{ "mut", "mtu" },
		{ "collectors", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "interval", "interval" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *found = nfp_suggest(cases[i].word, words, G_N_ELEMENTS(words));

		cr_assert_str_eq(found ? found : "-", cases[i].meant ? cases[i].meant : "-",
				 "for \"%s\"", cases[i].word);
	}
	cr_assert_null(nfp_suggest("x", words, 0));
}

Test(suggest, long_words_get_none)
{
	const char *words[] = { "interval" };
	g_autofree char *word = g_strnfill(100000, 'i');

	cr_assert_null(nfp_suggest(word, words, 1));
	words[0] = word;
	cr_assert_null(nfp_suggest("interval", words, 1));
}
