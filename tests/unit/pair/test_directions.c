// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>

#include "pair/directions.h"
#include "support/encode_records.h"

Test(directions, are_kept_for_half_an_hour)
{
	g_autoptr(NfpDirections) d = nfp_directions_new(1000);
	NfpBeginner b = { 9, 9 };

	nfp_directions_turn(d, 10000, 10060);
	cr_assert_not(nfp_directions_get(d, 5, &b));
	cr_assert_eq(b.side, 9, "untouched");
	nfp_directions_put(d, 5, (NfpBeginner){ 1, 0 });
	nfp_directions_put(d, 0, (NfpBeginner){ 0, 1 });
	nfp_directions_turn(d, 10060 + 1800, 10120 + 1800);
	cr_assert(nfp_directions_get(d, 5, &b));
	cr_assert(b.side == 1 && !b.sure);
	cr_assert(nfp_directions_get(d, 0, &b));
	cr_assert(b.side == 0 && b.sure);
	nfp_directions_put(d, 5, (NfpBeginner){ 0, 1 });
	nfp_directions_turn(d, 10060 + 1801, 10120 + 1800);
	cr_assert(nfp_directions_get(d, 5, &b), "seen again");
	cr_assert(b.side == 0 && b.sure);
	cr_assert_not(nfp_directions_get(d, 0, &b));
	cr_assert_eq(nfp_directions_evicted(d), 0);
	nfp_directions_free(NULL);
}

Test(directions, are_bounded_and_the_oldest_go)
{
	const guint room = 4096;
	g_autoptr(NfpDirections) d = nfp_directions_new(room);
	uint64_t old = 1, new = 2, gone = 0, seed;
	NfpBeginner b;

	nfp_directions_turn(d, 0, 60);
	for (guint i = 0; i < room / 2; i++)
		nfp_directions_put(d, nfp_test_random(&old), (NfpBeginner){ 1, 1 });
	nfp_directions_turn(d, 60, 120);
	for (guint i = 0; i < 4 * room; i++)
		nfp_directions_put(d, nfp_test_random(&new), (NfpBeginner){ 0, 1 });
	seed = 1;
	for (guint i = 0; i < room / 2; i++)
		gone += !nfp_directions_get(d, nfp_test_random(&seed), &b);
	cr_assert_gt(gone, room / 2 * 9 / 10, "%" G_GUINT64_FORMAT " gone", gone);
	cr_assert_eq(nfp_directions_evicted(d), room / 2 + 4 * room - room, "each that gave way is counted");
	/* What is in use stays while a bucket brings no more than fits. */
	for (guint turn = 2; turn < 20; turn++) {
		nfp_directions_turn(d, turn * 60, turn * 60 + 60);
		nfp_directions_put(d, 42, (NfpBeginner){ 1, 1 });
		for (guint i = 0; i < room / 16; i++)
			nfp_directions_put(d, nfp_test_random(&new), (NfpBeginner){ 0, 1 });
		cr_assert(nfp_directions_get(d, 42, &b));
	}
}

/* A clock that was years ahead for a moment. */
Test(directions, of_a_clock_that_was_ahead_give_way)
{
	const guint room = 64;
	g_autoptr(NfpDirections) d = nfp_directions_new(room);
	uint64_t ahead = 1, again = 1, new = 2;
	guint there = 0;
	NfpBeginner b;

	nfp_directions_turn(d, 4000000000u, 4000000060u);
	for (guint i = 0; i < 8 * room; i++)
		nfp_directions_put(d, nfp_test_random(&ahead), (NfpBeginner){ 1, 1 });
	nfp_directions_turn(d, 10000, 10060);
	for (guint i = 0; i < 8 * room; i++)
		cr_assert_not(nfp_directions_get(d, nfp_test_random(&again), &b));
	ahead = nfp_directions_evicted(d);
	for (guint i = 0; i < room / 2; i++)
		nfp_directions_put(d, nfp_test_random(&new), (NfpBeginner){ 0, 1 });
	cr_expect_eq(nfp_directions_evicted(d), ahead, "nobody misses them");
	new = 2;
	for (guint i = 0; i < room / 2; i++)
		there += nfp_directions_get(d, nfp_test_random(&new), &b);
	cr_expect_eq(there, room / 2, "%u", there);
}

/* Set back by as much as the clocks of machines are: what began a flow is still known. */
Test(directions, stay_when_the_clock_is_set_back_a_little)
{
	g_autoptr(NfpDirections) d = nfp_directions_new(1000);
	NfpBeginner b;

	nfp_directions_turn(d, 10000, 10060);
	nfp_directions_put(d, 5, (NfpBeginner){ 1, 1 });
	nfp_directions_turn(d, 9000, 9060);
	cr_expect(nfp_directions_get(d, 5, &b) && b.side == 1);
	nfp_directions_turn(d, 7000, 7060);
	cr_expect_not(nfp_directions_get(d, 5, &b));
	nfp_directions_turn(d, UINT32_MAX - 60, UINT32_MAX);
	nfp_directions_put(d, 6, (NfpBeginner){ 0, 1 });
	cr_expect(nfp_directions_get(d, 6, &b) && b.side == 0);
}
