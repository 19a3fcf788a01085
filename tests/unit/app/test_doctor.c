/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/doctor.h"

#include <criterion/criterion.h>
#include <json-glib/json-glib.h>

Test(doctor, a_line_each_and_a_sum)
{
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autofree char *text = NULL;

	nfp_doctor_add(doctor, NFP_DOCTOR_OK, "kernel", NULL, "Linux %d", 6);
	nfp_doctor_add(doctor, NFP_DOCTOR_WARN, "clock", "run chrony", "not synchronised");
	text = nfp_doctor_text(doctor);
	cr_assert_str_eq(text, "ok    kernel        Linux 6\n"
			       "warn  clock         not synchronised\n"
			       "                    -> run chrony\n"
			       "\n1 ok, 1 to look at (warn), 0 that do not work (fail)\n");
	cr_assert_eq(nfp_doctor_code(doctor), 0);
	nfp_doctor_free(NULL);
}

Test(doctor, the_worst_line_decides)
{
	static const char *const results[] = { "ok", "warn", "fail" };
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();

	for (guint i = 0; i < 3; i++) {
		g_autofree char *text = NULL;
		g_autoptr(JsonNode) node = NULL;
		JsonArray *checks;
		JsonObject *last;

		nfp_doctor_add(doctor, i, "topic", i ? "advice \"q\"" : NULL, "text %u", i);
		text = nfp_doctor_json(doctor);
		cr_assert(g_str_has_suffix(text, "}\n"));
		node = json_from_string(text, NULL);
		cr_assert_not_null(node, "%s", text);
		cr_assert_str_eq(json_object_get_string_member(json_node_get_object(node), "result"), results[i]);
		checks = json_object_get_array_member(json_node_get_object(node), "checks");
		cr_assert_eq(json_array_get_length(checks), i + 1);
		last = json_array_get_object_element(checks, i);
		cr_assert_str_eq(json_object_get_string_member(last, "state"), results[i]);
		cr_assert_str_eq(json_object_get_string_member(last, "topic"), "topic");
		cr_assert_eq(json_object_has_member(last, "advice"), i > 0);
		cr_assert_eq(nfp_doctor_code(doctor), i == 2);
	}
	doctor->cannot = TRUE;
	cr_assert_eq(nfp_doctor_code(doctor), 77);
}
