/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of a spool's file: how much of it they take, and which of them a put() can have written. */
#ifndef NFP_STORE_SPOOL_ROWS_H
#define NFP_STORE_SPOOL_ROWS_H

#include <stdint.h>

#include "store/db.h"

#define NFP_SPOOL_PAGE 4096u

typedef struct {
	uint64_t batches, records, pages; /* of those that are sound */
	uint64_t refused_records;         /* fresh ones, as far as a number of them is believable */
	guint refused;                    /* rows that were deleted */
} NfpSpoolRows;

/* Pages of the file that a row with a blob of so many octets takes. */
uint64_t nfp_spool_pages(gsize octets);
/* Goes over all rows of the table `batch` once, deletes those that are malformed, wakes those that are kept. -EUCLEAN: they
 * are in no order, the file is no good. */
int nfp_spool_rows_check(NfpDb *db, NfpSpoolRows *ret_rows);

#endif
