/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/export.h"

#include <string.h>

#include "base/error.h"
#include "enrich/builtin.h"
#include "enrich/csv.h"
#include "enrich/database.h"
#include "enrich/snapshot.h"
#include "enrich/tables.h"

static sqlite3 *open_db(const char *path, GError **err)
{
	gboolean alone;
	sqlite3 *db = nfp_database_read(path, FALSE, &alone, err);

	if (!db)
		g_prefix_error(err, "%s: ", path);
	return db;
}

/* The only source of a table. Caller frees; NULL: *err is set. */
static char *only_source(sqlite3 *db, const NfpTable *table, GError **err)
{
	g_autofree char *sql = g_strdup_printf("SELECT DISTINCT source FROM %s LIMIT 2", table->name);
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(db, sql, err);
	g_autofree char *source = NULL;

	if (!stmt)
		return NULL;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		source = g_strdup((const char *)sqlite3_column_text(stmt, 0));
	if (source && sqlite3_step(stmt) != SQLITE_ROW)
		return g_steal_pointer(&source);
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    source ? "table %s has several sources: name one with --source (`nfprobe enrich list` shows them)"
			   : "table %s is empty", table->name);
	return NULL;
}

static char *select_sql(const NfpTable *table)
{
	g_autoptr(GString) sql = g_string_new("SELECT ");

	for (guint i = 0; i < table->n; i++)
		g_string_append_printf(sql, "%s%s", i ? ", " : "", table->columns[i].name);
	g_string_append_printf(sql, " FROM %s WHERE source = ? ORDER BY rowid", table->name);
	return g_string_free(g_steal_pointer(&sql), FALSE);
}

static gboolean write_rows(sqlite3 *db, sqlite3_stmt *stmt, const NfpTable *table, NfpWrite write, void *data,
			   uint64_t *ret_n, GError **err)
{
	g_autoptr(GString) line = g_string_new(NULL);
	int rc;

	for (guint i = 0; i < table->n; i++)
		g_string_append_printf(line, "%s%s", i ? "," : "", table->columns[i].name);
	g_string_append_c(line, '\n');
	*ret_n = 0;
	if (!write(line->str, data)) {
		*ret_n = 1; /* nobody wants to know whether there are any */
		return TRUE;
	}
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		g_string_truncate(line, 0);
		for (guint i = 0; i < table->n; i++) {
			const char *text = (const char *)sqlite3_column_text(stmt, (int)i);

			if (i)
				g_string_append_c(line, ',');
			nfp_csv_append(line, text ? text : "");
		}
		g_string_append_c(line, '\n');
		(*ret_n)++;
		if (!write(line->str, data))
			return TRUE;
	}
	return rc == SQLITE_DONE || nfp_database_error(db, "SQLite", err);
}

gboolean nfp_enrich_export(const char *database, const char *table, const char *source, NfpWrite write, void *data,
			   GError **err)
{
	int id = nfp_table_find(table);
	g_autofree char *only = NULL, *sql = NULL;
	g_autoptr(sqlite3) db = NULL;
	g_autoptr(sqlite3_stmt) stmt = NULL;
	uint64_t n = 0;

	if (id < 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "there is no table \"%s\"; allowed: prefix, host, service or interface", table);
		return FALSE;
	}
	db = open_db(database, err);
	if (!db)
		return FALSE;
	if (!source) {
		only = only_source(db, &nfp_tables[id], err);
		if (!only)
			return FALSE;
	}
	sql = select_sql(&nfp_tables[id]);
	stmt = nfp_database_prepare(db, sql, err);
	if (!stmt)
		return FALSE;
	sqlite3_bind_text(stmt, 1, source ? source : only, -1, SQLITE_STATIC);
	if (!write_rows(db, stmt, &nfp_tables[id], write, data, &n, err))
		return FALSE;
	if (n || only)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "table %s has no source \"%s\"", table, source);
	return FALSE;
}

/* Names of sources are texts of the database: in JSON they need escaping. */
static void append_json(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_printf(out, "\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			g_string_append_printf(out, "\\u%04x", *c);
		else
			g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

static gboolean list_row(gboolean json, const char *table, const char *source, guint64 rows, gint64 least, gint64 most,
			 NfpWrite write, void *data)
{
	g_autoptr(GString) line = g_string_new(NULL);

	if (json) {
		g_string_append_printf(line, "{\"table\": \"%s\", \"source\": ", table);
		append_json(line, source);
		g_string_append_printf(line,
				       ", \"rows\": %" G_GUINT64_FORMAT ", \"priority_least\": %" G_GINT64_FORMAT
				       ", \"priority_most\": %" G_GINT64_FORMAT "}\n", rows, least, most);
	} else {
		g_autofree char *priority = least == NFP_BUILTIN_PRIORITY ? g_strdup("below all")
					    : least == most ? g_strdup_printf("%" G_GINT64_FORMAT, least)
							    : g_strdup_printf("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
									      least, most);

		g_string_append_printf(line, "%-10s %-32s %10" G_GUINT64_FORMAT "  %s\n", table, source, rows, priority);
	}
	return write(line->str, data);
}

static gboolean list_table(sqlite3 *db, const char *table, gboolean json, NfpWrite write, void *data, GError **err)
{
	g_autofree char *sql = g_strdup_printf("SELECT source, count(*), min(priority), max(priority) FROM %s "
					       "GROUP BY source ORDER BY source", table);
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(db, sql, err);
	int rc;

	if (!stmt)
		return FALSE;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		if (!list_row(json, table, (const char *)sqlite3_column_text(stmt, 0),
			      (guint64)sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2),
			      sqlite3_column_int64(stmt, 3), write, data))
			return TRUE;
	return rc == SQLITE_DONE || nfp_database_error(db, "SQLite", err);
}

gboolean nfp_enrich_list(const char *database, gboolean json, NfpWrite write, void *data, GError **err)
{
	g_autoptr(sqlite3) db = open_db(database, err);

	if (!db || (!json && !write("table      source                                 rows  priority\n", data)))
		return db != NULL;
	for (guint i = 0; i < NFP_TABLES_N; i++)
		if (!list_table(db, nfp_tables[i].name, json, write, data, err))
			return FALSE;
	if (list_row(json, "prefix", NFP_BUILTIN_SOURCE, nfp_builtin_prefixes(), NFP_BUILTIN_PRIORITY,
		     NFP_BUILTIN_PRIORITY, write, data))
		list_row(json, "service", NFP_BUILTIN_SOURCE, nfp_builtin_services(), NFP_BUILTIN_PRIORITY,
			 NFP_BUILTIN_PRIORITY, write, data);
	return TRUE;
}
