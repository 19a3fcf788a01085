/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records a second of one core through the pairing of biflows, beside copying them alone: batches in, partners
 * found, batches out. Each flow has both directions, far from one another; then none has. In CPU time.
 * A JSON line each. Usage: bench_pair [records]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pair/pairing.h"

#define ROUNDS 5 /* the best counts: noise only ever slows down */
#define START 1795390440000000000ull
#define END 1795390500000000000ull

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void fill(NfpRecord *record, uint32_t flow, gboolean back, uint64_t first_ns)
{
	uint8_t client[4] = { 10, (uint8_t)(flow >> 16), (uint8_t)(flow >> 8), (uint8_t)flow };
	uint8_t server[4] = { 192, 0, 2, (uint8_t)(flow * 7) };

	memset(record, 0, sizeof(*record));
	record->have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS | NFP_HAVE_TCP |
		       NFP_HAVE_TIMES;
	memcpy(back ? record->dst4 : record->src4, client, 4);
	memcpy(back ? record->src4 : record->dst4, server, 4);
	record->src_port = back ? 443 : 40000;
	record->dst_port = back ? 40000 : 443;
	record->protocol = 6;
	record->tcp_flags = 0x1b;
	record->packets = 10;
	record->octets = 1000;
	record->first_ns = first_ns;
	record->end_reason = NFP_END_ACTIVE;
}

static GPtrArray *make(uint32_t n, gboolean both)
{
	GPtrArray *batches = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);

	for (uint32_t made = 0; made < n;) {
		NfpBatch *batch = nfp_batch_new(MIN(n - made, NFP_BATCH_RECORDS), NULL);

		batch->bucket_start_ns = START;
		batch->bucket_end_ns = END;
		for (; batch->n < NFP_BATCH_RECORDS && made < n; made++) {
			gboolean back = both && made >= n / 2;
			/* Answers come in another order than questions. */
			uint32_t flow = back ? (uint32_t)((uint64_t)made * 2654435761u % (n / 2)) : made;

			fill(&batch->records[batch->n++], flow, back, START + made);
		}
		g_ptr_array_add(batches, batch);
	}
	return batches;
}

static void out(NfpBatch *batch, void *data)
{
	*(uint64_t *)data += batch->n;
}

static double copy(const GPtrArray *batches, uint32_t n)
{
	double best = 0;

	for (guint round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (guint i = 0; i < batches->len; i++) {
			const NfpBatch *from = g_ptr_array_index(batches, i);
			g_autoptr(NfpBatch) to = nfp_batch_new(from->n, NULL);

			memcpy(to->records, from->records, from->n * sizeof(NfpRecord));
			__asm__ volatile("" : : "r"(to->records) : "memory"); /* or nobody would read them */
		}
		best = MAX(best, n / (seconds() - start));
	}
	return best;
}

static double pair(const GPtrArray *batches, uint32_t n, uint64_t *ret_records)
{
	NfpPairingOptions options = { .memory = 8ull << 30, .remembered = 1 << 20 };
	uint64_t records = 0;
	NfpPairing *pairing = nfp_pairing_new(&options, out, &records);
	double best = 0;

	for (guint round = 0; round < ROUNDS; round++) {
		double start = seconds();

		records = 0;
		for (guint i = 0; i < batches->len; i++)
			nfp_pairing_add(pairing, g_ptr_array_index(batches, i));
		nfp_pairing_done(pairing, 0, START, END);
		best = MAX(best, n / (seconds() - start));
	}
	nfp_pairing_free(pairing);
	*ret_records = records;
	return best;
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)atoi(argv[1]) : 500000;

	for (gboolean both = FALSE; both <= TRUE; both++) {
		GPtrArray *batches = make(n, both);
		uint64_t records;
		double copied = copy(batches, n), paired = pair(batches, n, &records);

		printf("{\"name\": \"%s\", \"value\": %.0f, \"unit\": \"records/s\", \"vs\": {\"copy\": %.0f}, "
		       "\"records\": %" PRIu32 ", \"out\": %" PRIu64 "}\n",
		       both ? "pair_biflows_records_per_s" : "pair_uniflows_records_per_s", paired, copied, n, records);
		g_ptr_array_unref(batches);
	}
	return 0;
}
