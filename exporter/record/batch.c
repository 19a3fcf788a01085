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

NfpBatch *nfp_batch_new(uint32_t capacity, NfpDelivery *delivery)
{
	g_assert(capacity <= NFP_BATCH_RECORDS);

	NfpBatch *batch = g_new0(NfpBatch, 1);

	batch->records = g_new(NfpRecord, capacity);
	batch->capacity = capacity;
	batch->refs = 1;
	if (delivery != NULL) {
		g_atomic_int_inc(&delivery->refs);
		batch->delivery = delivery;
	}
	return batch;
}

NfpBatch *nfp_batch_ref(NfpBatch *batch)
{
	g_atomic_int_inc(&batch->refs);
	return batch;
}

void nfp_batch_unref(NfpBatch *batch)
{
	if (batch == NULL || !g_atomic_int_dec_and_test(&batch->refs))
		return;
#ifndef __OPTIMIZE__
	/* Whoever reads records after giving up the last reference shall notice. */
	if (batch->capacity > 0)
		memset(batch->records, 0xdb, batch->capacity * sizeof(*batch->records));
#endif
	g_free(batch->records);
	if (batch->facts_free != NULL)
		batch->facts_free(batch->facts);
	nfp_delivery_unref(batch->delivery);
	g_free(batch);
}
