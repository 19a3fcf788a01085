/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A batch: an immutable array of records of one bucket; the only thing that crosses threads.
 *
 * References are the proof of delivery: whoever holds one has records that are not yet in a socket,
 * in a spool, or counted as refused. When the last reference to the last batch of a bucket goes,
 * the bucket's NfpDelivery calls back, and only then may its maps be unpinned.
 */
#ifndef NFP_RECORD_BATCH_H
#define NFP_RECORD_BATCH_H

#include <glib.h>

#include "record/record.h"

typedef struct NfpDelivery NfpDelivery;
/* Runs on whichever thread drops the last reference: hand over, do no work. */
typedef void (*NfpDelivered)(void *data);

NfpDelivery *nfp_delivery_new(NfpDelivered delivered, void *data); /* one reference: the caller's */
void nfp_delivery_unref(NfpDelivery *delivery);

typedef struct {
	uint64_t bucket_start_ns; /* ns since 1970 */
	uint64_t bucket_end_ns;
	uint32_t domain; /* observation domain: 0 = the daemon's own network namespace, n = the n-th
			    other */
	uint32_t n;
	NfpRecord *records;       /* n; constant once the batch is published */
	gpointer facts; /* what the records' places, ports and applications live in; or NULL */
	GDestroyNotify facts_free; /* gives that up, with the batch; any thread */
	/* private */
	gint refs;
	uint32_t capacity;
	NfpDelivery *delivery;
	gint *missed; /* of a view, or NULL */
} NfpBatch;

#define NFP_BATCH_RECORDS 4096 /* records of a batch, at most */

/* Takes a reference to delivery. capacity <= NFP_BATCH_RECORDS. The producer fills records[0..n): they hold
 * anything, and begin with a cache line. */
NfpBatch *nfp_batch_new(uint32_t capacity, NfpDelivery *delivery);
/* The same, of the bucket that `other` is of, and with its delivery. */
NfpBatch *nfp_batch_new_beside(const NfpBatch *other, uint32_t capacity);
/* The same records for one of several readers: the view holds a reference to batch and to delivery, and *missed
 * (which lives until delivered() is called) is set to 1 by nfp_batch_miss. */
NfpBatch *nfp_batch_view(NfpBatch *batch, NfpDelivery *delivery, gint *missed);
/* For some of the batch's records, which the caller copies: it holds the batch, for its delivery and its facts. Takes the
 * reference. */
NfpBatch *nfp_batch_part(NfpBatch *batch, uint32_t capacity);
/* Whoever has this reference gives it up with records in it that it has not delivered. Any thread. */
void nfp_batch_miss(NfpBatch *batch);
NfpBatch *nfp_batch_ref(NfpBatch *batch);
void nfp_batch_unref(NfpBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBatch, nfp_batch_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpDelivery, nfp_delivery_unref)

/*
 * Memory of full-size batches that stays: fresh pages cost more than all that is written into them. Batches come back from
 * whichever thread gives up the last reference; all else is for one thread.
 */
typedef struct NfpBatchPool NfpBatchPool;

/* limit: batches that are kept while nobody uses them (1.6 MB each); more of them are freed as they come back. */
NfpBatchPool *nfp_batch_pool_new(guint limit);
/* Batches may still be out. */
void nfp_batch_pool_free(NfpBatchPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBatchPool, nfp_batch_pool_free)
/* Like nfp_batch_new(NFP_BATCH_RECORDS, delivery). */
NfpBatch *nfp_batch_pool_take(NfpBatchPool *pool, NfpDelivery *delivery);
/* Frees those that were not needed since the last trim, even when most were in use: called once a bucket, memory
 * follows traffic. */
void nfp_batch_pool_trim(NfpBatchPool *pool);
guint nfp_batch_pool_kept(NfpBatchPool *pool); /* any thread */
guint nfp_batch_pool_out(NfpBatchPool *pool);  /* taken and not given back; any thread */

#endif
