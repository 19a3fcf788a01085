// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/batch.h"

#include <string.h>

struct NfpDelivery {
	gint refs;
	NfpDelivered delivered;
	void *data;
};

NfpDelivery *nfp_delivery_new(NfpDelivered delivered, void *data)
{
	NfpDelivery *delivery = g_new0(NfpDelivery, 1);

	delivery->refs = 1;
	delivery->delivered = delivered;
	delivery->data = data;
	return delivery;
}

void nfp_delivery_unref(NfpDelivery *delivery)
{
	if (delivery == NULL || !g_atomic_int_dec_and_test(&delivery->refs))
		return;
	delivery->delivered(delivery->data);
	g_free(delivery);
}

/* A batch and its records in one piece of memory; the records begin with a cache line. */
typedef struct Block {
	NfpBatch batch; /* first */
	struct Block *next;
	NfpBatchPool *pool; /* NULL: of its own */
} Block;

#define LINE 64
#define HEADER ((sizeof(Block) + LINE - 1) / LINE * LINE)

/*
 * Blocks that came back are a stack. Any thread pushes; only the owner pops, so a block that it saw on top cannot leave
 * and come back meanwhile. Whoever gives up the last reference (the owner's, and one a block that is out) frees
 * what lies there.
 */
struct NfpBatchPool {
	gint refs;
	guint limit;
	gint free;    /* blocks on the stack, or about to be */
	gint lowest;  /* fewest free ones since the last trim; the owner's */
	Block *stack;
};

static Block *block_new(uint32_t capacity)
{
	Block *block = g_aligned_alloc(1, HEADER + capacity * sizeof(NfpRecord), LINE);

	block->pool = NULL;
	return block;
}

static NfpBatch *begin(Block *block, uint32_t capacity, NfpDelivery *delivery)
{
	block->batch = (NfpBatch){
		.records = (NfpRecord *)((char *)block + HEADER), .capacity = capacity, .refs = 1, .delivery = delivery,
	};
	if (delivery != NULL)
		g_atomic_int_inc(&delivery->refs);
	return &block->batch;
}

NfpBatch *nfp_batch_new(uint32_t capacity, NfpDelivery *delivery)
{
	g_assert(capacity <= NFP_BATCH_RECORDS);
	return begin(block_new(capacity), capacity, delivery);
}

NfpBatch *nfp_batch_new_beside(const NfpBatch *other, uint32_t capacity)
{
	NfpBatch *batch = nfp_batch_new(capacity, other->delivery);

	batch->bucket_start_ns = other->bucket_start_ns;
	batch->bucket_end_ns = other->bucket_end_ns;
	batch->domain = other->domain;
	return batch;
}

NfpBatch *nfp_batch_view(NfpBatch *batch, NfpDelivery *delivery, gint *missed)
{
	NfpBatch *view = begin(block_new(0), 0, delivery);

	view->bucket_start_ns = batch->bucket_start_ns;
	view->bucket_end_ns = batch->bucket_end_ns;
	view->domain = batch->domain;
	view->n = batch->n;
	view->records = batch->records;
	view->facts = nfp_batch_ref(batch);
	view->facts_free = (GDestroyNotify)nfp_batch_unref;
	view->missed = missed;
	return view;
}

NfpBatch *nfp_batch_part(NfpBatch *batch, uint32_t capacity)
{
	NfpBatch *part = nfp_batch_new(capacity, NULL);

	part->bucket_start_ns = batch->bucket_start_ns;
	part->bucket_end_ns = batch->bucket_end_ns;
	part->domain = batch->domain;
	part->facts = batch;
	part->facts_free = (GDestroyNotify)nfp_batch_unref;
	part->missed = batch->missed;
	return part;
}

void nfp_batch_miss(NfpBatch *batch)
{
	if (batch->missed != NULL)
		g_atomic_int_set(batch->missed, 1);
}

NfpBatch *nfp_batch_ref(NfpBatch *batch)
{
	g_atomic_int_inc(&batch->refs);
	return batch;
}

/* ---- pool ------------------------------------------------------------------------------------ */

static Block *pop(NfpBatchPool *pool)
{
	Block *top = __atomic_load_n(&pool->stack, __ATOMIC_ACQUIRE);

	while (top != NULL && !__atomic_compare_exchange_n(&pool->stack, &top, top->next, TRUE,
							   __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		;
	if (top != NULL)
		g_atomic_int_dec_and_test(&pool->free);
	return top;
}

/* FALSE: there are enough. */
static gboolean push(NfpBatchPool *pool, Block *block)
{
	if ((guint)g_atomic_int_add(&pool->free, 1) >= pool->limit) {
		g_atomic_int_dec_and_test(&pool->free);
		return FALSE;
	}
	block->next = __atomic_load_n(&pool->stack, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&pool->stack, &block->next, block, TRUE, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return TRUE;
}

static void pool_unref(NfpBatchPool *pool)
{
	Block *block;

	if (!g_atomic_int_dec_and_test(&pool->refs))
		return;
	while ((block = pop(pool)) != NULL)
		g_aligned_free(block);
	g_free(pool);
}

NfpBatchPool *nfp_batch_pool_new(guint limit)
{
	NfpBatchPool *pool = g_new0(NfpBatchPool, 1);

	pool->refs = 1;
	pool->limit = limit;
	return pool;
}

void nfp_batch_pool_free(NfpBatchPool *pool)
{
	if (pool != NULL)
		pool_unref(pool);
}

NfpBatch *nfp_batch_pool_take(NfpBatchPool *pool, NfpDelivery *delivery)
{
	Block *block = pop(pool);

	if (block == NULL)
		block = block_new(NFP_BATCH_RECORDS);
	pool->lowest = MIN(pool->lowest, g_atomic_int_get(&pool->free));
	block->pool = pool;
	g_atomic_int_inc(&pool->refs);
	return begin(block, NFP_BATCH_RECORDS, delivery);
}

void nfp_batch_pool_trim(NfpBatchPool *pool)
{
	for (; pool->lowest > 0; pool->lowest--)
		g_aligned_free(pop(pool));
	pool->lowest = g_atomic_int_get(&pool->free);
}

guint nfp_batch_pool_kept(NfpBatchPool *pool)
{
	return (guint)g_atomic_int_get(&pool->free);
}

guint nfp_batch_pool_out(NfpBatchPool *pool)
{
	return (guint)g_atomic_int_get(&pool->refs) - 1;
}

static void give_back(Block *block)
{
	NfpBatchPool *pool = block->pool;

	if (pool == NULL || !push(pool, block))
		g_aligned_free(block);
	if (pool != NULL)
		pool_unref(pool);
}

void nfp_batch_unref(NfpBatch *batch)
{
	NfpDelivery *delivery;

	if (batch == NULL || !g_atomic_int_dec_and_test(&batch->refs))
		return;
#ifndef __OPTIMIZE__
	/* Whoever reads records after giving up the last reference shall notice. */
	if (batch->capacity > 0)
		memset(batch->records, 0xdb, batch->capacity * sizeof(*batch->records));
#endif
	if (batch->facts_free != NULL)
		batch->facts_free(batch->facts);
	delivery = batch->delivery;
	give_back((Block *)batch);
	nfp_delivery_unref(delivery);
}
