/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/sieve.h"

#include <stdatomic.h>

#define WORD 64

/* The records whose bits are set. */
static NfpBatch *part_of(NfpBatch *batch, const uint64_t *passes, uint32_t n)
{
	NfpBatch *part = nfp_batch_part(batch, n);

	for (uint32_t i = 0; i < batch->n; i++)
		if (passes[i / WORD] >> i % WORD & 1)
			part->records[part->n++] = batch->records[i];
	return part;
}

static gboolean passes_it(const NfpSieve *sieve, const NfpRecord *record)
{
	return (!sieve->filter || nfp_filter_record(sieve->filter, record)) &&
	       (!sieve->prefixes || nfp_prefixes_record(sieve->prefixes, record));
}

NfpBatch *nfp_sieve(const NfpSieve *sieve, NfpBatch *batch, NfpSieveCounts *counts)
{
	uint64_t passes[NFP_BATCH_RECORDS / WORD] = { 0 }, packets = 0;
	uint32_t n = 0;

	if ((!sieve->filter && !sieve->prefixes) || !batch)
		return batch;
	for (uint32_t i = 0; i < batch->n; i++) {
		if (passes_it(sieve, &batch->records[i])) {
			passes[i / WORD] |= UINT64_C(1) << i % WORD;
			n++;
		} else {
			packets += nfp_record_packets(&batch->records[i]);
		}
	}
	if (n == batch->n)
		return batch;
	atomic_fetch_add(&counts->records, batch->n - n);
	atomic_fetch_add(&counts->packets, packets);
	if (n)
		return part_of(batch, passes, n);
	nfp_batch_unref(batch);
	return NULL;
}
