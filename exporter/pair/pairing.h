/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Biflows (RFC 5103): the records of a bucket, with both directions of a flow in one. docs/biflow.md.
 *
 * Collects a bucket's batches, looks for partners when the last one has come, and gives new batches out, which hold
 * the bucket's delivery as the old ones did. Each record goes out once: in a biflow as one of its directions, or
 * alone. Everything that goes out has biflowDirection. One thread, but for the status.
 */
#ifndef NFP_PAIR_PAIRING_H
#define NFP_PAIR_PAIRING_H

#include <glib.h>

#include "record/batch.h"

typedef struct {
	uint64_t memory;     /* octets of records that wait for partners; what comes beyond goes out alone */
	uint32_t remembered; /* flows whose direction is remembered from bucket to bucket */
} NfpPairingOptions;

typedef struct {
	uint64_t biflows;  /* records that went out with both directions */
	uint64_t uniflows; /* records that went out alone */
	uint64_t crowded;  /* of these: no partner was looked for, for want of memory */
	uint64_t evicted;  /* directions forgotten for want of room */
} NfpPairingStatus;

/* Takes a reference of its own, if it wants one. */
typedef void (*NfpPairingOut)(NfpBatch *batch, void *data);

typedef struct NfpPairing NfpPairing;

NfpPairing *nfp_pairing_new(const NfpPairingOptions *options, NfpPairingOut out, void *data);
/* Takes a reference, until the bucket is done. */
void nfp_pairing_add(NfpPairing *pairing, NfpBatch *batch);
/* All batches of the bucket were added (ns since 1970, as theirs). */
void nfp_pairing_done(NfpPairing *pairing, uint32_t domain, uint64_t start_ns, uint64_t end_ns);
void nfp_pairing_status(NfpPairing *pairing, NfpPairingStatus *ret_status); /* any thread */
/* Buckets that are not done are given up: whoever published them still holds their delivery. */
void nfp_pairing_free(NfpPairing *pairing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPairing, nfp_pairing_free)

#endif
