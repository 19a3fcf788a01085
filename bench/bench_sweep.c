// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns a packet against flows: each kind of packet and a mix of four, 1 to 1 M flows, each flow as often as any other
 * ("uniform") or the r-th of them 1/r as often as the first ("Zipf"). Every round runs the empty program, ours, and one
 * look-up by the same key in a kernel HASH, one after the other; what counts is the median of the differences.
 *
 *   value               ours, over the empty program
 *   kernel_hash_lookup  the look-up, over the empty program
 *   over_lookup         ours, over the look-up; below 0: cheaper than one look-up alone
 *
 * All flows fit: tables at a load of one half or less. The mix takes TCP and UDP over IPv4, TCP over IPv6 and ICMP in turn, a
 * thousand at a time, and shares the flows out. What of it is a flow is made in the programs and is part of their cost; Zipf's
 * flows are drawn beforehand, half a million, and come over and over.
 * One CPU, one JSON line a figure. Usage: bench_sweep [MOST-FLOWS [PACKETS]]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bench/support/testrun.h"
#include "flows.skel.h"

#define ROUNDS 7
#define IN_TURN 1024
#define ROOM_MIN 16384u

typedef struct {
	const char *name;
	const char *packets[4];
	guint n;
} Kind;

static const Kind kinds[] = {
	{ "tcp4", { "tcp4" }, 1 },
	{ "tcp6", { "tcp6" }, 1 },
	{ "udp4", { "udp4" }, 1 },
	{ "mix", { "tcp4", "udp4", "tcp6", "icmp4 echo" }, 4 },
};

static const struct {
	guint flows;
	const char *name;
} sizes[] = { { 1, "1" }, { 1 << 10, "1k" }, { 1 << 16, "64k" }, { 1 << 20, "1m" } };

/* What is measured, and how far it is in the flows: each program goes through all of them, whoever ran in between. */
typedef struct {
	int program[4]; /* for each packet of the kind */
	guint32 state[4], at[4];
} Way;

static double run_some(Way *way, guint i, const NfpTestPacket *packet, struct flows_bpf *skel, guint repeat)
{
	double ns;

	skel->bss->bench_state = way->state[i];
	skel->bss->bench_at = way->at[i];
	ns = nfp_bench_run(way->program[i], packet, repeat);
	way->state[i] = skel->bss->bench_state;
	way->at[i] = skel->bss->bench_at;
	return ns;
}

/* ns a run, over all packets of the kind. */
static double run(const Kind *kind, Way *way, struct flows_bpf *skel, guint repeat)
{
	const NfpTestPacket *packets[4];
	double sum = 0;

	for (guint i = 0; i < kind->n; i++)
		packets[i] = nfp_bench_packet(kind->packets[i]);
	if (kind->n == 1)
		return run_some(way, 0, packets[0], skel, repeat);
	for (guint done = 0; done < repeat; done += IN_TURN) {
		guint i = done / IN_TURN % kind->n;

		sum += run_some(way, i, packets[i], skel, IN_TURN) * IN_TURN;
	}
	return sum / repeat;
}

/* The r-th flow of n with a probability of 1/r over the sum of all. Returns how many flows were drawn at all. */
static guint draw(struct flows_bpf *skel, guint n)
{
	g_autofree double *below = g_new(double, n);
	g_autofree guint8 *seen = g_new0(guint8, n);
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	double sum = 0;
	guint distinct = 0;

	for (guint r = 0; r < n; r++)
		below[r] = sum += 1.0 / (r + 1);
	for (guint i = 0; i < G_N_ELEMENTS(skel->bss->bench_sequence); i++) {
		double at = g_rand_double_range(random, 0, sum);
		guint low = 0, high = n - 1;

		while (low < high) {
			guint middle = (low + high) / 2;

			if (below[middle] > at)
				high = middle;
			else
				low = middle + 1;
		}
		skel->bss->bench_sequence[i] = low;
		distinct += !seen[low];
		seen[low] = 1;
	}
	return distinct;
}

static void measure(const Kind *kind, guint size, gboolean zipf, guint repeat, NfpBench *bench)
{
	double added[ROUNDS], floor_ns[ROUNDS], lookup[ROUNDS], over[ROUNDS];
	Way ours = { 0 }, empty = { 0 }, lookups = { 0 };
	struct flows_bpf *skel = bench->skel;
	guint flows = MAX(sizes[size].flows, kind->n), each = flows / kind->n;
	guint warm = zipf ? G_N_ELEMENTS(skel->bss->bench_sequence) : MAX(each, IN_TURN);
	guint drawn = zipf ? draw(skel, each) : each;

	skel->bss->bench_mask = each - 1;
	for (guint i = 0; i < kind->n; i++) {
		const NfpTestPacket *packet = nfp_bench_packet(kind->packets[i]);

		ours.program[i] = bpf_program__fd(skel->progs.nfprobe_tc);
		empty.program[i] = bpf_program__fd(skel->progs.bench_empty);
		lookups.program[i] = nfp_bench_lookup(bench, packet);
		run_some(&ours, i, packet, skel, warm);
		run_some(&lookups, i, packet, skel, warm);
	}
	for (int i = 0; i < ROUNDS; i++) {
		floor_ns[i] = run(kind, &empty, skel, repeat);
		added[i] = run(kind, &ours, skel, repeat) - floor_ns[i];
		lookup[i] = run(kind, &lookups, skel, repeat) - floor_ns[i];
		over[i] = added[i] - lookup[i];
	}
	nfp_bench_check_books(bench);
	if (nfp_bench_counter(bench, NFP_C_coarsened))
		nfp_bench_fail("flows found no room");
	printf("{\"name\":\"sweep_%s_%s_%s\",\"value\":%.1f,\"unit\":\"ns\",\"vs\":\"empty program\",\"empty\":%.1f,"
	       "\"kernel_hash_lookup\":%.1f,\"over_lookup\":%.1f,\"sweep\":true,\"packet\":\"%s\",\"spread\":\"%s\","
	       "\"flows\":%u,\"drawn\":%u,\"rounds\":%d}\n",
	       kind->name, zipf ? "zipf" : "uniform", sizes[size].name, nfp_bench_median(added, ROUNDS),
	       nfp_bench_median(floor_ns, ROUNDS), nfp_bench_median(lookup, ROUNDS), nfp_bench_median(over, ROUNDS),
	       kind->name, zipf ? "Zipf" : "uniform", flows, drawn * kind->n, ROUNDS);
	fflush(stdout);
}

static gboolean bench(const Kind *kind, guint size, gboolean zipf, guint packets)
{
	guint32 room[NFP_P_N], keys = MAX(ROOM_MIN, 2 * sizes[size].flows);
	gboolean v6 = FALSE;
	NfpBench bench;

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = 4096;
	for (guint i = 0; i < kind->n; i++) {
		guint8 row = nfp_bench_packet(kind->packets[i])->row;

		room[row] = MAX(ROOM_MIN, 2 * sizes[size].flows / kind->n);
		v6 |= row == NFP_P_tcp6;
	}
	if (!nfp_bench_open(&bench, NFP_BENCH_TABLE | (zipf ? NFP_BENCH_ZIPF : 0), keys, v6 ? keys : 1))
		return FALSE;
	nfp_bench_bucket(&bench, room);
	measure(kind, size, zipf, packets, &bench);
	nfp_bench_close(&bench);
	return TRUE;
}

int main(int argc, char **argv)
{
	guint most = argc > 1 ? (guint)atoi(argv[1]) : G_MAXUINT;
	guint packets = argc > 2 ? (guint)atoi(argv[2]) : 1 << 19;

	if (!most || packets < 4 * IN_TURN || packets % (4 * IN_TURN)) {
		fprintf(stderr, "usage: bench_sweep [MOST-FLOWS [PACKETS]]; packets: a multiple of %d\n", 4 * IN_TURN);
		return 2;
	}
	nfp_bench_pin(sched_getcpu());
	for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
		for (gboolean zipf = FALSE; zipf <= TRUE; zipf++)
			for (guint size = 0; size < G_N_ELEMENTS(sizes) && sizes[size].flows <= most; size++)
				if (!bench(&kinds[kind], size, zipf, packets))
					return 77;
	return 0;
}
