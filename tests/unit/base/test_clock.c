/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <time.h>

#include "base/clock.h"

/* Each reading takes longer than the one before, but for one that is quick. */
typedef struct {
	NfpClock clock;
	int64_t boot;
	int readings;
} SlowClock;

#define TRUE_OFFSET 1000000000000ll

static int64_t slow_boottime(const NfpClock *clock)
{
	SlowClock *slow = (SlowClock *)clock;

	/* The gap before the closing reading: a preemption of 1 ms, but for the third pair. */
	if (slow->readings % 2 == 1)
		slow->boot += slow->readings == 5 ? 10 : (int64_t)NFP_NS_PER_MS;
	slow->readings++;
	return slow->boot;
}

static int64_t slow_realtime(const NfpClock *clock)
{
	return ((const SlowClock *)clock)->boot + TRUE_OFFSET;
}

Test(clock, offset_takes_the_tightest_bracket)
{
	SlowClock slow = { .clock = { .realtime = slow_realtime, .boottime = slow_boottime } };

	cr_assert_eq(nfp_clock_offset(&slow.clock), TRUE_OFFSET - 5);
}

Test(clock, system_clocks_advance_and_agree)
{
	int64_t boot = nfp_clock_system.boottime(&nfp_clock_system);
	int64_t real = nfp_clock_system.realtime(&nfp_clock_system);
	int64_t error = nfp_clock_offset(&nfp_clock_system) - (real - boot);

	cr_assert_geq(nfp_clock_system.boottime(&nfp_clock_system), boot);
	cr_assert_gt(real, 1500000000ll * (int64_t)NFP_NS_PER_S);
	cr_assert_lt(error < 0 ? -error : error, (int64_t)NFP_NS_PER_S);
}
