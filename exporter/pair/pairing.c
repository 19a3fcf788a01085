/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair/pairing.h"

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

struct NfpPairing {
	NfpPairingOut out;
	void *data;
	NfpDirections *directions;
	NfpMatcher *matcher;
	GPtrArray *waiting;  /* Waiting: one a bucket that is being drained, hence few */
	uint64_t room, held; /* records */
	_Atomic uint64_t biflows, uniflows, crowded, evicted;
};

/* Records on their way out. */
typedef struct {
	NfpPairing *pairing;
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

NfpPairing *nfp_pairing_new(const NfpPairingOptions *options, NfpPairingOut out, void *data)
{
	NfpPairing *pairing = g_new0(NfpPairing, 1);

	pairing->out = out;
	pairing->data = data;
	pairing->directions = nfp_directions_new(options->remembered);
	pairing->matcher = nfp_matcher_new(pairing->directions);
	pairing->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
	/* Indexes of entries have 32 bits, and one of them is none. */
	pairing->room = MIN(options->memory / OCTETS_WAITING, G_MAXUINT32 / 2);
	return pairing;
}

void nfp_pairing_free(NfpPairing *pairing)
{
	if (!pairing)
		return;
	g_ptr_array_unref(pairing->waiting);
	nfp_matcher_free(pairing->matcher);
	nfp_directions_free(pairing->directions);
	g_free(pairing);
}

/* ---- out ----------------------------------------------------------------------------------------- */

static void flush(Outlet *outlet)
{
	NfpPairing *pairing = outlet->pairing;

	if (outlet->batch && outlet->batch->n)
		pairing->out(outlet->batch, pairing->data);
	g_clear_pointer(&outlet->batch, nfp_batch_unref);
	outlet->lender = NULL;
	atomic_fetch_add(&pairing->biflows, outlet->biflows);
	atomic_fetch_add(&pairing->uniflows, outlet->uniflows);
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
	NfpRecord whole;

	/* The record has one rate of sampling for both. */
	if (nfp_record_rate(r) != nfp_record_rate(to)) {
		whole = *r;
		nfp_record_scale(&whole);
		nfp_record_scale(to);
		r = &whole;
	}
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

static void turn(NfpPairing *pairing, uint64_t start_ns, uint64_t end_ns)
{
	nfp_directions_turn(pairing->directions, (uint32_t)(start_ns / NS_PER_S), (uint32_t)(end_ns / NS_PER_S));
}

static void pass(NfpPairing *pairing, NfpBatch *batch)
{
	Outlet outlet = { .pairing = pairing, .left = batch->n };

	turn(pairing, batch->bucket_start_ns, batch->bucket_end_ns);
	for (uint32_t i = 0; i < batch->n; i++) {
		NfpPairEntry entry;

		nfp_matcher_enter(pairing->matcher, &batch->records[i], &entry);
		nfp_matcher_alone(pairing->matcher, &entry);
		put_alone(&outlet, batch, &entry);
	}
	flush(&outlet);
	atomic_fetch_add(&pairing->crowded, batch->n);
	atomic_store(&pairing->evicted, nfp_directions_evicted(pairing->directions));
}

static Waiting *waiting_for(NfpPairing *pairing, const NfpBatch *batch)
{
	Waiting *waiting;

	for (guint i = 0; i < pairing->waiting->len; i++) {
		waiting = g_ptr_array_index(pairing->waiting, i);
		if (is_of(waiting, batch->domain, batch->bucket_start_ns, batch->bucket_end_ns))
			return waiting;
	}
	waiting = g_new0(Waiting, 1);
	waiting->domain = batch->domain;
	waiting->start_ns = batch->bucket_start_ns;
	waiting->end_ns = batch->bucket_end_ns;
	waiting->batches = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
	waiting->entries = g_array_new(FALSE, FALSE, sizeof(NfpPairEntry));
	g_ptr_array_add(pairing->waiting, waiting);
	return waiting;
}

void nfp_pairing_add(NfpPairing *pairing, NfpBatch *batch)
{
	Waiting *waiting;
	guint before;

	if (pairing->held + batch->n > pairing->room) {
		pass(pairing, batch);
		return;
	}
	waiting = waiting_for(pairing, batch);
	before = waiting->entries->len;
	g_ptr_array_add(waiting->batches, nfp_batch_ref(batch));
	g_array_set_size(waiting->entries, before + batch->n);
	for (uint32_t i = 0; i < batch->n; i++)
		nfp_matcher_enter(pairing->matcher, &batch->records[i],
				  &g_array_index(waiting->entries, NfpPairEntry, before + i));
	pairing->held += batch->n;
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
static void put_all(NfpPairing *pairing, Waiting *waiting)
{
	Outlet outlet = { .pairing = pairing, .left = waiting->entries->len };
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

void nfp_pairing_done(NfpPairing *pairing, uint32_t domain, uint64_t start_ns, uint64_t end_ns)
{
	for (guint i = 0; i < pairing->waiting->len; i++) {
		Waiting *waiting = g_ptr_array_index(pairing->waiting, i);

		if (!is_of(waiting, domain, start_ns, end_ns))
			continue;
		turn(pairing, start_ns, end_ns);
		nfp_matcher_run(pairing->matcher, (NfpPairEntry *)(void *)waiting->entries->data, waiting->entries->len);
		put_all(pairing, waiting);
		pairing->held -= waiting->entries->len;
		g_ptr_array_remove_index_fast(pairing->waiting, i);
		atomic_store(&pairing->evicted, nfp_directions_evicted(pairing->directions));
		return;
	}
}

void nfp_pairing_status(NfpPairing *pairing, NfpPairingStatus *ret_status)
{
	*ret_status = (NfpPairingStatus){
		.biflows = atomic_load(&pairing->biflows),
		.uniflows = atomic_load(&pairing->uniflows),
		.crowded = atomic_load(&pairing->crowded),
		.evicted = atomic_load(&pairing->evicted),
	};
}
