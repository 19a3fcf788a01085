// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <poll.h>

#include "base/ring.h"
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

Test(batch, one_beside_another_is_of_the_same_bucket)
{
	gint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	NfpBatch *first = nfp_batch_new(1, delivery), *second;

	nfp_delivery_unref(delivery);
	first->bucket_start_ns = 1;
	first->bucket_end_ns = 2;
	first->domain = 3;
	second = nfp_batch_new_beside(first, 5);
	nfp_batch_unref(first);
	cr_assert_eq(delivered, 0);
	cr_assert(second->bucket_start_ns == 1 && second->bucket_end_ns == 2 && second->domain == 3 && second->n == 0);
	nfp_batch_unref(second);
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
#define POOL_ROUNDS 2000 /* without optimisation each is a batch filled with rubbish */

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

Test(batch_pool, memory_comes_back)
{
	gint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	g_autoptr(NfpBatchPool) pool = nfp_batch_pool_new(4);
	NfpBatch *batch = nfp_batch_pool_take(pool, delivery);
	const NfpRecord *records = batch->records;

	cr_assert_eq(batch->capacity, NFP_BATCH_RECORDS);
	cr_assert_eq(nfp_batch_pool_out(pool), 1);
	cr_assert_eq((uintptr_t)records % 64, 0, "a record begins with a cache line");
	batch->n = 7;
	nfp_batch_unref(batch);
	cr_assert_eq(nfp_batch_pool_kept(pool), 1);
	cr_assert_eq(nfp_batch_pool_out(pool), 0);
	batch = nfp_batch_pool_take(pool, delivery);
	cr_assert_eq(batch->records, records);
	cr_assert_eq(batch->n, 0);
	cr_assert_null(batch->facts);
	nfp_delivery_unref(delivery);
	cr_assert_eq(delivered, 0);
	nfp_batch_unref(batch);
	cr_assert_eq(delivered, 1);
}

static void take_and_drop(NfpBatchPool *pool, guint n)
{
	NfpBatch *batches[32];

	for (guint i = 0; i < n; i++)
		batches[i] = nfp_batch_pool_take(pool, NULL);
	for (guint i = 0; i < n; i++)
		nfp_batch_unref(batches[i]);
}

Test(batch_pool, keeps_no_more_than_its_limit)
{
	g_autoptr(NfpBatchPool) pool = nfp_batch_pool_new(3);

	take_and_drop(pool, 5);
	cr_assert_eq(nfp_batch_pool_kept(pool), 3);
	take_and_drop(pool, 2);
	cr_assert_eq(nfp_batch_pool_kept(pool), 3);
}

Test(batch_pool, trim_frees_what_was_not_needed)
{
	g_autoptr(NfpBatchPool) pool = nfp_batch_pool_new(16);

	take_and_drop(pool, 10);
	nfp_batch_pool_trim(pool);
	cr_assert_eq(nfp_batch_pool_kept(pool), 10, "all were needed");
	take_and_drop(pool, 4);
	nfp_batch_pool_trim(pool);
	cr_assert_eq(nfp_batch_pool_kept(pool), 4);
	take_and_drop(pool, 6);
	nfp_batch_pool_trim(pool);
	cr_assert_eq(nfp_batch_pool_kept(pool), 6, "more are made when they are needed");
	nfp_batch_pool_trim(pool);
	cr_assert_eq(nfp_batch_pool_kept(pool), 0, "a bucket without records");
}

Test(batch_pool, batches_outlive_it)
{
	NfpBatchPool *pool = nfp_batch_pool_new(2);
	NfpBatch *first = nfp_batch_pool_take(pool, NULL), *second = nfp_batch_pool_take(pool, NULL);

	nfp_batch_unref(nfp_batch_pool_take(pool, NULL));
	nfp_batch_pool_free(pool);
	first->records[NFP_BATCH_RECORDS - 1].packets = 1;
	nfp_batch_unref(first);
	second->records[0].packets = 1;
	nfp_batch_unref(second);
}

typedef struct {
	NfpRing *ring;
	guint wrong;
} Sender;

static NfpBatch *await(NfpRing *ring)
{
	struct pollfd pfd = { .fd = nfp_ring_fd(ring), .events = POLLIN };
	NfpBatch *batch;

	while (!(batch = nfp_ring_pop(ring)))
		poll(&pfd, 1, -1);
	return batch;
}

/* Until a batch without records. */
static void *send_and_drop(void *data)
{
	Sender *sender = data;
	NfpBatch *batch;

	while ((batch = await(sender->ring))->n != 0) {
		for (uint32_t i = 0; i < batch->n; i++)
			sender->wrong += batch->records[i].packets != batch->bucket_start_ns;
		nfp_batch_unref(batch);
	}
	nfp_batch_unref(batch);
	return NULL;
}

static void push(NfpRing *ring, NfpBatch *batch)
{
	while (!nfp_ring_push(ring, batch))
		g_thread_yield();
}

/* One thread takes, fills and trims while others give up the last references, in any order. */
Test(batch_pool, any_thread_gives_back)
{
	gint delivered = 0;
	NfpDelivery *delivery = nfp_delivery_new(count, &delivered);
	NfpBatchPool *pool = nfp_batch_pool_new(8);
	Sender senders[THREADS] = { 0 };
	GThread *threads[THREADS];

	for (guint t = 0; t < THREADS; t++) {
		senders[t].ring = nfp_ring_new(4, NULL);
		threads[t] = g_thread_new("send", send_and_drop, &senders[t]);
	}
	for (guint i = 0; i < POOL_ROUNDS; i++) {
		NfpBatch *batch = nfp_batch_pool_take(pool, delivery);

		batch->bucket_start_ns = i;
		batch->n = 1 + i % 3;
		for (uint32_t j = 0; j < batch->n; j++)
			batch->records[j].packets = i;
		for (guint t = i % THREADS; t < THREADS; t++) /* one to all of them */
			push(senders[t].ring, nfp_batch_ref(batch));
		nfp_batch_unref(batch);
		if (i % 64 == 0)
			nfp_batch_pool_trim(pool);
		cr_assert_leq(nfp_batch_pool_kept(pool), 8 + THREADS);
	}
	nfp_delivery_unref(delivery);
	for (guint t = 0; t < THREADS; t++)
		push(senders[t].ring, nfp_batch_pool_take(pool, NULL));
	nfp_batch_pool_free(pool);
	for (guint t = 0; t < THREADS; t++) {
		g_thread_join(threads[t]);
		nfp_ring_free(senders[t].ring);
		cr_expect_eq(senders[t].wrong, 0);
	}
	cr_assert_eq(delivered, 1);
}

static void note_view(void *data)
{
	(*(gint *)data)++;
}

Test(batch, view)
{
	gint missed = 0, seen = 0, whole = 0;
	g_autoptr(NfpDelivery) bucket = nfp_delivery_new(note_view, &whole);
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(note_view, &seen);
	NfpBatch *batch = nfp_batch_new(2, bucket);
	NfpBatch *view;

	batch->n = 2;
	batch->domain = 3;
	batch->records[1].flow_id = 7;
	view = nfp_batch_view(batch, delivery, &missed);
	nfp_batch_miss(batch); /* its own affair */
	cr_assert_eq(missed, 0);
	nfp_delivery_unref(g_steal_pointer(&bucket));
	nfp_delivery_unref(g_steal_pointer(&delivery));
	nfp_batch_unref(batch);
	cr_assert_eq(whole, 0, "the view holds it");
	cr_assert_eq(view->n, 2);
	cr_assert_eq(view->domain, 3);
	cr_assert_eq(view->records[1].flow_id, 7);
	nfp_batch_miss(view);
	cr_assert_eq(missed, 1);
	nfp_batch_unref(view);
	cr_assert_eq(seen, 1);
	cr_assert_eq(whole, 1);
}
