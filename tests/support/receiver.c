/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/receiver.h"

#include <string.h>

void nfp_receiver_init(NfpReceiver *r, NfpFakeSource *fake)
{
	*r = (NfpReceiver){ .fake = fake };
	r->records = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	g_queue_init(&r->held);
}

void nfp_receiver_clear(NfpReceiver *r)
{
	nfp_receiver_drop(r);
	g_hash_table_unref(r->records);
}

static void take(NfpReceiver *r, const NfpRecord *record)
{
	NfpRecord *copy = g_memdup2(record, sizeof(*record));
	NfpRecord *old;

	copy->end_reason = 0; /* says how the bucket was closed, which a successor need not know */
	old = g_hash_table_lookup(r->records, &copy->flow_id);
	if (!old) {
		g_hash_table_insert(r->records, &copy->flow_id, copy);
		return;
	}
	if (memcmp(old, copy, sizeof(*copy)))
		r->conflicts++;
	else
		r->duplicates++;
	g_free(copy);
}

void nfp_receiver_publish(NfpBatch *batch, void *data)
{
	NfpReceiver *r = data;

	if (r->fake && !nfp_fake_source_tick(r->fake))
		return;
	for (uint32_t i = 0; i < batch->n; i++)
		r->published += batch->records[i].packets;
	g_queue_push_tail(&r->held, nfp_batch_ref(batch));
	while (r->held.length > r->hold)
		nfp_receiver_deliver_nth(r, 0);
}

void nfp_receiver_deliver_nth(NfpReceiver *r, guint n)
{
	NfpBatch *batch = g_queue_pop_nth(&r->held, n);

	for (uint32_t i = 0; i < batch->n; i++)
		take(r, &batch->records[i]);
	nfp_batch_unref(batch);
}

void nfp_receiver_deliver(NfpReceiver *r)
{
	while (r->held.length)
		nfp_receiver_deliver_nth(r, 0);
}

void nfp_receiver_drop(NfpReceiver *r)
{
	g_queue_clear_full(&r->held, (GDestroyNotify)nfp_batch_unref);
}

guint64 nfp_receiver_packets(const NfpReceiver *r)
{
	guint64 sum = 0;
	GHashTableIter iter;
	NfpRecord *record;

	g_hash_table_iter_init(&iter, r->records);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&record))
		sum += record->packets;
	return sum;
}
