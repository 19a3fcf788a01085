/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticks against the exact clock. */
#include "probe/tick.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "support/program.h"

/* A virtual machine may be stopped between two clocks, so that nothing fits for once. */
static NfpTick *new_tick(void)
{
	NfpTick *tick = NULL;

	for (int i = 0; i < 20 && !tick; i++)
		tick = nfp_tick_new();
	cr_assert(tick);
	return tick;
}

static struct nfp_tick get(NfpTick *tick)
{
	struct nfp_tick now = { 0 };

	for (int i = 0; i < 20 && !now.length; i++)
		now = nfp_tick_get(tick);
	return now;
}

Test(tick, stays_as_it_is)
{
	struct nfp_tick first, later;
	NfpTick *tick, *other;

	nfp_test_need_bpf();
	tick = new_tick();
	other = new_tick();
	first = get(tick);
	for (int i = 0; i < 20000; i++)
		later = get(tick);
	cr_expect_eq(first.length, later.length);
	/* Only ever corrected to the edge of the tick, which the first look missed by microseconds. */
	cr_expect_leq(later.base, first.base);
	cr_expect_lt(first.base - later.base, 1000000);
	/* Another calibration finds the same edge. */
	later = get(other);
	cr_expect_lt(llabs((long long)(later.base - first.base)), 1000000);
	nfp_tick_free(tick);
	nfp_tick_free(other);
}
