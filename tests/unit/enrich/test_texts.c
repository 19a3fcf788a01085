/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/texts.h"

#include <criterion/criterion.h>
#include <string.h>

Test(texts, each_is_kept_once_and_where_it_is)
{
	g_autoptr(NfpTexts) texts = nfp_texts_new();
	const char *first = NULL;
	size_t before;

	for (guint round = 0; round < 2; round++)
		for (guint i = 0; i < 100000; i++) {
			g_autofree char *text = g_strdup_printf("text %u", i);

			cr_assert_eq(nfp_texts_add(texts, text, strlen(text)), i + 1);
			if (!i && !round)
				first = nfp_texts_get(texts, 1).text;
		}
	cr_expect_eq(nfp_texts_get(texts, 1).text, first);
	cr_expect_str_eq(nfp_texts_get(texts, 100000).text, "text 99999");
	cr_expect_eq(nfp_texts_get(texts, 100000).length, 10);
	before = nfp_texts_memory(texts);
	nfp_texts_seal(texts);
	cr_expect_lt(nfp_texts_memory(texts), before);
	cr_expect_str_eq(nfp_texts_get(texts, 7).text, "text 6");
}

Test(texts, the_empty_one_is_zero)
{
	g_autoptr(NfpTexts) texts = nfp_texts_new();

	cr_expect_eq(nfp_texts_add(texts, "x", 0), 0);
	cr_expect_str_eq(nfp_texts_get(texts, 0).text, "");
	cr_expect_eq(nfp_texts_get(texts, 0).length, 0);
}

Test(texts, need_no_nul_and_may_be_long)
{
	g_autoptr(NfpTexts) texts = nfp_texts_new();
	char text[2 * NFP_TEXT_MAX];
	uint32_t id;

	memset(text, 'a', sizeof(text));
	for (guint i = 0; i < 2000; i++) { /* more than a chunk of them */
		memcpy(text, &i, sizeof(i));
		id = nfp_texts_add(texts, text, NFP_TEXT_MAX);
		cr_assert_eq(nfp_texts_get(texts, id).length, NFP_TEXT_MAX);
		cr_assert_eq(nfp_texts_get(texts, id).text[NFP_TEXT_MAX], '\0');
		cr_assert_eq(nfp_texts_get(texts, id).text[NFP_TEXT_MAX - 1], 'a');
	}
	nfp_texts_free(NULL);
}
