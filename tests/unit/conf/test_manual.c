/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

static guint count(const char *text, const char *what)
{
	guint n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* tests/check/man.sh looks at the form. */
Test(manual, every_option_has_its_paragraph)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_conf_print_manual(out);
	cr_assert_eq(count(out->str, "\n.It Cm "), nfp_conf_rows_n);
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		g_autofree char *item = g_strdup_printf("\n.It Cm %s\n", nfp_conf_rows[i].path);

		cr_expect_not_null(strstr(out->str, item), "%s", nfp_conf_rows[i].path);
	}
	for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++) {
		g_autofree char *list = g_strdup_printf("\n.Cm %s\nis a list.\n", nfp_conf_lists[i].key);

		cr_expect_not_null(strstr(out->str, list), "%s", nfp_conf_lists[i].key);
	}
}

Test(manual, defaults_and_ranges_are_told)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_conf_print_manual(out);
	cr_expect_not_null(strstr(out->str, "Allowed: 1s to 1h.\nDefault: \\fB60s\\fR.\n"));
	cr_expect_not_null(strstr(out->str, "Required.\n"));
	cr_expect_null(strchr(out->str, '`'), "a backquote that was not read");
}
