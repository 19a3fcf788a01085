/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/errors.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

Test(conf_errors, none_is_true_and_leaves_err)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	GError *err = NULL;

	cr_assert(nfp_conf_errors_none(errors, "f", &err));
	cr_assert_null(err);
	nfp_conf_errors_free(NULL);
}

Test(conf_errors, in_the_order_of_the_file)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	g_autoptr(GError) err = NULL;

	nfp_conf_errors_add(errors, 7, 2, "third %d", 3);
	nfp_conf_errors_add(errors, 2, 9, "second");
	nfp_conf_errors_add(errors, 2, 1, "first");
	nfp_conf_errors_add_lines(errors, 7, 3, "other.yaml:1:1: a\nother.yaml:2:1: b");
	nfp_conf_errors_add(errors, 7, 3, "last");
	cr_assert_not(nfp_conf_errors_none(errors, "f.yaml", &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_str_eq(err->message,
			 "f.yaml:2:1: first\nf.yaml:2:9: second\nf.yaml:7:2: third 3\n"
			 "other.yaml:1:1: a\nother.yaml:2:1: b\nf.yaml:7:3: last");
}

Test(conf_errors, foreign_words_are_one_line_of_utf8)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	g_autoptr(GError) err = NULL;

	nfp_conf_errors_add(errors, 1, 2, "\"%.2s\" is wrong\nx", "a\xc3\xa4");
	cr_expect_not(nfp_conf_errors_none(errors, "f", &err));
	cr_expect_str_eq(err->message, "f:1:2: \"a\xef\xbf\xbd\" is wrong?x");
}

Test(conf_errors, many_are_counted)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	g_autoptr(GError) err = NULL;
	g_auto(GStrv) lines = NULL;

	for (guint i = 1; i <= 20000; i++)
		nfp_conf_errors_add(errors, i, 1, "fault");
	cr_assert_eq(nfp_conf_errors_n(errors), 20000);
	cr_assert_not(nfp_conf_errors_none(errors, "f", &err));
	lines = g_strsplit(err->message, "\n", -1);
	cr_assert_eq(g_strv_length(lines), 51);
	cr_assert_str_eq(lines[50], "f: and 19950 more errors");
}
