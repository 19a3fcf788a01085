/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SQLite file of ours: opened for one process alone, known by its application id. */
#ifndef NFP_STORE_DB_H
#define NFP_STORE_DB_H

#include <glib.h>
#include <sqlite3.h>

typedef struct {
	sqlite3 *db;
	char *path;
	char error[160]; /* of the last statement that failed */
	int unprepared;  /* -errno of the last prepare() that failed */
} NfpDb;

/* id: `PRAGMA application_id` (0 in a new file); schema: statements that may run on a file that has them already.
 * A damaged file, or one with our id and other tables, triggers or views than `schema` makes, is moved aside (path.corrupt,
 * over an older one) and *ret_moved set. Errors: as nfp_spool_open(). */
gboolean nfp_db_open(NfpDb *db, const char *path, int id, const char *schema, gboolean *ret_moved, GError **err);
void nfp_db_close(NfpDb *db);
/* As open(), after is_damaged(): closes, moves aside, opens anew. */
gboolean nfp_db_replace(NfpDb *db, int id, const char *schema, GError **err);

/* One or more statements without results. 0 or -errno. */
int nfp_db_run(NfpDb *db, const char *sql);
/* NULL on error, which step() then tells, whatever was done in the meantime. The caller finalizes it. */
sqlite3_stmt *nfp_db_prepare(NfpDb *db, const char *sql);
/* SQLITE_ROW: 1; SQLITE_DONE: 0; else -errno. */
int nfp_db_step(NfpDb *db, sqlite3_stmt *stmt);
/* Gives the disk up to `most` free pages of the file, as long as more than `spare` are free. 1: there are more of them; 0; -errno. */
int nfp_db_shrink(NfpDb *db, guint most, guint spare);
/* Whether -errno of one of these means that the file is no good. */
gboolean nfp_db_is_damage(int r);

static inline void nfp_stmt_clear(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}
#define NFP_AUTO_STMT __attribute__((cleanup(nfp_stmt_clear))) sqlite3_stmt

#endif
