/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the database: to write (made and migrated when it has to be), to read (never written, not even beside it if
 * that cannot be). Errors say what to do. */
#ifndef NFP_ENRICH_DATABASE_H
#define NFP_ENRICH_DATABASE_H

#include <glib.h>
#include <sqlite3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close_v2)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* PRAGMA application_id: "nfpe". */
#define NFP_DATABASE_ID 0x6e667065

/* Version n of the schema is what the first n steps make: SQL, one transaction each run. New versions are new steps; what
 * is here never changes. */
extern const char *const nfp_database_steps[];
extern const guint nfp_database_steps_n;

/* Brings a database to version n: nothing, if it is there. Refuses those that are newer, and those of others. */
gboolean nfp_database_migrate(sqlite3 *db, const char *const *steps, guint n, GError **err);

/* Read and write; made if `make`, with its folder. Up to date then, in WAL mode. */
sqlite3 *nfp_database_open(const char *path, gboolean make, GError **err);
/* Reads only. `alone`: whatever stands in a -wal file is not of this database, look at the file alone. Sets *ret_alone
 * when that is how it was opened: asked for, or because neither -wal nor -shm is there and neither can be made. */
sqlite3 *nfp_database_read(const char *path, gboolean alone, gboolean *ret_alone, GError **err);

/* Whether it is one of ours, and of the version that is read. Of an open one too: it may have been changed since. */
gboolean nfp_database_check(sqlite3 *db, GError **err);

/* The domain of errors that a lock of somebody else's is the cause of: it will go. */
#define NFP_DATABASE_LOCKED (nfp_database_locked_quark())
GQuark nfp_database_locked_quark(void);

/* Sets err to "<what>: <words of SQLite>" and returns FALSE. */
gboolean nfp_database_error(sqlite3 *db, const char *what, GError **err);
gboolean nfp_database_exec(sqlite3 *db, const char *sql, GError **err);
/* The first column of the first row; -1: there is none, or *err is set. */
gint64 nfp_database_number(sqlite3 *db, const char *sql, GError **err);
sqlite3_stmt *nfp_database_prepare(sqlite3 *db, const char *sql, GError **err);

#endif
