/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, when the clock is set: none waits for a time that was. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/domain.h"
#include "probe/load.h"
#include "probe/sampling.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define SECOND NFP_NS_PER_S
#define LENGTH (60 * SECOND)
#define START (1020 * SECOND)

static const struct nfp_books_key loopback = { .ifindex = 1 };

/* 10.0.0.1:1000 -> 10.0.0.2:2000, UDP, 8 octets of payload. */
static const uint8_t udp[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
};

/* With buckets from START on, and the hook of test runs sampled so. */
static NfpTestRun *metered(NfpSampling sampling, NfpProbe **ret)
{
	const struct nfp_clock clock = { .length = LENGTH };
	NfpProbe *probe;
	NfpSource *source;
	uint32_t room[NFP_P_N];
	NfpTestRun *run;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	for (int row = 0; row < NFP_P_N; row++)
		room[row] = 64;
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	for (uint64_t i = 0; i < 3; i++)
		cr_assert_eq(source->create(source, (struct nfp_bucket){ START + i * LENGTH, START + (i + 1) * LENGTH }, room), 0);
	nfp_probe_set_parse(probe, (NfpParseOptions){ .sampling = sampling });
	run = nfp_testrun_new(probe, true, NULL);
	cr_assert_not_null(run);
	*ret = probe;
	return run;
}

/* Its SYN: the fast row chooses it, the general path counts it. */
static const uint8_t syn[] = {
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
	0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	0x03, 0xe8, 0x07, 0xd0, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0,
};

static void feed(NfpTestRun *run, uint64_t time, uint32_t n)
{
	cr_assert_eq(nfp_testrun_repeat(run, udp, sizeof(udp), time, n), 0);
}

static struct nfp_rate rate_of(NfpProbe *probe)
{
	struct nfp_rate rate = { 0 };

	cr_assert_eq(bpf_map_lookup_elem(probe->maps.rates, &loopback, &rate), 0);
	return rate;
}

static void set_rate(NfpProbe *probe, struct nfp_rate rate)
{
	cr_assert_eq(bpf_map_update_elem(probe->maps.rates, &loopback, &rate, BPF_EXIST), 0);
}

/* Set back by two buckets: the traffic is looked at as before. */
Test(probe_sampling_clock, a_clock_that_is_set_back_stops_nothing)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = metered((NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 1, .budget = 1000 }, &probe);
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_rate rate;

	feed(run, START + 2 * LENGTH + SECOND, 100000);
	source->adapt(source, START + 2 * LENGTH + 10 * SECOND);
	rate = rate_of(probe);
	cr_assert(rate.from == START + 3 * LENGTH && rate.before == 1 && rate.after == 10);

	feed(run, START + SECOND, 200000);
	cr_expect_leq(source->adapt(source, START + 10 * SECOND), SECOND, "soon again");
	rate = rate_of(probe);
	cr_expect_eq(rate.from, START + LENGTH);
	cr_expect_eq(rate.before, 1);
	cr_expect_eq(rate.after, 20);
	feed(run, START + 11 * SECOND, 100000);
	source->adapt(source, START + 12 * SECOND);
	cr_expect_eq(rate_of(probe).after, 50, "what came since the last look");
}

/* Nobody looks at the traffic for them; what is set for the next bucket is not put off. */
Test(probe_sampling_clock, a_rate_that_is_set_comes_with_the_next_bucket)
{
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = metered((NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 10 }, &probe);
	NfpSource *source = nfp_probe_source(probe);
	struct nfp_rate later = { .from = START + 9 * LENGTH, .before = 10, .after = 100, .mode = NFP_SAMPLE_RANDOM };
	struct nfp_rate rate;

	cr_assert_not_null(run);
	set_rate(probe, later);
	source->adapt(source, START + 10 * SECOND);
	rate = rate_of(probe);
	cr_expect_eq(rate.from, START + LENGTH);
	later.from = rate.from;
	cr_expect_arr_eq(&rate, &later, sizeof(rate), "nothing else of it");
	source->adapt(source, START + 11 * SECOND);
	source->adapt(source, START + 2 * LENGTH);
	cr_expect_eq(rate_of(probe).from, START + LENGTH, "is where it belongs");
}

static int64_t boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * (int64_t)SECOND + t.tv_nsec;
}

/* Bucket 0 has everything, bucket 1 one of ten. The fast row asks the clock in ticks, which is in bucket 0 still; the general
 * path has the exact one, which is in bucket 1: what was chosen there would be ten times as much as it was. */
Test(probe_sampling_clock, what_a_bucket_chose_is_counted_there)
{
	const struct nfp_rate rate = { .from = START + LENGTH, .before = 1, .after = 10, .mode = NFP_SAMPLE_RANDOM };
	const uint8_t *frames[] = { udp, syn };
	const uint32_t lengths[] = { sizeof(udp), sizeof(syn) }, n = 1000;
	g_autoptr(NfpProbe) probe = NULL;
	g_autoptr(NfpTestRun) run = metered((NfpSampling){ .mode = NFP_SAMPLE_RANDOM, .rate = 10 }, &probe);
	const NfpProgramSettings settings = { .table = probe->buckets->tables, .sample = NFP_SAMPLE_RANDOM };
	struct nfp_config config;
	uint32_t zero = 0;
	int program;

	cr_assert_not_null(run);
	if (!probe->buckets->tables)
		cr_skip_test("this kernel has no flow tables: one clock asks");
	set_rate(probe, rate);
	cr_assert_eq(bpf_map_lookup_elem(probe->maps.config, &zero, &config), 0);
	config.clock[config.active].offset = (int64_t)(START + LENGTH + SECOND) - boottime();
	/* A tick of 1 ns: jiffies64 is some 4 s then, and a few more. */
	config.tick[config.active] = (struct nfp_tick){ .base = START + SECOND, .length = 1 };
	cr_assert_eq(bpf_map_update_elem(probe->maps.config, &zero, &config, BPF_ANY), 0);
	program = nfp_load_program(&probe->maps, settings, NULL);
	cr_assert_geq(program, 0);
	for (int i = 0; i < 2; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frames[i], .data_size_in = lengths[i], .repeat = (int)n);

		cr_assert_eq(bpf_prog_test_run_opts(program, &opts), 0);
		cr_expect_eq(nfpt_seen_all(probe, (struct nfp_bucket){ START, START + LENGTH }), (i + 1) * n);
		cr_expect_eq(nfpt_seen_all(probe, (struct nfp_bucket){ START + LENGTH, START + 2 * LENGTH }), 0);
	}
	close(program);
}
