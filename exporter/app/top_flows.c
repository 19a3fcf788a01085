/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top_flows.h"

#include <stdlib.h>
#include <string.h>

/* One flow in one bucket. */
typedef struct {
	uint64_t key; /* of both; 0: free */
	uint64_t packets, octets;
} Count;

typedef struct {
	Count *counts; /* size is a power of two; open addressing */
	gsize n, size;
} Table;

typedef struct {
	uint64_t measure;
	guint at; /* in candidates */
} Item;

/* A min-heap of the largest. */
typedef struct {
	guint n;
	Item items[NFP_TOP_FLOWS];
} Heap;

typedef struct {
	NfpRecord record;
	uint64_t more_packets, more_octets; /* since the look before */
	guint users; /* heaps that hold it */
} Candidate;

struct NfpTopFlows {
	Table now, before;
	uint64_t last;     /* time of the look before; 0: none */
	uint64_t earliest; /* start of the earliest bucket that was added */
	guint64 flows;
	GArray *candidates; /* Candidate */
	GArray *unused;     /* guint: places in it */
	Heap heaps[NFP_TOP_ORDERS];
};

NfpTopFlows *nfp_top_flows_new(void)
{
	NfpTopFlows *f = g_new0(NfpTopFlows, 1);

	f->candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
	f->unused = g_array_new(FALSE, FALSE, sizeof(guint));
	return f;
}

void nfp_top_flows_free(NfpTopFlows *f)
{
	if (!f)
		return;
	g_free(f->now.counts);
	g_free(f->before.counts);
	g_array_unref(f->candidates);
	g_array_unref(f->unused);
	g_free(f);
}

/* ---- counts -------------------------------------------------------------------------------------- */

static Count *place_of(const Table *table, uint64_t key)
{
	gsize at = (gsize)(key >> 7) & (table->size - 1);

	while (table->counts[at].key && table->counts[at].key != key)
		at = (at + 1) & (table->size - 1);
	return &table->counts[at];
}

static void grow(Table *table)
{
	Table larger = { .n = table->n, .size = MAX(table->size * 2, 1024) };

	larger.counts = g_new0(Count, larger.size);
	for (gsize i = 0; i < table->size; i++)
		if (table->counts[i].key)
			*place_of(&larger, table->counts[i].key) = table->counts[i];
	g_free(table->counts);
	*table = larger;
}

static void put(Table *table, uint64_t key, const NfpRecord *record)
{
	Count *count;

	if (table->n * 4 >= table->size * 3)
		grow(table);
	count = place_of(table, key);
	table->n += !count->key;
	*count = (Count){ key, record->packets, record->octets };
}

static uint64_t key_of(const NfpRecord *record)
{
	/* flow_id is a good hash already; buckets start at round times. */
	uint64_t key = (record->flow_id ^ record->bucket_start_ns * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;

	key ^= key >> 32;
	return key ? key : 1;
}

/* ---- the largest --------------------------------------------------------------------------------- */

static uint64_t measure_of(const Candidate *c, int order)
{
	switch (order) {
	case NFP_TOP_BY_BITS: return c->more_octets;
	case NFP_TOP_BY_RATE: return c->more_packets;
	case NFP_TOP_BY_OCTETS: return c->record.octets;
	default: return c->record.packets;
	}
}

static void swap(Heap *heap, guint a, guint b)
{
	Item item = heap->items[a];

	heap->items[a] = heap->items[b];
	heap->items[b] = item;
}

static void sift_up(Heap *heap, guint at)
{
	for (; at && heap->items[at].measure < heap->items[(at - 1) / 2].measure; at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
}

static void sift_down(Heap *heap)
{
	for (guint at = 0, child; (child = 2 * at + 1) < heap->n; at = child) {
		if (child + 1 < heap->n && heap->items[child + 1].measure < heap->items[child].measure)
			child++;
		if (heap->items[at].measure <= heap->items[child].measure)
			return;
		swap(heap, at, child);
	}
}

static void release(NfpTopFlows *f, guint at)
{
	if (!--g_array_index(f->candidates, Candidate, at).users)
		g_array_append_val(f->unused, at);
}

static guint keep(NfpTopFlows *f, const Candidate *candidate)
{
	guint at;

	if (!f->unused->len) {
		g_array_append_vals(f->candidates, candidate, 1);
		return f->candidates->len - 1;
	}
	at = g_array_index(f->unused, guint, f->unused->len - 1);
	g_array_set_size(f->unused, f->unused->len - 1);
	g_array_index(f->candidates, Candidate, at) = *candidate;
	return at;
}

static gboolean is_among(const Heap *heap, uint64_t measure)
{
	return heap->n < NFP_TOP_FLOWS || measure > heap->items[0].measure;
}

static void offer(NfpTopFlows *f, const Candidate *candidate)
{
	gboolean kept = FALSE;
	guint at = 0;

	for (int order = 0; order < NFP_TOP_ORDERS; order++) {
		Heap *heap = &f->heaps[order];
		uint64_t measure = measure_of(candidate, order);

		if (!is_among(heap, measure))
			continue;
		if (!kept)
			at = keep(f, candidate);
		kept = TRUE;
		g_array_index(f->candidates, Candidate, at).users++;
		if (heap->n < NFP_TOP_FLOWS) {
			heap->items[heap->n].measure = measure;
			heap->items[heap->n].at = at;
			sift_up(heap, heap->n++);
			continue;
		}
		release(f, heap->items[0].at);
		heap->items[0].measure = measure;
		heap->items[0].at = at;
		sift_down(heap);
	}
}

/* ---- looks --------------------------------------------------------------------------------------- */

uint64_t nfp_top_flows_after(const NfpTopFlows *f)
{
	return f->last;
}

guint64 nfp_top_flows_count(const NfpTopFlows *f)
{
	return f->flows;
}

void nfp_top_flows_begin(NfpTopFlows *f)
{
	Table old = f->before;

	f->before = f->now;
	f->now = old;
	/* Memory follows traffic. */
	if (f->now.size > 4096 && f->now.n < f->now.size / 8)
		g_clear_pointer(&f->now.counts, g_free);
	if (!f->now.counts)
		f->now.size = 0;
	else
		memset(f->now.counts, 0, f->now.size * sizeof(Count));
	f->now.n = 0;
	f->flows = 0;
	f->earliest = UINT64_MAX;
	g_array_set_size(f->candidates, 0);
	g_array_set_size(f->unused, 0);
	for (int order = 0; order < NFP_TOP_ORDERS; order++)
		f->heaps[order].n = 0;
}

void nfp_top_flows_add(NfpTopFlows *f, const NfpRecord *record, gboolean wanted)
{
	Candidate candidate = { .record = *record, .more_packets = record->packets, .more_octets = record->octets };
	uint64_t key = key_of(record);
	const Count *before = f->before.size ? place_of(&f->before, key) : NULL;

	f->flows++;
	f->earliest = MIN(f->earliest, record->bucket_start_ns);
	put(&f->now, key, record);
	if (!wanted)
		return;
	if (before && before->key) {
		candidate.more_packets -= MIN(before->packets, record->packets);
		candidate.more_octets -= MIN(before->octets, record->octets);
	}
	offer(f, &candidate);
}

static int by_flow(gconstpointer a, gconstpointer b)
{
	const NfpTopFlow *x = a, *y = b;

	return (x->record.flow_id > y->record.flow_id) - (x->record.flow_id < y->record.flow_id);
}

/* One row a flow, whatever the number of its buckets. */
static void join(GArray *list)
{
	guint n = 0;

	g_array_sort(list, by_flow);
	for (guint i = 0; i < list->len; i++) {
		const NfpTopFlow *flow = &g_array_index(list, NfpTopFlow, i);
		NfpTopFlow *last = n ? &g_array_index(list, NfpTopFlow, n - 1) : NULL;

		if (!last || last->record.flow_id != flow->record.flow_id) {
			g_array_index(list, NfpTopFlow, n++) = *flow;
			continue;
		}
		last->packets += flow->packets;
		last->octets += flow->octets;
		last->packets_s += flow->packets_s;
		last->bits_s += flow->bits_s;
	}
	g_array_set_size(list, n);
}

GArray *nfp_top_flows_end(NfpTopFlows *f, uint64_t now)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(NfpTopFlow));
	/* Buckets that were there before and are drained by now took their end with them. */
	uint64_t since = MAX(f->last, f->flows ? f->earliest : 0);
	double seconds = now > since ? (double)(now - since) / 1e9 : 0;

	for (guint i = 0; i < f->candidates->len; i++) {
		const Candidate *c = &g_array_index(f->candidates, Candidate, i);
		NfpTopFlow flow = { .record = c->record, .packets = c->record.packets, .octets = c->record.octets };

		if (!c->users)
			continue;
		if (seconds > 0) {
			flow.packets_s = (double)c->more_packets / seconds;
			flow.bits_s = 8 * (double)c->more_octets / seconds;
		}
		g_array_append_val(list, flow);
	}
	join(list);
	f->last = now;
	return list;
}

static double figure(const NfpTopFlow *flow, NfpTopOrder order)
{
	switch (order) {
	case NFP_TOP_BY_BITS: return flow->bits_s;
	case NFP_TOP_BY_RATE: return flow->packets_s;
	case NFP_TOP_BY_OCTETS: return (double)flow->octets;
	default: return (double)flow->packets;
	}
}

typedef struct {
	NfpTopOrder order;
	gboolean reverse;
} Sorting;

static int compare(gconstpointer a, gconstpointer b, gpointer data)
{
	const Sorting *sorting = data;
	double x = figure(a, sorting->order), y = figure(b, sorting->order);

	if (x == y) { /* at rest, all rates are */
		x = figure(a, NFP_TOP_BY_OCTETS);
		y = figure(b, NFP_TOP_BY_OCTETS);
	}
	if (x != y)
		return (x < y) != sorting->reverse ? 1 : -1;
	return by_flow(a, b);
}

void nfp_top_flows_sort(GArray *flows, NfpTopOrder order, gboolean reverse)
{
	Sorting sorting = { order, reverse };

	g_array_sort_with_data(flows, compare, &sorting);
}
