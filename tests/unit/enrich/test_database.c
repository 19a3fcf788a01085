/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/database.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "support/enrich_db.h"

#define CR_MESSAGE(err, words) cr_expect(strstr((err)->message, words), "%s", (err)->message)

Test(database, is_made_with_its_folder_and_opened_again)
{
	NfpTestDb test;
	g_autoptr(GError) err = NULL;

	nfp_test_db_init(&test);
	for (guint i = 0; i < 2; i++) {
		g_autofree char *path = g_build_filename(test.folder, "a", "b.db", NULL);
		g_autoptr(sqlite3) db = nfp_database_open(path, !i, &err);

		cr_assert(db, "%s", err ? err->message : "");
		cr_expect_eq(nfp_database_number(db, "PRAGMA user_version", NULL), nfp_database_steps_n);
		cr_expect_eq(nfp_database_number(db, "SELECT count(*) FROM prefix", NULL), 0);
		cr_expect_eq(nfp_database_number(db, "SELECT 'wal' = journal_mode FROM pragma_journal_mode", NULL), 1);
	}
	cr_expect_null(nfp_database_open("/proc/none/x.db", TRUE, &err));
	CR_MESSAGE(err, "its folder cannot be made");
	{
		g_autofree char *file = g_build_filename(test.folder, "a", "b.db", NULL);
		g_autofree char *folder = g_build_filename(test.folder, "a", NULL);

		g_remove(file);
		g_remove(folder);
	}
	nfp_test_db_clear(&test);
}

Test(database, takes_rows_of_plain_sql_and_refuses_wrong_ones)
{
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "INSERT INTO prefix(cidr, as_number) VALUES('192.0.2.0/24', 64500)");
	nfp_test_db_exec(&test, "INSERT INTO host(address, name) VALUES('192.0.2.1', 'gw')");
	nfp_test_db_exec(&test, "INSERT INTO service(protocol, port_first, name) VALUES('tcp', 8443, 'admin')");
	nfp_test_db_exec(&test, "INSERT INTO interface(match, role) VALUES('eth*', 'uplink')");
	cr_expect_eq(nfp_database_number(test.db, "SELECT priority FROM prefix", NULL), 100);
	cr_expect_not(nfp_database_exec(test.db, "INSERT INTO prefix(cidr, as_number) VALUES('10.0.0.0/8', 'x')", NULL));
	cr_expect_not(nfp_database_exec(test.db, "INSERT INTO prefix(cidr, as_number) VALUES('10.0.0.0/8', -1)", NULL));
	cr_expect_not(nfp_database_exec(test.db, "INSERT INTO prefix(cidr) VALUES('192.0.2.0/24')", NULL), "twice");
	cr_expect_not(nfp_database_exec(test.db, "INSERT INTO service(protocol, port_first, port_last, name) "
						 "VALUES('tcp', 9, 8, 'x')", NULL));
	nfp_test_db_clear(&test);
}

Test(database, of_the_future_or_of_others_is_left_alone)
{
	static const char *const cases[][2] = {
		{ "PRAGMA user_version = 99", "its schema has version 99" },
		{ "PRAGMA application_id = 7", "it is a database of something else" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		gboolean alone;
		NfpTestDb test;

		nfp_test_db_init(&test);
		nfp_test_db_exec(&test, cases[i][0]);
		cr_expect_null(nfp_database_open(test.path, TRUE, &err));
		CR_MESSAGE(err, cases[i][1]);
		g_clear_error(&err);
		cr_expect_null(nfp_database_read(test.path, FALSE, &alone, &err));
		CR_MESSAGE(err, cases[i][1]);
		nfp_test_db_clear(&test);
	}
}

Test(database, that_is_none)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *path = NULL;
	gboolean alone;
	NfpTestDb test;

	nfp_test_db_init(&test);
	path = nfp_test_db_file(&test, "other.db");
	cr_expect_null(nfp_database_open(path, FALSE, &err), "not asked to make it");
	g_clear_error(&err);
	nfp_test_db_write(path, "This is no database, though it is long enough to be looked at as one, really.", -1);
	cr_expect_null(nfp_database_open(path, TRUE, &err));
	CR_MESSAGE(err, "not a database");
	g_clear_error(&err);
	nfp_test_db_write(path, "", 0);
	cr_expect_null(nfp_database_read(path, FALSE, &alone, &err));
	CR_MESSAGE(err, "it is empty");
	nfp_test_db_clear(&test);
}

Test(database, migrates_by_steps_or_not_at_all)
{
	static const char *const steps[] = { "CREATE TABLE a(x)", "CREATE TABLE b(x)", "CREATE TABLE c(x); CREATE TABLE a(x)" };
	g_autoptr(sqlite3) db = NULL;
	g_autoptr(GError) err = NULL;

	cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	cr_expect(nfp_database_migrate(db, steps, 1, NULL));
	cr_expect(nfp_database_migrate(db, steps, 1, NULL), "again");
	cr_expect_eq(nfp_database_number(db, "PRAGMA user_version", NULL), 1);
	cr_expect_not(nfp_database_migrate(db, steps, 3, &err));
	CR_MESSAGE(err, "step to version 3 of the schema: SQLite: table a already exists");
	cr_expect_eq(nfp_database_number(db, "PRAGMA user_version", NULL), 1);
	cr_expect_eq(nfp_database_number(db, "SELECT count(*) FROM sqlite_schema", NULL), 1, "of the other steps nothing");
	cr_expect(nfp_database_migrate(db, steps, 2, NULL));
	cr_expect_eq(nfp_database_number(db, "PRAGMA user_version", NULL), 2);
	cr_expect_not(nfp_database_migrate(db, steps, 1, NULL), "back");
}

Test(database, is_read_while_it_is_written)
{
	g_autoptr(sqlite3) reader = NULL;
	gboolean alone = TRUE;
	NfpTestDb test;

	nfp_test_db_init(&test);
	nfp_test_db_exec(&test, "PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE; INSERT INTO prefix(cidr) VALUES('10.0.0.0/8')");
	reader = nfp_database_read(test.path, FALSE, &alone, NULL);
	cr_assert(reader);
	cr_expect_not(alone);
	cr_expect_eq(nfp_database_number(reader, "SELECT count(*) FROM prefix", NULL), 0);
	nfp_test_db_exec(&test, "COMMIT");
	cr_expect_eq(nfp_database_number(reader, "SELECT count(*) FROM prefix", NULL), 1);
	cr_expect_not(nfp_database_exec(reader, "DELETE FROM prefix", NULL));
	g_clear_pointer(&reader, sqlite3_close_v2);
	reader = nfp_database_read(test.path, TRUE, &alone, NULL);
	cr_expect(alone);
	cr_expect_eq(nfp_database_number(reader, "SELECT count(*) FROM prefix", NULL), 0,
		     "the file alone: what was committed is in the -wal yet");
	nfp_test_db_clear(&test);
}
