/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of addresses with their AS, as iptoasn.com publishes them: start, end, number, country, name by tabs. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "enrich/cidr.h"
#include "enrich/csv.h"
#include "enrich/format.h"
#include "enrich/texts.h"

typedef struct {
	NfpSink *sink;
	GError **err;
	uint64_t line;
	uint32_t as_number;
	const char *country, *name;
} Row;

static bool add(const NfpPrefix *prefix, void *data)
{
	const Row *row = data;
	char cidr[NFP_PREFIX_TEXT];

	return nfp_sink_prefix(row->sink, nfp_prefix_print(prefix, cidr), row->as_number, row->name, row->country, NULL,
			       row->line, row->err);
}

/* What stands for "not known". */
static const char *known(const char *text)
{
	return g_ascii_strcasecmp(text, "none") && strcmp(text, "-") != 0 ? text : NULL;
}

static const char *cut(char *line, Row *row, NfpAddress range[2], uint8_t *ret_family)
{
	static const NfpColumn number = { "as_number", NFP_COLUMN_AS, TRUE, { NULL } };
	char *fields[NFP_CSV_FIELDS], value[NFP_VALUE_TEXT];
	uint8_t families[2];
	const char *why;
	guint n;

	if (!nfp_csv_split(line, '\t', fields, &n, &why))
		return why;
	if (n < 3)
		return "has less than three fields: start, end, AS";
	if (!nfp_address_parse(fields[0], &range[0], &families[0]) || !nfp_address_parse(fields[1], &range[1], &families[1]))
		return "has no two addresses";
	if (families[0] != families[1] || range[0] > range[1])
		return "is no range of addresses";
	if (!nfp_column_check(&number, fields[2], value, &why))
		return "has no number of an AS";
	row->as_number = (uint32_t)g_ascii_strtoull(value, NULL, 10);
	row->country = n > 3 ? known(fields[3]) : NULL;
	row->name = n > 4 ? fields[4] : NULL;
	*ret_family = families[0];
	return NULL;
}

static bool read_row(NfpLine *line, NfpSink *sink, GError **err)
{
	Row row = { .sink = sink, .err = err, .line = line->number };
	NfpAddress range[2];
	const char *why = line->fault;
	uint8_t family;

	if (!why && (!*line->text || *line->text == '#')) {
		sink->skipped++;
		return true;
	}
	if (!why)
		why = cut(line->text, &row, range, &family);
	/* Once for the line, not for each of its prefixes. */
	if (!why && ((row.name && (strlen(row.name) > NFP_TEXT_MAX || !g_utf8_validate(row.name, -1, NULL))) ||
		     (row.country && (strlen(row.country) > NFP_TEXT_MAX || !g_utf8_validate(row.country, -1, NULL)))))
		why = "has a text that is longer than 255 octets or not UTF-8";
	if (why) {
		nfp_sink_reject(sink, line->number, line->text, why);
		return true;
	}
	if (!row.as_number) { /* not routed */
		sink->skipped++;
		return true;
	}
	return nfp_range_prefixes(range[0], range[1], family, add, &row);
}

gboolean nfp_format_ip2asn(NfpLines *lines, NfpSink *sink, GError **err)
{
	NfpLine line;
	int rc;

	if (!nfp_sink_begin(sink, NFP_TABLE_PREFIX, err))
		return FALSE;
	while ((rc = nfp_lines_next(lines, &line)) > 0) {
		if (!read_row(&line, sink, err))
			return FALSE;
		sink->progress(sink, nfp_lines_done(lines));
	}
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "it cannot be read");
}
