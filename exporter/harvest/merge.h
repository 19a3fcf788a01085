/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of one flow on several CPUs -> one value: sums, minima and maxima, flags OR-ed, what the
 * earliest says of its first packet. An index over the entries where they lie; memory is kept from
 * bucket to bucket. One thread.
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

/* Starts over the entries of one protocol. seed: of the bucket; with_cpu: nothing is merged. */
void nfp_merge_begin(NfpMerge *merge, enum nfp_protocol row, const NfpEntries *entries, uint64_t seed,
		     bool with_cpu);
/* The next flow: its key (of its first entry), flowId and merged value. false: no more. */
bool nfp_merge_next(NfpMerge *merge, const void **ret_key, uint64_t *ret_flow_id, struct nfp_value *ret_value);

/* Adds b to a. */
void nfp_hook_row_merge(struct nfp_hook_row *a, const struct nfp_hook_row *b);

#endif
