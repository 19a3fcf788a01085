/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries a second of one core, from a closed bucket to published batches: read, merge, convert, flowId, books.
 * From kernel maps (needs root), beside the batch syscall alone; from memory, which leaves the syscall out; and from
 * memory with each flow on two CPUs, which has to be merged. In CPU time: what else the machine does is left out.
 * A JSON line each. Usage: bench_drain [entries]
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harvest/drain.h"
#include "probe/probe.h"

#define ROUNDS 7 /* the best counts: noise only ever slows down */

typedef struct {
	NfpSource source;
	NfpEntries entries; /* of tcp4 */
	uint64_t records;
} Memory;

static int read_memory(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpEntries *ret)
{
	if (row == NFP_P_tcp4)
		*ret = ((Memory *)source)->entries;
	else
		ret->key_size = sizeof(struct nfp_key_v6);
	return 0;
}

static int scan_memory(NfpSource *source, struct nfp_bucket id, enum nfp_protocol row, NfpScan **ret)
{
	NfpEntries entries = { 0 };
	int rc = read_memory(source, id, row, &entries);

	*ret = nfp_scan_new(&entries);
	return rc;
}

static int read_no_hooks(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret)
{
	return 0;
}

static void publish(NfpBatch *batch, void *data)
{
	*(uint64_t *)data += batch->n;
}

static void delivered(void *data)
{
}

/* Of this thread. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Entries a second. */
static double drain(NfpSource *source, struct nfp_bucket id, uint64_t entries, uint64_t *ret_records)
{
	const NfpHarvestOptions options = { .merge_cpus = TRUE, .hostname = "bench" };
	uint64_t records = 0;
	NfpDrain d = { .options = &options, .publish = publish, .data = &records, .merge = nfp_merge_new() };
	double best = 0;

	for (guint round = 0; round < ROUNDS; round++) {
		NfpDrainState state = { 0 };
		double start = seconds();

		records = 0;
		if (nfp_drain(&d, source, id, false, &state, delivered, NULL)) {
			fprintf(stderr, "bench_drain: the bucket cannot be read\n");
			exit(1);
		}
		nfp_drain_state_clear(&state);
		best = MAX(best, (double)entries / (seconds() - start));
	}
	nfp_merge_free(d.merge);
	*ret_records = records;
	return best;
}

static void fill(struct nfp_key_v4 *keys, struct nfp_value *values, uint64_t n, guint cpus)
{
	memset(keys, 0, n * sizeof(*keys));
	memset(values, 0, n * sizeof(*values));
	for (uint64_t i = 0; i < n; i++) {
		/* A permutation: the two entries of a flow do not lie side by side. */
		uint64_t flow = (i * 2654435761u) % (n / cpus);

		keys[i].saddr = flow;
		keys[i].daddr = 0x0100000a;
		keys[i].meta = (struct nfp_key_meta){ .sport = flow >> 16, .dport = 443, .ifindex = 2,
						      .cpu = i / (n / cpus) };
		values[i] = (struct nfp_value){ .packets = 1, .octets = 100, .l2_octets = 114, .first = i + 1, .last = i + 2 };
	}
}

/* Into the pinned inner map, as packets would come in. */
static bool fill_kernel(const char *instance, struct nfp_bucket id, const struct nfp_key_v4 *keys,
			const struct nfp_value *values, uint64_t n)
{
	g_autofree char *path = g_strdup_printf("/sys/fs/bpf/nfprobe/%s/buckets/tcp4/%" PRIu64 "-%" PRIu64, instance,
						(uint64_t)id.start_ts, (uint64_t)id.end_ts);
	int fd = bpf_obj_get(path);
	uint32_t count = n;
	bool fine = fd >= 0 && !bpf_map_update_batch(fd, keys, values, &count, NULL) && count == n;

	if (fd >= 0)
		close(fd);
	return fine;
}

/* Entries a second of the batch syscall alone. */
static double read_alone(NfpSource *source, struct nfp_bucket id, uint64_t n)
{
	double best = 0;

	for (guint round = 0; round < ROUNDS; round++) {
		double start = seconds();
		NfpEntries entries;

		if (source->read(source, id, NFP_P_tcp4, &entries) || entries.n != n) {
			fprintf(stderr, "bench_drain: the bucket cannot be read\n");
			exit(1);
		}
		best = MAX(best, (double)n / (seconds() - start));
	}
	return best;
}

/* The same entries in a real bucket. 0: cannot be had here. */
static double drain_kernel(const struct nfp_key_v4 *keys, const struct nfp_value *values, uint64_t n,
			   uint64_t *ret_records, double *ret_alone)
{
	g_autofree char *instance = g_strdup_printf("bench-drain-%d", (int)getpid());
	NfpProbeOptions options = { .pin_root = "/sys/fs/bpf/nfprobe", .instance = instance };
	const struct nfp_bucket id = { NFP_NS_PER_S, 2 * NFP_NS_PER_S };
	uint32_t entries[NFP_P_N] = { [NFP_P_tcp4] = n };
	g_autoptr(NfpProbe) probe = nfp_probe_open(&options, NULL);
	NfpSource *source;
	double rate = 0;

	if (!probe)
		return 0;
	source = nfp_probe_source(probe);
	if (!source->create(source, id, entries) && fill_kernel(instance, id, keys, values, n) &&
	    !source->close(source, id)) {
		rate = drain(source, id, n, ret_records);
		*ret_alone = read_alone(source, id, n);
	}
	nfp_probe_detach_all(probe, NULL);
	return rate;
}

static void print(const char *name, double value, double vs, const char *vs_name, uint64_t entries, uint64_t records)
{
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"entries/s\",\"vs\":%.0f,\"vs_name\":\"%s\",\"entries\":%" PRIu64
	       ",\"records\":%" PRIu64 "}\n", name, value, vs, vs_name, entries, records);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const struct nfp_bucket id = { NFP_NS_PER_S, 2 * NFP_NS_PER_S };
	Memory memory = { .source = { .read = read_memory, .scan = scan_memory, .read_hooks = read_no_hooks } };
	struct nfp_key_v4 *keys;
	struct nfp_value *values;
	double one, two, kernel = 0, alone = 0;
	uint64_t records;

	if (n < 2 || n > 16000000) {
		fprintf(stderr, "bench_drain: 2 to 16000000 entries\n");
		return 2;
	}
	n &= ~1ull;
	keys = g_new(struct nfp_key_v4, n);
	values = g_new(struct nfp_value, n);
	memory.entries = (NfpEntries){ .keys = keys, .values = values, .n = n, .key_size = sizeof(*keys) };
	fill(keys, values, n, 1);
	if (geteuid() == 0)
		kernel = drain_kernel(keys, values, n, &records, &alone);
	if (kernel > 0)
		print("drain_hash_entries_per_s", kernel, alone, "read alone", n, records);
	else
		fprintf(stderr, "bench_drain: no kernel maps without root and BPF\n");
	one = drain(&memory.source, id, n, &records);
	print("drain_memory_entries_per_s", one, kernel, "drain_hash_entries_per_s", n, records);
	fill(keys, values, n, 2);
	two = drain(&memory.source, id, n, &records);
	print("drain_merge_entries_per_s", two, one, "drain_memory_entries_per_s", n, records);
	g_free(keys);
	g_free(values);
	return 0;
}
