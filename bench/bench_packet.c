// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cost of the program per packet by BPF_PROG_TEST_RUN, beside an empty program and a kernel hash look-up in
 * the same rounds: absolute times drift with the host's clock, so each round runs all of them and the median
 * of the paired differences counts. one_line: a counter in a line of its own for each flow, the least there can be. One CPU, one JSON line a figure.
 */
#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "flows.skel.h"
#include "probe/domain.h"
#include "support/packets.h"

#define ROUNDS 11
#define PIN_ROOT "/sys/fs/bpf/nfprobe"

enum { TABLE = 1, HASH = 2, FLOOD = 4, EXACT = 8 };

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
	{ "packet_tcp4_exact_clock_added_ns", "tcp4", 1024, 16384, 1000000, TABLE | EXACT },
	{ "packet_tcp4_1m_added_ns", "tcp4", 1 << 20, 1 << 21, 2 << 20, TABLE },
	{ "packet_tcp6_1m_added_ns", "tcp6", 1 << 20, 1 << 21, 2 << 20, TABLE },
	{ "packet_tcp4_flood_added_ns", "tcp4", 1 << 22, 16384, 1 << 20, TABLE | FLOOD },
	{ "packet_tcp4_new_added_ns", "tcp4", 1 << 22, 1 << 22, 1 << 17, TABLE | FLOOD },
	{ "packet_tcp4_hot_hash_alone_added_ns", "tcp4", 1024, 16384, 1000000, HASH },
	{ "packet_tcp4_1m_hash_alone_added_ns", "tcp4", 1 << 20, 1 << 21, 2 << 20, HASH },
};

/* CPU time of this thread: test runs are all in it, whatever else the machine does. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static double median(double *v, guint n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/* ns per run. */
static double run(int program, const NfpTestPacket *t, guint repeat)
{
	struct __sk_buff skb = { .ifindex = 1, .gso_size = t->gso_size, .gso_segs = t->gso_segs };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->bytes, .data_size_in = t->length,
		    .ctx_in = &skb, .ctx_size_in = sizeof(skb), .repeat = repeat);
	double begin = now_ns();

	if (bpf_prog_test_run_opts(program, &opts)) {
		fprintf(stderr, "test run: %s\n", strerror(errno));
		_exit(1);
	}
	return (now_ns() - begin) / repeat;
}

static const NfpTestPacket *packet_named(const char *name)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++)
		if (g_str_equal(t[i].name, name))
			return &t[i];
	g_error("no packet %s", name);
}

/* The programs over the maps of a probe. */
static struct flows_bpf *load(const char *instance, guint how)
{
	struct flows_bpf *skel = flows_bpf__open();
	struct bpf_map *map;

	if (!skel)
		return NULL;
	skel->rodata->knob_table = how & TABLE ? 1 : 0;
	skel->rodata->knob_clock = how & (EXACT | HASH) ? 0 : 2;
	bpf_object__for_each_map(map, skel->obj) {
		g_autofree char *path = g_strdup_printf("%s/%s/%s", PIN_ROOT, instance, bpf_map__name(map));
		NFP_AUTO_FD int fd = bpf_obj_get(path);

		if (fd >= 0 && bpf_map__reuse_fd(map, fd))
			return NULL;
	}
	if (flows_bpf__load(skel)) {
		flows_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

/* A bucket of a year from now on. */
static struct nfp_bucket make_bucket(NfpProbe *probe, guint room)
{
	NfpSource *source = nfp_probe_source(probe);
	const uint64_t length = 365ull * 86400 * NFP_NS_PER_S;
	struct nfp_clock clock = { .length = length }; /* boot time stays far below a year here */
	struct nfp_bucket id = { 1, length + 1 };
	uint32_t rooms[NFP_P_N];

	clock.step = 1; /* the label {0, ...} would be that of the spill bucket */
	for (int row = 0; row < NFP_P_N; row++)
		rooms[row] = row == NFP_P_tcp4 || row == NFP_P_tcp6 ? room : 4096;
	if (source->set_clock(source, &clock, true) || source->create(source, id, rooms)) {
		fprintf(stderr, "cannot make a bucket\n");
		_exit(1);
	}
	return id;
}

static uint64_t counter(NfpProbe *probe, enum nfp_counter which)
{
	uint64_t values[NFP_C_N];

	if (nfp_probe_counters(probe, values))
		_exit(1);
	return values[which];
}

static void measure(guint b, NfpProbe *probe, struct flows_bpf *skel)
{
	const NfpTestPacket *t = packet_named(benches[b].packet);
	int program = bpf_program__fd(skel->progs.nfprobe_tc);
	int empty = bpf_program__fd(skel->progs.bench_empty), lookup = bpf_program__fd(skel->progs.bench_lookup);
	int lines = bpf_program__fd(skel->progs.bench_line);
	double added[ROUNDS], floor_ns[ROUNDS], versus[ROUNDS], line[ROUNDS];
	guint repeat = benches[b].repeat;
	uint64_t seen, coarsened;

	skel->bss->bench_mask = benches[b].flows - 1;
	if (!(benches[b].how & FLOOD) || benches[b].room < benches[b].flows)
		run(program, t, MAX(repeat, benches[b].flows));
	run(lookup, t, MIN(MAX(repeat, benches[b].flows), 1u << 20));
	for (int i = 0; i < ROUNDS; i++) {
		floor_ns[i] = run(empty, t, repeat);
		if (benches[b].how & FLOOD)
			skel->bss->bench_base += benches[b].flows;
		added[i] = run(program, t, repeat) - floor_ns[i];
		versus[i] = run(lookup, t, repeat) - floor_ns[i];
		line[i] = run(lines, t, repeat) - floor_ns[i];
	}
	if (g_getenv("NFP_BENCH_HOLD"))
		pause();
	seen = counter(probe, NFP_C_seen);
	coarsened = counter(probe, NFP_C_coarsened);
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns\",\"vs\":\"empty program\",\"empty\":%.1f,"
	       "\"kernel_hash_lookup\":%.1f,\"one_line\":%.1f,\"flows\":%u,\"rounds\":%d,\"coarsened\":%.3f}\n",
	       benches[b].name, median(added, ROUNDS), median(floor_ns, ROUNDS), median(versus, ROUNDS),
	       median(line, ROUNDS),
	       benches[b].flows, ROUNDS, seen ? (double)coarsened / seen : 0);
	fflush(stdout);
	/* A figure of packets that were left out of the account would be worth nothing. */
	if (!seen || seen != counter(probe, NFP_C_recorded)) {
		fprintf(stderr, "packets were left out of the account\n");
		_exit(1);
	}
}

static int bench(guint b)
{
	g_autofree char *instance = g_strdup_printf("bench-packet-%d", (int)getpid());
	NfpProbeOptions options = { .pin_root = PIN_ROOT, .instance = instance,
				    .no_table = !(benches[b].how & TABLE),
				    .exact_clock = (benches[b].how & EXACT) != 0 };
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpProbe) probe = nfp_probe_open(&options, &error);
	struct flows_bpf *skel;

	if (!probe) {
		fprintf(stderr, "%s\n", error->message);
		return 77;
	}
	nfp_buckets_add_hook(probe->buckets, 1, 0);
	make_bucket(probe, benches[b].room);
	skel = load(instance, benches[b].how);
	if (skel)
		measure(b, probe, skel);
	flows_bpf__destroy(skel);
	nfp_probe_detach_all(probe, NULL);
	return skel ? 0 : 1;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	int rc = 0;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	for (guint b = 0; b < G_N_ELEMENTS(benches) && !rc; b++)
		if (argc < 2 || strstr(benches[b].name, argv[1]))
			rc = bench(b);
	return rc;
}
