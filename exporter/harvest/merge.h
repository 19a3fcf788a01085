/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of one flow on several CPUs -> one value: sums, minima and maxima, flags OR-ed, what the earliest says of its
 * first packet. Flows of one entry, which most are, go through as they lie. Memory is kept from bucket to bucket.
 * One thread.
 */
#ifndef NFP_HARVEST_MERGE_H
#define NFP_HARVEST_MERGE_H

#include <glib.h>
#include <stdbool.h>

#include "probe/source.h"
#include "probe/value.h"

typedef struct NfpMerge NfpMerge;

NfpMerge *nfp_merge_new(void);
void nfp_merge_free(NfpMerge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpMerge, nfp_merge_free)

typedef struct {
	const void *key;                /* of its first entry */
	const struct nfp_value *value;  /* of all its entries */
	uint64_t id;                    /* flowId */
} NfpFlow;

/* Starts over the entries of one protocol. seed: of the bucket; with_cpu: nothing is merged. */
void nfp_merge_begin(NfpMerge *merge, enum nfp_protocol row, const NfpEntries *entries, uint64_t seed,
		     bool with_cpu);
/* The same over a scan, which stays the caller's. one_cpu: it is known that no flow is on several. */
void nfp_merge_begin_scan(NfpMerge *merge, enum nfp_protocol row, NfpScan *scan, uint64_t seed, bool with_cpu,
			  bool one_cpu);
/* The next flows, at most max, in no order; 0: no more. What they point to is valid until the next call. */
size_t nfp_merge_flows(NfpMerge *merge, NfpFlow *ret, size_t max);
/* Entries gone over so far. */
uint64_t nfp_merge_entries(const NfpMerge *merge);
/* The next one, its value copied. false: no more. */
bool nfp_merge_next(NfpMerge *merge, const void **ret_key, uint64_t *ret_flow_id, struct nfp_value *ret_value);

/* Adds b to a. */
void nfp_hook_row_merge(struct nfp_hook_row *a, const struct nfp_hook_row *b);

#endif
