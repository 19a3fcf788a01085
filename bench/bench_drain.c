/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries a second from a closed bucket to published batches, on one core: merge, convert, flowId, books.
 * Three ways: one CPU's entries (nothing to merge), each flow on two CPUs, and from kernel maps (with the
 * batch syscall; needs root, left out without). Reading memory first touches every entry once, as a drain
 * does. One JSON line. Usage: bench_drain [entries]
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static double seconds(void)
{
	return (double)nfp_clock_system.boottime(&nfp_clock_system) / NFP_NS_PER_S;
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

/* The same entries in a real bucket. 0: cannot be had here. */
static double drain_kernel(const struct nfp_key_v4 *keys, const struct nfp_value *values, uint64_t n,
			   uint64_t *ret_records)
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
	    !source->close(source, id))
		rate = drain(source, id, n, ret_records);
	nfp_probe_detach_all(probe, NULL);
	return rate;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	const struct nfp_bucket id = { NFP_NS_PER_S, 2 * NFP_NS_PER_S };
	Memory memory = { .source = { .read = read_memory, .read_hooks = read_no_hooks } };
	struct nfp_key_v4 *keys;
	struct nfp_value *values;
	double one, two, kernel;
	uint64_t one_records, two_records, kernel_records = 0;

	if (n < 2 || n > 16000000) {
		fprintf(stderr, "bench_drain: 2 to 16000000 entries\n");
		return 2;
	}
	n &= ~1ull;
	keys = g_new(struct nfp_key_v4, n);
	values = g_new(struct nfp_value, n);
	memory.entries = (NfpEntries){ .keys = keys, .values = values, .n = n, .key_size = sizeof(*keys) };
	fill(keys, values, n, 1);
	one = drain(&memory.source, id, n, &one_records);
	kernel = geteuid() == 0 ? drain_kernel(keys, values, n, &kernel_records) : 0;
	fill(keys, values, n, 2);
	two = drain(&memory.source, id, n, &two_records);
	printf("{\"bench\":\"drain\",\"entries\":%" PRIu64 ",\"memory_entries_per_s\":%.0f,\"memory_records\":%" PRIu64
	       ",\"merge_entries_per_s\":%.0f,\"merge_records\":%" PRIu64, n, one, one_records, two, two_records);
	if (kernel > 0)
		printf(",\"kernel_entries_per_s\":%.0f,\"kernel_records\":%" PRIu64, kernel, kernel_records);
	printf("}\n");
	g_free(keys);
	g_free(values);
	return 0;
}
