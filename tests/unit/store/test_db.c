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
