// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cost of the program per packet by BPF_PROG_TEST_RUN, beside an empty program and a kernel hash look-up in
 * the same rounds: absolute times drift with the host's clock, so each round runs all of them and the median
 * of the paired differences counts. one_line: a counter in a line of its own for each flow, the least there
 * can be. One CPU, one JSON line a figure. Usage: bench_packet [NAME,NAME... [PACKETS]]
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bench/support/testrun.h"
#include "flows.skel.h"

#define ROUNDS 11

enum { TABLE = NFP_BENCH_TABLE, EXACT = TABLE | NFP_BENCH_EXACT, HASH = 0, FLOOD = 0x100 };

static const struct {
	const char *name, *packet;
	guint flows, room, repeat, how;
} benches[] = {
	{ "packet_tcp4_one_flow_added_ns", "tcp4", 1, 16384, 1000000, TABLE },
	{ "packet_tcp4_hot_added_ns", "tcp4", 1024, 16384, 1000000, TABLE },
	{ "packet_tcp6_hot_added_ns", "tcp6", 1024, 16384, 1000000, TABLE },
	{ "packet_udp4_hot_added_ns", "udp4", 1024, 16384, 1000000, TABLE },
	{ "packet_gso_tcp4_hot_added_ns", "gso tcp4, counted by the stack", 1024, 16384, 1000000, TABLE },
	{ "packet_vlan_tcp4_hot_added_ns", "vlan, tcp4", 1024, 16384, 1000000, TABLE },
	{ "packet_tcp4_exact_clock_added_ns", "tcp4", 1024, 16384, 1000000, EXACT },
	{ "packet_tcp4_1m_added_ns", "tcp4", 1 << 20, 1 << 21, 2 << 20, TABLE },
	{ "packet_tcp6_1m_added_ns", "tcp6", 1 << 20, 1 << 21, 2 << 20, TABLE },
	{ "packet_tcp4_flood_added_ns", "tcp4", 1 << 22, 16384, 1 << 20, TABLE | FLOOD },
	{ "packet_tcp4_new_added_ns", "tcp4", 1 << 22, 1 << 22, 1 << 17, TABLE | FLOOD },
	{ "packet_tcp4_hot_hash_alone_added_ns", "tcp4", 1024, 16384, 1000000, HASH },
	{ "packet_tcp4_1m_hash_alone_added_ns", "tcp4", 1 << 20, 1 << 21, 2 << 20, HASH },
};

static void measure(guint b, guint repeat, NfpBench *bench)
{
	const NfpTestPacket *t = nfp_bench_packet(benches[b].packet);
	struct flows_bpf *skel = bench->skel;
	int program = bpf_program__fd(skel->progs.nfprobe_tc);
	int empty = bpf_program__fd(skel->progs.bench_empty), lookup = nfp_bench_lookup(bench, t);
	int lines = bpf_program__fd(skel->progs.bench_line);
	double added[ROUNDS], floor_ns[ROUNDS], versus[ROUNDS], line[ROUNDS];
	guint64 seen, coarsened;

	skel->bss->bench_mask = benches[b].flows - 1;
	if (!(benches[b].how & FLOOD) || benches[b].room < benches[b].flows)
		nfp_bench_run(program, t, MAX(repeat, benches[b].flows));
	nfp_bench_run(lookup, t, MIN(MAX(repeat, benches[b].flows), 1u << 20));
	for (int i = 0; i < ROUNDS; i++) {
		floor_ns[i] = nfp_bench_run(empty, t, repeat);
		if (benches[b].how & FLOOD)
			skel->bss->bench_base += benches[b].flows;
		added[i] = nfp_bench_run(program, t, repeat) - floor_ns[i];
		versus[i] = nfp_bench_run(lookup, t, repeat) - floor_ns[i];
		line[i] = nfp_bench_run(lines, t, repeat) - floor_ns[i];
	}
	if (g_getenv("NFP_BENCH_HOLD"))
		pause();
	seen = nfp_bench_counter(bench, NFP_C_seen);
	coarsened = nfp_bench_counter(bench, NFP_C_coarsened);
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns\",\"vs\":\"empty program\",\"empty\":%.1f,"
	       "\"kernel_hash_lookup\":%.1f,\"one_line\":%.1f,\"flows\":%u,\"rounds\":%d,\"coarsened\":%.3f}\n",
	       benches[b].name, nfp_bench_median(added, ROUNDS), nfp_bench_median(floor_ns, ROUNDS),
	       nfp_bench_median(versus, ROUNDS), nfp_bench_median(line, ROUNDS), benches[b].flows, ROUNDS,
	       seen ? (double)coarsened / seen : 0);
	fflush(stdout);
	nfp_bench_check_books(bench);
}

static int run(guint b, guint packets)
{
	guint32 room[NFP_P_N], keys = 1 << 21;
	guint repeat = packets ? packets : benches[b].repeat;
	NfpBench bench;

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = row == NFP_P_tcp4 || row == NFP_P_tcp6 ? benches[b].room : 4096;
	if (!nfp_bench_open(&bench, benches[b].how & EXACT, keys, strchr(benches[b].packet, '6') ? keys : 1))
		return 77;
	nfp_bench_bucket(&bench, room);
	measure(b, repeat, &bench);
	nfp_bench_close(&bench);
	return 0;
}

/* One of the names, or the beginning of its figure's. */
static gboolean is_wanted(const char *name, char **names)
{
	for (char **n = names; n && *n; n++)
		if (strstr(name, *n))
			return TRUE;
	return !names;
}

int main(int argc, char **argv)
{
	g_auto(GStrv) names = argc > 1 ? g_strsplit(argv[1], ",", -1) : NULL;
	guint packets = argc > 2 ? (guint)atoi(argv[2]) : 0;
	int rc = 0;

	nfp_bench_pin(sched_getcpu());
	for (guint b = 0; b < G_N_ELEMENTS(benches) && !rc; b++)
		if (is_wanted(benches[b].name, names))
			rc = run(b, packets);
	return rc;
}
