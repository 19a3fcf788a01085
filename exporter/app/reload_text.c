/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to a reload, for people. Pure. */
#include "app/reload.h"
#include "base/error.h"

static guint add_lines(GString *out, JsonObject *reload, const char *member, const char *title)
{
	JsonArray *texts = json_object_has_member(reload, member) ? json_object_get_array_member(reload, member) : NULL;
	guint n = texts ? json_array_get_length(texts) : 0;

	if (n)
		g_string_append_printf(out, "%s:\n", title);
	for (guint i = 0; i < n; i++)
		g_string_append_printf(out, "  %s\n", json_array_get_string_element(texts, i));
	return n;
}

char *nfp_reload_text(JsonObject *answer, int *ret_code)
{
	g_autoptr(GString) out = g_string_new(NULL);
	JsonObject *reload;
	guint n;

	if (!json_object_has_member(answer, "reload")) {
		gboolean known = json_object_has_member(answer, "code");

		*ret_code = known ? (int)json_object_get_int_member(answer, "code") : NFP_ERROR_FAILED;
		return g_strdup_printf("%s\n", json_object_get_string_member_with_default(answer, "error", "no answer"));
	}
	*ret_code = 0;
	reload = json_object_get_object_member(answer, "reload");
	n = add_lines(out, reload, "changed", "changed");
	n += add_lines(out, reload, "restarted", "restarted");
	if (add_lines(out, reload, "failed", "failed, and is as it was; the next reload tries again"))
		*ret_code = NFP_ERROR_FAILED;
	else if (!n)
		g_string_append(out, "nothing has changed\n");
	if (n)
		add_lines(out, reload, "kept", "not touched");
	add_lines(out, reload, "needs_restart", "needs a restart of nfprobe, and is as it was");
	add_lines(out, reload, "warnings", "warning");
	return g_string_free(g_steal_pointer(&out), FALSE);
}
