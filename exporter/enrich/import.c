/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/import.h"

#include <string.h>

#include "base/error.h"
#include "enrich/builtin.h"
#include "enrich/database.h"
#include "enrich/format.h"
#include "enrich/snapshot.h"
#include "record/suggest.h"

#define PROGRESS 8192 /* rows and rejects between two calls */
#define SOURCE_MAX 64 /* octets, as the schema has it */

typedef struct {
	NfpSink sink; /* first: the sink's functions get it */
	const NfpImportOptions *options;
	NfpImportReport *report;
	sqlite3 *db;
	sqlite3_stmt *insert;
	char priority[16];
	int priority_column;
	guint columns;
	uint64_t steps;
} Import;

static char *insert_sql(const NfpTable *table)
{
	g_autoptr(GString) sql = g_string_new("INSERT OR IGNORE INTO ");

	g_string_append_printf(sql, "%s(", table->name);
	for (guint i = 0; i < table->n; i++)
		g_string_append_printf(sql, "%s, ", table->columns[i].name);
	g_string_append(sql, "source) VALUES(");
	for (guint i = 0; i < table->n; i++)
		g_string_append(sql, "?, ");
	g_string_append(sql, "?)");
	return g_string_free(g_steal_pointer(&sql), FALSE);
}

static gboolean delete_old(Import *import, const NfpTable *table, GError **err)
{
	g_autofree char *sql = g_strdup_printf("DELETE FROM %s WHERE source = ?", table->name);
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(import->db, sql, err);

	if (!stmt)
		return FALSE;
	sqlite3_bind_text(stmt, 1, import->options->source, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		return nfp_database_error(import->db, "rows of the source cannot be replaced", err);
	import->report->before = (uint64_t)sqlite3_changes64(import->db);
	return TRUE;
}

static bool begin(NfpSink *sink, NfpTableId id, GError **err)
{
	Import *import = (Import *)sink;
	const NfpTable *table = &nfp_tables[id];
	g_autofree char *sql = insert_sql(table);

	import->report->table = table->name;
	import->columns = table->n;
	import->priority_column = nfp_column_find(table, "priority");
	if (!delete_old(import, table, err))
		return false;
	import->insert = nfp_database_prepare(import->db, sql, err);
	return import->insert != NULL;
}

static bool insert(NfpSink *sink, const char *const *values, GError **err)
{
	Import *import = (Import *)sink;
	int code = SQLITE_OK;

	if (import->report->rows >= NFP_SNAPSHOT_PREFIXES) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "it has more than %u rows", NFP_SNAPSHOT_PREFIXES);
		return false;
	}
	for (guint i = 0; code == SQLITE_OK && i < import->columns; i++) {
		const char *value = values[i];

		if (!*value && (int)i == import->priority_column)
			value = import->priority;
		/* Without memory for it a value would stay NULL, and the row would be another. */
		if (*value)
			code = sqlite3_bind_text(import->insert, (int)i + 1, value, -1, SQLITE_TRANSIENT);
		else
			code = sqlite3_bind_null(import->insert, (int)i + 1);
	}
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(import->insert, (int)import->columns + 1, import->options->source, -1, SQLITE_STATIC);
	if (code != SQLITE_OK || sqlite3_step(import->insert) != SQLITE_DONE) {
		nfp_database_error(import->db, "a row cannot be written", err);
		sqlite3_reset(import->insert);
		return false;
	}
	if (sqlite3_changes64(import->db))
		import->report->rows++;
	else
		import->report->repeated++;
	sqlite3_reset(import->insert);
	return true;
}

static void reject(NfpSink *sink, uint64_t line, const char *value, const char *why)
{
	const NfpImportOptions *o = ((Import *)sink)->options;

	if (o->rejected)
		o->rejected(line, value, why, o->data);
}

static void note(NfpSink *sink, const char *text)
{
	const NfpImportOptions *o = ((Import *)sink)->options;

	if (o->note)
		o->note(text, o->data);
}

static void progress(NfpSink *sink, double done)
{
	Import *import = (Import *)sink;
	const NfpImportOptions *o = import->options;

	if (o->progress && !(++import->steps % PROGRESS))
		o->progress(import->report->rows, done, o->data);
}

static gboolean check_source(const char *source, GError **err)
{
	if (*source && strlen(source) <= SOURCE_MAX && g_utf8_validate(source, -1, NULL) &&
	    strcmp(source, NFP_BUILTIN_SOURCE) != 0)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "\"%.80s\" is no name for a source; allowed: 1 to %d octets, not \"" NFP_BUILTIN_SOURCE "\"", source, SOURCE_MAX);
	return FALSE;
}

/* A file of another kind than it was said to be must not empty a source. */
static gboolean is_sound(const NfpImportReport *report, GError **err)
{
	if (report->rows && report->rejected <= report->rows + report->repeated)
		return TRUE;
	if (!report->rows && !report->rejected) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "there is no row in it: is it a file of this format?");
		return FALSE;
	}
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "%" G_GUINT64_FORMAT " rows are good and %" G_GUINT64_FORMAT " are not: is it a file of this format?",
		    (guint64)(report->rows + report->repeated), (guint64)report->rejected);
	return FALSE;
}

static gboolean run(Import *import, const NfpFormat *format, GError **err)
{
	gboolean done;

	if (!nfp_database_exec(import->db, "PRAGMA cache_size = -65536; BEGIN IMMEDIATE", err))
		return FALSE;
	done = nfp_format_read(format, import->options->path, &import->sink, err);
	g_clear_pointer(&import->insert, sqlite3_finalize);
	import->report->rejected = import->sink.rejected;
	import->report->skipped = import->sink.skipped;
	if (done && is_sound(import->report, err) && nfp_database_exec(import->db, "COMMIT", err)) {
		/* Nobody needs the -wal now; a reader that is at it keeps it, and that is fine. */
		nfp_database_exec(import->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
		return TRUE;
	}
	nfp_database_exec(import->db, "ROLLBACK", NULL);
	return FALSE;
}

static gboolean no_format(const char *name, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *list = NULL;
	const char *near;

	for (guint i = 0; i < nfp_formats_n; i++)
		g_ptr_array_add(names, (char *)nfp_formats[i].name);
	near = nfp_suggest(name, (const char *const *)names->pdata, names->len);
	g_ptr_array_add(names, NULL);
	list = g_strjoinv(", ", (char **)names->pdata);
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "there is no format \"%.40s\"%s%s%s; allowed: %s", name,
		    near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "", list);
	return FALSE;
}

gboolean nfp_enrich_import(const NfpImportOptions *options, NfpImportReport *ret_report, GError **err)
{
	const NfpFormat *format = nfp_format_find(options->format);
	g_autoptr(sqlite3) db = NULL;
	Import import = {
		.sink = { .begin = begin, .insert = insert, .reject = reject, .note = note, .progress = progress },
		.options = options,
		.report = ret_report,
	};

	*ret_report = (NfpImportReport){ .table = "" };
	if (!format) {
		return no_format(options->format, err);
	}
	if (!check_source(options->source, err))
		return FALSE;
	g_snprintf(import.priority, sizeof(import.priority), "%d", options->priority);
	db = nfp_database_open(options->database, TRUE, err);
	if (!db) {
		g_prefix_error(err, "%s: ", options->database);
		return FALSE;
	}
	import.db = db;
	return run(&import, format, err);
}

gboolean nfp_enrich_create(const char *database, GError **err)
{
	g_autoptr(sqlite3) db = nfp_database_open(database, TRUE, err);

	if (!db)
		g_prefix_error(err, "%s: ", database);
	return db != NULL;
}
