/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file under the source is written, replaced, broken and mended; each time it is told, and once. */
#include "enrich/source.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "support/enrich_db.h"

#define S G_USEC_PER_SEC

typedef struct {
	NfpTestDb test;
	NfpEnrichSource *source;
	gint64 now;
	NfpSnapshot *snapshot; /* the last one that was loaded */
	char *error;           /* the last one */
} World;

static void world_init(World *w)
{
	*w = (World){ .now = S };
	nfp_test_db_init(&w->test);
	w->source = nfp_enrich_source_new(w->test.path);
}

static void world_clear(World *w)
{
	nfp_enrich_source_free(w->source);
	nfp_snapshot_unref(w->snapshot);
	g_free(w->error);
	nfp_test_db_clear(&w->test);
}

static NfpSourceNews poll_at(World *w, gint64 later)
{
	static const gint go_on = 0;
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) err = NULL;
	NfpSnapshot *snapshot = NULL;
	NfpSourceNews news;

	w->now += later;
	news = nfp_enrich_source_poll(w->source, w->now, &go_on, &snapshot, &report, &err);
	cr_expect_eq(snapshot != NULL, news == NFP_SOURCE_LOADED);
	cr_expect_eq(err != NULL, news == NFP_SOURCE_FAILED);
	if (snapshot) {
		nfp_snapshot_unref(w->snapshot);
		w->snapshot = snapshot;
	}
	if (err) {
		g_free(w->error);
		w->error = g_strdup(err->message);
	}
	return news;
}

/* Number of the AS that 192.0.2.1 is of. */
static uint32_t as(const World *w)
{
	const uint8_t address[4] = { 192, 0, 2, 1 };

	return nfp_snapshot_place4(w->snapshot, address)->as_number;
}

static void insert(World *w, uint32_t as_number)
{
	g_autofree char *sql = g_strdup_printf("INSERT OR REPLACE INTO prefix(cidr, as_number) VALUES('192.0.2.0/24', %u)",
					       as_number);

	nfp_test_db_exec(&w->test, sql);
}

Test(source, commits_are_seen_and_nothing_else)
{
	World w;

	world_init(&w);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME);
	insert(&w, 1);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	cr_expect_eq(as(&w), 1);
	nfp_test_db_exec(&w.test, "BEGIN IMMEDIATE");
	insert(&w, 2);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME, "not committed");
	nfp_test_db_exec(&w.test, "ROLLBACK");
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME);
	for (uint32_t i = 3; i < 20; i++) { /* within a tick of the file's clock */
		insert(&w, i);
		cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
		cr_expect_eq(as(&w), i);
		cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME);
	}
	world_clear(&w);
}

Test(source, a_file_that_comes_later_goes_and_comes_again)
{
	g_autofree char *aside = NULL;
	World w;

	world_init(&w);
	insert(&w, 1);
	nfp_test_db_exec(&w.test, "PRAGMA wal_checkpoint(TRUNCATE)");
	g_clear_pointer(&w.test.db, sqlite3_close_v2);
	aside = nfp_test_db_file(&w.test, "aside.db");
	cr_assert_eq(g_rename(w.test.path, aside), 0);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_FAILED);
	cr_expect(strstr(w.error, "No such file"), "%s", w.error);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME, "not asked again at once");
	cr_expect_eq(poll_at(&w, 1 * S), NFP_SOURCE_FAILED);
	cr_assert_eq(g_rename(aside, w.test.path), 0);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED, "a change is a reason to try");
	cr_expect_eq(as(&w), 1);
	cr_assert_eq(g_rename(w.test.path, aside), 0);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_FAILED);
	cr_expect_eq(as(&w), 1, "what was read holds");
	world_clear(&w);
}

/* Another database by rename, while the old one has commits in its -wal file. */
Test(source, a_file_that_takes_its_place)
{
	g_autofree char *other = NULL;
	NfpTestDb second;
	World w;

	world_init(&w);
	nfp_test_db_init(&second);
	nfp_test_db_exec(&second, "INSERT INTO prefix(cidr, as_number) VALUES('192.0.2.0/24', 9)");
	other = nfp_test_db_file(&w.test, "new.db");
	{
		g_autofree char *sql = g_strdup_printf("VACUUM INTO '%s'", other);

		nfp_test_db_exec(&second, sql);
	}
	insert(&w, 1);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	insert(&w, 2);
	cr_assert_eq(g_rename(other, w.test.path), 0);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	cr_expect_eq(as(&w), 9);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_SAME);
	nfp_test_db_clear(&second);
	world_clear(&w);
}

Test(source, damage_is_told_and_heals)
{
	g_autofree char *good = NULL;
	gsize length;
	World w;

	world_init(&w);
	insert(&w, 1);
	nfp_test_db_exec(&w.test, "PRAGMA wal_checkpoint(TRUNCATE)");
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	g_clear_pointer(&w.test.db, sqlite3_close_v2);
	cr_assert(g_file_get_contents(w.test.path, &good, &length, NULL));
	for (gsize cut = 1; cut < 4; cut++) {
		g_autofree char *bad = g_memdup2(good, length);

		memset(bad + (cut == 1 ? 0 : 100 * cut), 0xa5, length / 2);
		nfp_test_db_write(w.test.path, bad, (gssize)length);
		cr_expect_eq(poll_at(&w, 60 * S), NFP_SOURCE_FAILED);
		cr_expect_eq(as(&w), 1);
		nfp_test_db_write(w.test.path, good, (gssize)length);
		cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	}
	nfp_test_db_write(w.test.path, good, (gssize)length / 2);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_FAILED, "cut off");
	nfp_test_db_write(w.test.path, good, (gssize)length);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	world_clear(&w);
}

Test(source, a_lock_is_waited_out)
{
	World w;

	world_init(&w);
	nfp_test_db_exec(&w.test, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_FAILED);
	cr_expect(strstr(w.error, "locked"), "%s", w.error);
	for (guint i = 0; i < 10; i++)
		cr_expect_eq(poll_at(&w, 1 * S), NFP_SOURCE_FAILED);
	nfp_test_db_exec(&w.test, "COMMIT");
	cr_expect_eq(poll_at(&w, 1 * S), NFP_SOURCE_LOADED, "after a second, however long it lasted");
	world_clear(&w);
}

Test(source, an_open_one_becomes_one_of_the_future)
{
	World w;

	world_init(&w);
	insert(&w, 1);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	nfp_test_db_exec(&w.test, "PRAGMA user_version = 99");
	insert(&w, 2);
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_FAILED);
	cr_expect(strstr(w.error, "version 99"), "%s", w.error);
	cr_expect_eq(as(&w), 1);
	nfp_test_db_exec(&w.test, "PRAGMA user_version = 1");
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	cr_expect_eq(as(&w), 2);
	world_clear(&w);
}

Test(source, attempts_become_rare)
{
	guint attempts = 0;
	World w;

	world_init(&w);
	nfp_test_db_exec(&w.test, "PRAGMA user_version = 99");
	for (guint i = 0; i < 600; i++)
		attempts += poll_at(&w, S) == NFP_SOURCE_FAILED;
	cr_expect(strstr(w.error, "version 99"), "%s", w.error);
	cr_expect(attempts > 15 && attempts < 40, "%u", attempts);
	nfp_test_db_exec(&w.test, "PRAGMA user_version = 1");
	cr_expect_eq(poll_at(&w, 0), NFP_SOURCE_LOADED);
	nfp_enrich_source_free(NULL);
	world_clear(&w);
}
