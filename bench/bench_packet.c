// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cost of the program per packet by BPF_PROG_TEST_RUN, beside an empty program in the same minute:
 * absolute times drift with the host's clock, so each round runs both and the median of the
 * differences counts. One CPU, one JSON line a packet.
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

#include "nfprobe.skel.h"
#include "support/packets.h"

#define ROUNDS 11
#define REPEAT 1000000

static const struct {
	const char *name, *packet;
} benches[] = {
	{ "packet_tcp4_hot_added_ns", "tcp4" },
	{ "packet_tcp6_hot_added_ns", "tcp6" },
	{ "packet_vlan_tcp4_hot_added_ns", "vlan, tcp4" },
	{ "packet_gso_tcp4_hot_added_ns", "gso tcp4, counted by the stack" },
	{ "packet_arp_hot_added_ns", "arp" },
};

static const struct {
	const char *name;
	guint32 key, value;
} rows[] = {
#define NFP_PROTOCOL(row, key_type, parent)                                                        \
	{ #row, sizeof(struct key_type), sizeof(struct nfp_value) },
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	{ "hook", sizeof(struct nfp_hook_key), sizeof(struct nfp_hook_row) },
};

/* The empty program: return TC_ACT_UNSPEC. */
static int load_empty(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nfprobe_empty", "GPL", insns,
			     G_N_ELEMENTS(insns), NULL);
}

/* A bucket of a year from now on, by the real clock. */
static int make_bucket(struct nfprobe_bpf *skel)
{
	const guint64 length = 365ull * 86400 * 1000000000;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	struct nfp_config config = { .abi = NFP_ABI_HASH, .clock[0] = { .length = length } };
	struct nfp_bucket bucket = { 0, length }; /* boot time stays far below a year here */
	guint32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.config), &zero, &config, BPF_ANY))
		return -errno;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		int outer = bpf_object__find_map_fd_by_name(skel->obj, rows[i].name);
		int fd = bpf_map_create(BPF_MAP_TYPE_HASH, rows[i].name, rows[i].key, rows[i].value, 1024,
					&opts);

		if (fd < 0 || bpf_map_update_elem(outer, &bucket, &fd, BPF_ANY))
			return -errno;
		close(fd);
	}
	return 0;
}

/* ns per run, or a negative error. */
static double run(int program, const NfpTestPacket *t)
{
	struct __sk_buff skb = { .ifindex = 1, .gso_size = t->gso_size, .gso_segs = t->gso_segs };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = t->bytes, .data_size_in = t->length,
		    .ctx_in = &skb, .ctx_size_in = sizeof(skb), .repeat = REPEAT);
	struct timespec a, b;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &a);
	err = bpf_prog_test_run_opts(program, &opts);
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (err)
		return err;
	return ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / REPEAT;
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static int bench(int program, int empty, const char *name, const NfpTestPacket *t)
{
	double added[ROUNDS], floor_ns[ROUNDS];

	run(program, t);
	for (int i = 0; i < ROUNDS; i++) {
		floor_ns[i] = run(empty, t);
		added[i] = run(program, t) - floor_ns[i];
		if (floor_ns[i] < 0) {
			fprintf(stderr, "test run: %s\n", strerror(-(int)floor_ns[i]));
			return 1;
		}
	}
	qsort(added, ROUNDS, sizeof(*added), compare);
	qsort(floor_ns, ROUNDS, sizeof(*floor_ns), compare);
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns\",\"vs\":\"empty program\","
	       "\"empty\":%.1f,\"rounds\":%d}\n",
	       name, added[ROUNDS / 2], floor_ns[ROUNDS / 2], ROUNDS);
	return 0;
}

/* A figure of packets that found no bucket would be worth nothing. */
static int all_recorded(struct nfprobe_bpf *skel)
{
	int cpus = libbpf_num_possible_cpus();
	g_autofree guint64 *values = g_new0(guint64, MAX(cpus, 1));
	guint64 sums[2] = { 0 };

	for (guint32 i = 0; i < 2; i++) {
		guint32 key = i ? NFP_C_recorded : NFP_C_seen;

		if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.status), &key, values))
			return 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			sums[i] += values[cpu];
	}
	return sums[0] > 0 && sums[0] == sums[1];
}

int main(void)
{
	struct nfprobe_bpf *skel = nfprobe_bpf__open_and_load();
	int empty = load_empty(), err = 0;
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);
	cpu_set_t cpus;

	if (!skel || empty < 0) {
		fprintf(stderr, "cannot load BPF programs here: %s\n", strerror(errno));
		return 77;
	}
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	err = sched_setaffinity(0, sizeof(cpus), &cpus) || make_bucket(skel);
	for (gsize i = 0; i < G_N_ELEMENTS(benches) && !err; i++)
		for (gsize j = 0; j < count; j++)
			if (g_str_equal(t[j].name, benches[i].packet))
				err = bench(bpf_program__fd(skel->progs.nfprobe_tc), empty,
					    benches[i].name, &t[j]);
	if (!err && !all_recorded(skel)) {
		fprintf(stderr, "packets were left out of the account\n");
		err = 1;
	}
	close(empty);
	nfprobe_bpf__destroy(skel);
	return err ? 1 : 0;
}
