/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "harvest/plan.h"

#define S ((int64_t)NFP_NS_PER_S)
#define MS ((int64_t)NFP_NS_PER_MS)

static const struct nfp_clock minute = { .offset = 1000 * S, .length = 60 * S, .step = 3 };

Test(plan, turns)
{
	struct nfp_clock next;

	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S, 60 * S, &next), NFP_TURN_NONE);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S - 1, 60 * S, &next), NFP_TURN_REFRESH);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S - 10 * MS + 1, 60 * S, &next), NFP_TURN_REFRESH);
	cr_expect_eq(next.step, 3);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S + 10 * MS - 1, 60 * S, &next), NFP_TURN_REFRESH);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S + 10 * MS, 60 * S, &next), NFP_TURN_FORWARD);
	cr_expect_eq(next.step, 3);
	cr_expect_eq(next.offset, 1000 * S + 10 * MS);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S - 10 * MS, 60 * S, &next), NFP_TURN_RELABEL);
	cr_expect_eq(next.step, 4);
	cr_expect_eq(nfp_plan_turn(&minute, 1000 * S, 10 * S, &next), NFP_TURN_RELABEL);
	cr_expect_eq(next.step, 4);
	cr_expect_eq(next.length, (uint64_t)(10 * S));
	cr_expect_eq(nfp_plan_turn(&(struct nfp_clock){ 0 }, 5, 10 * S, &next), NFP_TURN_RELABEL, "no clock yet");
	cr_expect_eq(next.step, 0);
	cr_expect_eq(next.offset, 5);
}

Test(plan, step_stays_below_a_second)
{
	struct nfp_clock last = { .length = S, .step = S - 1 };

	cr_expect_eq(nfp_plan_relabel(&last).step, 0);
}

Test(plan, labels)
{
	struct nfp_bucket id = nfp_plan_label(&minute, 125 * S);

	cr_expect_eq(id.start_ts, (uint64_t)(120 * S + 3));
	cr_expect_eq(id.end_ts, (uint64_t)(180 * S + 3));
	cr_expect(nfp_plan_is_label(&minute, id));
	cr_expect_not(nfp_plan_is_label(&minute, (struct nfp_bucket){ 120 * S, 180 * S }));
	cr_expect_not(nfp_plan_is_label(&minute, (struct nfp_bucket){ 120 * S + 3, 130 * S + 3 }));
}

Test(plan, due)
{
	struct nfp_bucket id = { 60 * S, 120 * S };

	cr_expect_not(nfp_plan_due(id, 120 * S + 199 * MS, 200 * MS));
	cr_expect(nfp_plan_due(id, 120 * S + 200 * MS, 200 * MS));
}

static void expect_wanted(uint64_t now, uint64_t ahead, guint n)
{
	g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));

	nfp_plan_wanted(&minute, now, ahead, wanted);
	cr_assert_eq(wanted->len, n);
	for (guint i = 0; i < n; i++)
		cr_expect_eq(g_array_index(wanted, struct nfp_bucket, i).start_ts,
			     now - now % (60 * S) + i * 60 * S + 3);
}

Test(plan, wanted)
{
	expect_wanted(120 * S, 30 * S, 2);
	expect_wanted(179 * S, 30 * S, 2);
	expect_wanted(179 * S, 62 * S, 3);
	expect_wanted(120 * S, 0, 2);
	expect_wanted(120 * S, 600 * S, 11);
}

/* Whatever the time: nothing new is wanted before the moment that is told, and something is then. */
Test(plan, next_wanted)
{
	for (int64_t now = 0; now < 130 * S; now += 777 * MS) {
		g_autoptr(GArray) a = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
		g_autoptr(GArray) b = g_array_new(FALSE, FALSE, sizeof(struct nfp_bucket));
		uint64_t ns = nfp_plan_next_wanted(&minute, now, 90 * S);

		cr_expect_gt(ns, 0);
		nfp_plan_wanted(&minute, now, 90 * S, a);
		nfp_plan_wanted(&minute, now + ns - 1, 90 * S, b);
		cr_expect_eq(g_array_index(a, struct nfp_bucket, a->len - 1).start_ts,
			     g_array_index(b, struct nfp_bucket, b->len - 1).start_ts);
	}
}
