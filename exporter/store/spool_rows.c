/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/spool_rows.h"

#include <errno.h>

#include "record/batch.h"

#define ROW 256u /* octets of a row beside its blob, at most */
#define ID_MAX 4611686018427387904 /* 2^62 */
#define OCTETS_MAX 1000000000      /* of a blob: SQLite's own limit */

uint64_t nfp_spool_pages(gsize octets)
{
	/* Four octets of each overflow page lead to the next one. */
	return (octets + ROW) / (NFP_SPOOL_PAGE - 4) + 2;
}

/* Columns of `columns`. */
enum { ID, RECORDS, COUNTED, JUDGED, FRESH_RECORDS, FRESH_PACKETS, FRESH_OCTETS, START, KEPT, LENGTH, PAGES };
static const char columns[] = "SELECT id, records, counted, judged, fresh_records, fresh_packets, fresh_octets, start, kept,"
			      " CASE typeof(octets) WHEN 'blob' THEN length(octets) END, pages FROM batch ORDER BY id";

/* SQLite lets any type stand in any column. */
static gboolean is_within(sqlite3_stmt *row, int column, int64_t most)
{
	return sqlite3_column_type(row, column) == SQLITE_INTEGER && sqlite3_column_int64(row, column) >= 0 &&
	       sqlite3_column_int64(row, column) <= most;
}

static gboolean is_sound(sqlite3_stmt *row)
{
	int64_t records = sqlite3_column_int64(row, RECORDS);

	return is_within(row, ID, ID_MAX) && sqlite3_column_int64(row, ID) && is_within(row, RECORDS, NFP_BATCH_RECORDS) &&
	       is_within(row, COUNTED, records) && is_within(row, JUDGED, records) && is_within(row, FRESH_RECORDS, records) &&
	       is_within(row, FRESH_PACKETS, INT64_MAX) && is_within(row, FRESH_OCTETS, INT64_MAX) &&
	       is_within(row, START, INT64_MAX) && is_within(row, KEPT, 1) && is_within(row, LENGTH, OCTETS_MAX) &&
	       is_within(row, PAGES, INT64_MAX) &&
	       (uint64_t)sqlite3_column_int64(row, PAGES) == nfp_spool_pages((gsize)sqlite3_column_int64(row, LENGTH));
}

/* Ids have to rise: in a damaged tree the way through it may lead to the same pages again and again. */
static int look_at_all(NfpDb *db, NfpSpoolRows *rows, GArray *refused)
{
	NFP_AUTO_STMT *row = nfp_db_prepare(db, columns);
	int64_t last = INT64_MIN;
	gboolean begun = FALSE;
	int r;

	while ((r = nfp_db_step(db, row)) > 0) {
		int64_t id = sqlite3_column_int64(row, ID);

		if (begun && id <= last) {
			g_snprintf(db->error, sizeof(db->error), "%s: its rows are in no order", db->path);
			return -EUCLEAN;
		}
		begun = TRUE;
		last = id;
		if (is_sound(row)) {
			rows->batches++;
			rows->records += (uint64_t)sqlite3_column_int64(row, RECORDS);
			rows->pages += (uint64_t)sqlite3_column_int64(row, PAGES);
			continue;
		}
		g_array_append_val(refused, id);
		if (is_within(row, FRESH_RECORDS, NFP_BATCH_RECORDS))
			rows->refused_records += (uint64_t)sqlite3_column_int64(row, FRESH_RECORDS);
	}
	rows->refused = refused->len;
	return r;
}

static int delete_all(NfpDb *db, const GArray *ids)
{
	NFP_AUTO_STMT *stmt = nfp_db_prepare(db, "DELETE FROM batch WHERE id = ?");
	int r = stmt ? 0 : nfp_db_step(db, stmt);

	for (guint i = 0; i < ids->len && !r; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, g_array_index(ids, int64_t, i));
		r = nfp_db_step(db, stmt);
	}
	return r;
}

int nfp_spool_rows_check(NfpDb *db, NfpSpoolRows *ret_rows)
{
	g_autoptr(GArray) refused = g_array_new(FALSE, FALSE, sizeof(int64_t));
	NfpSpoolRows rows = { 0 };
	int r = nfp_db_run(db, "BEGIN IMMEDIATE");

	if (!r)
		r = look_at_all(db, &rows, refused);
	if (!r && refused->len)
		r = delete_all(db, refused);
	/* Beyond the largest id SQLite finds no other, and says that the disk is full. */
	if (!r)
		r = nfp_db_run(db, "DELETE FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq < 0"
			       " OR seq > " G_STRINGIFY(ID_MAX));
	if (!r)
		r = nfp_db_run(db, "UPDATE batch SET kept = 0 WHERE kept = 1");
	if (!r)
		r = nfp_db_run(db, "COMMIT");
	if (!r)
		*ret_rows = rows;
	return r;
}
