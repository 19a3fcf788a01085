/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/load.h"

#include <criterion/criterion.h>
#include <string.h>

#include "enrich/builtin.h"
#include "support/enrich_db.h"

static const gint go_on = 0, stop = 1;

Test(load, every_column)
{
	const uint8_t address[4] = { 192, 0, 2, 7 };
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	const NfpInterfaceRule *rule;
	const NfpPlace *place;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "INSERT INTO prefix VALUES('192.0.2.0/24', 4200000000, 'n', 'c', 't', 's', 'u',"
				"'1', '2', '3', '4', '5', '6', '7', '8', 'manual', 100)");
	nfp_test_db_exec(&test, "INSERT INTO host(address, name) VALUES('192.0.2.7', 'gw')");
	nfp_test_db_exec(&test, "INSERT INTO service(protocol, port_first, port_last, name, application_id)"
				"VALUES('tcp', 9000, 9009, 'many', NULL), ('17', 7, NULL, 'one', 4294967295)");
	nfp_test_db_exec(&test, "INSERT INTO interface VALUES('eth*', 'a', 'r', 'v', 4294967295, 'manual', 100)");
	snapshot = nfp_load(test.db, &go_on, &report, NULL);
	cr_assert(snapshot);
	cr_expect_eq(report.left_out, 0);
	place = nfp_snapshot_place4(snapshot, address);
	cr_expect_eq(place->as_number, 4200000000);
	cr_expect_str_eq(place->as_name.text, "n");
	cr_expect_str_eq(place->country.text, "c");
	cr_expect_str_eq(place->city.text, "t");
	cr_expect_str_eq(place->site.text, "s");
	cr_expect_str_eq(place->customer.text, "u");
	cr_expect_str_eq(place->labels[0].text, "1");
	cr_expect_str_eq(place->labels[7].text, "8");
	cr_expect_str_eq(place->host.text, "gw");
	cr_expect_eq(nfp_services_find(snapshot->services, 6, 9005, 50000)->id, 3u << 24 | 9000);
	cr_expect_str_eq(nfp_services_find(snapshot->services, 6, 9009, 50000)->name.text, "many");
	cr_expect_eq(nfp_services_find(snapshot->services, 17, 7, 50000)->id, 4294967295, "before the built-in one");
	rule = &g_array_index(snapshot->rules, NfpInterfaceRule, 0);
	cr_expect_str_eq(rule->match, "eth*");
	cr_expect_str_eq(nfp_texts_get(snapshot->texts, rule->alias).text, "a");
	cr_expect_str_eq(nfp_texts_get(snapshot->texts, rule->role).text, "r");
	cr_expect_str_eq(nfp_texts_get(snapshot->texts, rule->vrf).text, "v");
	cr_expect_eq(rule->speed, 4294967295);
	cr_expect_eq(snapshot->prefixes, 1 + nfp_builtin_prefixes());
	nfp_test_db_clear(&test);
}

/* What the schema's checks let through, and what a database without them may hold. */
Test(load, malformed_rows_are_left_out_and_told)
{
	const uint8_t address[4] = { 10, 0, 0, 1 };
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "PRAGMA ignore_check_constraints = 1");
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_number) VALUES('10.0.0.0/33', 1), ('10.0.0.1/8', 1), ('', 1),"
				"('10.0.0.0/8', 64500), ('11.0.0.0/8', 4294967296), ('12.0.0.0/8', -1)");
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_name) VALUES('13.0.0.0/8', CAST(x'ff' AS TEXT)),"
				"('14.0.0.0/8', CAST(x'6100' AS TEXT)), ('15.0.0.0/8', printf('%.256c', 'x'))");
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, priority) VALUES('16.0.0.0/8', 1000001)");
	nfp_test_db_exec(&test, "INSERT INTO host(address, name) VALUES('10.0.0.0/8', 'x'), ('x', 'y')");
	nfp_test_db_exec(&test, "INSERT INTO service(protocol, port_first, port_last, name)"
				"VALUES('what', 1, 1, 'x'), ('tcp', 9, 8, 'x'), ('tcp', 65536, 65536, 'x')");
	nfp_test_db_exec(&test, "INSERT INTO interface(match, speed) VALUES('x', -1)");
	snapshot = nfp_load(test.db, &go_on, &report, NULL);
	cr_assert(snapshot);
	cr_expect_eq(report.left_out, 15);
	cr_expect(g_str_has_prefix(report.told->str,
				   "prefix row 1: cidr \"10.0.0.0/33\" has a length that is none of 0 to 32\n"
				   "prefix row 2: cidr \"10.0.0.1/8\" has bits behind its length\n"),
		  "%s", report.told->str);
	cr_expect_eq(nfp_snapshot_place4(snapshot, address)->as_number, 64500);
	nfp_test_db_clear(&test);
}

Test(load, what_is_told_is_lines_of_utf8)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr) VALUES('a' || char(10) || 'b' || CAST(x'c3' AS TEXT))");
	snapshot = nfp_load(test.db, &go_on, &report, NULL);
	cr_assert(snapshot);
	cr_expect(g_str_has_prefix(report.told->str, "prefix row 1: cidr \"a?b\xef\xbf\xbd\" "), "%s", report.told->str);
	nfp_test_db_clear(&test);
}

Test(load, ends_when_told)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) err = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 10000)"
				"INSERT INTO prefix(cidr) SELECT '10.0.' || (i / 256) || '.' || (i % 256) FROM n");
	cr_expect_null(nfp_load(test.db, &stop, &report, &err));
	cr_expect_str_eq(err->message, "reading was ended");
	nfp_test_db_clear(&test);
}

/* Not even when a view never has a row. */
Test(load, ends_when_told_within_a_row, .timeout = 60)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) err = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "DROP TABLE host");
	nfp_test_db_exec(&test, "CREATE VIEW host(rowid, address, name, priority) AS"
				" WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
				" SELECT i, '192.0.2.1', 'x', 1 FROM n WHERE i < 0");
	cr_expect_null(nfp_load(test.db, &stop, &report, &err));
	cr_expect_str_eq(err->message, "reading was ended");
	nfp_test_db_clear(&test);
}

Test(load, a_table_that_is_missing)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) err = NULL;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "DROP TABLE host");
	cr_expect_null(nfp_load(test.db, &go_on, &report, &err));
	cr_expect(strstr(err->message, "no such table: host"), "%s", err->message);
	nfp_load_report_clear(&report);
	nfp_test_db_clear(&test);
}
