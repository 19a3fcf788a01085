// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes of packets when flows do not fit: 1 k to 10 M IPv4 TCP flows in one bucket, two packets each, with
 * maps.memory 512 MiB, sized as the daemon sizes it.
 *
 *   loss_flows_N        maps.flows: auto, once its size has settled: the last of several buckets with the same load
 *   loss_fixed_flows_N  maps.flows: 65536
 *
 * value is the share of packets that are in no record; coarsened: those that are in a parent's record, without their own flow's key. The
 * harvester runs here as it does in the daemon, on a clock that jumps from bucket to bucket; records are added
 * up, and the process fails unless packets sent = packets in records + packets counted as lost.
 * One JSON line a figure. Usage: bench_loss [MOST-FLOWS]
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "base/clock.h"
#include "bench/support/testrun.h"
#include "flows.skel.h"
#include "harvest/harvester.h"

#define MEMORY (512ull << 20)
#define FIXED 65536
#define LENGTH (3600 * NFP_NS_PER_S)
/* Sizes settle by then: 64 k entries, four times as many every second bucket, up to what the memory allows. */
#define BUCKETS 5
#define PACKETS 2 /* of each flow */

static const guint sizes[] = { 1000, 4000, 16000, 64000, 256000, 1000000, 4000000, 10000000 };

/* The system's clock, some buckets later. */
typedef struct {
	NfpClock clock; /* first */
	int64_t ahead;
} Clock;

static int64_t realtime(const NfpClock *clock)
{
	return nfp_clock_system.realtime(&nfp_clock_system) + ((const Clock *)clock)->ahead;
}

static int64_t boottime(const NfpClock *clock)
{
	return nfp_clock_system.boottime(&nfp_clock_system);
}

typedef struct {
	uint64_t records, packets; /* published */
	guint done;                /* buckets */
} Harvest;

static void publish(NfpBatch *batch, void *data)
{
	Harvest *harvest = data;

	harvest->records += batch->n;
	for (guint i = 0; i < batch->n; i++)
		harvest->packets += batch->records[i].packets;
}

static void done(uint32_t domain, struct nfp_bucket id, uint64_t records, void *data)
{
	((Harvest *)data)->done++;
}

typedef struct {
	uint64_t seen, coarsened, lost, recorded, records;
} Books;

static Books books(NfpBench *bench, const Harvest *harvest)
{
	return (Books){
		.seen = nfp_bench_counter(bench, NFP_C_seen),
		.coarsened = nfp_bench_counter(bench, NFP_C_coarsened),
		.lost = nfp_bench_counter(bench, NFP_C_unbucketed) + nfp_bench_counter(bench, NFP_C_lost_no_row),
		.recorded = harvest->packets,
		.records = harvest->records,
	};
}

static Books minus(Books a, Books b)
{
	return (Books){ a.seen - b.seen, a.coarsened - b.coarsened, a.lost - b.lost, a.recorded - b.recorded,
			a.records - b.records };
}

/* One bucket: all flows, the end of it, its records. */
static Books fill_bucket(NfpBench *bench, NfpHarvester *harvester, Clock *clock, Harvest *harvest, guint flows)
{
	const NfpTestPacket *packet = nfp_bench_packet("tcp4");
	struct flows_bpf *skel = bench->skel;
	Books before = books(bench, harvest), got;
	guint ended = harvest->done;

	nfp_harvester_step(harvester);
	for (int i = 0; i < PACKETS; i++) {
		/* From the same state on the same flows come; below 16 M none twice. */
		skel->bss->bench_mask = (1 << 24) - 1;
		skel->bss->bench_state = 0;
		nfp_bench_run(bpf_program__fd(skel->progs.nfprobe_tc), packet, flows);
	}
	clock->ahead += LENGTH;
	for (int i = 0; i < 3 && harvest->done == ended; i++)
		nfp_harvester_step(harvester);
	if (harvest->done == ended)
		nfp_bench_fail("the bucket was not drained");
	got = minus(books(bench, harvest), before);
	if (got.seen != (uint64_t)PACKETS * flows || got.seen != got.recorded + got.lost)
		nfp_bench_fail("the books do not close");
	return got;
}

static gboolean bench(guint flows, guint fixed)
{
	Clock clock = { .clock = { realtime, boottime } };
	NfpHarvestOptions options = {
		.interval = LENGTH, .ahead = 30 * NFP_NS_PER_S, .grace = 200 * NFP_NS_PER_MS, .merge_cpus = TRUE,
		.memory = MEMORY, .flows = fixed, .hostname = "bench",
	};
	Harvest harvest = { 0 };
	g_autoptr(NfpHarvester) harvester = NULL;
	g_autoptr(GError) error = NULL;
	Books first, last;
	NfpBench bench;
	int n = 1;

	if (!nfp_bench_open(&bench, NFP_BENCH_TABLE, 1, 1))
		return FALSE;
	harvester = nfp_harvester_new(&options, &clock.clock, publish, done, &harvest);
	if (!nfp_harvester_add_source(harvester, nfp_probe_source(bench.probe), &error))
		nfp_bench_fail(error->message);
	first = last = fill_bucket(&bench, harvester, &clock, &harvest, flows);
	for (; first.coarsened && !fixed && n < BUCKETS; n++)
		last = fill_bucket(&bench, harvester, &clock, &harvest, flows);
	printf("{\"name\":\"loss_%sflows_%u\",\"value\":%.6f,\"unit\":\"%%\",\"vs\":\"packets sent\",\"flows\":%u,"
	       "\"packets\":%" PRIu64 ",\"recorded\":%" PRIu64 ",\"coarsened\":%" PRIu64 ",\"lost\":%" PRIu64
	       ",\"records\":%" PRIu64 ",\"first_bucket_coarsened\":%" PRIu64 ",\"buckets\":%d,\"memory_mib\":%llu}\n",
	       fixed ? "fixed_" : "", flows, 100.0 * last.lost / last.seen, flows, last.seen, last.recorded,
	       last.coarsened, last.lost, last.records, first.coarsened, n, MEMORY >> 20);
	fflush(stdout);
	g_clear_pointer(&harvester, nfp_harvester_free);
	nfp_bench_close(&bench);
	return TRUE;
}

int main(int argc, char **argv)
{
	guint most = argc > 1 ? (guint)atoi(argv[1]) : G_MAXUINT;

	nfp_bench_pin(sched_getcpu());
	for (guint i = 0; i < G_N_ELEMENTS(sizes) && sizes[i] <= most; i++)
		if (!bench(sizes[i], 0) || !bench(sizes[i], FIXED))
			return 77;
	return 0;
}
