/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries a second out of a flow table, at a load of one half: the scan alone (NfpSource.read: mmap, expanded to
 * struct nfp_value), and down to published batches. One core. One JSON line a figure. Usage: bench_table [entries]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harvest/drain.h"
#include "probe/domain.h"
#include "probe/table.h"

#define ROUNDS 7 /* the best counts: noise only ever slows down */

/* CPU time of this thread. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + t.tv_nsec / 1e9;
}

/* Flow i in a slot, as packets would put it there. */
static bool put(const struct nfp_table_head *head, struct nfp_set4 *sets, uint64_t i)
{
	struct nfp_key_v4 key = { .saddr = (uint32_t)i, .daddr = 0x0100000a,
				  .meta = { .dport = 443, .ifindex = 2 } };
	__u64 words[NFP_WORDS4], hash;
	struct nfp_set4 *set;
	uint32_t s;

	memcpy(words, &key, sizeof(words));
	hash = nfp_table_hash(words, NFP_WORDS4, head->seed);
	set = &sets[nfp_table_set(hash, head->bits[NFP_P_tcp4])];
	s = nfp_table_slot(hash);
	for (int tried = 0; tried < NFP_SET_SLOTS; tried++, s = (s + 1) % NFP_SET_SLOTS) {
		if (set->slot[s].key[NFP_WORDS4 - 1])
			continue;
		memcpy(set->slot[s].key, words, sizeof(words));
		set->slot[s].count = (struct nfp_slot_count){ .packets = 1, .octets = 100, .l2 = 114, .last = i + 2 };
		set->cold[s].first = i + 1;
		return true;
	}
	return false;
}

static uint64_t fill(NfpProbe *probe, struct nfp_bucket id, uint64_t n)
{
	g_auto(NfpMapped) table = { 0 }, head = { 0 };
	uint64_t filled = 0;

	if (nfp_table_map(probe->buckets, id, NFP_P_tcp4, true, &table) ||
	    nfp_table_map(probe->buckets, id, NFP_P_hook, false, &head))
		return 0;
	for (uint64_t i = 0; i < n; i++)
		filled += put(head.data, table.data, i);
	return filled;
}

static void publish(NfpBatch *batch, void *data)
{
	*(uint64_t *)data += batch->n;
}

static void delivered(void *data)
{
}

static double scan(NfpSource *source, struct nfp_bucket id, uint64_t filled)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = seconds();
		NfpEntries found;

		if (source->read(source, id, NFP_P_tcp4, &found) || found.n != filled) {
			fprintf(stderr, "bench_table: the table cannot be read\n");
			exit(1);
		}
		best = MAX(best, (double)filled / (seconds() - start));
	}
	return best;
}

static double drain(NfpSource *source, struct nfp_bucket id, uint64_t filled)
{
	const NfpHarvestOptions options = { .merge_cpus = TRUE, .hostname = "bench" };
	uint64_t records = 0;
	NfpDrain d = { .options = &options, .publish = publish, .data = &records, .merge = nfp_merge_new() };
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		NfpDrainState state = { 0 };
		double start = seconds();

		records = 0;
		if (nfp_drain(&d, source, id, false, &state, delivered, NULL) || records != filled) {
			fprintf(stderr, "bench_table: %" PRIu64 " records of %" PRIu64 "\n", records, filled);
			exit(1);
		}
		nfp_drain_state_clear(&state);
		best = MAX(best, (double)filled / (seconds() - start));
	}
	nfp_merge_free(d.merge);
	return best;
}

static void print(const char *name, double value, uint64_t entries, const NfpBuckets *buckets, struct nfp_bucket id)
{
	g_auto(NfpMapped) table = { 0 };

	nfp_table_map(buckets, id, NFP_P_tcp4, false, &table);
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"entries/s\",\"entries\":%" PRIu64 ",\"table_octets\":%zu}\n", name,
	       value, entries, table.size);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1 << 20, filled = 0;
	g_autofree char *instance = g_strdup_printf("bench-table-%d", (int)getpid());
	NfpProbeOptions options = { .pin_root = "/sys/fs/bpf/nfprobe", .instance = instance };
	const struct nfp_bucket id = { NFP_NS_PER_S, 2 * NFP_NS_PER_S };
	uint32_t entries[NFP_P_N] = { 0 };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	NfpSource *source;

	if (n < 1 || n > 8000000) {
		fprintf(stderr, "bench_table: 1 to 8000000 entries\n");
		return 2;
	}
	probe = nfp_probe_open(&options, &error);
	if (!probe) {
		fprintf(stderr, "bench_table: %s\n", error->message);
		return 77;
	}
	source = nfp_probe_source(probe);
	entries[NFP_P_tcp4] = (uint32_t)(2 * n);
	if (!source->create(source, id, entries))
		filled = fill(probe, id, n);
	if (filled) {
		print("table_scan_entries_per_s", scan(source, id, filled), filled, probe->buckets, id);
		print("table_drain_entries_per_s", drain(source, id, filled), filled, probe->buckets, id);
	}
	nfp_probe_detach_all(probe, NULL);
	return filled ? 0 : 1;
}
