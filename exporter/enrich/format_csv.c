/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSV and TSV: the first line names columns, and by them says which table the rows are of. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "enrich/csv.h"
#include "enrich/format.h"

typedef struct {
	char separator;
	const NfpTable *table;
	int columns[NFP_CSV_FIELDS]; /* field -> column of the table; -1: not used */
	guint fields;
} Csv;

/* Whether the fields name every column that a table must have. */
static bool fits(Csv *csv, const NfpTable *table, char *const *names, guint n)
{
	bool named[NFP_COLUMNS_MAX] = { false };

	for (guint i = 0; i < n; i++) {
		csv->columns[i] = nfp_column_guess(table, names[i]);
		if (csv->columns[i] >= 0 && named[csv->columns[i]])
			csv->columns[i] = -1; /* the first of two */
		if (csv->columns[i] >= 0)
			named[csv->columns[i]] = true;
	}
	for (guint i = 0; i < table->n; i++)
		if (table->columns[i].required && !named[i])
			return false;
	csv->table = table;
	csv->fields = n;
	return true;
}

static void note_unused(const Csv *csv, char *const *names, NfpSink *sink)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < csv->fields; i++)
		if (csv->columns[i] < 0)
			g_string_append_printf(text, "%s\"%.40s\"", text->len ? ", " : "", names[i]);
	if (!text->len)
		return;
	g_string_prepend(text, "columns that are not used: ");
	sink->note(sink, text->str);
}

static gboolean read_names(Csv *csv, NfpLine *line, NfpSink *sink, GError **err)
{
	char *names[NFP_CSV_FIELDS], *text = line->text;
	const char *why = line->fault;
	guint n;

	if (g_str_has_prefix(text, "\xef\xbb\xbf")) /* the mark that some programs put before UTF-8 */
		text += 3;
	if (*text == '#')
		text++;
	if (why || !nfp_csv_split(text, csv->separator, names, &n, &why)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "line 1 %s", why);
		return FALSE;
	}
	for (guint i = 0; i < NFP_TABLES_N; i++) {
		if (!fits(csv, &nfp_tables[i], names, n))
			continue;
		note_unused(csv, names, sink);
		return nfp_sink_begin(sink, i, err);
	}
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "line 1 does not name the columns: it needs cidr (prefixes), address and name (hosts), port_first, "
		    "protocol and name (services) or match (interfaces); it has \"%.80s\"", names[0]);
	return FALSE;
}

/* IANA's registry writes "6000-6063" into one column, and rows without a port or a name. false: nothing to say. */
static bool adapt_service(const Csv *csv, const char **values)
{
	int first = nfp_column_find(csv->table, "port_first"), last = nfp_column_find(csv->table, "port_last");
	int name = nfp_column_find(csv->table, "name");
	char *dash = values[first] ? strchr(values[first], '-') : NULL;

	if (dash && !values[last]) {
		*dash = '\0';
		values[last] = dash + 1;
	}
	return values[first] && *values[first] && values[name] && *values[name];
}

static bool read_row(const Csv *csv, NfpLine *line, NfpSink *sink, GError **err)
{
	const char *values[NFP_COLUMNS_MAX] = { NULL }, *why = line->fault;
	char *fields[NFP_CSV_FIELDS];
	guint n;

	if (!why && (!*line->text || *line->text == '#')) {
		sink->skipped++;
		return true;
	}
	if (!why && nfp_csv_split(line->text, csv->separator, fields, &n, &why) && n > csv->fields)
		why = "has more fields than the first line";
	if (why) {
		nfp_sink_reject(sink, line->number, line->text, why);
		return true;
	}
	for (guint i = 0; i < n; i++)
		if (csv->columns[i] >= 0)
			values[csv->columns[i]] = fields[i];
	if (sink->table == NFP_TABLE_SERVICE && !adapt_service(csv, values)) {
		sink->skipped++;
		return true;
	}
	return nfp_sink_row(sink, values, line->number, err);
}

static gboolean read_all(char separator, NfpLines *lines, NfpSink *sink, GError **err)
{
	Csv csv = { .separator = separator };
	NfpLine line;
	int rc;

	while ((rc = nfp_lines_next(lines, &line)) > 0) {
		if (!(csv.table ? read_row(&csv, &line, sink, err) : read_names(&csv, &line, sink, err)))
			return FALSE;
		sink->progress(sink, nfp_lines_done(lines));
	}
	if (rc < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "it cannot be read");
	if (csv.table)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "it is empty");
	return FALSE;
}

gboolean nfp_format_csv(NfpLines *lines, NfpSink *sink, GError **err)
{
	return read_all(',', lines, sink, err);
}

gboolean nfp_format_tsv(NfpLines *lines, NfpSink *sink, GError **err)
{
	return read_all('\t', lines, sink, err);
}
