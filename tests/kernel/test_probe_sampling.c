/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 1-in-N: the books close whatever is chosen, estimates are within the spread that docs/sampling.md states, rates change at
 * buckets and stay known.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "nfprobe.skel.h"
#include "probe/domain.h"
#include "probe/sampling.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"
#include "support/program.h"

#define SECOND NFP_NS_PER_S
#define LENGTH (60 * SECOND)
#define START (1020 * SECOND)
#define SIGMAS 4.5 /* docs/sampling.md: 1 in 150,000 estimates is further off by chance */

static const struct nfp_bucket first = { START, START + LENGTH }, second = { START + LENGTH, START + 2 * LENGTH };
static const struct nfp_books_key loopback = { .ifindex = 1 };

/* 10.0.0.1:1000 -> 10.0.0.2:2000, UDP, 8 octets of payload. */
static const uint8_t udp[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
};

/* What the fast row chooses and the general path counts: a SYN, a ping, the same UDP with a tag in the frame. */
static const uint8_t syn[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0,
};
static const uint8_t ping[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8,
};
static const uint8_t tagged[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0, 7, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
};

typedef struct {
	uint64_t seen, skbs, recorded, unsampled, other;
	uint32_t rate;
} Books;

static NfpProbe *open_probe(bool no_table)
{
	const NfpProbeOptions options = { .pin_root = NFPT_PIN_ROOT, .instance = "sampling", .no_table = no_table };
	g_autoptr(GError) error = NULL;
	NfpProbe *probe;

	nfpt_sandbox();
	probe = nfp_probe_open(&options, &error);
	cr_assert_not_null(probe, "%s", error ? error->message : "");
	return probe;
}

static void make_buckets(NfpProbe *probe)
{
	NfpSource *source = nfp_probe_source(probe);
	const struct nfp_clock clock = { .length = LENGTH };
	uint32_t room[NFP_P_N];

	for (int row = 0; row < NFP_P_N; row++)
		room[row] = 64;
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	cr_assert_eq(source->create(source, first, room), 0);
	cr_assert_eq(source->create(source, second, room), 0);
}

static NfpTestRun *new_run(NfpProbe *probe, NfpSampling sampling)
{
	g_autoptr(GError) error = NULL;
	NfpTestRun *run;

	nfp_probe_set_parse(probe, (NfpParseOptions){ .sampling = sampling });
	run = nfp_testrun_new(probe, true, &error);
	cr_assert_not_null(run, "%s", error ? error->message : "");
	return run;
}

static void feed_frame(NfpTestRun *run, const uint8_t *frame, uint32_t length, uint64_t time, uint32_t n)
{
	int rc = nfp_testrun_repeat(run, frame, length, time, n);

	cr_assert_eq(rc, 0, "%s", strerror(-rc));
}

static void feed(NfpTestRun *run, uint64_t time, uint32_t n)
{
	feed_frame(run, udp, sizeof(udp), time, n);
}

static Books books_of(NfpProbe *probe, struct nfp_bucket id)
{
	NfpSource *source = nfp_probe_source(probe);
	NfpHookRows rows;
	Books b = { 0 };

	cr_assert_eq(source->read_hooks(source, id, &rows), 0);
	for (size_t i = 0; i < rows.n; i++) {
		const struct nfp_hook_row *row = &rows.rows[i];

		b.seen += row->seen;
		b.skbs += row->seen_skbs;
		b.recorded += row->packets;
		b.unsampled += row->lost[NFP_LOST_unsampled];
		for (int reason = 0; reason < NFP_LOST_N; reason++)
			b.other += reason == NFP_LOST_unsampled ? 0 : row->lost[reason];
		if (row->seen)
			b.rate = row->sampler.rate;
	}
	for (int row = 0; row < NFP_P_N; row++) {
		NfpEntries entries;

		cr_assert_eq(source->read(source, id, row, &entries), 0);
		for (size_t i = 0; i < entries.n; i++)
			b.recorded += entries.values[i].packets;
	}
	return b;
}

/* n packets, of which each stands for `rate`: how far the estimate may be off. Deterministic: what is left of a round. */
static void expect_estimate(const Books *b, uint32_t n, uint32_t rate, uint32_t mode, const char *what)
{
	double off = (double)b->recorded * rate - n;
	/* Squares: of the spread, too. */
	double bound = mode == NFP_SAMPLE_RANDOM ? SIGMAS * SIGMAS * n * (rate - 1) : (double)rate * rate;

	cr_expect_eq(b->seen, n, "%s: seen %lu", what, (unsigned long)b->seen);
	cr_expect_eq(b->seen, b->recorded + b->unsampled, "%s: recorded %lu, unsampled %lu", what,
		     (unsigned long)b->recorded, (unsigned long)b->unsampled);
	cr_expect_eq(b->other, 0, "%s", what);
	cr_expect_leq(off * off, bound, "%s: %lu of %u packets at 1 in %u: off by %.0f, square's bound %.0f", what,
		      (unsigned long)b->recorded, n, rate, off, bound);
	cr_expect_eq(b->rate, rate, "%s: rate %u", what, b->rate);
}

static void check_rate(bool no_table, uint32_t mode, uint32_t rate)
{
	const uint32_t n = 1000000;
	g_autofree char *what = g_strdup_printf("%s, %s, 1 in %u", no_table ? "HASH" : "table",
						mode == NFP_SAMPLE_RANDOM ? "random" : "deterministic", rate);
	g_autoptr(NfpProbe) probe = open_probe(no_table);
	g_autoptr(NfpTestRun) run = NULL;
	Books b;

	make_buckets(probe);
	run = new_run(probe, (NfpSampling){ .mode = mode, .rate = rate });
	feed(run, START + SECOND, n);
	b = books_of(probe, first);
	expect_estimate(&b, n, rate, mode, what);
	cr_expect_eq(b.skbs, n, "%s", what);
	cr_expect(nfp_probe_detach_all(probe, NULL));
}

Test(probe_sampling, estimates_in_tables)
{
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	check_rate(false, NFP_SAMPLE_RANDOM, 10);
	check_rate(false, NFP_SAMPLE_RANDOM, 100);
	check_rate(false, NFP_SAMPLE_DETERMINISTIC, 10);
	check_rate(false, NFP_SAMPLE_DETERMINISTIC, 100);
	check_rate(false, NFP_SAMPLE_RANDOM, NFP_SAMPLE_MAX);
}

Test(probe_sampling, estimates_in_the_hash)
{
	check_rate(true, NFP_SAMPLE_RANDOM, 10);
	check_rate(true, NFP_SAMPLE_RANDOM, 100);
	check_rate(true, NFP_SAMPLE_DETERMINISTIC, 10);
	check_rate(true, NFP_SAMPLE_DETERMINISTIC, 100);
}

static void check_general(uint32_t mode, uint32_t rate)
{
	const uint32_t n = 100000;
	g_autoptr(NfpProbe) probe = open_probe(false);
	g_autoptr(NfpTestRun) run = NULL;
	Books b;

	make_buckets(probe);
	run = new_run(probe, (NfpSampling){ .mode = mode, .rate = rate });
	feed_frame(run, syn, sizeof(syn), START + SECOND, n);
	b = books_of(probe, first);
	expect_estimate(&b, n, rate, mode, "SYN");
	feed_frame(run, ping, sizeof(ping), START + SECOND, n);
	feed(run, START + SECOND, n);
	feed_frame(run, tagged, sizeof(tagged), START + SECOND, n);
	b = books_of(probe, first);
	expect_estimate(&b, 4 * n, rate, mode, "all sorts");
	cr_expect(nfp_probe_detach_all(probe, NULL));
}

/* The row that they are counted in has the rate by which they were chosen. */
Test(probe_sampling, what_the_general_path_counts)
{
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	check_general(NFP_SAMPLE_RANDOM, 10);
	check_general(NFP_SAMPLE_DETERMINISTIC, 10);
	check_general(NFP_SAMPLE_RANDOM, 100);
}

static uint64_t counter(NfpProbe *probe, enum nfp_counter which)
{
	NfpSource *source = nfp_probe_source(probe);
	uint64_t value = 0;

	cr_assert_eq(source->counter(source, which, &value), 0);
	return value;
}

/* The rows of the status map tell the same. */
Test(probe_sampling, counters)
{
	g_autoptr(NfpProbe) probe = open_probe(false);
	g_autoptr(NfpTestRun) run = NULL;
	Books b;

	make_buckets(probe);
	run = new_run(probe, (NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 3 });
	feed(run, START + SECOND, 10000);
	b = books_of(probe, first);
	cr_expect_eq(counter(probe, NFP_C_seen), 10000);
	cr_expect_eq(counter(probe, NFP_C_seen_skbs), 10000);
	cr_expect_eq(counter(probe, NFP_C_unsampled), b.unsampled);
	cr_expect_eq(counter(probe, NFP_C_recorded), b.recorded);
}

/* A bucket whose first packets were all counted goes on so: its counts would have two rates else. */
Test(probe_sampling, a_bucket_has_one_rate)
{
	g_autoptr(NfpProbe) probe = open_probe(false);
	g_autoptr(NfpTestRun) all = NULL, some = NULL;
	Books b;

	make_buckets(probe);
	all = new_run(probe, (NfpSampling){ 0 });
	feed(all, START + SECOND, 100);
	some = new_run(probe, (NfpSampling){ .mode = NFP_SAMPLE_DETERMINISTIC, .rate = 10 });
	feed(some, START + 2 * SECOND, 1000);
	b = books_of(probe, first);
	cr_expect_eq(b.recorded, 1100);
	cr_expect_eq(b.unsampled, 0);
	feed(some, START + LENGTH, 1000);
	b = books_of(probe, second);
	expect_estimate(&b, 1000, 10, NFP_SAMPLE_DETERMINISTIC, "second bucket");
	cr_expect_eq(b.recorded, 100);
}

static struct nfp_rate rate_of(NfpProbe *probe)
{
	struct nfp_rate rate = { 0 };

	cr_assert_eq(bpf_map_lookup_elem(probe->maps.rates, &loopback, &rate), 0);
	return rate;
}

Test(probe_sampling, rates_of_attached_hooks_change_at_a_boundary)
{
	g_autoptr(NfpProbe) probe = open_probe(false);
	const NfpSampling ten = { .mode = NFP_SAMPLE_RANDOM, .rate = 10 }, off = { 0 };
	const NfpSampling follows = { .mode = NFP_SAMPLE_DETERMINISTIC, .rate = 1, .budget = 1000 };
	struct nfp_rate rate;
	uint64_t budget;

	make_buckets(probe);
	cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &off, true, NULL), NFP_SAMPLE_NONE);
	cr_assert_eq(nfp_sampling_rate(&probe->maps, 1, 0, &budget), 1);
	cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &ten, true, NULL), NFP_SAMPLE_RANDOM);
	rate = rate_of(probe);
	cr_expect(rate.before == 1 && rate.after == 10 && rate.from % LENGTH == 0 && rate.from > 0);
	cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &ten, false, NULL), NFP_SAMPLE_RANDOM);
	rate = rate_of(probe);
	cr_expect(rate.before == 10 && rate.after == 10 && rate.from == 0);
	cr_expect_eq(nfp_sampling_rate(&probe->maps, 1, 0, &budget), 10);
	/* A daemon that starts again goes on with the rate there is. */
	cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &follows, true, NULL), NFP_SAMPLE_DETERMINISTIC);
	rate = rate_of(probe);
	cr_expect(rate.before == 10 && rate.after == 10 && rate.budget == 1000);
	/* Without sampling from the next bucket on: until then the program has to ask. */
	cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &off, true, NULL), NFP_SAMPLE_DETERMINISTIC);
	rate = rate_of(probe);
	cr_expect(rate.before == 10 && rate.after == 1 && rate.budget == 0);
	nfp_sampling_forget(probe->buckets, 1, 0);
	cr_expect_eq(nfp_sampling_rate(&probe->maps, 1, 0, &budget), 1);
}

typedef struct {
	NfpProbe *probe;
	gint over;
} Follower;

/* The harvester's thread, with each look due. */
static gpointer follow(gpointer data)
{
	Follower *f = data;
	uint64_t now = START + 2 * SECOND;

	while (!g_atomic_int_get(&f->over)) {
		nfp_sampling_adapt(nfp_probe_source(f->probe), now);
		now = now < START + LENGTH - 2 * SECOND ? now + SECOND : START + 2 * SECOND;
		f->probe->buckets->looked = 0;
	}
	return NULL;
}

/* What is set while the harvester's thread looks at the traffic stands: it does not write back what it read before. */
Test(probe_sampling, a_rate_that_is_set_stands)
{
	const NfpSampling follows = { .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1 };
	const NfpSampling fixed = { .mode = NFP_SAMPLE_RANDOM, .rate = 7 };
	g_autoptr(NfpProbe) probe = open_probe(false);
	g_autoptr(NfpTestRun) run = NULL;
	Follower f = { .probe = probe };
	GThread *thread;
	guint lost = 0;

	make_buckets(probe);
	run = new_run(probe, follows);
	feed(run, START + SECOND, 1000);
	thread = g_thread_new("follower", follow, &f);
	for (guint i = 0; i < 1000; i++) {
		cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &follows, false, NULL), NFP_SAMPLE_RANDOM);
		for (gint64 until = g_get_monotonic_time() + 50; g_get_monotonic_time() < until;)
			;
		cr_assert_eq(nfp_sampling_set(probe->buckets, &loopback, &fixed, false, NULL), NFP_SAMPLE_RANDOM);
		g_thread_yield();
		for (gint64 until = g_get_monotonic_time() + 100; g_get_monotonic_time() < until;)
			;
		lost += rate_of(probe).budget != 0;
	}
	g_atomic_int_set(&f.over, 1);
	g_thread_join(thread);
	cr_expect_eq(lost, 0, "%u of 1000", lost);
}

typedef struct {
	NfpSource *source;
	uint64_t now;
} Look;

static gpointer look(gpointer data)
{
	const Look *l = data;

	l->source->adapt(l->source, l->now);
	return NULL;
}

/* A thread that the machine kept waiting past the boundary sets no rate for the bucket that has begun: its CPUs would have
 * two. The lock is what keeps it waiting here; where it came to look only afterwards, another turn shows it. */
Test(probe_sampling, a_rate_that_comes_too_late_is_not_set)
{
	g_autoptr(NfpProbe) probe = open_probe(false);
	Look late = { nfp_probe_source(probe), START + LENGTH - SECOND / 5 };
	g_autoptr(NfpTestRun) run = NULL;
	bool held = false;

	make_buckets(probe);
	run = new_run(probe, (NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1 });
	feed(run, START + SECOND, 1000);
	for (guint turn = 0; turn < 10 && !held; turn++) {
		GThread *thread;

		g_mutex_lock(&probe->buckets->rates);
		thread = g_thread_new("late", look, &late);
		g_usleep(G_USEC_PER_SEC / 2); /* the time that passes the boundary */
		g_mutex_unlock(&probe->buckets->rates);
		g_thread_join(thread);
		held = rate_of(probe).after == 1;
		probe->buckets->looked = 0;
		nfp_sampling_set(probe->buckets, &loopback, &(NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1 },
				 false, NULL);
	}
	cr_expect(held);
	/* In time it is. */
	late.now = START + 2 * SECOND;
	look(&late);
	cr_expect(rate_of(probe).from == START + LENGTH && rate_of(probe).after > 1);
}

Test(probe_sampling, next_rate)
{
	cr_expect_eq(nfp_sampling_next(1, 0, 1000), 1);
	cr_expect_eq(nfp_sampling_next(1, 1000, 1000), 1);
	cr_expect_eq(nfp_sampling_next(1, 1001, 1000), 2);
	cr_expect_eq(nfp_sampling_next(1, 50000, 1000), 50);
	cr_expect_eq(nfp_sampling_next(50, 0, 1000), 25, "by half a bucket");
	cr_expect_eq(nfp_sampling_next(2, 0, 1000), 1);
	cr_expect_eq(nfp_sampling_next(1, UINT64_MAX / 2, 1), NFP_SAMPLE_MAX);
}

/* A flood makes N rise with the next bucket, calm makes it fall; each bucket keeps its own. */
Test(probe_sampling, follows_the_traffic)
{
	g_autoptr(NfpProbe) probe = open_probe(false);
	NfpSource *source = nfp_probe_source(probe);
	g_autoptr(NfpTestRun) run = NULL;
	struct nfp_rate rate;
	Books b;

	make_buckets(probe);
	run = new_run(probe, (NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1000 });
	feed(run, START + SECOND, 100000);
	source->adapt(source, START + 10 * SECOND);
	rate = rate_of(probe);
	cr_expect_eq(rate.from, START + LENGTH);
	cr_expect_eq(rate.before, 1);
	cr_expect_eq(rate.after, 10);
	b = books_of(probe, first);
	cr_expect(b.rate == 1 && b.recorded == 100000 && b.unsampled == 0);
	source->adapt(source, START + LENGTH - 1000);
	cr_expect_eq(rate_of(probe).after, 10, "too near to the boundary");

	feed(run, START + LENGTH + SECOND, 100000);
	b = books_of(probe, second);
	expect_estimate(&b, 100000, 10, NFP_SAMPLE_RANDOM, "flood");
	source->adapt(source, START + LENGTH + 10 * SECOND);
	cr_expect_eq(rate_of(probe).after, 10);
	source->adapt(source, START + LENGTH + 20 * SECOND);
	rate = rate_of(probe);
	cr_expect(rate.from == START + 2 * LENGTH && rate.before == 10 && rate.after == 5, "calm");
	b = books_of(probe, first);
	cr_expect_eq(b.rate, 1);
}

/* ---- other hooks, other buffers -------------------------------------------------------------------- */

static struct nfprobe_bpf *load_alone(const char *name, uint32_t ifindex, uint8_t flags, uint32_t n)
{
	struct nfprobe_bpf *skel;
	struct nfp_books_key key = { .ifindex = ifindex, .flags = flags };
	struct nfp_rate rate = { .before = n, .after = n };

	nfp_test_need_bpf();
	skel = nfp_load_open();
	cr_assert_not_null(skel);
	skel->rodata->knob_clock = 1; /* NFP_CLOCK_CAPTURE */
	bpf_program__set_autoload(bpf_object__find_program_by_name(skel->obj, name), true);
	cr_assert_eq(nfprobe_bpf__load(skel), 0);
	nfp_test_configure(skel->obj, 0);
	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skel->maps.rates), &key, &rate, BPF_ANY), 0);
	return skel;
}

/* Buffers are chosen, and packets counted: the estimate holds, with the spread of buffers. */
static void check_gso(uint32_t segments, uint32_t told)
{
	const uint32_t n = 200000, rate = 10;
	struct nfprobe_bpf *skel = load_alone("nfprobe_tc_some", 1, 0, rate);
	struct nfp_bucket id = nfp_test_bucket(0);
	uint8_t frame[42 + 400] = { 0 };
	struct __sk_buff skb = nfp_test_skb(0, 0);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &skb,
		    .ctx_size_in = sizeof(skb), .repeat = (int)n);
	NfpTestBooks b;
	double off;

	memcpy(frame, udp, sizeof(udp));
	frame[16] = (sizeof(frame) - 14) >> 8;
	frame[17] = (sizeof(frame) - 14) & 0xff;
	frame[38] = (sizeof(frame) - 34) >> 8;
	frame[39] = (sizeof(frame) - 34) & 0xff;
	skb.gso_size = 400 / segments;
	skb.gso_segs = told;
	nfp_test_bucket_add(skel->obj, id, 16, -1);
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(skel->progs.nfprobe_tc_some), &opts), 0);
	b = nfp_test_books(skel->obj, id);
	cr_expect_eq(b.seen, (guint64)n * segments);
	cr_expect_eq(b.seen, b.recorded + b.lost);
	cr_expect_eq(nfp_test_status(skel->obj, NFP_C_unsampled), b.lost);
	off = (double)b.recorded * rate - (double)n * segments;
	cr_expect_leq(off * off, SIGMAS * SIGMAS * segments * segments * n * (rate - 1), "off by %.0f", off);
	nfprobe_bpf__destroy(skel);
}

Test(probe_sampling, buffers_of_several_packets)
{
	check_gso(4, 4);
	check_gso(4, 0); /* from tun: nobody has counted them */
}

Test(probe_sampling, xdp)
{
	const uint32_t n = 200000, rate = 10;
	bool frags = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) == 1;
	const char *name = frags ? "nfprobe_frags_some" : "nfprobe_xdp_some";
	struct nfprobe_bpf *skel = load_alone(name, 1, NFP_KEY_XDP, rate);
	struct nfp_bucket id = nfp_test_bucket(-1);
	uint8_t after[sizeof(udp)];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = udp, .data_size_in = sizeof(udp), .data_out = after,
		    .data_size_out = sizeof(after), .repeat = (int)n);
	NfpTestBooks b;
	double off;

	nfp_test_bucket_add(skel->obj, id, 16, -1);
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(skel->obj, name)), &opts), 0);
	b = nfp_test_books(skel->obj, id);
	cr_expect_eq(b.seen, n);
	cr_expect_eq(b.seen, b.recorded + b.lost);
	off = (double)b.recorded * rate - n;
	cr_expect_leq(off * off, SIGMAS * SIGMAS * n * (rate - 1), "off by %.0f", off);
	nfprobe_bpf__destroy(skel);
}
