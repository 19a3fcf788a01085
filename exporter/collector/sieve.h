/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A collector's filter: which records of a batch go on. */
#ifndef NFP_COLLECTOR_SIEVE_H
#define NFP_COLLECTOR_SIEVE_H

#include "filter/filter.h"
#include "filter/prefixes.h"
#include "record/batch.h"

/* Each may be NULL: all pass it. */
typedef struct {
	NfpFilter *filter;
	NfpPrefixes *prefixes;
} NfpSieve;

/* What was left out. Any thread. */
typedef struct {
	_Atomic uint64_t records, packets;
} NfpSieveCounts;

/* Takes the reference, and returns one: to the batch itself if all of it goes on, to a batch of its own that holds the
 * other, or NULL: nothing does. Any thread. */
NfpBatch *nfp_sieve(const NfpSieve *sieve, NfpBatch *batch, NfpSieveCounts *counts);

#endif
