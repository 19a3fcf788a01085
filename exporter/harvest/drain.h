/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A closed bucket -> records -> batches -> publish; and its account. Harvester's thread. */
#ifndef NFP_HARVEST_DRAIN_H
#define NFP_HARVEST_DRAIN_H

#include "harvest/account.h"
#include "harvest/harvester.h"
#include "harvest/merge.h"

/* What draining needs and keeps from bucket to bucket. */
typedef struct {
	const NfpHarvestOptions *options;
	NfpPublish publish;
	NfpBucketDone done; /* may be NULL */
	void *data;
	NfpMerge *merge;
	NfpBatchPool *pool; /* memory of batches; NULL: fresh for each */
	uint64_t records, packets; /* published so far */
	uint64_t errors;           /* reads that failed */
} NfpDrain;

#define NFP_DRAIN_TRIES 5 /* reads of one map before its entries are given up as unreadable */

/* Progress of one bucket; memory zero at the start. */
typedef struct {
	guint part;           /* 0: hooks, 1 + row: that protocol; NFP_P_N + 1: all is published */
	guint tries;          /* of this part */
	bool unreadable;      /* something was given up */
	bool one_cpu;         /* no hook has packets on several: it is known, that is */
	uint64_t records;
	uint64_t used[NFP_P_N];
	NfpAccount *account;
	NfpDelivery *delivery; /* ours, until all is published */
} NfpDrainState;

/* Publishes what can be read. delivered(token) is called once all batches were let go, and not before
 * everything is published. 0: all published; -errno: some map could not be read, call again. */
int nfp_drain(NfpDrain *drain, NfpSource *source, struct nfp_bucket id, bool forced, NfpDrainState *state,
	      NfpDelivered delivered, void *token);
/* Drops what nfp_drain() holds; delivered() comes when the last batch goes, if it was started. */
void nfp_drain_state_clear(NfpDrainState *state);

#endif
