/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harvester on a clock and a source of the test's: when things are due, stop, flush, the thread. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/harvest_world.h"

#define S NFP_WORLD_S

Test(harvester, drains_a_bucket_once_it_is_over)
{
	NfpWorld w;

	nfp_world_init(&w);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_OPEN), 4, "now, and all that start within 30 s");
	nfp_world_traffic(&w);
	nfp_world_pass(&w, 10 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 0, "within the grace period");
	nfp_world_pass(&w, 200 * NFP_NS_PER_MS);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 2, "one flow on two CPUs is one record");
	cr_expect_eq(w.fake->spilled, 0);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(harvester, tells_when_the_next_thing_is_due)
{
	NfpWorld w;

	nfp_world_init(&w);
	w.clock.boot += 9500 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), 500 * NFP_NS_PER_MS, "a bucket is to be created");
	w.clock.boot += 600 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), 100 * NFP_NS_PER_MS, "a bucket is to be closed");
	w.clock.boot += 100 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), NFP_NS_PER_S, "the clock is looked at each second");
	nfp_world_clear(&w);
}

Test(harvester, every_round_is_a_turn)
{
	NfpHarvestStatus before, after;
	NfpWorld w;

	nfp_world_init(&w);
	nfp_harvester_status(w.harvester, &before);
	nfp_harvester_step(w.harvester);
	nfp_harvester_step(w.harvester);
	nfp_harvester_status(w.harvester, &after);
	cr_expect_eq(after.turns, before.turns + 2);
	nfp_world_clear(&w);
}

Test(harvester, stop_leaves_the_open_bucket_to_the_successor)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	nfp_world_pass(&w, 10 * S + 300 * NFP_NS_PER_MS);
	nfp_world_traffic(&w);
	nfp_harvester_stop(w.harvester, FALSE, 0);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	nfp_harvester_free(w.harvester);
	w.clock.boot += S;
	nfp_world_traffic(&w);
	w.harvester = nfp_world_harvester(&w);
	nfp_world_pass(&w, 10 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 15);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 4, "one bucket, before and after the restart");
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(harvester, flush_twice_in_one_interval_repeats_no_label)
{
	NfpWorld w;

	nfp_world_init(&w);
	for (int i = 0; i < 3; i++) {
		nfp_world_traffic(&w);
		nfp_harvester_stop(w.harvester, TRUE, 0);
		nfp_world_traffic(&w); /* after the flush: the successor's */
		cr_expect_eq(w.fake->spilled, 0);
		nfp_harvester_free(w.harvester);
		w.harvester = nfp_world_harvester(&w);
	}
	nfp_world_finish(&w);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 30);
	nfp_world_clear(&w);
}

/* The clock of a capture stands while replay waits for what it has read: what could not be read comes due again all the same. */
Test(harvester, settles_though_the_clock_stands)
{
	NfpHarvestStatus status;
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.clock.boot += 11 * S;
	w.fake->fail[NFP_FAKE_READ].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_READ].times = 1;
	nfp_harvester_step(w.harvester);
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.drain_errors, 1);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 0);
	cr_expect(nfp_harvester_settle(w.harvester, g_get_monotonic_time() + 60 * G_USEC_PER_SEC));
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

static gpointer deliver_all(gpointer data)
{
	nfp_receiver_deliver(data);
	return NULL;
}

Test(harvester, thread_drains_and_stop_waits_for_deliveries)
{
	NfpWorld w;
	GThread *thread;

	nfp_world_init(&w);
	nfp_harvester_free(w.harvester);
	w.receiver.hold = 1;
	w.harvester = nfp_harvester_new(&w.options, &w.clock.clock, nfp_receiver_publish, NULL, &w.receiver);
	cr_assert(nfp_harvester_add_source(w.harvester, &w.fake->source, NULL));
	nfp_world_traffic(&w);
	w.clock.boot += 11 * S;
	cr_assert(nfp_harvester_start(w.harvester, NULL));
	nfp_harvester_stop(w.harvester, FALSE, 0);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 1, "published, not delivered");
	nfp_harvester_free(w.harvester);

	w.harvester = nfp_harvester_new(&w.options, &w.clock.clock, nfp_receiver_publish, NULL, &w.receiver);
	cr_assert(nfp_harvester_add_source(w.harvester, &w.fake->source, NULL));
	nfp_harvester_step(w.harvester);
	cr_expect_eq(w.receiver.published, 10, "drained again");
	thread = g_thread_new("deliver", deliver_all, &w.receiver);
	nfp_harvester_stop(w.harvester, FALSE, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	g_thread_join(thread);
	cr_expect_eq(w.receiver.duplicates, 2, "into the same records");
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 0);
	w.receiver.hold = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* The main thread's part of a reload, while the thread rests: another receiver, another interval. */
Test(harvester, held_thread_publishes_nothing_and_takes_another_interval)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_harvester_free(w.harvester);
	w.harvester = nfp_world_harvester(&w);
	cr_assert(nfp_harvester_start(w.harvester, NULL));
	for (int i = 0; i < 20; i++) {
		nfp_harvester_hold(w.harvester);
		nfp_world_traffic(&w);
		w.options.interval = (i % 2 ? 10 : 20) * S;
		nfp_harvester_change(w.harvester, &w.options);
		w.clock.boot += 21 * S;
		cr_expect_eq(nfp_receiver_packets(&w.receiver), (uint64_t)i * 5, "held: nothing of this round has come out");
		nfp_harvester_go(w.harvester);
		while (TRUE) {
			NfpHarvestStatus status;

			nfp_harvester_status(w.harvester, &status);
			if (status.packets == (uint64_t)(i + 1) * 5)
				break;
			g_usleep(1000);
		}
	}
	nfp_harvester_hold(w.harvester);
	nfp_harvester_go(w.harvester);
	cr_expect_eq(w.fake->spilled, 0, "buckets of the new labels are there before the clock is");
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(harvester, interval_ends_the_open_bucket_and_no_other_option_does)
{
	NfpHarvestStatus status;
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.options.merge_cpus = FALSE;
	w.options.flows = 128;
	w.options.memory *= 2;
	nfp_harvester_change(w.harvester, &w.options);
	nfp_world_pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 0);
	w.options.interval = 5 * S;
	nfp_harvester_change(w.harvester, &w.options);
	nfp_world_pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.clock_steps, 1);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}
