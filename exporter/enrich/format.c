/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/format.h"

#include <string.h>

#include "base/error.h"

const NfpFormat nfp_formats[] = {
	{ "csv", "fields by commas, the first line names the columns", nfp_format_csv, NULL },
	{ "tsv", "the same by tabs", nfp_format_tsv, NULL },
	{ "mmdb", "MaxMind DB with AS, country or city", NULL, nfp_format_mmdb },
	{ "ip2asn", "start, end, AS, country, name by tabs", nfp_format_ip2asn, NULL },
	{ "routes", "prefix|AS path, or what bgpdump -m writes", nfp_format_routes, NULL },
};
const guint nfp_formats_n = G_N_ELEMENTS(nfp_formats);

const NfpFormat *nfp_format_find(const char *name)
{
	for (guint i = 0; i < nfp_formats_n; i++)
		if (!strcmp(nfp_formats[i].name, name))
			return &nfp_formats[i];
	return NULL;
}

gboolean nfp_format_read(const NfpFormat *format, const char *path, NfpSink *sink, GError **err)
{
	g_autoptr(NfpLines) lines = NULL;

	if (format->read_file && g_str_equal(path, "-")) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s is not read from standard input: name a file", format->name);
		return FALSE;
	}
	if (format->read_file)
		return format->read_file(path, sink, err);
	lines = nfp_lines_open(path, err);
	if (!lines)
		return FALSE;
	if (format->read_lines(lines, sink, err))
		return TRUE;
	g_prefix_error(err, "%s: ", path);
	return FALSE;
}

bool nfp_sink_begin(NfpSink *sink, NfpTableId table, GError **err)
{
	sink->table = table;
	return sink->begin(sink, table, err);
}

void nfp_sink_reject(NfpSink *sink, uint64_t line, const char *value, const char *why)
{
	sink->rejected++;
	sink->reject(sink, line, value, why);
}

bool nfp_sink_row(NfpSink *sink, const char *const values[NFP_COLUMNS_MAX], uint64_t line, GError **err)
{
	char checked[NFP_COLUMNS_MAX][NFP_VALUE_TEXT];
	const char *row[NFP_COLUMNS_MAX];
	const NfpTable *table = &nfp_tables[sink->table];

	for (guint i = 0; i < table->n; i++) {
		const char *value = values[i] ? values[i] : "", *why = NULL;

		row[i] = "";
		if (!*value && !table->columns[i].required)
			continue;
		if (!nfp_column_check(&table->columns[i], value, checked[i], &why)) {
			nfp_sink_reject(sink, line, *value ? value : table->columns[i].name, why);
			return true;
		}
		row[i] = checked[i];
	}
	sink->rows++;
	return sink->insert(sink, row, err);
}

bool nfp_sink_prefix(NfpSink *sink, const char *cidr, uint32_t as_number, const char *as_name, const char *country,
		     const char *city, uint64_t line, GError **err)
{
	char number[16];
	/* The first columns of the table; test_format.c compares. */
	const char *values[NFP_COLUMNS_MAX] = { cidr, as_number ? number : NULL, as_name, country, city };

	g_snprintf(number, sizeof(number), "%u", as_number);
	return nfp_sink_row(sink, values, line, err);
}
