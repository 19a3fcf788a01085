/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file into the database: one transaction that replaces all rows of its own source in one table, or nothing. */
#ifndef NFP_ENRICH_IMPORT_H
#define NFP_ENRICH_IMPORT_H

#include <glib.h>

#include "enrich/tables.h"

#define NFP_IMPORT_PRIORITY 0 /* below rows that somebody wrote by hand (100) */

typedef struct {
	const char *database; /* made, if it is not there */
	const char *format;   /* csv, mmdb, ...: see format.h */
	const char *path;     /* "-": standard input, for formats of lines */
	const char *source;
	int priority; /* of rows that say none */
	/* All may be NULL. line: of the file, or the n-th range of a binary one. */
	void (*rejected)(uint64_t line, const char *value, const char *why, void *data);
	void (*note)(const char *text, void *data);
	void (*progress)(uint64_t rows, double done, void *data); /* every few thousand rows; done 0 to 1, -1: not known */
	void *data;
} NfpImportOptions;

typedef struct {
	const char *table;
	uint64_t rows;     /* that the source has now */
	uint64_t before;   /* that it had */
	uint64_t repeated; /* given again: the first one counts */
	uint64_t rejected;
	uint64_t skipped;
} NfpImportReport;

/* FALSE: nothing was changed. Fails, too, when there are no rows, or more were rejected than taken. *ret_report is set in
 * any case. */
gboolean nfp_enrich_import(const NfpImportOptions *options, NfpImportReport *ret_report, GError **err);
/* An empty database, or one of an older version brought up to date. */
gboolean nfp_enrich_create(const char *database, GError **err);

#endif
