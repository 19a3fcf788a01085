/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/enrich_db.h"

#include <glib/gstdio.h>

void nfp_test_db_init(NfpTestDb *t)
{
	g_autoptr(GError) err = NULL;

	*t = (NfpTestDb){ .folder = g_dir_make_tmp("nfpt-enrich-XXXXXX", &err) };
	g_assert_no_error(err);
	t->path = nfp_test_db_file(t, "enrichment.db");
	t->db = nfp_database_open(t->path, TRUE, &err);
	g_assert_no_error(err);
}

char *nfp_test_db_file(const NfpTestDb *t, const char *name)
{
	return g_build_filename(t->folder, name, NULL);
}

void nfp_test_db_exec(NfpTestDb *t, const char *sql)
{
	char *words = NULL;

	if (sqlite3_exec(t->db, sql, NULL, NULL, &words) != SQLITE_OK)
		g_error("%s: %s", sql, words);
}

void nfp_test_db_write(const char *path, const char *text, gssize length)
{
	g_autoptr(GError) err = NULL;

	g_file_set_contents(path, text, length, &err);
	g_assert_no_error(err);
}

void nfp_test_db_clear(NfpTestDb *t)
{
	g_autoptr(GDir) dir = g_dir_open(t->folder, 0, NULL);
	const char *name;

	sqlite3_close_v2(t->db);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = nfp_test_db_file(t, name);

		g_unlink(path);
	}
	g_rmdir(t->folder);
	g_free(t->folder);
	g_free(t->path);
}
