/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/pace.h"

#define S ((gint64)G_USEC_PER_SEC)
#define NS 1000000000ull

typedef struct {
	gint64 took;    /* us until all was gone */
	guint64 most;   /* records that left at once, behind the first burst */
	guint steps;
} Run;

/* Sends `backlog` records, a step whenever the pace says so and `late` us behind that. */
static Run run(NfpPace *pace, uint64_t backlog, gint64 begin, gint64 late)
{
	Run run = { 0 };
	gint64 now = begin;

	while (backlog) {
		uint32_t n = MIN(nfp_pace_allowed(pace, backlog, now), backlog);

		cr_assert_lt(run.steps++, 1000000);
		if (n == 0) {
			cr_assert_gt(nfp_pace_next(pace), now, "no busy loop");
			now = nfp_pace_next(pace) + late;
			continue;
		}
		if (now > begin)
			run.most = MAX(run.most, n);
		nfp_pace_spent(pace, n);
		backlog -= n;
	}
	run.took = now - begin;
	return run;
}

Test(pace, none)
{
	NfpPace pace;

	nfp_pace_init(&pace, NFP_PACE_NONE, 0, 0);
	cr_assert_eq(nfp_pace_allowed(&pace, 1000000, 0), G_MAXUINT32);
	cr_assert_eq(nfp_pace_allowed(&pace, 0, 0), 0);
	cr_assert_eq(nfp_pace_next(&pace), NFP_PACE_NEVER);
}

/* 200,000 records of a minute: in less than half of it, in small portions. */
Test(pace, adaptive_spreads_over_less_than_half)
{
	NfpPace pace;
	Run got;

	nfp_pace_init(&pace, NFP_PACE_ADAPTIVE, 0, 0);
	nfp_pace_came(&pace, 0, 60 * NS, 100 * S);
	got = run(&pace, 1000000, 100 * S, 0);
	cr_assert_lt(got.took, 30 * S, "%" G_GINT64_FORMAT, got.took);
	cr_assert_gt(got.took, 15 * S, "%" G_GINT64_FORMAT, got.took);
	cr_assert_leq(got.most, 1200, "%" G_GUINT64_FORMAT, got.most);
	/* A machine that wakes us late: the time is kept all the same. */
	nfp_pace_came(&pace, 60 * NS, 120 * NS, 200 * S);
	got = run(&pace, 1000000, 200 * S, S / 50);
	cr_assert_lt(got.took, 30 * S, "%" G_GINT64_FORMAT, got.took);
}

Test(pace, small_buckets_wait_for_nothing)
{
	NfpPace pace;

	nfp_pace_init(&pace, NFP_PACE_ADAPTIVE, 0, 0);
	nfp_pace_came(&pace, 0, 60 * NS, 10 * S);
	cr_assert_eq(run(&pace, NFP_PACE_BURST, 10 * S, 0).took, 0);
	/* ... and somewhat larger ones not half a minute. */
	nfp_pace_came(&pace, 60 * NS, 120 * NS, 70 * S);
	cr_assert_leq(run(&pace, 10000, 70 * S, 0).took, S);
}

/* Several buckets of one time (namespaces) have the time of one; a newer one has its own. */
Test(pace, due_moves_with_new_buckets_alone)
{
	NfpPace pace;
	gint64 due;

	nfp_pace_init(&pace, NFP_PACE_ADAPTIVE, 0, 0);
	nfp_pace_came(&pace, 0, 60 * NS, 100 * S);
	due = pace.due;
	nfp_pace_came(&pace, 0, 60 * NS, 110 * S);
	cr_assert_eq(pace.due, due);
	nfp_pace_came(&pace, 60 * NS, 120 * NS, 111 * S);
	cr_assert_gt(pace.due, due);
}

Test(pace, fixed_is_what_it_says)
{
	NfpPace pace;
	Run got;

	nfp_pace_init(&pace, NFP_PACE_FIXED, 5000, 0);
	got = run(&pace, 50000, 10 * S, 0);
	cr_assert_geq(got.took, 9 * S);
	cr_assert_leq(got.took, 11 * S);
	nfp_pace_init(&pace, NFP_PACE_FIXED, 1, 0);
	got = run(&pace, NFP_PACE_BURST + 3, 10 * S, 0);
	cr_assert_leq(got.took, 40 * S);
}

/* At stop half an interval is too long. */
Test(pace, hurry)
{
	NfpPace pace;
	Run got;

	nfp_pace_init(&pace, NFP_PACE_ADAPTIVE, 0, 0);
	nfp_pace_came(&pace, 0, 3600 * NS, 100 * S);
	nfp_pace_hurry(&pace, 102 * S);
	got = run(&pace, 200000, 100 * S, 0);
	cr_assert_leq(got.took, 2 * S + S / 5);
	cr_assert_geq(got.took, S, "%" G_GINT64_FORMAT, got.took);

	nfp_pace_init(&pace, NFP_PACE_FIXED, 10, 0);
	nfp_pace_hurry(&pace, 102 * S);
	cr_assert_leq(run(&pace, 200000, 100 * S, 0).took, 3 * S);
}

/* A message at a time, as they are made: a wake-up is for a quantum all the same. */
Test(pace, a_quantum_leaves_at_once)
{
	gint64 now = 100 * S;
	guint64 backlog = 1000000;
	guint wakes = 0;
	NfpPace pace;

	nfp_pace_init(&pace, NFP_PACE_ADAPTIVE, 0, 0);
	nfp_pace_came(&pace, 0, 60 * NS, now);
	while (backlog) {
		guint32 n = MIN(nfp_pace_allowed(&pace, backlog, now), 13);

		if (n == 0) {
			now = nfp_pace_next(&pace);
			wakes++;
			continue;
		}
		n = MIN(n, backlog);
		nfp_pace_spent(&pace, n);
		backlog -= n;
	}
	cr_assert_lt(now, 130 * S);
	cr_assert_lt(wakes, 2 * 24 * 110, "%u: one or two a quantum, of which there are 100 a second", wakes);
}
