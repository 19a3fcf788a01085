/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/plan.h"

#include "base/clock.h"

#define LENGTH_MAX (3600 * NFP_NS_PER_S)
#define OFFSET_MAX ((int64_t)1 << 62) /* ns: 146 years */

bool nfp_plan_is_clock(const struct nfp_clock *clock)
{
	return !clock->length || (clock->length >= NFP_NS_PER_S && clock->length <= LENGTH_MAX &&
				  clock->step < NFP_NS_PER_S && clock->offset > -OFFSET_MAX && clock->offset < OFFSET_MAX);
}

NfpTurn nfp_plan_turn(const struct nfp_clock *pinned, int64_t offset, uint64_t length,
		      struct nfp_clock *ret_next)
{
	int64_t delta = offset - pinned->offset;
	struct nfp_clock next = { .offset = offset, .length = length, .step = pinned->step };

	if (!pinned->length) {
		*ret_next = next;
		return NFP_TURN_RELABEL;
	}
	if (pinned->length != length || delta <= -NFP_PLAN_TOLERANCE) {
		*ret_next = nfp_plan_relabel(&next);
		return NFP_TURN_RELABEL;
	}
	*ret_next = next;
	if (delta >= NFP_PLAN_TOLERANCE)
		return NFP_TURN_FORWARD;
	return delta ? NFP_TURN_REFRESH : NFP_TURN_NONE;
}

struct nfp_clock nfp_plan_relabel(const struct nfp_clock *clock)
{
	struct nfp_clock next = *clock;

	/* Below the shortest length, so that labels of two steps never meet. */
	next.step = (clock->step + 1) % NFP_NS_PER_S;
	return next;
}

struct nfp_bucket nfp_plan_label(const struct nfp_clock *clock, uint64_t t)
{
	uint64_t start = t - t % clock->length + clock->step;

	return (struct nfp_bucket){ .start_ts = start, .end_ts = start + clock->length };
}

bool nfp_plan_is_label(const struct nfp_clock *clock, struct nfp_bucket id)
{
	return id.end_ts - id.start_ts == clock->length && id.start_ts % clock->length == clock->step;
}

bool nfp_plan_due(struct nfp_bucket id, uint64_t now, uint64_t grace)
{
	return id.end_ts + grace <= now;
}

/* Number of buckets wanted: up to that of now + ahead, and at least two. */
static uint64_t wanted_n(const struct nfp_clock *clock, uint64_t now, uint64_t ahead)
{
	uint64_t n = (now + ahead) / clock->length - now / clock->length + 1;

	return MAX(n, 2);
}

void nfp_plan_wanted(const struct nfp_clock *clock, uint64_t now, uint64_t ahead, GArray *ret_wanted)
{
	uint64_t n = wanted_n(clock, now, ahead);

	for (uint64_t i = 0; i < n; i++) {
		struct nfp_bucket id = nfp_plan_label(clock, now + i * clock->length);

		g_array_append_val(ret_wanted, id);
	}
}

uint64_t nfp_plan_next_wanted(const struct nfp_clock *clock, uint64_t now, uint64_t ahead)
{
	uint64_t turn = clock->length - now % clock->length;
	uint64_t ahead_turn = clock->length - (now + ahead) % clock->length;

	return MIN(turn, ahead_turn);
}
