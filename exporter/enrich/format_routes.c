/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes with their AS paths: "prefix|path", or a line of bgpdump -m, "TABLE_DUMP2|time|B|peer|AS|prefix|path|...". The
 * origin is the last AS of the path; a set of them (RFC 4271) says that there is not one, and is rejected.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "enrich/format.h"

#define DUMP_PREFIX 5 /* fields of bgpdump -m */
#define FIELDS 8

static guint cut(char *line, char *fields[FIELDS])
{
	guint n = 0;

	for (char *next = line; next && n < FIELDS; n++) {
		fields[n] = next;
		next = strchr(next, '|');
		if (next)
			*next++ = '\0';
		g_strstrip(fields[n]);
	}
	return n;
}

/* NULL: ok. "": the path is empty, the route is of the router itself. */
static const char *origin_of(char *path, uint32_t *ret)
{
	static const NfpColumn number = { "as_number", NFP_COLUMN_AS, TRUE, { NULL } };
	char *last = strrchr(path, ' '), value[NFP_VALUE_TEXT];
	const char *why;

	if (!*path)
		return "";
	last = last ? last + 1 : path;
	if (*last == '{' || *last == '[')
		return "has a set of ASes as its origin";
	if (!nfp_column_check(&number, last, value, &why))
		return "has no number of an AS at the end of its path";
	*ret = (uint32_t)g_ascii_strtoull(value, NULL, 10);
	return NULL;
}

static bool read_row(NfpLine *line, NfpSink *sink, GError **err)
{
	const char *why = line->fault;
	char *fields[FIELDS];
	gboolean dump;
	uint32_t origin = 0;
	guint n, at;

	if (!why && (!*line->text || *line->text == '#')) {
		sink->skipped++;
		return true;
	}
	if (why) {
		nfp_sink_reject(sink, line->number, line->text, why);
		return true;
	}
	dump = g_str_has_prefix(line->text, "TABLE_DUMP") || g_str_has_prefix(line->text, "BGP4MP");
	at = dump ? DUMP_PREFIX : 0;
	n = cut(line->text, fields);
	why = n > at + 1 ? origin_of(fields[at + 1], &origin) : "is not prefix|AS path";
	if (!why)
		return nfp_sink_prefix(sink, fields[at], origin, NULL, NULL, NULL, line->number, err);
	if (*why)
		nfp_sink_reject(sink, line->number, fields[MIN(at, n - 1)], why);
	else
		sink->skipped++;
	return true;
}

gboolean nfp_format_routes(NfpLines *lines, NfpSink *sink, GError **err)
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
