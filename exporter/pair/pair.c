/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair/pair.h"

#include <stdatomic.h>

#include "pair/match.h"

#define NS_PER_S 1000000000ull
/* A record that waits, its entry, and its share of the matcher's table. */
#define OCTETS_WAITING (sizeof(NfpRecord) + sizeof(NfpPairEntry) + 4 * sizeof(uint32_t))

/* A bucket that is not done. */
typedef struct {
	uint32_t domain;
	uint64_t start_ns, end_ns;
	GPtrArray *batches; /* references; NULL when given up, or all of it has gone out */
	GArray *entries;    /* NfpPairEntry, of all records of the batches in order */
} Waiting;

struct NfpPair {
	NfpPairOut out;
	void *data;
	NfpDirections *directions;
	NfpMatcher *matcher;
	GPtrArray *waiting;  /* Waiting: one a bucket that is being drained, hence few */
	uint64_t room, held; /* records */
	_Atomic uint64_t biflows, uniflows, crowded, evicted;
};

/* Records on their way out. */
typedef struct {
	NfpPair *pair;
	NfpBatch *batch;
	uint32_t room;          /* of the batch */
	const NfpBatch *lender; /* whose facts the batch has last been given */
	uint64_t left;          /* records to come, at most */
	uint64_t biflows, uniflows;
} Outlet;

static void waiting_free(Waiting *waiting)
{
	g_ptr_array_unref(waiting->batches);
	g_array_unref(waiting->entries);
	g_free(waiting);
}

NfpPair *nfp_pair_new(const NfpPairOptions *options, NfpPairOut out, void *data)
{
	NfpPair *pair = g_new0(NfpPair, 1);

	pair->out = out;
	pair->data = data;
	pair->directions = nfp_directions_new(options->remembered);
	pair->matcher = nfp_matcher_new(pair->directions);
	pair->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
	/* Indexes of entries have 32 bits, and one of them is none. */
	pair->room = MIN(options->memory / OCTETS_WAITING, G_MAXUINT32 / 2);
	return pair;
}

void nfp_pair_free(NfpPair *pair)
{
	if (!pair)
		return;
	g_ptr_array_unref(pair->waiting);
	nfp_matcher_free(pair->matcher);
	nfp_directions_free(pair->directions);
	g_free(pair);
}

/* ---- out ----------------------------------------------------------------------------------------- */

static void flush(Outlet *outlet)
{
	NfpPair *pair = outlet->pair;

	if (outlet->batch && outlet->batch->n)
		pair->out(outlet->batch, pair->data);
	g_clear_pointer(&outlet->batch, nfp_batch_unref);
	outlet->lender = NULL;
	atomic_fetch_add(&pair->biflows, outlet->biflows);
	atomic_fetch_add(&pair->uniflows, outlet->uniflows);
	outlet->biflows = outlet->uniflows = 0;
}

/* What a record points to lives as long as the batch that it came in. */
static void borrow(Outlet *outlet, NfpBatch *from)
{
	if (!from->facts || (outlet->lender && outlet->lender->facts == from->facts))
		return;
	if (!outlet->batch->facts) {
		outlet->batch->facts = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
		outlet->batch->facts_free = (GDestroyNotify)g_ptr_array_unref;
	}
	g_ptr_array_add(outlet->batch->facts, nfp_batch_ref(from));
	outlet->lender = from;
}

/* The next record's place, a copy of `record` of batch `from`. */
static NfpRecord *put(Outlet *outlet, NfpBatch *from, const NfpRecord *record)
{
	NfpRecord *to;

	if (outlet->batch && outlet->batch->n == outlet->room)
		flush(outlet);
	if (!outlet->batch) {
		outlet->room = (uint32_t)MIN(outlet->left, NFP_BATCH_RECORDS);
		outlet->batch = nfp_batch_new_beside(from, outlet->room);
	}
	borrow(outlet, from);
	outlet->left--;
	to = &outlet->batch->records[outlet->batch->n++];
	*to = *record;
	to->have |= NFP_HAVE_BIFLOW;
	return to;
}

static void put_alone(Outlet *outlet, NfpBatch *from, const NfpPairEntry *entry)
{
	put(outlet, from, entry->record)->biflow_direction = entry->direction;
	outlet->uniflows++;
}

static void put_pair(Outlet *outlet, NfpBatch *from, const NfpPairEntry *forward, const NfpPairEntry *reverse)
{
	const NfpRecord *r = reverse->record;
	NfpRecord *to = put(outlet, from, forward->record);

	to->have |= NFP_HAVE_REVERSE;
	to->biflow_direction = forward->direction;
	to->rev_packets = r->packets;
	to->rev_octets = r->octets;
	to->rev_l2_octets = r->l2_octets;
	to->rev_first_ns = r->first_ns;
	to->rev_last_ns = r->last_ns;
	to->rev_ingress_if = r->ingress_if;
	to->rev_egress_if = r->egress_if;
	to->rev_tcp_flags = r->tcp_flags;
	to->rev_tos = r->tos;
	to->rev_ttl_min = r->ttl_min;
	to->rev_ttl_max = r->ttl_max;
	to->rev_direction = r->direction;
	to->rev_end_reason = r->end_reason;
	outlet->biflows++;
}

/* ---- in ------------------------------------------------------------------------------------------ */

static gboolean is_of(const Waiting *waiting, uint32_t domain, uint64_t start_ns, uint64_t end_ns)
{
	return waiting->domain == domain && waiting->start_ns == start_ns && waiting->end_ns == end_ns;
}

static void turn(NfpPair *pair, uint64_t start_ns, uint64_t end_ns)
{
	nfp_directions_turn(pair->directions, (uint32_t)(start_ns / NS_PER_S), (uint32_t)(end_ns / NS_PER_S));
}

static void pass(NfpPair *pair, NfpBatch *batch)
{
	Outlet outlet = { .pair = pair, .left = batch->n };

	turn(pair, batch->bucket_start_ns, batch->bucket_end_ns);
	for (uint32_t i = 0; i < batch->n; i++) {
		NfpPairEntry entry;

		nfp_matcher_enter(pair->matcher, &batch->records[i], &entry);
		nfp_matcher_alone(pair->matcher, &entry);
		put_alone(&outlet, batch, &entry);
	}
	flush(&outlet);
	atomic_fetch_add(&pair->crowded, batch->n);
	atomic_store(&pair->evicted, nfp_directions_evicted(pair->directions));
}

static Waiting *waiting_for(NfpPair *pair, const NfpBatch *batch)
{
	Waiting *waiting;

	for (guint i = 0; i < pair->waiting->len; i++) {
		waiting = g_ptr_array_index(pair->waiting, i);
		if (is_of(waiting, batch->domain, batch->bucket_start_ns, batch->bucket_end_ns))
			return waiting;
	}
	waiting = g_new0(Waiting, 1);
	waiting->domain = batch->domain;
	waiting->start_ns = batch->bucket_start_ns;
	waiting->end_ns = batch->bucket_end_ns;
	waiting->batches = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
	waiting->entries = g_array_new(FALSE, FALSE, sizeof(NfpPairEntry));
	g_ptr_array_add(pair->waiting, waiting);
	return waiting;
}

void nfp_pair_add(NfpPair *pair, NfpBatch *batch)
{
	Waiting *waiting;
	guint before;

	if (pair->held + batch->n > pair->room) {
		pass(pair, batch);
		return;
	}
	waiting = waiting_for(pair, batch);
	before = waiting->entries->len;
	g_ptr_array_add(waiting->batches, nfp_batch_ref(batch));
	g_array_set_size(waiting->entries, before + batch->n);
	for (uint32_t i = 0; i < batch->n; i++)
		nfp_matcher_enter(pair->matcher, &batch->records[i],
				  &g_array_index(waiting->entries, NfpPairEntry, before + i));
	pair->held += batch->n;
}

/* ---- a bucket is done ---------------------------------------------------------------------------- */

/* Batch of an entry; the batches are few, their order is the entries'. */
static NfpBatch *batch_of(const Waiting *waiting, const guint *begins, uint32_t index)
{
	guint low = 0, high = waiting->batches->len;

	while (high - low > 1) {
		guint middle = (low + high) / 2;

		if (begins[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return g_ptr_array_index(waiting->batches, low);
}

static void put_entry(Outlet *outlet, const Waiting *waiting, const guint *begins, NfpBatch *from, uint32_t index)
{
	const NfpPairEntry *entries = (const NfpPairEntry *)(const void *)waiting->entries->data;
	const NfpPairEntry *entry = &entries[index], *partner;

	if (entry->partner == NFP_PAIR_NONE) {
		put_alone(outlet, from, entry);
		return;
	}
	if (entry->partner < index)
		return; /* it went out with its partner */
	partner = &entries[entry->partner];
	if (entry->began)
		put_pair(outlet, from, entry, partner);
	else
		put_pair(outlet, batch_of(waiting, begins, entry->partner), partner, entry);
}

/* In the order of the first of each two, so that no record of a batch is needed once all of it went out. */
static void put_all(NfpPair *pair, Waiting *waiting)
{
	Outlet outlet = { .pair = pair, .left = waiting->entries->len };
	g_autofree guint *begins = g_new(guint, waiting->batches->len + 1);

	begins[0] = 0;
	for (guint i = 0; i < waiting->batches->len; i++)
		begins[i + 1] = begins[i] + ((const NfpBatch *)g_ptr_array_index(waiting->batches, i))->n;
	for (guint i = 0; i < waiting->batches->len; i++) {
		NfpBatch *batch = g_ptr_array_index(waiting->batches, i);

		for (guint k = begins[i]; k < begins[i + 1]; k++)
			put_entry(&outlet, waiting, begins, batch, k);
		/* Given up as new ones are made: the memory of both is that of one. */
		waiting->batches->pdata[i] = NULL;
		nfp_batch_unref(batch);
	}
	flush(&outlet);
}

void nfp_pair_done(NfpPair *pair, uint32_t domain, uint64_t start_ns, uint64_t end_ns)
{
	for (guint i = 0; i < pair->waiting->len; i++) {
		Waiting *waiting = g_ptr_array_index(pair->waiting, i);

		if (!is_of(waiting, domain, start_ns, end_ns))
			continue;
		turn(pair, start_ns, end_ns);
		nfp_matcher_run(pair->matcher, (NfpPairEntry *)(void *)waiting->entries->data, waiting->entries->len);
		put_all(pair, waiting);
		pair->held -= waiting->entries->len;
		g_ptr_array_remove_index_fast(pair->waiting, i);
		atomic_store(&pair->evicted, nfp_directions_evicted(pair->directions));
		return;
	}
}

void nfp_pair_status(NfpPair *pair, NfpPairStatus *ret_status)
{
	*ret_status = (NfpPairStatus){
		.biflows = atomic_load(&pair->biflows),
		.uniflows = atomic_load(&pair->uniflows),
		.crowded = atomic_load(&pair->crowded),
		.evicted = atomic_load(&pair->evicted),
	};
}
