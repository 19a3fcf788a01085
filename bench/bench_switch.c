// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A switch of buckets, seen by packets and by the harvester: buckets of a second, as the daemon keeps them, 1,024 flows.
 *
 *   rotation_ms                what the harvester takes for one bucket in all: the next one made, the old one closed, drained
 *                              and removed, all protocols. Wall-clock time, median, without traffic of ours
 *   rotation_busy_ms           the same while one CPU does nothing but count packets
 *   packet_worst_at_switch_ns  the slowest packet from a switch until its rotation is through: excess over the median
 *
 * Packets run sixteen at a time on one CPU, the harvester on another; a run's time beyond that of the median run is the
 * slowest packet's at most. elsewhere_*: the same of packets that were far from a switch: what the machine's interrupts and its
 * other work do anyway. One JSON line a figure. Usage: bench_switch [BUCKETS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "bench/support/testrun.h"
#include "flows.skel.h"
#include "harvest/harvester.h"

#define AT_A_TIME 16
#define FLOWS 1024
#define RUNS_MAX (1u << 24) /* whose times are kept */
#define FIRST (2 * NFP_NS_PER_MS) /* all flows have their entry in the new bucket by then */
#define REST_MAX (20 * NFP_NS_PER_MS)
#define BUCKETS_MAX 1000

/* Times of runs, ns. */
typedef struct {
	guint32 *ns;
	guint n;
} Runs;

typedef struct {
	NfpBench *bench;
	int in_step, quit; /* atomic. in_step: the harvester is at work */
	Runs at_switch, elsewhere;
} Traffic;

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NFP_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void keep(Runs *runs, uint64_t ns)
{
	if (runs->n < RUNS_MAX)
		runs->ns[runs->n++] = (guint32)MIN(ns, G_MAXUINT32);
}

static void *send_packets(void *data)
{
	Traffic *traffic = data;
	const NfpTestPacket *packet = nfp_bench_packet("tcp4");
	int program = bpf_program__fd(traffic->bench->skel->progs.nfprobe_tc);
	struct __sk_buff skb = { .ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->bytes, .data_size_in = packet->length, .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb), .repeat = AT_A_TIME);
	gboolean was = TRUE;

	nfp_bench_pin(0);
	while (!g_atomic_int_get(&traffic->quit)) {
		uint64_t begin = now(CLOCK_THREAD_CPUTIME_ID), ns;
		gboolean is;

		if (bpf_prog_test_run_opts(program, &opts))
			nfp_bench_fail("test run");
		ns = now(CLOCK_THREAD_CPUTIME_ID) - begin;
		is = g_atomic_int_get(&traffic->in_step) || now(CLOCK_REALTIME) % NFP_NS_PER_S < FIRST;
		keep(was || is ? &traffic->at_switch : &traffic->elsewhere, ns);
		was = is;
	}
	return NULL;
}

static void drop(NfpBatch *batch, void *data)
{
	(void)batch;
	(void)data;
}

static void done(uint32_t domain, struct nfp_bucket id, uint64_t records, void *data)
{
	++*(guint *)data;
}

/* Lets the harvester work until so many buckets are drained; ms that each took. */
static void rotate(NfpHarvester *harvester, int *in_step, const guint *drained, guint buckets, double *ret_ms)
{
	guint begun = *drained, at = *drained;
	double spent = 0;

	while (*drained - begun < buckets) {
		uint64_t begin = now(CLOCK_MONOTONIC), rest;

		g_atomic_int_set(in_step, 1);
		rest = nfp_harvester_step(harvester);
		g_atomic_int_set(in_step, 0);
		spent += (double)(now(CLOCK_MONOTONIC) - begin) / NFP_NS_PER_MS;
		if (*drained != at) {
			ret_ms[at - begun] = spent;
			at = *drained;
			spent = 0;
		}
		g_usleep(MIN(rest, REST_MAX) / 1000);
	}
}

static void print_rotation(const char *name, double *ms, guint n)
{
	double middle = nfp_bench_median(ms, n); /* sorts */

	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ms\",\"vs\":\"wall-clock time\",\"least\":%.1f,"
	       "\"most\":%.1f,\"buckets\":%u}\n",
	       name, middle, ms[0], ms[n - 1], n);
	fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return (x > y) - (x < y);
}

static guint32 quantile(const Runs *runs, double q)
{
	return runs->ns[MIN((guint)(q * runs->n), runs->n - 1)];
}

static void print_packets(Runs *at_switch, Runs *elsewhere)
{
	guint32 middle;

	if (!at_switch->n || !elsewhere->n)
		nfp_bench_fail("no packets beside a switch");
	qsort(at_switch->ns, at_switch->n, sizeof(guint32), compare);
	qsort(elsewhere->ns, elsewhere->n, sizeof(guint32), compare);
	middle = quantile(elsewhere, 0.5);
	printf("{\"name\":\"packet_worst_at_switch_ns\",\"value\":%u,\"unit\":\"ns\",\"vs\":\"median run\","
	       "\"p999\":%d,\"elsewhere_worst\":%u,\"elsewhere_p999\":%d,\"median_run\":%u,\"packets_a_run\":%d,"
	       "\"runs\":%u,\"elsewhere_runs\":%u,\"flows\":%d}\n",
	       quantile(at_switch, 1) - MIN(middle, quantile(at_switch, 1)), (int)(quantile(at_switch, 0.999) - middle),
	       quantile(elsewhere, 1) - middle, (int)(quantile(elsewhere, 0.999) - middle), middle, AT_A_TIME,
	       at_switch->n, elsewhere->n, FLOWS);
	fflush(stdout);
}

static void measure(NfpBench *bench, guint buckets)
{
	const NfpHarvestOptions options = {
		.interval = NFP_NS_PER_S, .ahead = 30 * NFP_NS_PER_S, .grace = 200 * NFP_NS_PER_MS, .merge_cpus = TRUE,
		.memory = 512ull << 20, .hostname = "bench",
	};
	Traffic traffic = { .bench = bench, .at_switch.ns = g_new(guint32, RUNS_MAX),
			    .elsewhere.ns = g_new(guint32, RUNS_MAX) };
	guint drained = 0;
	g_autoptr(NfpHarvester) harvester = nfp_harvester_new(&options, &nfp_clock_system, drop, done, &drained);
	g_autoptr(GError) error = NULL;
	double ms[BUCKETS_MAX];
	GThread *thread;

	if (!nfp_harvester_add_source(harvester, nfp_probe_source(bench->probe), &error))
		nfp_bench_fail(error->message);
	bench->skel->bss->bench_mask = FLOWS - 1;
	rotate(harvester, &traffic.in_step, &drained, 2, ms); /* the first ones are made late */
	rotate(harvester, &traffic.in_step, &drained, buckets, ms);
	print_rotation("rotation_ms", ms, buckets);
	thread = g_thread_new("packets", send_packets, &traffic);
	rotate(harvester, &traffic.in_step, &drained, buckets, ms);
	g_atomic_int_set(&traffic.quit, 1);
	g_thread_join(thread);
	print_rotation("rotation_busy_ms", ms, buckets);
	print_packets(&traffic.at_switch, &traffic.elsewhere);
	nfp_bench_check_books(bench);
	g_free(traffic.at_switch.ns);
	g_free(traffic.elsewhere.ns);
}

int main(int argc, char **argv)
{
	guint buckets = argc > 1 ? (guint)atoi(argv[1]) : 10;
	NfpBench bench;

	if (buckets < 1 || buckets > BUCKETS_MAX) {
		fprintf(stderr, "bench_switch: 1 to %d buckets\n", BUCKETS_MAX);
		return 2;
	}
	if (!nfp_bench_open(&bench, NFP_BENCH_TABLE, 1, 1))
		return 77;
	nfp_bench_pin(sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0);
	measure(&bench, buckets);
	nfp_bench_close(&bench);
	return 0;
}
