/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define WRITER_PATIENCE 10000 /* ms that a writer waits for another one */
#define READER_PATIENCE 100
#define VALUE_MAX (16 << 20) /* octets of a row: what is longer is no fact, and would be in memory whole */

#define SOURCE "source TEXT NOT NULL DEFAULT 'manual' CHECK(length(source) BETWEEN 1 AND 64)"
#define PRIORITY "priority INTEGER NOT NULL DEFAULT 100 CHECK(priority BETWEEN -1000000 AND 1000000)"

const char *const nfp_database_steps[] = {
	"CREATE TABLE prefix("
	" cidr TEXT NOT NULL,"
	" as_number INTEGER CHECK(as_number BETWEEN 0 AND 4294967295),"
	" as_name TEXT, country TEXT, city TEXT, site TEXT, customer TEXT,"
	" label1 TEXT, label2 TEXT, label3 TEXT, label4 TEXT, label5 TEXT, label6 TEXT, label7 TEXT, label8 TEXT,"
	" " SOURCE ", " PRIORITY ", UNIQUE(source, cidr)) STRICT;"
	"CREATE TABLE host("
	" address TEXT NOT NULL, name TEXT NOT NULL,"
	" " SOURCE ", " PRIORITY ", UNIQUE(source, address)) STRICT;"
	"CREATE TABLE service("
	" protocol TEXT NOT NULL,"
	" port_first INTEGER NOT NULL CHECK(port_first BETWEEN 0 AND 65535),"
	" port_last INTEGER CHECK(port_last BETWEEN port_first AND 65535),"
	" name TEXT NOT NULL,"
	" application_id INTEGER CHECK(application_id BETWEEN 0 AND 4294967295),"
	" " SOURCE ", " PRIORITY ", UNIQUE(source, protocol, port_first, port_last)) STRICT;"
	"CREATE TABLE interface("
	" match TEXT NOT NULL, alias TEXT, role TEXT, vrf TEXT,"
	" speed INTEGER CHECK(speed BETWEEN 0 AND 4294967295),"
	" " SOURCE ", " PRIORITY ", UNIQUE(source, match)) STRICT;",
};
const guint nfp_database_steps_n = G_N_ELEMENTS(nfp_database_steps);

G_DEFINE_QUARK(nfp-database-locked, nfp_database_locked)

gboolean nfp_database_error(sqlite3 *db, const char *what, GError **err)
{
	int code = sqlite3_errcode(db) & 0xff;
	gboolean locked = code == SQLITE_BUSY || code == SQLITE_LOCKED;

	g_set_error(err, locked ? NFP_DATABASE_LOCKED : NFP_ERROR, NFP_ERROR_FAILED, "%s: %s", what, sqlite3_errmsg(db));
	return FALSE;
}

gboolean nfp_database_exec(sqlite3 *db, const char *sql, GError **err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || nfp_database_error(db, "SQLite", err);
}

sqlite3_stmt *nfp_database_prepare(sqlite3 *db, const char *sql, GError **err)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		nfp_database_error(db, "SQLite", err);
	return stmt;
}

gint64 nfp_database_number(sqlite3 *db, const char *sql, GError **err)
{
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(db, sql, err);
	int rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;

	if (rc == SQLITE_ROW)
		return sqlite3_column_int64(stmt, 0);
	if (stmt && rc != SQLITE_DONE)
		nfp_database_error(db, "SQLite", err);
	return -1;
}

/* Whose it is, and of which version. -1: *err is set. */
static int version_of(sqlite3 *db, guint newest, GError **err)
{
	gint64 version = nfp_database_number(db, "PRAGMA user_version", err);
	gint64 id = version < 0 ? -1 : nfp_database_number(db, "PRAGMA application_id", err);
	gint64 tables = id < 0 ? -1 : nfp_database_number(db, "SELECT count(*) FROM sqlite_schema", err);

	if (tables < 0)
		return -1;
	if (id != NFP_DATABASE_ID && (version || tables)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "it is a database of something else: give another path");
		return -1;
	}
	if (version > newest) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "its schema has version %d, and this nfprobe knows those up to %u: use the nfprobe that "
			    "made it, or import into a new file",
			    (int)version, newest);
		return -1;
	}
	return (int)version;
}

gboolean nfp_database_migrate(sqlite3 *db, const char *const *steps, guint n, GError **err)
{
	int version = version_of(db, n, err);
	g_autofree char *mark = NULL;

	if (version < 0 || (guint)version == n)
		return version >= 0;
	/* Somebody else may be at it: what there is to do is found out again under the lock. */
	if (!nfp_database_exec(db, "BEGIN IMMEDIATE", err))
		return FALSE;
	version = version_of(db, n, err);
	for (guint i = version < 0 ? n : (guint)version; i < n; i++) {
		if (nfp_database_exec(db, steps[i], err))
			continue;
		g_prefix_error(err, "step to version %u of the schema: ", i + 1);
		version = -1;
		break;
	}
	mark = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %u; COMMIT", NFP_DATABASE_ID, n);
	if (version >= 0 && nfp_database_exec(db, mark, err))
		return TRUE;
	nfp_database_exec(db, "ROLLBACK", NULL);
	return FALSE;
}

static gboolean make_folder(const char *path, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(path);

	return !g_mkdir_with_parents(folder, 0755) ||
	       nfp_error_errno(err, NFP_ERROR_FAILED, errno, "its folder cannot be made");
}

sqlite3 *nfp_database_open(const char *path, gboolean make, GError **err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (make ? SQLITE_OPEN_CREATE : 0);
	g_autoptr(sqlite3) db = NULL;

	if (make && !make_folder(path, err))
		return NULL;
	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
		nfp_database_error(db, "it cannot be opened", err);
		return NULL;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, WRITER_PATIENCE);
	/* Before WAL: a database of somebody else stays as it is. */
	if (version_of(db, nfp_database_steps_n, err) < 0 ||
	    !nfp_database_exec(db, "PRAGMA journal_mode = WAL", err) ||
	    !nfp_database_migrate(db, nfp_database_steps, nfp_database_steps_n, err))
		return NULL;
	return g_steal_pointer(&db);
}

static gboolean wal_is_empty(const char *path)
{
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	struct stat st;

	return stat(wal, &st) || !st.st_size;
}

static sqlite3 *open_to_read(const char *path, gboolean alone, GError **err)
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | (alone ? SQLITE_OPEN_URI : 0);
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	g_autofree char *file = g_filename_to_uri(absolute, NULL, err);
	g_autofree char *uri = file ? g_strconcat(file, "?immutable=1", NULL) : NULL;
	g_autoptr(sqlite3) db = NULL;

	if (!uri)
		return NULL;
	if (access(path, R_OK) < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno,
				"it cannot be read (`nfprobe enrich create` or `enrich import` makes one)");
		return NULL;
	}
	if (sqlite3_open_v2(alone ? uri : absolute, &db, flags, NULL) != SQLITE_OK) {
		nfp_database_error(db, "it cannot be opened", err);
		return NULL;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, READER_PATIENCE);
	/* Whoever wrote the file may have meant harm (sqlite.org/security.html). */
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	return g_steal_pointer(&db);
}

/* SQLite reads a database in WAL mode through a -shm file, and makes one. */
static gboolean cannot_share(int code)
{
	return (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
}

gboolean nfp_database_check(sqlite3 *db, GError **err)
{
	int version = version_of(db, nfp_database_steps_n, err);

	if (version < 0 || (guint)version == nfp_database_steps_n)
		return version >= 0;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    version ? "its schema has version %d and this nfprobe reads %u: `nfprobe enrich create` migrates it"
			    : "it is empty (version %d of %u): `nfprobe enrich create` makes its tables",
		    version, nfp_database_steps_n);
	return FALSE;
}

sqlite3 *nfp_database_read(const char *path, gboolean alone, gboolean *ret_alone, GError **err)
{
	g_autoptr(sqlite3) db = open_to_read(path, alone, err);

	if (db && !alone && sqlite3_exec(db, "PRAGMA user_version", NULL, NULL, NULL) != SQLITE_OK &&
	    cannot_share(sqlite3_extended_errcode(db)) && wal_is_empty(path)) {
		g_clear_pointer(&db, sqlite3_close_v2);
		alone = TRUE;
		db = open_to_read(path, TRUE, err);
	}
	if (!db || !nfp_database_check(db, err))
		return NULL;
	*ret_alone = alone;
	return g_steal_pointer(&db);
}
