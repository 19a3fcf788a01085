/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Biflows (RFC 5103): the records of a bucket, with both directions of a flow in one. docs/biflow.md.
 *
 * Collects a bucket's batches, looks for partners when the last one has come, and gives new batches out, which hold
 * the bucket's delivery as the old ones did. Each record goes out once: in a biflow as one of its directions, or
 * alone. Everything that goes out has biflowDirection. One thread, but for the status.
 */
#ifndef NFP_PAIR_PAIR_H
#define NFP_PAIR_PAIR_H

#include <glib.h>

#include "record/batch.h"

typedef struct {
	uint64_t memory;     /* octets of records that wait for partners; what comes beyond goes out alone */
	uint32_t remembered; /* flows whose direction is remembered from bucket to bucket */
} NfpPairOptions;

typedef struct {
	uint64_t biflows;  /* records that went out with both directions */
	uint64_t uniflows; /* records that went out alone */
	uint64_t crowded;  /* of these: no partner was looked for, for want of memory */
	uint64_t evicted;  /* directions forgotten for want of room */
} NfpPairStatus;

/* Takes a reference of its own, if it wants one. */
typedef void (*NfpPairOut)(NfpBatch *batch, void *data);

typedef struct NfpPair NfpPair;

NfpPair *nfp_pair_new(const NfpPairOptions *options, NfpPairOut out, void *data);
/* Takes a reference, until the bucket is done. */
void nfp_pair_add(NfpPair *pair, NfpBatch *batch);
/* All batches of the bucket were added (ns since 1970, as theirs). */
void nfp_pair_done(NfpPair *pair, uint32_t domain, uint64_t start_ns, uint64_t end_ns);
void nfp_pair_status(NfpPair *pair, NfpPairStatus *ret_status); /* any thread */
/* Buckets that are not done are given up: whoever published them still holds their delivery. */
void nfp_pair_free(NfpPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPair, nfp_pair_free)

#endif
