/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/wrap.h"

static char *wrapped(const char *before, guint indent, const char *text)
{
	GString *out = g_string_new(before);

	nfp_wrap(out, indent, text);
	return g_string_free(out, FALSE);
}

Test(wrap, what_fits_stays_as_it_is)
{
	g_autofree char *short_one = wrapped("ok    ", 6, "a few words"), *nothing = wrapped("x\n", 3, "");

	cr_expect_str_eq(short_one, "ok    a few words");
	cr_expect_str_eq(nothing, "x\n");
}

/* Words of nine characters, ten columns each: ten of them make 99 columns. */
Test(wrap, breaks_at_blanks_and_loses_no_word)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *out = NULL, *one_line = NULL;
	g_auto(GStrv) lines = NULL;

	for (guint i = 0; i < 40; i++)
		g_string_append_printf(text, "%sword%05u", i ? " " : "", i);
	out = wrapped("first line is not looked at, however long it may be\nhead: ", 6, text->str);
	lines = g_strsplit(out, "\n", -1);
	cr_assert_eq(g_strv_length(lines), 6);
	for (guint i = 1; i < 6; i++) {
		cr_expect_leq(strlen(lines[i]), NFP_WRAP_COLUMNS);
		cr_expect(i == 1 || g_str_has_prefix(lines[i], "      word"), "%s", lines[i]);
	}
	cr_expect_eq(strlen(lines[1]), 6 + 9 * 10 - 1);
	one_line = g_strjoinv(" ", lines);
	for (guint i = 0; i < 40; i++) {
		g_autofree char *word = g_strdup_printf("word%05u", i);

		cr_expect_not_null(strstr(one_line, word), "%s", word);
	}
}

Test(wrap, counts_characters_and_does_not_cut_words)
{
	g_autofree char *fits = g_strnfill(98, 'x'), *word = g_strnfill(150, 'y');
	g_autofree char *quote = wrapped(fits, 2, "\xe2\x80\x9c \xe2\x80\x9d"), *cut = wrapped("", 2, word);

	cr_expect_not_null(strstr(quote, "\n  \xe2\x80\x9d"), "99 columns, and two more do not fit: %s", quote);
	cr_expect_str_eq(cut, word);
}
