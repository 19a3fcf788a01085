// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A spool file of anybody's making: any octets; one of ours with octets changed; rows with any value in any column, their
 * blobs under a right check sum; one that a stranger's SQL went through. Then a session with it: everything is read once
 * and in order, sent, kept, dropped, put, and counted. First byte: which of these.
 *
 *   never more records come out than the totals said were inside, none twice, and nothing waits afterwards
 *   what is refused is counted: rows that were there are inside, or failures, or the file was moved aside and is told
 */
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/error.h"
#include "record/pack.h"
#include "store/spool.h"

#define ROUNDS 2000 /* more rows than the longest input makes: a session that goes on longer goes round in circles */
#define SQL_OPS 20000 /* of SQLite's machine, for the stranger */

typedef struct {
	const uint8_t *at, *end;
} Input;

static char *folder, *path, *aside, *journal;

static void must(gboolean sound)
{
	if (!sound)
		abort();
}

static void remove_files(void)
{
	g_unlink(path);
	g_unlink(aside);
	g_unlink(journal);
}

static void at_end(void)
{
	remove_files();
	g_rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* In memory: SQLite flushes at each commit. */
	g_autofree char *template = g_strdup("/dev/shm/nfprobe-fuzz-spool.XXXXXX");

	folder = g_mkdtemp(template) ? g_steal_pointer(&template) : g_dir_make_tmp("nfprobe-fuzz-spool.XXXXXX", NULL);
	must(folder != NULL);
	path = g_build_filename(folder, "s", NULL);
	aside = g_strconcat(path, ".corrupt", NULL);
	journal = g_strconcat(path, "-journal", NULL);
	atexit(at_end);
	return 0;
}

/* ---- input: zeros behind its end ------------------------------------------------------------------ */

static uint8_t next8(Input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint64_t next_number(Input *in, guint octets)
{
	uint64_t number = 0;

	while (octets--)
		number = number << 8 | next8(in);
	return number;
}

static gsize next_octets(Input *in, gsize most, const uint8_t **ret)
{
	gsize n = MIN(most, (gsize)(in->end - in->at));

	*ret = in->at;
	in->at += n;
	return n;
}

/* ---- files ------------------------------------------------------------------------------------------ */

static GBytes *some_batch(uint32_t n)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(n, NULL);

	batch->n = n;
	batch->bucket_start_ns = 1000;
	memset(batch->records, 0, n * sizeof(*batch->records));
	for (uint32_t i = 0; i < n; i++)
		batch->records[i].have = NFP_HAVE_ALWAYS;
	return nfp_pack(batch);
}

static int put(NfpSpool *spool, uint32_t n, gboolean kept)
{
	g_autoptr(GBytes) octets = some_batch(n);
	NfpSpoolItem item = { .bucket_start_ns = 1000, .records = n, .fresh_records = n, .fresh_packets = n, .fresh_octets = n,
			      .kept = kept, .octets = octets };

	return nfp_spool_put(spool, &item, 1);
}

/* One of ours, with a few batches in it. */
static void make_file(void)
{
	static char *octets;
	static gsize size;

	if (!octets) {
		NfpSpool *spool = nfp_spool_open(path, NFP_SPOOL_SIZE_MIN, NULL);

		must(spool != NULL);
		for (uint32_t i = 0; i < 6; i++)
			must(put(spool, i, i == 4) == 0);
		nfp_spool_free(spool);
		must(g_file_get_contents(path, &octets, &size, NULL));
		remove_files();
	}
	must(g_file_set_contents_full(path, octets, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void change_octets(Input *in)
{
	g_autofree char *octets = NULL;
	gsize size;

	make_file();
	must(g_file_get_contents(path, &octets, &size, NULL));
	while (in->at < in->end) {
		gsize at = next_number(in, 2) % size;

		octets[at] = (char)next8(in);
	}
	must(g_file_set_contents_full(path, octets, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* As packed batches end. */
static void bind_blob(Input *in, sqlite3_stmt *stmt, int column)
{
	const uint8_t *data;
	gsize n = next_octets(in, next_number(in, 2), &data);
	g_autofree uint8_t *sealed = g_malloc(n + sizeof(uint64_t));
	uint64_t hash = XXH3_64bits(data, n);

	memcpy(sealed, data, n);
	memcpy(sealed + n, &hash, sizeof(hash));
	sqlite3_bind_blob64(stmt, column, sealed, n + sizeof(hash), SQLITE_TRANSIENT);
}

static void bind_any(Input *in, sqlite3_stmt *stmt, int column)
{
	uint8_t kind = next8(in);
	uint64_t number;
	double real;

	switch (kind % 8) {
	case 0: case 1: case 2: sqlite3_bind_int64(stmt, column, kind / 8); break;
	case 3: sqlite3_bind_int64(stmt, column, (int64_t)next_number(in, 8)); break;
	case 4: sqlite3_bind_text(stmt, column, "many", -1, SQLITE_STATIC); break;
	case 5: bind_blob(in, stmt, column); break;
	case 6:
		number = next_number(in, 8);
		memcpy(&real, &number, sizeof(real));
		sqlite3_bind_double(stmt, column, real);
		break;
	default: { /* what is right: pages of a blob of so many octets */
		gsize blob = next8(in) + sizeof(uint64_t);

		sqlite3_bind_int64(stmt, column, (int64_t)((blob + 256) / 4092 + 2));
	}
	}
}

static sqlite3 *open_raw(void)
{
	sqlite3 *db;

	must(sqlite3_open(path, &db) == SQLITE_OK);
	must(sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_spill = OFF", NULL, NULL,
			  NULL) == SQLITE_OK);
	return db;
}

static void add_rows(Input *in)
{
	sqlite3 *db;
	sqlite3_stmt *stmt = NULL;

	make_file();
	db = open_raw();
	must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
	must(sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO batch (id, start, records, counted, judged, fresh_records,"
				" fresh_packets, fresh_octets, kept, pages, octets) VALUES (?,?,?,?,?,?,?,?,?,?,?)", -1, &stmt,
				NULL) == SQLITE_OK);
	for (guint rows = 0; in->at < in->end && rows < 200; rows++) {
		sqlite3_reset(stmt);
		for (int column = 1; column <= 10; column++)
			bind_any(in, stmt, column);
		if (next8(in) % 8)
			bind_blob(in, stmt, 11);
		else
			bind_any(in, stmt, 11);
		sqlite3_step(stmt); /* what SQLite refuses is not there */
	}
	sqlite3_finalize(stmt);
	must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

static int give_up(void *data)
{
	return 1;
}

static int no_files(void *data, int action, const char *a, const char *b, const char *c, const char *d)
{
	return action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

static void run_sql(Input *in)
{
	const uint8_t *data;
	gsize n = next_octets(in, 10000, &data);
	g_autofree char *sql = g_strndup((const char *)data, n);
	sqlite3 *db;

	make_file();
	db = open_raw();
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_set_authorizer(db, no_files, NULL);
	sqlite3_progress_handler(db, SQL_OPS, give_up, NULL);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
}

/* ---- the session ------------------------------------------------------------------------------------ */

/* Whoever is told a number of records gets no more of them, each row once. */
static void read_all(Input *in, NfpSpool *spool)
{
	uint64_t there = nfp_spool_totals(spool)->waiting, got = 0;
	uint64_t failures = nfp_spool_totals(spool)->failures;
	int64_t after = 0;
	NfpSpoolItem item;
	guint rounds = 0;

	while (nfp_spool_next(spool, after, &item) > 0) {
		g_autoptr(NfpBatch) batch = NULL;
		gsize size;
		const uint8_t *octets = g_bytes_get_data(item.octets, &size);

		must(item.id > after && ++rounds < ROUNDS);
		must(item.records <= NFP_BATCH_RECORDS && item.counted <= item.records && item.judged <= item.records &&
		     item.fresh_records <= item.records);
		after = item.id;
		got += item.records;
		batch = nfp_unpack(octets, size, NULL);
		if (!batch)
			nfp_spool_drop(spool, &item);
		else if (next8(in) % 4 == 0)
			nfp_spool_keep(spool, item.id);
		else
			nfp_spool_remove(spool, item.id);
		g_bytes_unref(item.octets);
		if (next8(in) % 8 == 0)
			nfp_spool_flush(spool);
	}
	must(got <= there);
	/* All of it, unless the file turned out to be no good. */
	must(got == there || nfp_spool_totals(spool)->failures > failures);
}

static void check(const NfpSpool *spool)
{
	const NfpSpoolTotals *t = nfp_spool_totals(spool);

	must(t->waiting <= t->records && t->records <= t->batches * NFP_BATCH_RECORDS);
	must((t->batches == 0) == (t->octets == 0));
}

static void session(Input *in)
{
	g_autoptr(GError) err = NULL;
	NfpSpool *spool = nfp_spool_open(path, NFP_SPOOL_SIZE_MIN, &err);
	uint64_t failures;

	must((spool == NULL) == (err != NULL));
	if (!spool) {
		must(err->domain == NFP_ERROR && strstr(err->message, path));
		return;
	}
	check(spool);
	g_free(nfp_spool_news(spool));
	if (next8(in) % 2)
		put(spool, 3, FALSE);
	read_all(in, spool);
	check(spool);
	nfp_spool_flush(spool);
	nfp_spool_wake(spool);
	read_all(in, spool);
	put(spool, 5, FALSE);
	put(spool, 0, TRUE);
	check(spool);
	nfp_spool_flush(spool);
	g_free(nfp_spool_news(spool));
	failures = nfp_spool_totals(spool)->failures;
	nfp_spool_free(spool);

	/* What this session left behind is sound, unless it could not write. */
	spool = nfp_spool_open(path, NFP_SPOOL_SIZE_MIN, NULL);
	if (!spool)
		return;
	must(failures || nfp_spool_totals(spool)->failures == 0);
	check(spool);
	nfp_spool_free(spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input in = { data, data + size };

	switch (next8(&in) % 4) {
	case 0: must(g_file_set_contents_full(path, (const char *)in.at, in.end - in.at, G_FILE_SET_CONTENTS_NONE, 0600, NULL)); break;
	case 1: change_octets(&in); break;
	case 2: add_rows(&in); break;
	default: run_sql(&in);
	}
	in.at = data;
	session(&in);
	remove_files();
	return 0;
}
