/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The harvester on a clock and a source of the test's: clock steps, suspend, slews, late creation,
 * spill, interval changes, failures, deliveries. */
#include <criterion/criterion.h>
#include <errno.h>

#include "harvest/account.h"
#include "harvest/harvester.h"
#include "support/fake_clock.h"
#include "support/fake_source.h"
#include "support/receiver.h"

#define S ((int64_t)NFP_NS_PER_S)
#define EPOCH (1795390440ll * S)

typedef struct {
	NfpFakeClock clock;
	NfpFakeSource *fake;
	NfpReceiver receiver;
	NfpHarvestOptions options;
	NfpHarvester *harvester;
} World;

static NfpHarvester *harvester_of(World *w)
{
	NfpHarvester *h = nfp_harvester_new(&w->options, &w->clock.clock, nfp_receiver_publish, NULL, &w->receiver);

	cr_assert(nfp_harvester_add_source(h, &w->fake->source, NULL));
	return h;
}

static void world_init(World *w)
{
	nfp_fake_clock_init(&w->clock, 1000 * S, EPOCH - 1000 * S);
	w->fake = nfp_fake_source_new();
	nfp_receiver_init(&w->receiver, w->fake);
	w->options = (NfpHarvestOptions){
		.interval = 10 * S,
		.ahead = 30 * S,
		.grace = 200 * NFP_NS_PER_MS,
		.merge_cpus = TRUE,
		.memory = 64 << 20,
		.hostname = "edge1",
	};
	w->harvester = harvester_of(w);
}

static void world_clear(World *w)
{
	nfp_harvester_free(w->harvester);
	nfp_receiver_clear(&w->receiver);
	nfp_fake_source_free(w->fake);
}

/* Three packets of two flows on two CPUs. */
static void traffic(World *w)
{
	static const NfpFakePacket packets[] = {
		{ .row = NFP_P_tcp4, .ifindex = 2, .cpu = 0, .flow = 1, .packets = 3 },
		{ .row = NFP_P_tcp4, .ifindex = 2, .cpu = 1, .flow = 1, .packets = 1 },
		{ .row = NFP_P_udp6, .ifindex = 3, .cpu = 1, .flow = 2, .packets = 1, .flags = NFP_KEY_EGRESS },
	};

	for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
		nfp_fake_source_packet(w->fake, w->clock.boot, &packets[i]);
}

static void pass(World *w, int64_t ns)
{
	w->clock.boot += ns;
	nfp_harvester_step(w->harvester);
}

/* Everything that was counted comes out, once, and the books agree. */
static void finish_and_check(World *w)
{
	struct nfp_books_value sum;

	nfp_receiver_deliver(&w->receiver);
	nfp_harvester_stop(w->harvester, TRUE, 0);
	nfp_receiver_deliver(&w->receiver);
	nfp_harvester_step(w->harvester);
	nfp_fake_source_books(w->fake, &sum);
	cr_expect_eq(nfp_receiver_packets(&w->receiver) + sum.lost[NFP_LOST_filtered] +
			     sum.lost[NFP_LOST_unreadable], w->fake->injected);
	cr_expect_eq(sum.seen, w->fake->injected);
	cr_expect_eq(nfp_books_difference(&sum), 0);
	cr_expect_eq(w->receiver.conflicts, 0);
	cr_expect_eq(nfp_fake_source_buckets(w->fake, NFP_BUCKET_CLOSED), 0);
}

Test(harvester, drains_a_bucket_once_it_is_over)
{
	World w;

	world_init(&w);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_OPEN), 4, "now, and all that start within 30 s");
	traffic(&w);
	pass(&w, 10 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 0, "within the grace period");
	pass(&w, 200 * NFP_NS_PER_MS);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 2, "one flow on two CPUs is one record");
	cr_expect_eq(w.fake->spilled, 0);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, drains_every_row)
{
	World w;

	world_init(&w);
	for (int row = 0; row <= NFP_P_N; row++)
		for (int flow = 1; flow <= 3; flow++)
			nfp_fake_source_packet(w.fake, w.clock.boot, &(NfpFakePacket){
				.row = row, .ifindex = 2, .cpu = flow & 1, .flow = flow, .packets = 1 << flow });
	pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 3 * NFP_P_N + 1);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, keeps_cpus_apart_when_told)
{
	World w;

	world_init(&w);
	nfp_harvester_free(w.harvester);
	w.options.merge_cpus = FALSE;
	w.harvester = harvester_of(&w);
	traffic(&w);
	pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 3);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, tells_when_the_next_thing_is_due)
{
	World w;

	world_init(&w);
	w.clock.boot += 9500 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), 500 * NFP_NS_PER_MS, "a bucket is to be created");
	w.clock.boot += 600 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), 100 * NFP_NS_PER_MS, "a bucket is to be closed");
	w.clock.boot += 100 * (int64_t)NFP_NS_PER_MS;
	cr_expect_eq(nfp_harvester_step(w.harvester), NFP_NS_PER_S, "the clock is looked at each second");
	world_clear(&w);
}

Test(harvester, clock_set_back_makes_new_labels)
{
	World w;

	world_init(&w);
	for (int i = 0; i < 5; i++) {
		traffic(&w);
		pass(&w, S);
		w.clock.offset -= 3 * S;
		pass(&w, 0);
		cr_expect_eq(w.fake->clock.step, (uint64_t)i + 1);
		traffic(&w);
	}
	cr_expect_eq(w.fake->spilled, 0, "the buckets of the new time are there before the clock is");
	pass(&w, 20 * S);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, clock_set_back_again_and_again_repeats_no_label)
{
	World w;

	world_init(&w);
	/* The same second is lived through thirty times. */
	for (int i = 0; i < 30; i++) {
		traffic(&w);
		pass(&w, S);
		w.clock.offset -= S;
		pass(&w, 0);
	}
	finish_and_check(&w);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 60);
	world_clear(&w);
}

Test(harvester, clock_set_ahead_keeps_labels)
{
	World w;

	world_init(&w);
	traffic(&w);
	w.clock.offset += 3600 * S;
	pass(&w, 0);
	cr_expect_eq(w.fake->clock.step, 0);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5, "its bucket is long over");
	traffic(&w);
	cr_expect_eq(w.fake->spilled, 0);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, slewing_is_no_step)
{
	World w;
	NfpHarvestStatus status;

	world_init(&w);
	for (int i = 0; i < 100; i++) {
		w.clock.offset += i % 2 ? 9 * (int64_t)NFP_NS_PER_MS : -9 * (int64_t)NFP_NS_PER_MS;
		traffic(&w);
		pass(&w, 500 * NFP_NS_PER_MS);
		cr_expect_eq(w.fake->clock.offset, w.clock.offset);
	}
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.clock_steps, 0);
	cr_expect_eq(w.fake->clock.step, 0);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, suspend_spills_what_nobody_foresaw)
{
	World w;
	NfpHarvestStatus status;

	world_init(&w);
	traffic(&w);
	w.clock.boot += 7203 * S; /* suspended; packets come before the harvester wakes */
	traffic(&w);
	cr_expect_eq(w.fake->spilled, 5);
	nfp_harvester_step(w.harvester);
	traffic(&w);
	cr_expect_eq(w.fake->spilled, 5);
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.late, 1, "the current one");
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 10);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, spill_label_is_the_range_in_which_it_was_filled)
{
	World w;
	GHashTableIter iter;
	NfpRecord *r;
	int found = 0;

	world_init(&w);
	pass(&w, S);
	w.clock.boot += 100 * S;
	traffic(&w);
	w.clock.boot += S;
	nfp_harvester_step(w.harvester);
	g_hash_table_iter_init(&iter, w.receiver.records);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&r)) {
		cr_expect_eq(r->bucket_start_ns, (uint64_t)(EPOCH + S));
		cr_expect_eq(r->bucket_end_ns, (uint64_t)(EPOCH + 102 * S));
		found++;
	}
	cr_expect_eq(found, 2);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, creation_that_fails_is_late_and_loses_nothing)
{
	World w;

	world_init(&w);
	w.fake->fail[NFP_FAKE_CREATE].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_CREATE].times = 100;
	for (int i = 0; i < 60; i++) {
		traffic(&w);
		pass(&w, S);
	}
	cr_expect_gt(w.fake->spilled, 0);
	w.fake->fail[NFP_FAKE_CREATE].times = 0;
	pass(&w, S);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, interval_of_the_predecessor_gives_way)
{
	World w;

	world_init(&w);
	traffic(&w);
	nfp_harvester_free(w.harvester);
	w.options.interval = 60 * S;
	w.clock.boot += S;
	w.harvester = harvester_of(&w);
	traffic(&w);
	cr_expect_eq(w.fake->clock.length, (uint64_t)(60 * S));
	pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5, "the bucket of the old length");
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_OPEN), 2);
	nfp_harvester_free(w.harvester);
	w.options.interval = 10 * S;
	w.harvester = harvester_of(&w);
	traffic(&w);
	pass(&w, S);
	cr_expect_eq(w.fake->spilled, 0);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, undelivered_bucket_blocks_only_the_books)
{
	World w;
	struct nfp_books_value sum;

	world_init(&w);
	w.receiver.hold = 100;
	for (int i = 0; i < 3; i++) {
		traffic(&w);
		pass(&w, 10 * S + 300 * NFP_NS_PER_MS);
	}
	cr_expect_eq(w.receiver.published, 15, "drained although the first is not delivered");
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 0);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 3);
	/* The second is delivered before the first. */
	nfp_receiver_deliver_nth(&w.receiver, 1);
	pass(&w, 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 0, "in order only");
	nfp_receiver_deliver_nth(&w.receiver, 0);
	pass(&w, 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 10);
	w.receiver.hold = 0;
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, reads_that_fail_are_tried_again)
{
	World w;

	world_init(&w);
	traffic(&w);
	w.fake->fail[NFP_FAKE_READ].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_READ].times = 3;
	w.fake->fail_row = NFP_P_udp6;
	pass(&w, 11 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 4, "what could be read goes out");
	for (int i = 0; i < 4; i++)
		pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, what_cannot_be_read_is_counted_as_unreadable)
{
	World w;
	struct nfp_books_value sum;

	world_init(&w);
	traffic(&w);
	w.fake->fail[NFP_FAKE_READ].error = -EIO;
	w.fake->fail[NFP_FAKE_READ].times = 5;
	w.fake->fail_row = NFP_P_tcp4;
	pass(&w, 11 * S);
	for (int i = 0; i < 4; i++)
		pass(&w, S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.lost[NFP_LOST_unreadable], 4);
	cr_expect_eq(sum.recorded, 1);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, an_entry_left_out_breaks_the_identity)
{
	World w;
	struct nfp_books_value sum;

	world_init(&w);
	traffic(&w);
	w.fake->omit = 1;
	pass(&w, 11 * S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 5);
	cr_expect_neq(nfp_books_difference(&sum), 0, "the books are sums of two sides, neither made of the other");
	world_clear(&w);
}

Test(harvester, last_resort_and_lost_packets_are_in_the_books)
{
	World w;
	struct nfp_books_value sum;
	const NfpFakePacket hook[] = {
		{ .row = NFP_P_hook, .ifindex = 2, .cpu = 0, .packets = 7 },
		{ .row = NFP_P_hook, .ifindex = 2, .cpu = 1, .packets = 2 },
		{ .row = NFP_P_eth, .ifindex = 2, .cpu = 1, .packets = 4, .lost = true },
	};

	world_init(&w);
	for (guint i = 0; i < G_N_ELEMENTS(hook); i++)
		nfp_fake_source_packet(w.fake, w.clock.boot, &hook[i]);
	pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 1, "one a hook, of all CPUs");
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 9);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 13);
	cr_expect_eq(sum.recorded, 9);
	cr_expect_eq(sum.lost[NFP_LOST_filtered], 4);
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, stop_leaves_the_open_bucket_to_the_successor)
{
	World w;

	world_init(&w);
	traffic(&w);
	pass(&w, 10 * S + 300 * NFP_NS_PER_MS);
	traffic(&w);
	nfp_harvester_stop(w.harvester, FALSE, 0);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	nfp_harvester_free(w.harvester);
	w.clock.boot += S;
	traffic(&w);
	w.harvester = harvester_of(&w);
	pass(&w, 10 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 15);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 4, "one bucket, before and after the restart");
	finish_and_check(&w);
	world_clear(&w);
}

Test(harvester, flush_twice_in_one_interval_repeats_no_label)
{
	World w;

	world_init(&w);
	for (int i = 0; i < 3; i++) {
		traffic(&w);
		nfp_harvester_stop(w.harvester, TRUE, 0);
		traffic(&w); /* after the flush: the successor's */
		cr_expect_eq(w.fake->spilled, 0);
		nfp_harvester_free(w.harvester);
		w.harvester = harvester_of(&w);
	}
	finish_and_check(&w);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 30);
	world_clear(&w);
}

static gpointer deliver_all(gpointer data)
{
	nfp_receiver_deliver(data);
	return NULL;
}

Test(harvester, thread_drains_and_stop_waits_for_deliveries)
{
	World w;
	GThread *thread;

	world_init(&w);
	nfp_harvester_free(w.harvester);
	w.receiver.hold = 1;
	w.harvester = nfp_harvester_new(&w.options, &w.clock.clock, nfp_receiver_publish, NULL, &w.receiver);
	cr_assert(nfp_harvester_add_source(w.harvester, &w.fake->source, NULL));
	traffic(&w);
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
	finish_and_check(&w);
	world_clear(&w);
}
