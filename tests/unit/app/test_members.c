/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "app/members.h"

Test(members, each_kind)
{
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	json_builder_begin_object(b);
	nfp_json_add_number(b, "n", INT64_MAX);
	nfp_json_add_string(b, "s", "a\"b\\\n");
	nfp_json_add_string(b, "none", NULL);
	nfp_json_add_bool(b, "yes", TRUE);
	nfp_json_add_bool(b, "no", FALSE);
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	text = json_to_string(root, FALSE);
	cr_assert_str_eq(text, "{\"n\":9223372036854775807,\"s\":\"a\\\"b\\\\\\n\",\"none\":null,\"yes\":true,\"no\":false}");
}
