/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/format.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_sink.h"

Test(format, names)
{
	for (guint i = 0; i < nfp_formats_n; i++) {
		cr_expect_eq(nfp_format_find(nfp_formats[i].name), &nfp_formats[i]);
		cr_expect_neq(nfp_formats[i].read_lines == NULL, nfp_formats[i].read_file == NULL);
	}
	cr_expect_null(nfp_format_find("xml"));
}

Test(format, a_row_is_checked)
{
	const char *values[NFP_COLUMNS_MAX] = { "192.0.2.0/24", "AS1", NULL, "" };
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_assert(nfp_sink_begin(&test.sink, NFP_TABLE_PREFIX, NULL));
	cr_expect(nfp_sink_row(&test.sink, values, 1, NULL));
	values[0] = "x";
	cr_expect(nfp_sink_row(&test.sink, values, 2, NULL));
	values[0] = NULL;
	cr_expect(nfp_sink_row(&test.sink, values, 3, NULL));
	nfp_sink_reject(&test.sink, 4, "y", "is bad");
	cr_expect(nfp_sink_prefix(&test.sink, "::/0", 7, "n", "c", "t", 5, NULL));
	cr_expect(nfp_sink_prefix(&test.sink, "0.0.0.0/0", 0, NULL, NULL, NULL, 6, NULL));
	cr_expect_str_eq(test.rows->str, "cidr=192.0.2.0/24 as_number=1; cidr=::/0 as_number=7 as_name=n country=c city=t; "
					 "cidr=0.0.0.0/0; ");
	cr_expect(strstr(test.faults->str, "2: x is no prefix"), "%s", test.faults->str);
	cr_expect(strstr(test.faults->str, "3: cidr is missing; 4: y is bad; "), "%s", test.faults->str);
	cr_expect_eq(test.sink.rows, 3);
	cr_expect_eq(test.sink.rejected, 3);
	nfp_test_sink_clear(&test);
}

Test(format, a_file_that_is_not_there_or_refused)
{
	g_autoptr(GError) err = NULL;
	NfpTestSink test;

	nfp_test_sink_init(&test);
	for (guint i = 0; i < nfp_formats_n; i++) {
		cr_expect_not(nfp_format_read(&nfp_formats[i], "/nonexistent/x", &test.sink, &err));
		cr_expect(strstr(err->message, "/nonexistent/x"), "%s", err->message);
		g_clear_error(&err);
	}
	test.fail_at = 2;
	cr_expect_not(nfp_test_sink_read(&test, "routes", "10.0.0.0/8|1\n11.0.0.0/8|2\n12.0.0.0/8|3\n", &err));
	cr_expect_str_eq(err->message, "refused");
	nfp_test_sink_clear(&test);
}
