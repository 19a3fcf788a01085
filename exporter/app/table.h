/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of one bucket for people: the largest flows, and a line for the rest. One thread. */
#ifndef NFP_APP_TABLE_H
#define NFP_APP_TABLE_H

#include <glib.h>

#include "probe/source.h"
#include "record/batch.h"

#define NFP_TABLE_ROWS 40 /* flows shown of a bucket; the others are summed in one line */

/* Batches of buckets that are not complete yet. */
typedef struct NfpTables NfpTables;
NfpTables *nfp_tables_new(void);
void nfp_tables_free(NfpTables *tables);
void nfp_tables_add(NfpTables *tables, NfpBatch *batch); /* takes the reference */
/* All batches of the bucket, with their references; the array does not free them. */
GPtrArray *nfp_tables_take(NfpTables *tables, uint32_t domain, struct nfp_bucket id);

/* Nothing for a bucket without records. */
void nfp_table_print(GString *out, uint32_t domain, struct nfp_bucket id, const GPtrArray *batches);

#endif
