/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/metered.h"
#include "support/netns.h"

Test(probe_totals, clock_is_as_set_and_survives)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_clock clock;
	NfpSource *source;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_assert_eq(source->get_clock(source, &clock), 0);
	cr_expect_eq(clock.length, 0, "never written");
	for (uint64_t i = 1; i <= 5; i++) {
		struct nfp_clock set = { -(int64_t)i, 1000000000 * i, i };

		cr_assert_eq(source->set_clock(source, &set, i % 2), 0);
		cr_assert_eq(source->get_clock(source, &clock), 0);
		cr_expect(clock.offset == set.offset && clock.length == set.length && clock.step == set.step);
	}
	nfp_probe_free(g_steal_pointer(&probe));
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_assert_eq(source->get_clock(source, &clock), 0);
	cr_expect(clock.offset == -5 && clock.length == 5000000000 && clock.step == 5);
}

Test(probe_totals, packets_follow_the_clock)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_clock clock;
	struct nfp_bucket id, moved;
	uint32_t smallest[NFP_P_N] = { 0 };
	NfpSource *source;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	id = nfpt_meter(probe);
	nfpt_run("ping -q -c 1 10.9.0.2");
	cr_assert_eq(source->get_clock(source, &clock), 0);
	clock.step = 3;
	moved = (struct nfp_bucket){ id.start_ts + 3, id.end_ts + 3 };
	cr_assert_eq(source->create(source, moved, smallest), 0);
	cr_assert_eq(source->set_clock(source, &clock, true), 0);
	nfpt_run("ping -q -c 2 -i 0.01 10.9.0.2");
	cr_expect_eq(nfpt_seen_all(probe, id), 2);
	cr_expect_eq(nfpt_seen_all(probe, moved), 4);
}

static void add(const struct nfp_books_key *key, const struct nfp_books_value *value, void *data)
{
	*(uint64_t *)data += value->seen * key->ifindex;
}

Test(probe_totals, books_add_each_bucket_once)
{
	g_autoptr(NfpProbe) probe = NULL;
	struct nfp_books_key one = { .ifindex = 1 }, two = { .ifindex = 2, .flags = NFP_KEY_EGRESS };
	struct nfp_books_value value = {
		.seen = 10, .seen_skbs = 9, .seen_skb_bytes = 1000, .recorded = 8, .coarsened = 3,
		.lost = { [NFP_LOST_no_row] = 2 }, .last = { 100, 200 },
	}, sum;
	NfpSource *source;
	uint64_t total = 0;

	nfpt_sandbox();
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_expect_eq(source->get_books(source, &one, &sum), -ENOENT);
	cr_assert_eq(source->add_books(source, &one, &value), 0);
	cr_assert_eq(source->add_books(source, &one, &value), 0, "again, after a crash");
	value.last.start_ts = 200;
	cr_assert_eq(source->add_books(source, &one, &value), 0);
	cr_assert_eq(source->add_books(source, &two, &value), 0);
	nfp_probe_free(g_steal_pointer(&probe));

	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	cr_assert_eq(source->get_books(source, &one, &sum), 0);
	cr_expect(sum.seen == 20 && sum.seen_skbs == 18 && sum.seen_skb_bytes == 2000 && sum.recorded == 16 &&
		  sum.coarsened == 6 && sum.lost[NFP_LOST_no_row] == 4 && sum.lost[NFP_LOST_no_bucket] == 0);
	cr_expect_eq(sum.last.start_ts, 200);
	cr_assert_eq(nfp_probe_books(probe, add, &total), 0);
	cr_expect_eq(total, 20 * 1 + 10 * 2);
}

Test(probe_totals, counters_are_summed_over_cpus)
{
	g_autoptr(NfpProbe) probe = NULL;
	uint64_t all[NFP_C_N], one;
	NfpSource *source;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("default", NULL, false);
	source = nfp_probe_source(probe);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	for (int cpu = 0; cpu < 2; cpu++)
		nfpt_try("taskset -c %d ping -q -c 2 -i 0.01 10.9.0.2", cpu);
	cr_assert_eq(nfp_probe_counters(probe, all), 0);
	cr_assert_eq(source->counter(source, NFP_C_seen, &one), 0);
	cr_expect_eq(one, all[NFP_C_seen]);
	cr_expect_eq(one, nfpt_seen_all(probe, nfpt_meter(probe)));
	cr_expect_eq(all[NFP_C_recorded], one);
	cr_expect_eq(all[NFP_C_outcome_ok], one);
}
