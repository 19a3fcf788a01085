// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/templates.h"

Test(fields, names_and_ids_are_unique)
{
	for (guint i = 0; i < nfp_fields_n; i++) {
		cr_assert_eq(nfp_field_find(nfp_fields[i].name), &nfp_fields[i], "%s",
			     nfp_fields[i].name);
		for (guint j = 0; j < i; j++)
			cr_assert(nfp_fields[i].pen != nfp_fields[j].pen ||
					  nfp_fields[i].id != nfp_fields[j].id,
				  "%s and %s have one id", nfp_fields[i].name, nfp_fields[j].name);
	}
	cr_assert_eq(nfp_fields_n, NFP_F_N);
	cr_assert_eq(nfp_field_find("flowId"), &nfp_fields[NFP_F_flowId]);
}

Test(fields, every_row_is_complete)
{
	for (guint i = 0; i < nfp_fields_n; i++) {
		cr_assert_gt(strlen(nfp_fields[i].help), 3, "%s", nfp_fields[i].name);
		cr_assert_neq(nfp_fields[i].need, 0, "%s", nfp_fields[i].name);
		cr_assert_null(strchr(nfp_fields[i].help, '|'), "%s: a | ends a table's cell",
			       nfp_fields[i].name);
	}
}

Test(fields, unknown_names)
{
	cr_assert_null(nfp_field_find("octetdeltacount"));
	cr_assert_null(nfp_field_find(""));
	cr_assert_str_eq(nfp_field_suggest("octetdeltacount"), "octetDeltaCount");
	cr_assert_str_eq(nfp_field_suggest("souceIPv4Adress"), "sourceIPv4Address");
	cr_assert_null(nfp_field_suggest("temperature"));
}

/* NFP_UPDATE=1 writes the page instead. */
Test(fields, the_page_is_made_from_the_rows)
{
	g_autoptr(GString) page = g_string_new(NULL);
	g_autofree char *written = NULL;

	nfp_fields_print_markdown(page);
	if (g_getenv("NFP_UPDATE") != NULL)
		cr_assert(
			g_file_set_contents(NFP_SOURCE_DIR "/docs/fields.md", page->str, -1, NULL));
	cr_assert(g_file_get_contents(NFP_SOURCE_DIR "/docs/fields.md", &written, NULL, NULL));
	cr_assert(strcmp(page->str, written) == 0,
		  "docs/fields.md is not what fields.def says: run this test with NFP_UPDATE=1");
}
