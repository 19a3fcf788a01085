/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes that lie in one another -> ranges side by side, each with all that is said of its addresses: longest prefix
 * first, among rows of one prefix the higher priority, then the later row (ADR 18). One thread.
 */
#ifndef NFP_ENRICH_FLATTEN_H
#define NFP_ENRICH_FLATTEN_H

#include <glib.h>

#include "enrich/cidr.h"
#include "enrich/facts.h"

/* A row of the database as it comes. */
typedef struct {
	NfpAddress first;
	uint32_t facts;    /* of the pool */
	int32_t priority;  /* the higher goes first */
	uint32_t order;    /* the later goes first */
	uint8_t length;
} NfpPrefixRow;

/* From here to the start of the next one, or to the end of all addresses. */
typedef struct {
	NfpAddress start;
	uint32_t facts;
} NfpRange;

/* Sorts rows (NfpPrefixRow of one family). pool NULL: facts are numbers above 0 that are not merged, the innermost prefix's
 * holds. Returns NfpRange, sorted, the first starts at 0, neighbours differ. */
GArray *nfp_flatten(GArray *rows, NfpFactsPool *pool);

#endif
