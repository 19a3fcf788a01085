/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of other people's -> rows of the database's tables. A format reads a file and gives each row to a sink; what it
 * does not understand it rejects, with its line. Files are hostile: every length is bounded, every value checked.
 */
#ifndef NFP_ENRICH_FORMAT_H
#define NFP_ENRICH_FORMAT_H

#include <glib.h>

#include "enrich/lines.h"
#include "enrich/tables.h"

typedef struct NfpSink NfpSink;
struct NfpSink {
	/* Once, before the first row: what the rows are of. */
	bool (*begin)(NfpSink *sink, NfpTableId table, GError **err);
	/* Checked values in the order of the table's columns; "" where there is none. */
	bool (*insert)(NfpSink *sink, const char *const *values, GError **err);
	void (*reject)(NfpSink *sink, uint64_t line, const char *value, const char *why);
	void (*note)(NfpSink *sink, const char *text); /* a sentence for people */
	void (*progress)(NfpSink *sink, double done);  /* after each row or reject; 0 to 1, -1: not known */
	/* kept by the functions below */
	NfpTableId table;
	uint64_t rows;     /* given to insert */
	uint64_t rejected; /* lines, or ranges of a binary file */
	uint64_t skipped;  /* that say nothing: no facts, a comment */
};

typedef struct {
	const char *name;
	const char *help;
	/* One of both. */
	gboolean (*read_lines)(NfpLines *lines, NfpSink *sink, GError **err);
	gboolean (*read_file)(const char *path, NfpSink *sink, GError **err);
} NfpFormat;

extern const NfpFormat nfp_formats[];
extern const guint nfp_formats_n;

const NfpFormat *nfp_format_find(const char *name); /* NULL: none */
gboolean nfp_format_read(const NfpFormat *format, const char *path, NfpSink *sink, GError **err);

/* ---- for the formats -------------------------------------------------------------------------------- */

bool nfp_sink_begin(NfpSink *sink, NfpTableId table, GError **err);
/* Values (NULL or "": none) in the order of the columns. A value that is wrong rejects the row and is no error. */
bool nfp_sink_row(NfpSink *sink, const char *const values[NFP_COLUMNS_MAX], uint64_t line, GError **err);
void nfp_sink_reject(NfpSink *sink, uint64_t line, const char *value, const char *why);
/* A row of the prefix table. Texts may be NULL, as_number 0. */
bool nfp_sink_prefix(NfpSink *sink, const char *cidr, uint32_t as_number, const char *as_name, const char *country,
		     const char *city, uint64_t line, GError **err);

gboolean nfp_format_csv(NfpLines *lines, NfpSink *sink, GError **err);
gboolean nfp_format_tsv(NfpLines *lines, NfpSink *sink, GError **err);
gboolean nfp_format_ip2asn(NfpLines *lines, NfpSink *sink, GError **err);
gboolean nfp_format_routes(NfpLines *lines, NfpSink *sink, GError **err);
gboolean nfp_format_mmdb(const char *path, NfpSink *sink, GError **err);

#endif
