/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "enrich/export.h"
#include "support/enrich_db.h"

static gboolean append(const char *text, void *data)
{
	g_string_append(data, text);
	return TRUE;
}

static char *look(const NfpTestDb *db, const char *address, gboolean json, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);

	return nfp_enrich_lookup(db->path, address, json, append, out, err) ? g_string_free(g_steal_pointer(&out), FALSE)
									    : NULL;
}

Test(lookup, facts_and_where_they_come_from)
{
	g_autofree char *text = NULL, *json = NULL, *other = NULL, *six = NULL;
	NfpTestDb db;

	nfp_test_db_init(&db);
	nfp_test_db_exec(&db, "INSERT INTO prefix(cidr, as_number, as_name, source) VALUES('192.0.2.0/24', 64500, 'EX', 'bgp')");
	nfp_test_db_exec(&db, "INSERT INTO prefix(cidr, site, label8) VALUES('192.0.2.0/26', 'say \"x\"', 'l')");
	nfp_test_db_exec(&db, "INSERT INTO host(address, name) VALUES('192.0.2.1', 'gw')");
	text = look(&db, "192.0.2.1", FALSE, NULL);
	cr_expect_str_eq(text, "address    192.0.2.1\nas_number  64500\nas_name    EX\nsite       say \"x\"\nhost       gw\n"
			       "label8     l\n"
			       "from       host row 1: 192.0.2.1, source manual, priority 100\n"
			       "           prefix row 2: 192.0.2.0/26, source manual, priority 100\n"
			       "           prefix row 1: 192.0.2.0/24, source bgp, priority 100\n", "%s", text);
	json = look(&db, "192.0.2.1", TRUE, NULL);
	cr_expect_str_eq(json, "{\"address\": \"192.0.2.1\", \"as_number\": 64500, \"as_name\": \"EX\", "
			       "\"site\": \"say \\\"x\\\"\", \"host\": \"gw\", \"label8\": \"l\"}\n", "%s", json);
	other = look(&db, "10.0.0.1", FALSE, NULL);
	cr_expect_str_eq(other, "address    10.0.0.1\nas_name    Private-Use\n"
				"from       built-in facts; no row of the database has this address\n", "%s", other);
	six = look(&db, "2001:DB8::1", TRUE, NULL);
	cr_expect_str_eq(six, "{\"address\": \"2001:db8::1\", \"as_name\": \"Documentation\"}\n", "%s", six);
	nfp_test_db_clear(&db);
}

Test(lookup, of_what_is_no_address)
{
	g_autoptr(GError) err = NULL;
	NfpTestDb db;

	nfp_test_db_init(&db);
	cr_expect_null(look(&db, "192.0.2.0/24", FALSE, &err));
	cr_expect(g_str_has_prefix(err->message, "\"192.0.2.0/24\" is no address"), "%s", err->message);
	nfp_test_db_clear(&db);
}
