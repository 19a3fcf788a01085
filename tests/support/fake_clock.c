/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake_clock.h"

static int64_t boottime(const NfpClock *clock)
{
	return ((const NfpFakeClock *)clock)->boot;
}

static int64_t realtime(const NfpClock *clock)
{
	const NfpFakeClock *fake = (const NfpFakeClock *)clock;

	return fake->boot + fake->offset;
}

void nfp_fake_clock_init(NfpFakeClock *fake, int64_t boot, int64_t offset)
{
	*fake = (NfpFakeClock){
		.clock = { .realtime = realtime, .boottime = boottime },
		.boot = boot,
		.offset = offset,
	};
}
