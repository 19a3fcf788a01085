/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/lines.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_db.h"

/* "1:a 2:b " with "!" behind lines that have a fault. */
static char *all_of(NfpLines *lines)
{
	GString *out = g_string_new(NULL);
	NfpLine line;
	int rc;

	while ((rc = nfp_lines_next(lines, &line)) > 0) {
		if (!line.fault)
			cr_assert_eq(strlen(line.text), line.length);
		g_string_append_printf(out, "%u:%.8s%s ", (guint)line.number, line.text, line.fault ? "!" : "");
	}
	cr_assert_eq(rc, 0);
	return g_string_free(out, FALSE);
}

static char *of(const char *text, size_t size)
{
	g_autoptr(NfpLines) lines = nfp_lines_of(text, size);

	return all_of(lines);
}

Test(lines, ends_of_all_kinds)
{
	static const char *const cases[][2] = {
		{ "", "" }, { "a", "1:a " }, { "a\nb", "1:a 2:b " }, { "a\r\nb\r\n", "1:a 2:b " }, { "\n\n", "1: 2: " },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = of(cases[i][0], strlen(cases[i][0]));

		cr_expect_str_eq(got, cases[i][1]);
	}
}

Test(lines, nul_and_length)
{
	g_autoptr(GString) text = g_string_new("a");
	g_autofree char *got = NULL;

	g_string_append_len(text, "\0b\nc\n", 5);
	for (guint i = 0; i < 3; i++) { /* one that just fits, one more octet, and many more */
		for (guint j = 0; j < (i == 2 ? 5 * NFP_LINE_MAX : NFP_LINE_MAX + i); j++)
			g_string_append_c(text, (char)('x' + i));
		g_string_append_c(text, '\n');
		g_string_append(text, "good\n");
	}
	for (guint j = 0; j < 2 * NFP_LINE_MAX; j++)
		g_string_append_c(text, 'e');
	got = of(text->str, text->len);
	cr_expect_str_eq(got, "1:a! 2:c 3:xxxxxxxx 4:good 5:yyyyyyyy! 6:good 7:zzzzzzzz! 8:good 9:eeeeeeee! ");
}

Test(lines, of_a_file_by_pieces)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(NfpLines) lines = NULL;
	g_autoptr(GError) err = NULL;
	g_autofree char *path = NULL;
	NfpTestDb test;
	NfpLine line;
	guint n = 0;

	nfp_test_db_init(&test);
	path = nfp_test_db_file(&test, "text");
	for (guint i = 1; i <= 100000; i++)
		g_string_append_printf(text, "line %u\n", i);
	nfp_test_db_write(path, text->str, (gssize)text->len);
	lines = nfp_lines_open(path, NULL);
	cr_expect_eq(nfp_lines_done(lines), 0);
	while (nfp_lines_next(lines, &line) > 0) {
		g_autofree char *expected = g_strdup_printf("line %u", ++n);

		cr_assert_str_eq(line.text, expected);
		cr_assert_eq(line.number, n);
		if (n == 50000)
			cr_expect(nfp_lines_done(lines) > 0.4 && nfp_lines_done(lines) < 0.6);
	}
	cr_expect_eq(n, 100000);
	cr_expect_eq(nfp_lines_done(lines), 1);
	cr_expect_null(nfp_lines_open("/nonexistent/x", &err));
	cr_expect_str_eq(err->message, "/nonexistent/x cannot be read: No such file or directory");
	nfp_test_db_clear(&test);
	nfp_lines_free(NULL);
}

Test(lines, a_folder_cannot_be_read)
{
	g_autoptr(NfpLines) lines = nfp_lines_open("/", NULL);
	NfpLine line;

	cr_assert(lines);
	cr_expect_lt(nfp_lines_next(lines, &line), 0);
}
