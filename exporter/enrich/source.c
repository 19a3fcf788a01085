/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/source.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"

#define RETRY_LEAST (G_USEC_PER_SEC / 4)
#define RETRY_MOST (30 * G_USEC_PER_SEC)
#define RETRY_LOCKED G_USEC_PER_SEC /* asking costs next to nothing then */

/* What a file is without looking into it; all zero: there is none. */
typedef struct {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written;
} Signature;

struct NfpEnrichSource {
	char *path, *wal_path;
	sqlite3 *db; /* kept open: data_version tells of others' commits on one connection only */
	gboolean alone;
	gint64 version; /* data_version of what was loaded */
	Signature file, wal; /* when it was opened */
	gboolean failed;
	Signature failed_file, failed_wal;
	gint64 retry, next_try;
};

NfpEnrichSource *nfp_enrich_source_new(const char *path)
{
	NfpEnrichSource *s = g_new0(NfpEnrichSource, 1);

	s->path = g_strdup(path);
	s->wal_path = g_strconcat(path, "-wal", NULL);
	return s;
}

void nfp_enrich_source_free(NfpEnrichSource *s)
{
	if (!s)
		return;
	sqlite3_close_v2(s->db);
	g_free(s->path);
	g_free(s->wal_path);
	g_free(s);
}

static int look(const char *path, Signature *ret)
{
	struct stat st;

	*ret = (Signature){ 0 };
	if (stat(path, &st))
		return -errno;
	*ret = (Signature){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	return 0;
}

static gboolean same_inode(const Signature *a, const Signature *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static gboolean same(const Signature *a, const Signature *b)
{
	return same_inode(a, b) && a->size == b->size && a->written.tv_sec == b->written.tv_sec &&
	       a->written.tv_nsec == b->written.tv_nsec;
}

static void forget(NfpEnrichSource *s)
{
	g_clear_pointer(&s->db, sqlite3_close_v2);
}

/* A file that took the place of another one does not own the -wal file that the other one left. */
static gboolean wal_is_of_another(const NfpEnrichSource *s, const Signature *file, const Signature *wal)
{
	return s->file.inode && !same_inode(&s->file, file) && wal->size && same_inode(&s->wal, wal);
}

static gboolean open_file(NfpEnrichSource *s, const Signature *file, const Signature *wal, GError **err)
{
	gboolean alone = wal_is_of_another(s, file, wal) || (s->alone && same_inode(&s->file, file) &&
							     wal->size && same_inode(&s->wal, wal));

	forget(s);
	s->db = nfp_database_read(s->path, alone, &s->alone, err);
	if (!s->db)
		return FALSE;
	s->file = *file;
	look(s->wal_path, &s->wal); /* opening may have made it */
	return TRUE;
}

/* One transaction, so that data_version is that of what is read. */
static NfpSnapshot *load(NfpEnrichSource *s, const gint *cancel, NfpLoadReport *report, GError **err)
{
	g_autoptr(NfpSnapshot) snapshot = NULL;
	Signature file;

	if (!nfp_database_exec(s->db, "BEGIN; SELECT count(*) FROM sqlite_schema", err))
		return NULL;
	s->version = nfp_database_number(s->db, "PRAGMA data_version", err);
	if (s->version >= 0 && nfp_database_check(s->db, err))
		snapshot = nfp_load(s->db, cancel, report, err);
	nfp_database_exec(s->db, "ROLLBACK", NULL);
	/* What is opened as a file alone has no locks: nobody knew that it was read. */
	if (snapshot && s->alone && (look(s->path, &file) || !same(&file, &s->file))) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "it was changed while it was read");
		return NULL;
	}
	return g_steal_pointer(&snapshot);
}

static gboolean is_new(NfpEnrichSource *s, const Signature *file, const Signature *wal)
{
	if (!s->db || !same(&s->file, file) || (s->alone && !same(&s->wal, wal)))
		return TRUE;
	return nfp_database_number(s->db, "PRAGMA data_version", NULL) != s->version;
}

/* A failure is tried again at once when the file changes, else after longer and longer times. */
static gboolean may_try(const NfpEnrichSource *s, const Signature *file, const Signature *wal, gint64 now)
{
	return !s->failed || now >= s->next_try || !same(&s->failed_file, file) || !same(&s->failed_wal, wal);
}

static void fail(NfpEnrichSource *s, const Signature *file, const Signature *wal, gint64 now, const GError *why)
{
	gint64 most = why->domain == NFP_DATABASE_LOCKED ? RETRY_LOCKED : RETRY_MOST;

	s->retry = s->failed ? MIN(2 * s->retry, most) : RETRY_LEAST;
	s->failed = TRUE;
	s->failed_file = *file;
	s->failed_wal = *wal;
	s->next_try = now + s->retry;
	forget(s);
}

NfpSourceNews nfp_enrich_source_poll(NfpEnrichSource *s, gint64 now, const gint *cancel, NfpSnapshot **ret_snapshot,
				     NfpLoadReport *ret_report, GError **err)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	GError *why = NULL;
	Signature file, wal;
	int rc = look(s->path, &file);

	look(s->wal_path, &wal);
	if (!may_try(s, &file, &wal, now) || (!rc && !is_new(s, &file, &wal)))
		return NFP_SOURCE_SAME;
	if (rc)
		nfp_error_errno(&why, NFP_ERROR_FAILED, -rc,
				"it cannot be read (`nfprobe enrich create` or `enrich import` makes one)");
	else if ((s->db && same(&s->file, &file) && !s->alone) || open_file(s, &file, &wal, &why))
		snapshot = load(s, cancel, &report, &why);
	if (!snapshot) {
		fail(s, &file, &wal, now, why);
		g_propagate_error(err, why);
		return NFP_SOURCE_FAILED;
	}
	s->failed = FALSE;
	*ret_snapshot = g_steal_pointer(&snapshot);
	*ret_report = report;
	report = (NfpLoadReport){ 0 };
	return NFP_SOURCE_LOADED;
}
