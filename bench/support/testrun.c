/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/support/testrun.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "flows.skel.h"

#define PIN_ROOT "/sys/fs/bpf/nfprobe"

void nfp_bench_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	_exit(1);
}

void nfp_bench_pin(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		nfp_bench_fail("cannot be pinned to a CPU");
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

double nfp_bench_run(int program, const NfpTestPacket *packet, guint repeat)
{
	struct __sk_buff skb = { .ifindex = 1, .gso_size = packet->gso_size, .gso_segs = packet->gso_segs };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->bytes, .data_size_in = packet->length,
		    .ctx_in = &skb, .ctx_size_in = sizeof(skb), .repeat = (int)repeat);
	double begin = now_ns();

	if (bpf_prog_test_run_opts(program, &opts))
		nfp_bench_fail(strerror(errno));
	return (now_ns() - begin) / repeat;
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

double nfp_bench_median(double *values, guint n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

const NfpTestPacket *nfp_bench_packet(const char *name)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++)
		if (g_str_equal(t[i].name, name))
			return &t[i];
	nfp_bench_fail("no such packet");
}

int nfp_bench_lookup(const NfpBench *bench, const NfpTestPacket *packet)
{
	gboolean v6 = packet->bytes[12] == 0x86 && packet->bytes[13] == 0xdd;

	return bpf_program__fd(v6 ? bench->skel->progs.bench_lookup6 : bench->skel->progs.bench_lookup);
}

static void load(NfpBench *bench, NfpBenchHow how, guint32 keys4, guint32 keys6)
{
	struct flows_bpf *skel = bench->skel = flows_bpf__open();
	struct bpf_map *map;

	if (!skel)
		nfp_bench_fail("the programs cannot be opened");
	skel->rodata->knob_table = how & NFP_BENCH_TABLE ? 1 : 0;
	skel->rodata->knob_way = how & NFP_BENCH_TABLE ? 1 : 0; /* enum nfp_way_in */
	skel->rodata->knob_clock = (how & NFP_BENCH_TABLE) && !(how & NFP_BENCH_EXACT) ? 2 : 0;
	skel->rodata->bench_zipf = how & NFP_BENCH_ZIPF ? 1 : 0;
	bpf_map__set_max_entries(skel->maps.bench_hash, keys4);
	bpf_map__set_max_entries(skel->maps.bench_hash6, keys6);
	bpf_object__for_each_map(map, skel->obj) {
		g_autofree char *path = g_strdup_printf("%s/%s/%s", PIN_ROOT, bench->instance, bpf_map__name(map));
		NFP_AUTO_FD int fd = bpf_obj_get(path);

		if (fd >= 0 && bpf_map__reuse_fd(map, fd))
			nfp_bench_fail("the probe's maps cannot be used");
	}
	if (flows_bpf__load(skel))
		nfp_bench_fail("the programs cannot be loaded");
}

gboolean nfp_bench_open(NfpBench *bench, NfpBenchHow how, guint32 keys4, guint32 keys6)
{
	g_autofree char *instance = g_strdup_printf("%s-%d", program_invocation_short_name, (int)getpid());
	NfpProbeOptions options = { .pin_root = PIN_ROOT, .instance = instance, .no_table = !(how & NFP_BENCH_TABLE),
				    .exact_clock = (how & NFP_BENCH_EXACT) != 0 };
	g_autoptr(GError) error = NULL;

	*bench = (NfpBench){ .probe = nfp_probe_open(&options, &error) };
	if (!bench->probe) {
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, error->message);
		return FALSE;
	}
	bench->instance = g_steal_pointer(&instance);
	nfp_buckets_add_hook(bench->probe->buckets, 1, 0);
	load(bench, how, keys4, keys6);
	return TRUE;
}

void nfp_bench_bucket(NfpBench *bench, const guint32 room[NFP_P_N])
{
	NfpSource *source = nfp_probe_source(bench->probe);
	const guint64 length = 365ull * 86400 * NFP_NS_PER_S;
	/* Boot time stays far below a year. A step, as the label {0, ...} would be that of the spill bucket. */
	struct nfp_clock clock = { .length = length, .step = 1 };
	struct nfp_bucket id = { 1, length + 1 };

	if (source->set_clock(source, &clock, true) || source->create(source, id, room))
		nfp_bench_fail("cannot make a bucket");
}

void nfp_bench_close(NfpBench *bench)
{
	flows_bpf__destroy(bench->skel);
	nfp_probe_detach_all(bench->probe, NULL);
	nfp_probe_free(bench->probe);
	g_free(bench->instance);
}

guint64 nfp_bench_counter(NfpBench *bench, enum nfp_counter counter)
{
	uint64_t values[NFP_C_N];

	if (nfp_probe_counters(bench->probe, values))
		nfp_bench_fail("no counters");
	return values[counter];
}

void nfp_bench_check_books(NfpBench *bench)
{
	guint64 seen = nfp_bench_counter(bench, NFP_C_seen);

	if (!seen || seen != nfp_bench_counter(bench, NFP_C_recorded))
		nfp_bench_fail("packets were left out of the account");
}
