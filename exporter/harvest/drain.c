/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/drain.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "harvest/convert.h"
#include "harvest/uid.h"

#define ALL_PUBLISHED (NFP_P_N + 1)

/* One call of nfp_drain(). */
typedef struct {
	NfpDrain *drain;
	NfpDrainState *state;
	NfpConvert convert;
	NfpBatch *batch;
	uint32_t enriched; /* records of the batch that have their facts */
} Run;

/* The records since the last call, while they are in the cache. */
static void enrich(Run *run)
{
	if (!run->drain->options->enrich || !run->batch || run->enriched == run->batch->n)
		return;
	nfp_enrich_fill(run->drain->options->enrich, run->batch, run->enriched);
	run->enriched = run->batch->n;
}

static void publish(Run *run)
{
	enrich(run);
	if (run->batch && run->batch->n)
		run->drain->publish(run->batch, run->drain->data);
	g_clear_pointer(&run->batch, nfp_batch_unref);
}

static NfpBatch *new_batch(Run *run)
{
	NfpBatchPool *pool = run->drain->pool;

	if (!pool)
		return nfp_batch_new(NFP_BATCH_RECORDS, run->state->delivery);
	/* Senders on this CPU come to empty those that are out while they are in its cache, and their memory is filled
	 * again; where senders have other CPUs and keep up, there are none. */
	if (nfp_batch_pool_out(pool) > 1)
		sched_yield();
	return nfp_batch_pool_take(pool, run->state->delivery);
}

static NfpRecord *next_record(Run *run)
{
	if (run->batch && run->batch->n == NFP_BATCH_RECORDS)
		publish(run);
	if (!run->batch) {
		run->batch = new_batch(run);
		run->enriched = 0;
		run->batch->bucket_start_ns = run->convert.id.start_ts;
		run->batch->bucket_end_ns = run->convert.id.end_ts;
		run->batch->domain = run->convert.domain;
	}
	return &run->batch->records[run->batch->n];
}

static void records_made(Run *run, uint64_t n, uint64_t packets)
{
	run->state->records += n;
	run->drain->records += n;
	run->drain->packets += packets;
}

static int by_hook(const void *a, const void *b)
{
	const struct nfp_hook_key *x = *(const struct nfp_hook_key *const *)a;
	const struct nfp_hook_key *y = *(const struct nfp_hook_key *const *)b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	if (x->flags != y->flags)
		return x->flags < y->flags ? -1 : 1;
	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static void hook_record(Run *run, const struct nfp_hook_key *key, const struct nfp_hook_row *row)
{
	NfpRecord *record;

	if (!row->packets)
		return;
	record = next_record(run);
	nfp_convert_hook(&run->convert, key, row, record);
	run->batch->n++;
	nfp_convert_rate(record, nfp_account_rate(run->state->account, key->ifindex, key->flags));
	records_made(run, 1, record->packets);
}

static void drain_rows(Run *run, const NfpHookRows *rows)
{
	g_autofree const struct nfp_hook_key **order = g_new(const struct nfp_hook_key *, rows->n + 1);

	for (size_t i = 0; i < rows->n; i++) {
		order[i] = &rows->keys[i];
		nfp_account_hook(run->state->account, &rows->keys[i], &rows->rows[i]);
	}
	qsort(order, rows->n, sizeof(*order), by_hook);
	run->state->one_cpu = rows->n > 0 && !rows->partial;
	run->state->unreadable |= rows->partial;
	for (size_t i = 0; i < rows->n;) {
		const struct nfp_hook_key *key = order[i];
		struct nfp_hook_row sum = rows->rows[key - rows->keys];
		guint cpus = sum.seen > 0;

		for (i++; i < rows->n && order[i]->ifindex == key->ifindex && order[i]->flags == key->flags; i++) {
			const struct nfp_hook_row *row = &rows->rows[order[i] - rows->keys];

			cpus += row->seen > 0;
			if (!run->convert.with_cpu) {
				nfp_hook_row_merge(&sum, row);
				continue;
			}
			hook_record(run, key, &sum);
			key = order[i];
			sum = *row;
		}
		/* A packet without a row is in no entry, so that rows tell of which CPUs there are entries. */
		run->state->one_cpu &= cpus <= 1;
		hook_record(run, key, &sum);
	}
}

#define FLOWS 64 /* at a time */

/* Packets of one hook, on their way into the books: entries of one interface come in runs. */
typedef struct {
	uint32_t ifindex;
	uint8_t flags;
	uint64_t packets;
} Sum;

static uint64_t enter(Run *run, Sum *sum, uint32_t ifindex, uint8_t flags)
{
	uint64_t packets = sum->packets;

	if (packets)
		nfp_account_recorded(run->state->account, sum->ifindex, sum->flags, packets);
	*sum = (Sum){ ifindex, flags, 0 };
	return packets;
}

static uint64_t make_records(Run *run, enum nfp_protocol row, const NfpFlow *flows, size_t n)
{
	bool sampled = nfp_account_sampled(run->state->account);
	uint64_t packets = 0;
	Sum sum = { 0 };

	for (size_t i = 0; i < n; i++) {
		NfpRecord *record = next_record(run);

		nfp_convert_entry(&run->convert, row, flows[i].id, flows[i].key, flows[i].value, record);
		run->batch->n++;
		if (sampled)
			nfp_convert_rate(record, nfp_account_rate(run->state->account, record->ifindex, record->key_flags));
		if (record->ifindex != sum.ifindex || record->key_flags != sum.flags)
			packets += enter(run, &sum, record->ifindex, record->key_flags);
		sum.packets += record->packets;
	}
	return packets + enter(run, &sum, 0, 0);
}

static void drain_row(Run *run, enum nfp_protocol row, NfpScan *scan)
{
	NfpMerge *merge = run->drain->merge;
	NfpFlow flows[FLOWS];
	size_t n;

	run->state->unreadable |= scan->partial;
	nfp_merge_begin_scan(merge, row, scan, run->convert.seed, run->convert.with_cpu, run->state->one_cpu);
	while ((n = nfp_merge_flows(merge, flows, FLOWS))) {
		records_made(run, n, make_records(run, row, flows, n));
		enrich(run);
	}
	run->state->used[row] = nfp_merge_entries(merge);
}

static int drain_part(Run *run, NfpSource *source)
{
	struct nfp_bucket id = run->convert.id;
	NfpScan *scan = NULL;
	NfpHookRows rows = { 0 };
	int r;

	if (!run->state->part) {
		r = source->read_hooks(source, id, &rows);
		if (!r)
			drain_rows(run, &rows);
		return r;
	}
	r = source->scan(source, id, run->state->part - 1, &scan);
	if (r)
		return r;
	drain_row(run, run->state->part - 1, scan);
	scan->free(scan);
	return 0;
}

static void begin(NfpDrainState *state, struct nfp_bucket id, NfpDelivered delivered, void *token)
{
	if (state->account)
		return;
	state->account = nfp_account_new(id);
	state->delivery = nfp_delivery_new(delivered, token);
}

int nfp_drain(NfpDrain *drain, NfpSource *source, struct nfp_bucket id, bool forced, NfpDrainState *state,
	      NfpDelivered delivered, void *token)
{
	const NfpHarvestOptions *o = drain->options;
	Run run = {
		.drain = drain,
		.state = state,
		.convert = {
			.id = id,
			.domain = source->domain,
			.seed = nfp_uid_seed(o->hostname, source->domain, id),
			.with_cpu = !o->merge_cpus,
			.forced = forced,
		},
	};
	int r = 0;

	begin(state, id, delivered, token);
	if (o->enrich)
		nfp_enrich_turn(o->enrich);
	while (state->part < ALL_PUBLISHED) {
		r = drain_part(&run, source);
		if (r == -ENOENT) {
			/* Left out when the bucket was made, for want of memory (then nothing is missing),
			 * or unpinned by somebody else (then something is): the account tells. */
			state->unreadable = true;
		} else if (r) {
			drain->errors++;
			if (++state->tries < NFP_DRAIN_TRIES)
				break;
			state->unreadable = true;
		}
		r = 0;
		state->tries = 0;
		state->part++;
	}
	publish(&run);
	if (r)
		return r;
	if (state->unreadable)
		nfp_account_unreadable(state->account);
	if (drain->pool)
		nfp_batch_pool_trim(drain->pool);
	if (drain->done)
		drain->done(source->domain, id, state->records, drain->data);
	g_clear_pointer(&state->delivery, nfp_delivery_unref);
	return 0;
}

void nfp_drain_state_clear(NfpDrainState *state)
{
	g_clear_pointer(&state->account, nfp_account_free);
	g_clear_pointer(&state->delivery, nfp_delivery_unref);
}
