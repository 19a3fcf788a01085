/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/import.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_db.h"

typedef struct {
	NfpTestDb db;
	NfpImportReport report;
	GError *err;
	guint told, notes, steps;
} World;

static void rejected(uint64_t line, const char *value, const char *why, void *data)
{
	((World *)data)->told++;
}

static void note(const char *text, void *data)
{
	((World *)data)->notes++;
}

static void progress(uint64_t rows, double done, void *data)
{
	((World *)data)->steps++;
}

static gboolean import(World *w, const char *source, const char *format, const char *text)
{
	g_autofree char *path = nfp_test_db_file(&w->db, "file");
	const NfpImportOptions options = {
		.database = w->db.path, .format = format, .path = path, .source = source,
		.rejected = rejected, .note = note, .progress = progress, .data = w,
	};

	nfp_test_db_write(path, text, -1);
	g_clear_error(&w->err);
	return nfp_enrich_import(&options, &w->report, &w->err);
}

static gint64 number(World *w, const char *sql)
{
	return nfp_database_number(w->db.db, sql, NULL);
}

static void world_init(World *w)
{
	*w = (World){ 0 };
	nfp_test_db_init(&w->db);
}

static void world_clear(World *w)
{
	g_clear_error(&w->err);
	nfp_test_db_clear(&w->db);
}

Test(import, replaces_its_own_source_alone)
{
	World w;

	world_init(&w);
	cr_expect(import(&w, "a", "routes", "10.0.0.0/8|1\n11.0.0.0/8|2\n10.0.0.0/8|3\n"));
	cr_expect_eq(w.report.rows, 2);
	cr_expect_eq(w.report.repeated, 1);
	cr_expect_eq(number(&w, "SELECT as_number FROM prefix WHERE cidr = '10.0.0.0/8'"), 1, "the first counts");
	cr_expect_eq(number(&w, "SELECT priority FROM prefix LIMIT 1"), NFP_IMPORT_PRIORITY);
	cr_expect(import(&w, "b", "routes", "10.0.0.0/8|7\n"));
	cr_expect(import(&w, "a", "csv", "cidr,as_number,colour,priority\n12.0.0.0/8,9,red,5\n13.0.0.0/33,9,red,5\n"));
	cr_expect_eq(w.report.before, 2);
	cr_expect_eq(w.report.rows, 1);
	cr_expect_eq(w.report.rejected, 1);
	cr_expect_eq(w.told, 1);
	cr_expect_eq(w.notes, 1);
	cr_expect_str_eq(w.report.table, "prefix");
	cr_expect_eq(number(&w, "SELECT count(*) FROM prefix"), 2);
	cr_expect_eq(number(&w, "SELECT priority FROM prefix WHERE source = 'a'"), 5);
	cr_expect(import(&w, "a", "csv", "address,name\n10.0.0.1,x\n"), "another table");
	cr_expect_eq(number(&w, "SELECT count(*) FROM prefix WHERE source = 'a'"), 1);
	world_clear(&w);
}

Test(import, nothing_is_changed_by_what_fails)
{
	World w;

	world_init(&w);
	cr_assert(import(&w, "a", "routes", "10.0.0.0/8|1\n"));
	cr_expect_not(import(&w, "a", "routes", ""));
	cr_expect(strstr(w.err->message, "is it a file of this format?"), "%s", w.err->message);
	cr_expect_not(import(&w, "a", "routes", "11.0.0.0/8|1\nx\ny\n"), "more bad than good");
	cr_expect_not(import(&w, "a", "csv", "x\n"));
	cr_expect_not(import(&w, "a", "mmdb", "x\n"));
	cr_expect_not(import(&w, "a", "xml", "10.0.0.0/8|1\n"));
	cr_expect_str_eq(w.err->message, "there is no format \"xml\"; allowed: csv, tsv, mmdb, ip2asn, routes");
	cr_expect_not(import(&w, "", "routes", "10.0.0.0/8|1\n"));
	cr_expect_not(import(&w, "builtin", "routes", "10.0.0.0/8|1\n"));
	cr_expect_eq(number(&w, "SELECT as_number FROM prefix"), 1);
	cr_expect_eq(number(&w, "SELECT count(*) FROM prefix"), 1);
	world_clear(&w);
}

Test(import, progress_is_told)
{
	g_autoptr(GString) text = g_string_new(NULL);
	World w;

	world_init(&w);
	for (guint i = 0; i < 50000; i++)
		g_string_append_printf(text, "10.%u.%u.%u/32|1\n", i >> 16, i >> 8 & 255, i & 255);
	cr_expect(import(&w, "a", "routes", text->str));
	cr_expect_eq(w.report.rows, 50000);
	cr_expect_geq(w.steps, 5);
	world_clear(&w);
}

/* A disk that is full: SQLite's own limit of pages stands for it. */
Test(import, a_full_disk)
{
	g_autoptr(GError) err = NULL;
	World w;

	world_init(&w);
	cr_assert(import(&w, "a", "routes", "10.0.0.0/8|1\n"));
	/* The limit is of a connection: fill what this one may have, and see that all of it goes back. */
	nfp_test_db_exec(&w.db, "PRAGMA max_page_count = 20; BEGIN; DELETE FROM prefix");
	cr_expect_not(nfp_database_exec(w.db.db, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 90000)"
						 "INSERT INTO prefix(cidr) SELECT '10.0.0.' || i FROM n", &err));
	cr_expect(strstr(err->message, "full"), "%s", err->message);
	nfp_database_exec(w.db.db, "ROLLBACK", NULL);
	cr_expect_eq(number(&w, "SELECT as_number FROM prefix"), 1);
	world_clear(&w);
}

Test(import, create_makes_an_empty_one_and_leaves_a_full_one)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) err = NULL;
	World w;

	world_init(&w);
	path = nfp_test_db_file(&w.db, "new.db");
	cr_expect(nfp_enrich_create(path, NULL));
	cr_assert(import(&w, "a", "routes", "10.0.0.0/8|1\n"));
	cr_expect(nfp_enrich_create(w.db.path, NULL));
	cr_expect_eq(number(&w, "SELECT count(*) FROM prefix"), 1);
	cr_expect_not(nfp_enrich_create("/proc/none/x.db", &err));
	cr_expect(g_str_has_prefix(err->message, "/proc/none/x.db: "), "%s", err->message);
	world_clear(&w);
}
