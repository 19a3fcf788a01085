/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ticks against the exact clock. */
#include "probe/tick.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "support/program.h"

Test(tick, stays_as_it_is)
{
	struct nfp_tick first, later;
	NfpTick *tick, *other;

	nfp_test_need_bpf();
	tick = nfp_tick_new();
	other = nfp_tick_new();
	cr_assert(tick && other);
	first = nfp_tick_get(tick);
	for (int i = 0; i < 20000; i++)
		later = nfp_tick_get(tick);
	cr_expect_eq(first.length, later.length);
	/* Only ever corrected to the edge of the tick, which the first look missed by microseconds. */
	cr_expect_leq(later.base, first.base);
	cr_expect_lt(first.base - later.base, 1000000);
	/* Another calibration finds the same edge. */
	later = nfp_tick_get(other);
	cr_expect_lt(llabs((long long)(later.base - first.base)), 1000000);
	nfp_tick_free(tick);
	nfp_tick_free(other);
}
