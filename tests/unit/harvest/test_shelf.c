/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets that take packets, through clock steps, suspend, slews, late creation, spill and interval changes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "harvest/sizes.h"
#include "support/harvest_world.h"

#define S NFP_WORLD_S

Test(shelf, clock_set_back_makes_new_labels)
{
	NfpWorld w;

	nfp_world_init(&w);
	for (int i = 0; i < 5; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, S);
		w.clock.offset -= 3 * S;
		nfp_world_pass(&w, 0);
		cr_expect_eq(w.fake->clock.step, (uint64_t)i + 1);
		nfp_world_traffic(&w);
	}
	cr_expect_eq(w.fake->spilled, 0, "the buckets of the new time are there before the clock is");
	nfp_world_pass(&w, 20 * S);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, clock_set_back_again_and_again_repeats_no_label)
{
	NfpWorld w;

	nfp_world_init(&w);
	/* The same second is lived through thirty times. */
	for (int i = 0; i < 30; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, S);
		w.clock.offset -= S;
		nfp_world_pass(&w, 0);
	}
	nfp_world_finish(&w);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 60);
	nfp_world_clear(&w);
}

Test(shelf, clock_set_ahead_keeps_labels)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.clock.offset += 3600 * S;
	nfp_world_pass(&w, 0);
	cr_expect_eq(w.fake->clock.step, 0);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5, "its bucket is long over");
	nfp_world_traffic(&w);
	cr_expect_eq(w.fake->spilled, 0);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, slewing_is_no_step)
{
	NfpWorld w;
	NfpHarvestStatus status;

	nfp_world_init(&w);
	for (int i = 0; i < 100; i++) {
		w.clock.offset += i % 2 ? 9 * (int64_t)NFP_NS_PER_MS : -9 * (int64_t)NFP_NS_PER_MS;
		nfp_world_traffic(&w);
		nfp_world_pass(&w, 500 * NFP_NS_PER_MS);
		cr_expect_eq(w.fake->clock.offset, w.clock.offset);
	}
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.clock_steps, 0);
	cr_expect_eq(w.fake->clock.step, 0);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, suspend_spills_what_nobody_foresaw)
{
	NfpWorld w;
	NfpHarvestStatus status;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.clock.boot += 7203 * S; /* suspended; packets come before the harvester wakes */
	nfp_world_traffic(&w);
	cr_expect_eq(w.fake->spilled, 5);
	nfp_harvester_step(w.harvester);
	nfp_world_traffic(&w);
	cr_expect_eq(w.fake->spilled, 5);
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.late, 1, "the current one");
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 10);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, spill_label_is_the_range_in_which_it_was_filled)
{
	NfpWorld w;
	GHashTableIter iter;
	NfpRecord *r;
	int found = 0;

	nfp_world_init(&w);
	nfp_world_pass(&w, S);
	w.clock.boot += 100 * S;
	nfp_world_traffic(&w);
	w.clock.boot += S;
	nfp_harvester_step(w.harvester);
	g_hash_table_iter_init(&iter, w.receiver.records);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&r)) {
		cr_expect_eq(r->bucket_start_ns, (uint64_t)(NFP_WORLD_EPOCH + S));
		cr_expect_eq(r->bucket_end_ns, (uint64_t)(NFP_WORLD_EPOCH + 102 * S));
		found++;
	}
	cr_expect_eq(found, 2);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, creation_that_fails_is_late_and_loses_nothing)
{
	NfpWorld w;

	nfp_world_init(&w);
	w.fake->fail[NFP_FAKE_CREATE].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_CREATE].times = 100;
	for (int i = 0; i < 60; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, S);
	}
	cr_expect_gt(w.fake->spilled, 0);
	w.fake->fail[NFP_FAKE_CREATE].times = 0;
	nfp_world_pass(&w, S);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, interval_of_the_predecessor_gives_way)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	nfp_harvester_free(w.harvester);
	w.options.interval = 60 * S;
	w.clock.boot += S;
	w.harvester = nfp_world_harvester(&w);
	nfp_world_traffic(&w);
	cr_expect_eq(w.fake->clock.length, (uint64_t)(60 * S));
	nfp_world_pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5, "the bucket of the old length");
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_OPEN), 2);
	nfp_harvester_free(w.harvester);
	w.options.interval = 10 * S;
	w.harvester = nfp_world_harvester(&w);
	nfp_world_traffic(&w);
	nfp_world_pass(&w, S);
	cr_expect_eq(w.fake->spilled, 0);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* Buckets that wait for a collector keep their maps: those that are made beside them get what is left of the memory. */
Test(shelf, a_collector_that_is_away_takes_no_more_memory)
{
	static const uint64_t none[NFP_P_N];
	uint32_t first[NFP_P_N], slots[NFP_P_N] = { 0 };
	uint64_t held = 0;
	NfpWorld w;

	nfp_world_init(&w);
	memcpy(first, w.fake->room, sizeof(first));
	w.receiver.hold = G_MAXUINT;
	for (int i = 0; i < 70; i++) {
		nfp_world_traffic(&w);
		held += nfp_sizes_held(w.fake->room, slots, none);
		nfp_world_pass(&w, 10 * S);
	}
	cr_expect_lt(nfp_sizes_octets(w.fake->room), nfp_sizes_octets(first));
	cr_expect_leq(held, w.options.memory, "%" G_GUINT64_FORMAT " MiB", (guint64)(held >> 20));
	nfp_receiver_deliver(&w.receiver);
	w.receiver.hold = 0;
	nfp_world_pass(&w, 10 * S);
	for (int i = 0; i < 5; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, 10 * S);
	}
	cr_expect_arr_eq(w.fake->room, first, sizeof(first), "when it is back, buckets are as large as before");
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* The clock is set back, and turning the packets' clock fails so many times: what was made for them is there when they come. */
static void turn_that_fails(bool unwaited, guint times)
{
	NfpHarvestStatus status;
	NfpWorld w;

	nfp_world_init(&w);
	w.receiver.hold = G_MAXUINT; /* a bucket that was closed keeps its label */
	nfp_world_traffic(&w);
	nfp_world_pass(&w, S);
	w.clock.offset -= 3600 * S;
	w.fake->unwaited = unwaited;
	w.fake->fail[NFP_FAKE_SET_CLOCK].error = -EMFILE;
	w.fake->fail[NFP_FAKE_SET_CLOCK].times = times;
	for (guint i = 0; i < times + 2; i++) {
		nfp_world_pass(&w, S);
		nfp_world_traffic(&w);
	}
	cr_expect_eq(w.fake->spilled, 0, "%d packets have no bucket", (int)w.fake->spilled);
	cr_expect_eq(w.fake->clock.step, 1);
	nfp_harvester_status(w.harvester, &status);
	cr_expect_eq(status.clock_steps, 1);
	cr_expect_geq(status.drain_errors, unwaited ? 1 : times, "each is counted");
	nfp_world_pass(&w, 30 * S);
	cr_expect_leq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_OPEN), 5, "those of the old labels are closed");
	w.receiver.hold = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(shelf, clock_that_packets_have_and_nobody_waited_for)
{
	turn_that_fails(true, 1);
}

Test(shelf, clock_that_packets_get_later)
{
	turn_that_fails(false, 1);
	turn_that_fails(false, 12);
}
