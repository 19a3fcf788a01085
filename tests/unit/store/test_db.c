/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "store/db.h"

#define ID 0x1234
#define SCHEMA "CREATE TABLE IF NOT EXISTS t (n INTEGER)"

static char *folder;
static char *path;

static void set_up(void)
{
	folder = g_dir_make_tmp("nfprobe-db.XXXXXX", NULL);
	path = g_build_filename(folder, "deep", "down", "file.db", NULL);
}

static void tear_down(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_free(path);
	g_free(folder);
}

TestSuite(db, .init = set_up, .fini = tear_down);

static gboolean open_at(NfpDb *db, gboolean *moved, GError **err)
{
	*moved = FALSE;
	return nfp_db_open(db, path, ID, SCHEMA, moved, err);
}

static int count(NfpDb *db)
{
	NFP_AUTO_STMT *stmt = nfp_db_prepare(db, "SELECT count(*) FROM t");

	cr_assert_eq(nfp_db_step(db, stmt), 1);
	return sqlite3_column_int(stmt, 0);
}

Test(db, is_made_private_and_found_again)
{
	gboolean moved;
	struct stat st;
	NfpDb db;

	cr_assert(open_at(&db, &moved, NULL));
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(nfp_db_run(&db, "INSERT INTO t VALUES (1)"), 0);
	nfp_db_close(&db);
	cr_assert(open_at(&db, &moved, NULL));
	cr_assert_not(moved);
	cr_assert_eq(count(&db), 1);
	cr_assert_lt(nfp_db_run(&db, "INSERT INTO nothing VALUES (1)"), 0);
	cr_assert_neq(db.error[0], 0);
	cr_assert_null(nfp_db_prepare(&db, "SELECT * FROM nothing"));
	cr_assert_eq(nfp_db_run(&db, "BEGIN; COMMIT"), 0);
	cr_assert_lt(nfp_db_step(&db, NULL), 0, "what prepare() failed with");
	nfp_db_close(&db);
}

Test(db, one_user_at_a_time)
{
	g_autoptr(GError) err = NULL;
	gboolean moved;
	NfpDb one;
	NfpDb two;

	cr_assert(open_at(&one, &moved, NULL));
	cr_assert_not(open_at(&two, &moved, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_not_null(strstr(err->message, "in use"));
	nfp_db_close(&one);
	cr_assert(open_at(&two, &moved, NULL));
	nfp_db_close(&two);
}

Test(db, what_is_no_database_is_moved_aside)
{
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	g_autofree char *deep = g_path_get_dirname(path);
	g_autofree char *text = NULL;
	gboolean moved;
	NfpDb db;

	cr_assert_eq(g_mkdir_with_parents(deep, 0700), 0);
	cr_assert(g_file_set_contents(path, "no database at all, but long enough for a header that SQLite would read",
				      -1, NULL));
	cr_assert(open_at(&db, &moved, NULL));
	cr_assert(moved);
	cr_assert_eq(count(&db), 0);
	cr_assert(g_file_get_contents(aside, &text, NULL, NULL));
	cr_assert(g_str_has_prefix(text, "no database"));
	nfp_db_close(&db);
}

Test(db, somebody_elses_is_left_alone)
{
	g_autoptr(GError) err = NULL;
	gboolean moved = FALSE;
	NfpDb db;

	cr_assert(nfp_db_open(&db, path, ID + 1, SCHEMA, &moved, NULL));
	cr_assert_eq(nfp_db_run(&db, "INSERT INTO t VALUES (1)"), 0);
	nfp_db_close(&db);
	cr_assert_not(open_at(&db, &moved, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_not(moved);
	cr_assert(nfp_db_open(&db, path, ID + 1, SCHEMA, &moved, NULL));
	cr_assert_eq(count(&db), 1);
	cr_assert(nfp_db_replace(&db, ID, SCHEMA, NULL));
	cr_assert_eq(count(&db), 0);
	nfp_db_close(&db);
}

/* Of the tests below: what happens to the connections that are opened from now on. */
static sqlite3 *rival;

/* The rival takes the file between the first look at it and that at its tables. */
static int lock_at_schema(void *data, int action, const char *a, const char *function, const char *b, const char *c)
{
	(void)data, (void)a, (void)b, (void)c;
	if (action == SQLITE_FUNCTION && g_str_equal(function, "group_concat") && sqlite3_get_autocommit(rival))
		cr_assert_eq(sqlite3_exec(rival, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	return SQLITE_OK;
}

static int watch(sqlite3 *db, char **ret_error, const void *api)
{
	(void)ret_error, (void)api;
	return sqlite3_set_authorizer(db, lock_at_schema, NULL);
}

/* The one that the tables are compared with is in memory, and has no name. */
static int no_memory(sqlite3 *db, char **ret_error, const void *api)
{
	const char *name = sqlite3_db_filename(db, "main");

	(void)api;
	if (name && *name)
		return SQLITE_OK;
	*ret_error = sqlite3_mprintf("the test's reason");
	return SQLITE_ERROR;
}

static void has_a_row(void)
{
	gboolean moved;
	NfpDb db;

	cr_assert(open_at(&db, &moved, NULL));
	cr_assert_eq(nfp_db_run(&db, "INSERT INTO t VALUES (1)"), 0);
	nfp_db_close(&db);
}

static void still_has_it(void)
{
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);
	gboolean moved;
	NfpDb db;

	cr_assert(open_at(&db, &moved, NULL));
	cr_assert_not(moved);
	cr_assert_eq(count(&db), 1);
	cr_assert_not(g_file_test(aside, G_FILE_TEST_EXISTS));
	nfp_db_close(&db);
}

Test(db, tables_that_cannot_be_read_for_now_are_no_damage)
{
	g_autoptr(GError) err = NULL;
	gboolean moved;
	NfpDb db;

	has_a_row();
	cr_assert_eq(sqlite3_open(path, &rival), SQLITE_OK);
	cr_assert_eq(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
	cr_assert_not(open_at(&db, &moved, &err));
	sqlite3_reset_auto_extension();
	cr_assert_not(sqlite3_get_autocommit(rival), "it has the file");
	cr_expect(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_expect_not_null(strstr(err->message, "in use"), "%s", err->message);
	cr_expect_not(moved);
	sqlite3_close_v2(rival);
	still_has_it();
}

Test(db, no_tables_to_compare_with_are_no_damage)
{
	g_autoptr(GError) err = NULL;
	gboolean moved;
	NfpDb db;

	has_a_row();
	cr_assert_eq(sqlite3_auto_extension((void (*)(void))no_memory), SQLITE_OK);
	cr_assert_not(open_at(&db, &moved, &err));
	sqlite3_reset_auto_extension();
	cr_expect(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
	cr_expect_not_null(strstr(err->message, "the test's reason"), "%s", err->message);
	cr_expect_not(moved);
	still_has_it();
}

Test(db, no_folder)
{
	g_autoptr(GError) err = NULL;
	gboolean moved = FALSE;
	NfpDb db;

	cr_assert_not(nfp_db_open(&db, "/proc/nothing/file.db", ID, SCHEMA, &moved, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
	cr_assert(nfp_db_is_damage(-EUCLEAN));
	cr_assert_not(nfp_db_is_damage(-ENOSPC));
}

Test(db, gets_shorter_in_steps)
{
	gboolean moved;
	struct stat before, after;
	NfpDb db;
	guint steps = 0;
	int r;

	cr_assert(open_at(&db, &moved, NULL));
	cr_assert_eq(nfp_db_run(&db, "INSERT INTO t SELECT zeroblob(409600); DELETE FROM t"), 0);
	cr_assert_eq(stat(path, &before), 0);
	cr_assert_eq(nfp_db_shrink(&db, 10, 1000), 0, "it may keep so many");
	while ((r = nfp_db_shrink(&db, 10, 50)) > 0)
		steps++;
	cr_assert_eq(r, 0);
	cr_assert_geq(steps, 4);
	cr_assert_eq(stat(path, &after), 0);
	cr_assert_leq(after.st_size, before.st_size - 50 * 4096);
	cr_assert_gt(after.st_size, 50 * 4096);
	nfp_db_close(&db);
}
