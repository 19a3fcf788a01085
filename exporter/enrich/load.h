/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Database -> snapshot. A row that is malformed is left out and told; the rest counts. */
#ifndef NFP_ENRICH_LOAD_H
#define NFP_ENRICH_LOAD_H

#include "enrich/database.h"
#include "enrich/snapshot.h"

#define NFP_LOAD_TOLD 5 /* malformed rows that are described */

typedef struct {
	guint left_out;  /* rows */
	GString *told;   /* the first of them, one a line: "prefix row 17: "10.0.0.0/33" has ..." */
} NfpLoadReport;

/* One state of the database, whatever is committed meanwhile: call it inside a transaction. *cancel (atomic) becomes
 * true: ends with an error soon. NULL: *err is set. */
NfpSnapshot *nfp_load(sqlite3 *db, const gint *cancel, NfpLoadReport *report, GError **err);
/* The same of a file, for whoever asks once. Errors begin with its path. */
NfpSnapshot *nfp_load_file(const char *path, NfpLoadReport *report, GError **err);
void nfp_load_report_clear(NfpLoadReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpLoadReport, nfp_load_report_clear)

#endif
