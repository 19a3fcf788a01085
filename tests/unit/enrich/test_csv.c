/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/csv.h"

#include <criterion/criterion.h>
#include <string.h>

static char *split(const char *line, char separator)
{
	g_autofree char *copy = g_strdup(line);
	char *fields[NFP_CSV_FIELDS];
	GString *out = g_string_new(NULL);
	const char *why = NULL;
	guint n = 0;

	if (!nfp_csv_split(copy, separator, fields, &n, &why)) {
		g_string_append(out, why);
		return g_string_free(out, FALSE);
	}
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "[%s]", fields[i]);
	return g_string_free(out, FALSE);
}

Test(csv, splits)
{
	static const char *const cases[][2] = {
		{ "", "[]" },
		{ "a", "[a]" },
		{ "a,b", "[a][b]" },
		{ ",", "[][]" },
		{ " a , b ", "[a][b]" },
		{ "\"a,b\",c", "[a,b][c]" },
		{ "\"a\"\"b\"", "[a\"b]" },
		{ "\"\",\"\"", "[][]" },
		{ "\" a \" , b", "[ a ][b]" },
		{ "a\"b,c", "[a\"b][c]" },
		{ "\"a", "has a quote that does not end on its line" },
		{ "\"a\"\"", "has a quote that does not end on its line" },
		{ "\"a\"b,c", "has text behind a quote" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = split(cases[i][0], ',');

		cr_expect_str_eq(got, cases[i][1], "%s: %s", cases[i][0], got);
	}
}

Test(csv, tabs_know_no_quotes)
{
	g_autofree char *got = split("\"a\tb, c\t\t d", '\t');

	cr_expect_str_eq(got, "[\"a][b, c][][ d]");
}

Test(csv, fields_are_limited)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *got = NULL;

	for (guint i = 1; i < NFP_CSV_FIELDS; i++)
		g_string_append_c(line, ',');
	got = split(line->str, ',');
	cr_expect_eq(strlen(got), 2 * NFP_CSV_FIELDS);
	g_string_append_c(line, ',');
	g_free(got);
	got = split(line->str, ',');
	cr_expect_str_eq(got, "has more than 256 fields");
}

/* Whatever is written is read again. */
Test(csv, written_and_read_again)
{
	static const char alphabet[] = "ab,\"\t# \xc3\xa4'";
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (guint round = 0; round < 5000; round++) {
		g_autoptr(GString) line = g_string_new(NULL);
		char texts[3][9], *fields[NFP_CSV_FIELDS];
		const char *why;
		guint n;

		for (guint i = 0; i < 3; i++) {
			guint length = (guint)g_rand_int_range(random, 0, 9);

			for (guint j = 0; j < length; j++)
				texts[i][j] = alphabet[g_rand_int_range(random, 0, sizeof(alphabet) - 1)];
			texts[i][length] = '\0';
			if (i)
				g_string_append_c(line, ',');
			nfp_csv_append(line, texts[i]);
		}
		cr_assert(nfp_csv_split(line->str, ',', fields, &n, &why));
		cr_assert_eq(n, 3);
		cr_assert_neq(line->str[0], '#'); /* formats take it for a comment */
		for (guint i = 0; i < 3; i++)
			cr_assert_str_eq(fields[i], texts[i]);
	}
}

Test(csv, ends_of_lines_become_blanks)
{
	g_autoptr(GString) line = g_string_new(NULL);

	nfp_csv_append(line, "a\r\nb");
	cr_expect_str_eq(line->str, "\"a  b\"");
}
