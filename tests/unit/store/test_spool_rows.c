/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that somebody else wrote: rows, tables and triggers of theirs. */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "store/spool.h"
#include "store/spool_rows.h"

static char *folder, *path;

static void set_up(void)
{
	folder = g_dir_make_tmp("nfprobe-rows.XXXXXX", NULL);
	path = g_build_filename(folder, "a.db", NULL);
}

static void tear_down(void)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	cr_assert(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
	g_free(path);
	g_free(folder);
}

TestSuite(spool_rows, .init = set_up, .fini = tear_down);

static NfpSpool *spool_open(void)
{
	g_autoptr(GError) err = NULL;
	NfpSpool *spool = nfp_spool_open(path, 0, &err);

	cr_assert_not_null(spool, "%s", err ? err->message : "");
	return spool;
}

static int put(NfpSpool *spool)
{
	g_autoptr(GBytes) octets = g_bytes_new_static("batch", 5);
	NfpSpoolItem item = { .bucket_start_ns = 1, .records = 3, .fresh_records = 3, .octets = octets };

	return nfp_spool_put(spool, &item, 1);
}

/* A file with three batches in it, ids 1 to 3, and then this. */
static void spoil(const char *sql)
{
	NfpSpool *spool = spool_open();
	sqlite3 *db;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(put(spool), 0);
	nfp_spool_free(spool);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static guint read_all(NfpSpool *spool)
{
	int64_t after = 0;
	NfpSpoolItem item;
	guint n = 0;

	while (nfp_spool_next(spool, after, &item) > 0) {
		after = item.id;
		cr_assert_eq(item.records, 3);
		g_bytes_unref(item.octets);
		nfp_spool_remove(spool, after);
		n++;
	}
	return n;
}

Test(spool_rows, pages)
{
	cr_expect_eq(nfp_spool_pages(0), 2);
	cr_expect_eq(nfp_spool_pages(NFP_SPOOL_PAGE), 3);
	cr_expect_eq(nfp_spool_pages(1000000), 246);
}

Test(spool_rows, malformed_ones_are_dropped_and_counted)
{
	static const char *const changes[] = {
		"records = -1", "records = 4097", "records = 'many'", "records = 2.5", "counted = 4", "judged = 9e18",
		"fresh_records = 4", "fresh_packets = -5", "fresh_octets = x'00'", "start = -1", "kept = 2", "pages = 0",
		"pages = 9223372036854775807", "octets = 'text'", "octets = 7", "id = 0", "id = -9", "id = 9223372036854775807",
	};

	for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autofree char *sql = g_strdup_printf("UPDATE batch SET %s WHERE id = 2", changes[i]);
		g_autofree char *news = NULL;
		NfpSpool *spool;

		spoil(sql);
		spool = spool_open();
		news = nfp_spool_news(spool);
		cr_expect(news && strstr(news, "1 batches in it are malformed: dropped and counted"), "%s: %s", changes[i], news);
		cr_expect_eq(nfp_spool_totals(spool)->failures, 1, "%s", changes[i]);
		cr_expect_leq(nfp_spool_totals(spool)->dropped_records, 4, "%s", changes[i]);
		cr_expect_eq(nfp_spool_totals(spool)->records, 6, "%s", changes[i]);
		cr_expect_eq(read_all(spool), 2, "%s", changes[i]);
		cr_expect_eq(put(spool), 0, "%s: %s", changes[i], nfp_spool_error(spool));
		nfp_spool_free(spool);
		g_unlink(path);
	}
}

Test(spool_rows, numbers_that_are_used_up)
{
	NfpSpool *spool;

	spoil("UPDATE sqlite_sequence SET seq = 9223372036854775807");
	spool = spool_open();
	cr_expect_eq(put(spool), 0, "%s", nfp_spool_error(spool));
	cr_expect_eq(read_all(spool), 4);
	nfp_spool_free(spool);
}

/* Would run as part of what we ask, for ever. */
Test(spool_rows, a_strangers_triggers_and_views)
{
	static const char *const strange[] = {
		"CREATE TRIGGER more AFTER DELETE ON batch BEGIN INSERT INTO batch (start, records, counted, judged, fresh_records,"
		" fresh_packets, fresh_octets, kept, pages, octets) VALUES (1, 3, 0, 0, 3, 0, 0, 0, 2, x'00'); END",
		"ALTER TABLE batch RENAME TO old; CREATE VIEW batch AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1"
		" FROM n) SELECT id, 1 AS start, 3 AS records, 0 AS counted, 0 AS judged, 3 AS fresh_records, 0 AS fresh_packets,"
		" 0 AS fresh_octets, 0 AS kept, 2 AS pages, x'00' AS octets FROM n",
		"CREATE TABLE another (n)", "ALTER TABLE batch ADD COLUMN more",
	};

	for (guint i = 0; i < G_N_ELEMENTS(strange); i++) {
		g_autofree char *aside = g_strconcat(path, ".corrupt", NULL), *news = NULL;
		NfpSpool *spool;

		spoil(strange[i]);
		spool = spool_open();
		news = nfp_spool_news(spool);
		cr_expect(news && strstr(news, "was damaged"), "%s", news);
		cr_expect(g_file_test(aside, G_FILE_TEST_EXISTS));
		cr_expect_eq(read_all(spool), 0);
		cr_expect_eq(put(spool), 0);
		nfp_spool_free(spool);
		g_unlink(path);
	}
}
