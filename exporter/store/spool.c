/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "store/spool_rows.h"

#define APPLICATION 0x4e665371 /* "NfSq"; another for another schema */
#define SHRINK 512u      /* pages in one go: what is in use at the end of the file is moved for that */
#define SHRINK_EMPTY 16384u /* the same, when nothing has to be moved */
#define SHRINK_FULL 16u  /* on a full disk: the journal's reserve is enough */
#define SPARE_PAGES 32u /* of the file: its header, the tree, the list of free pages */

/* The blob last: what stands before it is read without it. */
static const char schema[] = "CREATE TABLE IF NOT EXISTS batch ("
			     " id INTEGER PRIMARY KEY AUTOINCREMENT, start INTEGER NOT NULL,"
			     " records INTEGER NOT NULL, counted INTEGER NOT NULL, judged INTEGER NOT NULL,"
			     " fresh_records INTEGER NOT NULL, fresh_packets INTEGER NOT NULL,"
			     " fresh_octets INTEGER NOT NULL,"
			     " kept INTEGER NOT NULL, pages INTEGER NOT NULL, octets BLOB NOT NULL);";

struct NfpSpool {
	NfpDb db;
	uint64_t size;
	GArray *removed; /* int64_t: to be deleted */
	GArray *keep;    /* int64_t: to be marked */
	GArray *handed;  /* int64_t, rising: read and being sent; as many as their reader holds */
	NfpSpoolTotals totals;
	NfpSpoolTotals work; /* what `totals` become when the transaction under way is committed */
	char *news;
	gboolean broken; /* has no file: moving the damaged one aside did not work */
};

static int damaged(NfpSpool *spool)
{
	g_snprintf(spool->db.error, sizeof(spool->db.error), "%s: its rows are in no order", spool->db.path);
	return -EUCLEAN;
}

/* Of all rows: at the start, once. */
static int load_totals(NfpSpool *spool)
{
	NfpSpoolRows rows;
	int r = nfp_spool_rows_check(&spool->db, &rows);

	if (r)
		return r;
	spool->totals.batches = rows.batches;
	spool->totals.records = spool->totals.waiting = rows.records;
	spool->totals.octets = rows.pages * NFP_SPOOL_PAGE;
	spool->totals.failures += rows.refused;
	spool->totals.dropped_records += rows.refused_records;
	if (!rows.refused)
		return 0;
	g_free(spool->news);
	spool->news = g_strdup_printf("%s: %u batches in it are malformed: dropped and counted", spool->db.path, rows.refused);
	return 0;
}

static int load_oldest(NfpSpool *spool, NfpSpoolTotals *totals)
{
	NFP_AUTO_STMT *oldest = nfp_db_prepare(&spool->db, "SELECT start FROM batch ORDER BY id LIMIT 1");
	int r = nfp_db_step(&spool->db, oldest);

	if (r >= 0)
		totals->oldest_ns = r ? (uint64_t)sqlite3_column_int64(oldest, 0) : 0;
	return MIN(r, 0);
}

static int limit_file(NfpSpool *spool)
{
	g_autofree char *sql = g_strdup_printf("PRAGMA max_page_count = %" G_GUINT64_FORMAT,
					       (guint64)(spool->size / NFP_SPOOL_PAGE));

	return nfp_db_run(&spool->db, sql);
}

static int begin_file(NfpSpool *spool)
{
	int r = limit_file(spool);

	if (!r)
		r = load_totals(spool);
	return r ? r : load_oldest(spool, &spool->totals);
}

/* The file is no good: what was in it is lost, and counted. */
static void begin_anew(NfpSpool *spool)
{
	g_autoptr(GError) err = NULL;

	spool->totals.dropped_records += spool->totals.waiting;
	g_array_set_size(spool->removed, 0);
	g_array_set_size(spool->keep, 0);
	g_array_set_size(spool->handed, 0);
	spool->totals.batches = spool->totals.records = spool->totals.waiting = 0;
	spool->totals.octets = spool->totals.oldest_ns = 0;
	g_free(spool->news);
	spool->news = g_strdup_printf("%s was damaged (%s): it is now %s.corrupt, and a new one is begun",
				      spool->db.path, spool->db.error, spool->db.path);
	spool->broken = !nfp_db_replace(&spool->db, APPLICATION, schema, &err) || begin_file(spool) < 0;
	if (spool->broken) {
		g_free(spool->news);
		spool->news = g_strdup_printf("the spool was damaged, and no new one can be begun: %s",
					      err ? err->message : spool->db.error);
	}
}

/* Looks at what a call returned; the call's own transaction is over afterwards. */
static int settle(NfpSpool *spool, int r)
{
	if (r >= 0)
		return r;
	spool->totals.failures++;
	if (!sqlite3_get_autocommit(spool->db.db))
		sqlite3_exec(spool->db.db, "ROLLBACK", NULL, NULL, NULL);
	if (nfp_db_is_damage(r))
		begin_anew(spool);
	return r;
}

NfpSpool *nfp_spool_open(const char *path, uint64_t size, GError **err)
{
	g_autoptr(NfpSpool) spool = g_new0(NfpSpool, 1);
	gboolean moved = FALSE;
	int r;

	spool->size = MAX(size, NFP_SPOOL_SIZE_MIN);
	spool->removed = g_array_new(FALSE, FALSE, sizeof(int64_t));
	spool->keep = g_array_new(FALSE, FALSE, sizeof(int64_t));
	spool->handed = g_array_new(FALSE, FALSE, sizeof(int64_t));
	if (!nfp_db_open(&spool->db, path, APPLICATION, schema, &moved, err))
		return NULL;
	if (moved)
		spool->news = g_strdup_printf("%s was damaged: it is now %s.corrupt, and a new one is begun", path,
					      path);
	r = settle(spool, begin_file(spool));
	if (r < 0 && (spool->broken || !nfp_db_is_damage(r))) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s", spool->db.error);
		return NULL;
	}
	return g_steal_pointer(&spool);
}

void nfp_spool_free(NfpSpool *spool)
{
	if (!spool)
		return;
	if (!spool->broken && spool->db.db && nfp_spool_flush(spool) == 0 && spool->totals.batches == 0)
		nfp_db_shrink(&spool->db, G_MAXUINT, 0);
	nfp_db_close(&spool->db);
	g_array_unref(spool->removed);
	g_array_unref(spool->keep);
	g_array_unref(spool->handed);
	g_free(spool->news);
	g_free(spool);
}

gboolean nfp_spool_move(const char *from, const char *to, GError **err)
{
	g_autofree char *journal = g_strconcat(from, "-journal", NULL), *to_journal = g_strconcat(to, "-journal", NULL);
	g_autofree char *folder = g_path_get_dirname(to);

	if (g_mkdir_with_parents(folder, 0700) < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make the folder %s", folder);
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
		return errno == ENOENT || nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot move it to %s", to);
	/* Empty, but for one that belongs to what is there now. */
	if (rename(journal, to_journal) < 0)
		unlink(journal);
	return TRUE;
}

static int begin(NfpSpool *spool)
{
	spool->work = spool->totals;
	return nfp_db_run(&spool->db, "BEGIN IMMEDIATE");
}

static int commit(NfpSpool *spool)
{
	/* Before: what fails after a COMMIT that worked would make the caller store everything again. */
	int r = load_oldest(spool, &spool->work);

	if (!r)
		r = nfp_db_run(&spool->db, "COMMIT");
	if (r)
		return r;
	spool->totals = spool->work;
	g_array_set_size(spool->removed, 0);
	g_array_set_size(spool->keep, 0);
	return 0;
}

/* sql returns what the row counted in the totals: pages, records, what of them was waiting. */
static int for_each_id(NfpSpool *spool, const char *sql, const GArray *ids, gboolean gone)
{
	NFP_AUTO_STMT *stmt = ids->len ? nfp_db_prepare(&spool->db, sql) : NULL;
	NfpSpoolTotals *work = &spool->work;

	for (guint i = 0; i < ids->len; i++) {
		int r;

		if (stmt) {
			sqlite3_reset(stmt);
			sqlite3_bind_int64(stmt, 1, g_array_index(ids, int64_t, i));
		}
		r = nfp_db_step(&spool->db, stmt);
		if (r < 0)
			return r;
		if (r == 0)
			continue; /* dropped in the meantime */
		work->waiting -= MIN((uint64_t)sqlite3_column_int64(stmt, 2), work->waiting);
		if (!gone)
			continue;
		work->batches--;
		work->octets -= (uint64_t)sqlite3_column_int64(stmt, 0) * NFP_SPOOL_PAGE;
		work->records -= (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	return 0;
}

static int delete_ids(NfpSpool *spool, const GArray *ids)
{
	return for_each_id(spool, "DELETE FROM batch WHERE id = ? RETURNING pages, records, records * (1 - kept)", ids, TRUE);
}

static int write_marks(NfpSpool *spool)
{
	int r = delete_ids(spool, spool->removed);

	/* What is marked was waiting. */
	return r ? r : for_each_id(spool, "UPDATE batch SET kept = 1, counted = records, judged = records,"
				   " fresh_records = 0, fresh_packets = 0, fresh_octets = 0 WHERE id = ? AND kept = 0"
				   " RETURNING pages, records, records", spool->keep, FALSE);
}

static gboolean has_id(const GArray *ids, int64_t id)
{
	for (guint i = 0; i < ids->len; i++)
		if (g_array_index(ids, int64_t, i) == id)
			return TRUE;
	return FALSE;
}

/* The oldest behind *id that is not being sent. */
static int find_droppable(NfpSpool *spool, int64_t *id)
{
	NFP_AUTO_STMT *stmt = nfp_db_prepare(&spool->db, "SELECT id FROM batch WHERE id > ? ORDER BY id");
	int r;

	if (stmt)
		sqlite3_bind_int64(stmt, 1, *id);
	while ((r = nfp_db_step(&spool->db, stmt)) > 0) {
		if (sqlite3_column_int64(stmt, 0) <= *id)
			return damaged(spool);
		*id = sqlite3_column_int64(stmt, 0);
		if (!has_id(spool->handed, *id))
			return 0;
	}
	if (r < 0)
		return r;
	if (!spool->handed->len)
		return -EUCLEAN;
	g_snprintf(spool->db.error, sizeof(spool->db.error), "%s: it is full of what is being sent", spool->db.path);
	return -ENOSPC;
}

/* The oldest go until `pages` more have room. What is being sent stays: it will be in the books as delivered. */
static int make_room(NfpSpool *spool, uint64_t pages)
{
	uint64_t limit = spool->size / NFP_SPOOL_PAGE - SPARE_PAGES;
	NfpSpoolTotals *work = &spool->work;
	int64_t id = 0;

	while (work->octets / NFP_SPOOL_PAGE + pages > limit) {
		int r = find_droppable(spool, &id);
		NFP_AUTO_STMT *oldest = r ? NULL : nfp_db_prepare(&spool->db,
			"DELETE FROM batch WHERE id = ?"
			" RETURNING pages, records, records * (1 - kept), fresh_records, fresh_packets,"
			" fresh_octets");

		if (r)
			return r;
		if (oldest)
			sqlite3_bind_int64(oldest, 1, id);
		r = nfp_db_step(&spool->db, oldest);
		if (r <= 0)
			return r ? r : -EUCLEAN;
		work->batches--;
		work->octets -= (uint64_t)sqlite3_column_int64(oldest, 0) * NFP_SPOOL_PAGE;
		work->records -= (uint64_t)sqlite3_column_int64(oldest, 1);
		work->waiting -= (uint64_t)sqlite3_column_int64(oldest, 2);
		work->dropped_records += (uint64_t)sqlite3_column_int64(oldest, 3);
		work->dropped_packets += (uint64_t)sqlite3_column_int64(oldest, 4);
		work->dropped_octets += (uint64_t)sqlite3_column_int64(oldest, 5);
	}
	return 0;
}

static sqlite3_stmt *prepare_insert(NfpSpool *spool)
{
	return nfp_db_prepare(&spool->db,
		"INSERT INTO batch (start, records, counted, judged, fresh_records, fresh_packets, fresh_octets, kept, pages,"
		" octets, id)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
}

/* id: 0 for the next one. */
static int insert(NfpSpool *spool, sqlite3_stmt *stmt, const NfpSpoolItem *item, int64_t id)
{
	NfpSpoolTotals *work = &spool->work;
	gsize size;
	const void *data = g_bytes_get_data(item->octets, &size);
	int r;

	if (stmt) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, (int64_t)item->bucket_start_ns);
		sqlite3_bind_int64(stmt, 2, item->records);
		sqlite3_bind_int64(stmt, 3, item->counted);
		sqlite3_bind_int64(stmt, 4, item->judged);
		sqlite3_bind_int64(stmt, 5, item->fresh_records);
		sqlite3_bind_int64(stmt, 6, (int64_t)item->fresh_packets);
		sqlite3_bind_int64(stmt, 7, (int64_t)item->fresh_octets);
		sqlite3_bind_int(stmt, 8, item->kept != FALSE);
		sqlite3_bind_int64(stmt, 9, (int64_t)nfp_spool_pages(size));
		sqlite3_bind_blob64(stmt, 10, data, size, SQLITE_STATIC);
		if (id)
			sqlite3_bind_int64(stmt, 11, id);
	}
	r = nfp_db_step(&spool->db, stmt);
	if (r)
		return r;
	work->batches++;
	work->octets += nfp_spool_pages(size) * NFP_SPOOL_PAGE;
	work->records += item->records;
	work->waiting += item->kept ? 0 : item->records;
	return 0;
}

static int put_all(NfpSpool *spool, NfpSpoolItem *items, guint n, uint64_t pages)
{
	NFP_AUTO_STMT *stmt = prepare_insert(spool);
	int r = begin(spool);

	if (!r)
		r = write_marks(spool);
	if (!r)
		r = make_room(spool, pages);
	for (guint i = 0; i < n && !r; i++) {
		r = insert(spool, stmt, &items[i], 0);
		if (!r)
			items[i].id = sqlite3_last_insert_rowid(spool->db.db);
	}
	return r ? r : commit(spool);
}

static int no_file(NfpSpool *spool)
{
	if (spool->broken)
		begin_anew(spool);
	return spool->broken ? -EIO : 0;
}

/* One by one, when they are larger than the file all together: the first ones go as the last ones come. */
static int put_singly(NfpSpool *spool, NfpSpoolItem *items, guint n)
{
	for (guint i = 0; i < n; i++) {
		int r = nfp_spool_put(spool, &items[i], 1);

		if (r)
			return r;
	}
	return 0;
}

int nfp_spool_put(NfpSpool *spool, NfpSpoolItem *items, guint n)
{
	uint64_t dropped = spool->totals.dropped_records;
	uint64_t pages = 0;
	int r = no_file(spool);

	if (r)
		return r;
	for (guint i = 0; i < n; i++)
		pages += nfp_spool_pages(g_bytes_get_size(items[i].octets));
	if (pages > spool->size / NFP_SPOOL_PAGE - SPARE_PAGES) {
		if (n > 1)
			return put_singly(spool, items, n);
		g_snprintf(spool->db.error, sizeof(spool->db.error), "%s: a batch is larger than the spool may be",
			   spool->db.path);
		spool->totals.failures++;
		return -EFBIG;
	}
	r = settle(spool, put_all(spool, items, n, pages));
	if (!r && dropped != spool->totals.dropped_records && !spool->news)
		spool->news = g_strdup_printf("%s is full: the oldest records are dropped and counted", spool->db.path);
	return r;
}

static int delete_and_insert(NfpSpool *spool, const NfpSpoolItem *item)
{
	NFP_AUTO_STMT *stmt = prepare_insert(spool);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
	uint64_t before;
	int r = begin(spool);

	g_array_append_val(ids, item->id);
	if (!r)
		r = write_marks(spool);
	before = spool->work.batches;
	if (!r)
		r = delete_ids(spool, ids);
	if (!r && spool->work.batches < before)
		r = insert(spool, stmt, item, item->id);
	return r ? r : commit(spool);
}

int nfp_spool_replace(NfpSpool *spool, const NfpSpoolItem *item)
{
	int r = no_file(spool);

	return r ? r : settle(spool, delete_and_insert(spool, item));
}

static int read_next(NfpSpool *spool, int64_t after, NfpSpoolItem *ret_item)
{
	NFP_AUTO_STMT *stmt = nfp_db_prepare(&spool->db,
		"SELECT id, start, records, counted, judged, fresh_records, fresh_packets, fresh_octets, octets"
		" FROM batch"
		" WHERE id > ? AND kept = 0 ORDER BY id LIMIT 1");
	int r;

	if (stmt)
		sqlite3_bind_int64(stmt, 1, after);
	r = nfp_db_step(&spool->db, stmt);
	if (r <= 0)
		return r;
	/* Or the same batch would be sent for ever. */
	if (sqlite3_column_int64(stmt, 0) <= after)
		return damaged(spool);
	*ret_item = (NfpSpoolItem){
		.id = sqlite3_column_int64(stmt, 0),
		.bucket_start_ns = (uint64_t)sqlite3_column_int64(stmt, 1),
		.records = (uint32_t)sqlite3_column_int64(stmt, 2),
		.counted = (uint32_t)sqlite3_column_int64(stmt, 3),
		.judged = (uint32_t)sqlite3_column_int64(stmt, 4),
		.fresh_records = (uint32_t)sqlite3_column_int64(stmt, 5),
		.fresh_packets = (uint64_t)sqlite3_column_int64(stmt, 6),
		.fresh_octets = (uint64_t)sqlite3_column_int64(stmt, 7),
		.octets = g_bytes_new(sqlite3_column_blob(stmt, 8), (gsize)sqlite3_column_bytes(stmt, 8)),
	};
	return 1;
}

int nfp_spool_next(NfpSpool *spool, int64_t after, NfpSpoolItem *ret_item)
{
	int r = no_file(spool);

	nfp_spool_give_back(spool, after);
	if (r)
		return r;
	while ((r = settle(spool, read_next(spool, after, ret_item))) > 0 && has_id(spool->removed, ret_item->id)) {
		after = ret_item->id;
		g_clear_pointer(&ret_item->octets, g_bytes_unref);
	}
	if (r > 0)
		g_array_append_val(spool->handed, ret_item->id);
	return r;
}

void nfp_spool_give_back(NfpSpool *spool, int64_t after)
{
	guint n = spool->handed->len;

	while (n && g_array_index(spool->handed, int64_t, n - 1) > after)
		n--;
	g_array_set_size(spool->handed, n);
}

static void is_sent(NfpSpool *spool, int64_t id)
{
	for (guint i = 0; i < spool->handed->len; i++)
		if (g_array_index(spool->handed, int64_t, i) == id) {
			g_array_remove_index(spool->handed, i);
			return;
		}
}

void nfp_spool_remove(NfpSpool *spool, int64_t id)
{
	is_sent(spool, id);
	g_array_append_val(spool->removed, id);
}

void nfp_spool_drop(NfpSpool *spool, const NfpSpoolItem *item)
{
	spool->totals.dropped_records += item->fresh_records;
	spool->totals.dropped_packets += item->fresh_packets;
	spool->totals.dropped_octets += item->fresh_octets;
	nfp_spool_remove(spool, item->id);
}

void nfp_spool_keep(NfpSpool *spool, int64_t id)
{
	is_sent(spool, id);
	g_array_append_val(spool->keep, id);
}

int nfp_spool_wake(NfpSpool *spool)
{
	int r = nfp_spool_flush(spool);

	if (!r)
		r = settle(spool, nfp_db_run(&spool->db, "UPDATE batch SET kept = 0 WHERE kept = 1"));
	if (!r)
		spool->totals.waiting = spool->totals.records;
	return r;
}

guint nfp_spool_unflushed(const NfpSpool *spool)
{
	return spool->removed->len + spool->keep->len;
}

static int write_and_commit(NfpSpool *spool)
{
	int r = begin(spool);

	if (!r)
		r = write_marks(spool);
	return r ? r : commit(spool);
}

/* A few pages of journal suffice for one row, where a full disk has none for many. */
static int write_singly(NfpSpool *spool)
{
	g_autoptr(GArray) removed = g_steal_pointer(&spool->removed);
	g_autoptr(GArray) keep = g_steal_pointer(&spool->keep);
	int r = 0;

	spool->removed = g_array_new(FALSE, FALSE, sizeof(int64_t));
	spool->keep = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (guint i = 0; i < removed->len; i++) {
		g_array_append_val(spool->removed, g_array_index(removed, int64_t, i));
		if (!r)
			r = settle(spool, write_and_commit(spool));
	}
	for (guint i = 0; i < keep->len; i++) {
		g_array_append_val(spool->keep, g_array_index(keep, int64_t, i));
		if (!r)
			r = settle(spool, write_and_commit(spool));
	}
	return r;
}

int nfp_spool_flush(NfpSpool *spool)
{
	int r = no_file(spool);

	if (r || nfp_spool_unflushed(spool) == 0)
		return r;
	r = settle(spool, write_and_commit(spool));
	if (r == -ENOSPC)
		r = write_singly(spool);
	return r;
}

int nfp_spool_shrink(NfpSpool *spool)
{
	/* As much again as is kept, for what comes. */
	guint spare = spool->totals.batches ? (guint)(spool->totals.octets / NFP_SPOOL_PAGE) + SHRINK : 0;
	int r = no_file(spool);

	if (r || spool->totals.waiting)
		return r;
	r = settle(spool, nfp_db_shrink(&spool->db, spool->totals.batches ? SHRINK : SHRINK_EMPTY, spare));
	return r == -ENOSPC ? settle(spool, nfp_db_shrink(&spool->db, SHRINK_FULL, spare)) : r;
}

const NfpSpoolTotals *nfp_spool_totals(const NfpSpool *spool)
{
	return &spool->totals;
}

char *nfp_spool_news(NfpSpool *spool)
{
	return g_steal_pointer(&spool->news);
}

const char *nfp_spool_error(const NfpSpool *spool)
{
	return spool->db.error;
}
