/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

#define BUSY_MS 2000 /* a predecessor that is just ending */
#define RESERVE (256 * 1024) /* of the journal */

/*
 * A rollback journal, kept and not truncated, rather than a write-ahead log: batches are written once instead of
 * twice, and on a full disk, the case that a spool is made for, what was delivered can still be deleted (ADR 15).
 * FULL: what was committed survives a loss of power. EXCLUSIVE: nobody else reads or writes it while we have it.
 */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA auto_vacuum = INCREMENTAL;"
			       "PRAGMA journal_mode = PERSIST;"
			       "PRAGMA journal_size_limit = 1048576;"
			       "PRAGMA synchronous = FULL;"
			       /* Debian's build overwrites what is deleted, and journals all of it for that. */
			       "PRAGMA secure_delete = OFF;"
			       "PRAGMA cell_size_check = ON;"
			       "PRAGMA trusted_schema = OFF;"
			       "BEGIN EXCLUSIVE; COMMIT;";

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK: return 0;
	case SQLITE_FULL: return ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return EUCLEAN;
	case SQLITE_READONLY:
	case SQLITE_PERM: return EROFS;
	case SQLITE_CANTOPEN: return ENOENT;
	case SQLITE_NOMEM: return ENOMEM;
	case SQLITE_TOOBIG: return EFBIG;
	default: return EIO;
	}
}

gboolean nfp_db_is_damage(int r)
{
	return r == -EUCLEAN;
}

/* SQLite calls a file corrupt that the disk cannot read (SQLITE_IOERR_CORRUPTFS becomes SQLITE_CORRUPT on its way up). That is a
 * failure, which may pass, and no damage, for which the file would be given up. */
static gboolean is_unreadable(sqlite3 *by)
{
	int errnum = 0;

	return sqlite3_file_control(by, "main", SQLITE_FCNTL_LAST_ERRNO, &errnum) == SQLITE_OK && errnum == EIO;
}

/* by: the connection that failed, which knows more of it; NULL: there is none. */
static int failed_by(NfpDb *db, sqlite3 *by, int code)
{
	int errnum = by && code == SQLITE_CORRUPT && is_unreadable(by) ? EIO : errno_of(code);
	int system = by ? sqlite3_system_errno(by) : 0;

	/* Some file systems tell of a full disk late, when it is flushed. */
	if (errnum == EIO && (system == ENOSPC || system == EDQUOT))
		errnum = ENOSPC;
	g_snprintf(db->error, sizeof(db->error), "%s: %s", db->path,
		   errnum == ENOSPC ? g_strerror(ENOSPC) : by ? sqlite3_errmsg(by) : sqlite3_errstr(code));
	return -errnum;
}

static int failed(NfpDb *db, int code)
{
	return failed_by(db, db->db, code);
}

int nfp_db_run(NfpDb *db, const char *sql)
{
	int code = sqlite3_exec(db->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : failed(db, code);
}

sqlite3_stmt *nfp_db_prepare(NfpDb *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->db, sql, -1, &stmt, NULL);

	if (code != SQLITE_OK)
		db->unprepared = failed(db, code);
	return stmt;
}

int nfp_db_step(NfpDb *db, sqlite3_stmt *stmt)
{
	int code;

	if (!stmt)
		return db->unprepared;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : failed(db, code);
}

static int get_number(NfpDb *db, const char *sql, int *ret_number)
{
	NFP_AUTO_STMT *stmt = nfp_db_prepare(db, sql);
	int r = nfp_db_step(db, stmt);

	if (r < 0)
		return r;
	*ret_number = r ? sqlite3_column_int(stmt, 0) : 0;
	return 0;
}

int nfp_db_shrink(NfpDb *db, guint most, guint spare)
{
	g_autofree char *sql = NULL;
	int number = 0;
	int r = get_number(db, "PRAGMA freelist_count", &number);
	guint free_pages = (guint)MAX(number, 0);

	if (r || free_pages <= spare)
		return r;
	most = MIN(most, free_pages - spare);
	sql = g_strdup_printf("PRAGMA incremental_vacuum(%u)", most);
	r = nfp_db_run(db, sql);
	return r ? r : free_pages - most > spare;
}

/* What stands in a schema, as one text (NULL: nothing does). Indexes of SQLite's own aside. SQLite's code. */
static int schema_text(sqlite3 *db, char **ret_text)
{
	sqlite3_stmt *prepared = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT group_concat(type || ' ' || name || ' ' || sql, char(10))"
				      " FROM (SELECT type, name, sql FROM sqlite_master"
				      "       WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name, type)", -1, &prepared, NULL);
	NFP_AUTO_STMT *stmt = prepared;
	const char *text;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW)
		return code;
	text = (const char *)sqlite3_column_text(stmt, 0);
	if (!text && sqlite3_errcode(db) == SQLITE_NOMEM)
		return SQLITE_NOMEM;
	*ret_text = g_strdup(text);
	return SQLITE_OK;
}

/* The text of what `schema` makes. 0 or -errno. */
static int wanted_text(NfpDb *db, const char *schema, char **ret_text)
{
	sqlite3 *ours = NULL;
	int code = sqlite3_open(":memory:", &ours);
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_exec(ours, schema, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = schema_text(ours, ret_text);
	if (code != SQLITE_OK)
		r = failed_by(db, ours, code);
	sqlite3_close_v2(ours);
	return r;
}

/*
 * A file that bears our id and has other tables than we make: views and triggers in it would run as part of our own
 * statements, for ever if their author likes. Only what was read and differs is damage: a file that cannot be read for
 * now stays where it is.
 */
static int check_schema(NfpDb *db, const char *schema)
{
	g_autofree char *is = NULL, *wanted = NULL;
	int code = schema_text(db->db, &is);
	int r = code == SQLITE_OK ? wanted_text(db, schema, &wanted) : failed(db, code);

	if (r || g_strcmp0(is, wanted) == 0)
		return r;
	g_snprintf(db->error, sizeof(db->error), "%s: its tables are not those that nfprobe makes", db->path);
	return -EUCLEAN;
}

static int set_up(NfpDb *db, int id, const char *schema, int *ret_found)
{
	g_autofree char *set_id = g_strdup_printf("PRAGMA application_id = %d", id);
	int tables = 0;
	int r;

	sqlite3_busy_timeout(db->db, BUSY_MS);
	sqlite3_extended_result_codes(db->db, 1);
	*ret_found = id;
	r = get_number(db, "SELECT count(*) FROM sqlite_master", &tables);
	if (!r)
		r = get_number(db, "PRAGMA application_id", ret_found);
	if (r)
		return r;
	if (tables == 0)
		*ret_found = id;
	if (*ret_found != id)
		return 0;
	r = tables ? check_schema(db, schema) : 0;
	if (!r)
		r = nfp_db_run(db, settings);
	if (!r)
		r = nfp_db_run(db, set_id);
	return r ? r : nfp_db_run(db, schema);
}

/* Readable by us alone: it tells who talked to whom. SQLite would ask the umask. */
static void make_private(const char *path)
{
	NFP_AUTO_FD int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	/* Not there before, so nobody holds a lock on it that closing would drop (fcntl(2)). */
	(void)fd;
}

/* On a full disk nothing is deleted without room for the journal of the pages that change: it has that beforehand. A
 * disk that is full already costs it that, and nothing else. */
static void reserve_journal(const char *path)
{
	g_autofree char *journal = g_strconcat(path, "-journal", NULL);
	NFP_AUTO_FD int fd = open(journal, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)!posix_fallocate(fd, 0, RESERVE);
}

static int try_open(NfpDb *db, int id, const char *schema, int *ret_found)
{
	int code;
	int r;

	make_private(db->path);
	*ret_found = id;
	code = sqlite3_open_v2(db->path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code != SQLITE_OK)
		return failed(db, code);
	r = set_up(db, id, schema, ret_found);
	if (!r && *ret_found == id)
		reserve_journal(db->path);
	return r;
}

void nfp_db_close(NfpDb *db)
{
	sqlite3_close_v2(db->db);
	db->db = NULL;
	g_clear_pointer(&db->path, g_free);
}

static void move_aside(const char *path)
{
	g_autofree char *journal = g_strconcat(path, "-journal", NULL);
	g_autofree char *aside = g_strconcat(path, ".corrupt", NULL);

	/* The journal belongs to what was there: it must not be played into the new file. */
	if (rename(path, aside) < 0)
		unlink(path);
	unlink(journal);
}

static gboolean tell(NfpDb *db, int r, int id, int found, GError **err)
{
	if (r == -EBUSY)
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "%s is in use: another process has it, or another collector of this one", db->path);
	else if (r)
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s", db->error);
	else if (found != id)
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "%s is another program's database", db->path);
	else
		return TRUE;
	nfp_db_close(db);
	return FALSE;
}

gboolean nfp_db_open(NfpDb *db, const char *path, int id, const char *schema, gboolean *ret_moved, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int found;
	int r;

	*db = (NfpDb){ .path = g_strdup(path) };
	if (g_mkdir_with_parents(folder, 0700) < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make the folder %s", folder);
		nfp_db_close(db);
		return FALSE;
	}
	r = try_open(db, id, schema, &found);
	if (nfp_db_is_damage(r)) {
		*ret_moved = TRUE;
		return nfp_db_replace(db, id, schema, err);
	}
	return tell(db, r, id, found, err);
}

gboolean nfp_db_replace(NfpDb *db, int id, const char *schema, GError **err)
{
	int found;
	int r;

	sqlite3_close_v2(db->db);
	db->db = NULL;
	move_aside(db->path);
	r = try_open(db, id, schema, &found);
	return tell(db, r, id, found, err);
}
