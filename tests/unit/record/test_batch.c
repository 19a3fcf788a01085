// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>

#include "record/batch.h"

static void count(void *data)
{
	g_atomic_int_inc((gint *)data);
}

Test(batch, the_last_reference_of_the_last_batch_delivers)
{
	gint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	NfpBatch *first = nfp_batch_new(NFP_BATCH_RECORDS, delivery);
	NfpBatch *second = nfp_batch_new(1, delivery);

	nfp_delivery_unref(delivery);
	cr_assert_eq(first->n, 0);
	first->records[NFP_BATCH_RECORDS - 1].packets = 7;
	cr_assert_eq(nfp_batch_ref(first), first);
	nfp_batch_unref(first);
	nfp_batch_unref(second);
	cr_assert_eq(delivered, 0, "a reference is left");
	cr_assert_eq(first->records[NFP_BATCH_RECORDS - 1].packets, 7);
	nfp_batch_unref(first);
	cr_assert_eq(delivered, 1);
}

Test(batch, a_bucket_without_records_is_delivered_at_once)
{
	gint delivered = 0;
	g_autoptr(NfpBatch) none = NULL;

	nfp_delivery_unref(nfp_delivery_new(count, &delivered));
	cr_assert_eq(delivered, 1);
	nfp_delivery_unref(NULL);
	nfp_batch_unref(none);
}

Test(batch, needs_no_delivery)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(0, NULL);

	cr_assert_eq(batch->capacity, 0);
}

#define THREADS 4
#define ROUNDS 20000

static void *drop(void *data)
{
	for (guint i = 0; i < ROUNDS; i++)
		nfp_batch_unref(((NfpBatch **)data)[i]);
	return NULL;
}

Test(batch, threads_may_drop_references_at_the_same_time)
{
	gint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	g_autofree NfpBatch **batches = g_new(NfpBatch *, ROUNDS);
	GThread *threads[THREADS];

	for (guint i = 0; i < ROUNDS; i++) {
		batches[i] = nfp_batch_new(1, delivery);
		for (guint t = 1; t < THREADS; t++)
			nfp_batch_ref(batches[i]);
	}
	nfp_delivery_unref(delivery);
	for (guint t = 0; t < THREADS; t++)
		threads[t] = g_thread_new("drop", drop, batches);
	for (guint t = 0; t < THREADS; t++)
		g_thread_join(threads[t]);
	cr_assert_eq(delivered, 1);
}
