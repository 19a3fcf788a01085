/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/export.h"

#include <criterion/criterion.h>
#include <string.h>

#include "enrich/import.h"
#include "support/enrich_db.h"

static gboolean append(const char *text, void *data)
{
	g_string_append(data, text);
	return TRUE;
}

static gboolean enough(const char *text, void *data)
{
	return FALSE;
}

static char *export(const char *path, const char *table, const char *source, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);

	return nfp_enrich_export(path, table, source, append, out, err) ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

Test(export, imports_again_to_the_same)
{
	static const char *const tables[] = { "prefix", "host", "service", "interface" };
	NfpTestDb from, to;

	nfp_test_db_init(&from);
	nfp_test_db_init(&to);
	nfp_test_db_exec(&from, "INSERT INTO prefix VALUES('192.0.2.0/24', 4200000000, 'a \"b\", c', 'DE', ' x', NULL, NULL,"
				"'1', NULL, NULL, NULL, NULL, NULL, NULL, '8', 's', -5),"
				"('2001:db8::/32', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 's', 7)");
	nfp_test_db_exec(&from, "INSERT INTO host VALUES('192.0.2.1', 'gw', 's', 3)");
	nfp_test_db_exec(&from, "INSERT INTO service VALUES('tcp', 1, 2, 'x', 99, 's', 3), ('udp', 5, NULL, 'y', NULL, 's', 3)");
	nfp_test_db_exec(&from, "INSERT INTO interface VALUES('eth*', 'a', 'r', 'v', 10, 's', 3)");
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *file = nfp_test_db_file(&to, "file.csv"), *first = NULL, *second = NULL;
		const NfpImportOptions options = { .database = to.path, .format = "csv", .path = file, .source = "s" };
		NfpImportReport report;

		first = export(from.path, tables[i], "s", NULL);
		cr_assert(first);
		nfp_test_db_write(file, first, -1);
		cr_assert(nfp_enrich_import(&options, &report, NULL));
		cr_expect_eq(report.rejected, 0);
		second = export(to.path, tables[i], NULL, NULL);
		cr_expect_str_eq(first, second);
	}
	nfp_test_db_clear(&from);
	nfp_test_db_clear(&to);
}

Test(export, of_what_source)
{
	g_autoptr(GError) err = NULL;
	NfpTestDb db;

	nfp_test_db_init(&db);
	cr_expect_null(export(db.path, "prefix", NULL, &err));
	cr_expect_str_eq(err->message, "table prefix is empty");
	g_clear_error(&err);
	nfp_test_db_exec(&db, "INSERT INTO prefix(cidr, source) VALUES('10.0.0.0/8', 'a'), ('10.0.0.0/8', 'b')");
	cr_expect_null(export(db.path, "prefix", NULL, &err));
	cr_expect(g_str_has_prefix(err->message, "table prefix has several sources"), "%s", err->message);
	g_clear_error(&err);
	cr_expect_null(export(db.path, "prefix", "c", &err));
	cr_expect_str_eq(err->message, "table prefix has no source \"c\"");
	g_clear_error(&err);
	cr_expect_null(export(db.path, "prefixes", "a", &err));
	cr_expect(g_str_has_prefix(err->message, "there is no table \"prefixes\""), "%s", err->message);
	cr_expect(nfp_enrich_export(db.path, "prefix", "a", enough, NULL, NULL), "who reads may stop");
	nfp_test_db_clear(&db);
}

Test(export, list)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) json = g_string_new(NULL);
	NfpTestDb db;

	nfp_test_db_init(&db);
	nfp_test_db_exec(&db, "INSERT INTO prefix(cidr, source, priority) VALUES('10.0.0.0/8', 'a\"b', 1), ('11.0.0.0/8', 'a\"b', 2)");
	cr_expect(nfp_enrich_list(db.path, FALSE, append, text, NULL));
	cr_expect(strstr(text->str, "prefix     a\"b                                       2  1 to 2\n"), "%s", text->str);
	cr_expect(strstr(text->str, "service    builtin "), "%s", text->str);
	cr_expect(nfp_enrich_list(db.path, TRUE, append, json, NULL));
	cr_expect(g_str_has_prefix(json->str, "{\"table\": \"prefix\", \"source\": \"a\\\"b\", \"rows\": 2, \"priority_least\": 1, "
					      "\"priority_most\": 2}\n"), "%s", json->str);
	cr_expect_not(nfp_enrich_list("/nonexistent/x", FALSE, append, text, NULL));
	nfp_test_db_clear(&db);
}
