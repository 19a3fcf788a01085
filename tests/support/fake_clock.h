/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A clock that the test moves. */
#ifndef NFP_TEST_FAKE_CLOCK_H
#define NFP_TEST_FAKE_CLOCK_H

#include "base/clock.h"

typedef struct {
	NfpClock clock; /* first: pass &fake->clock */
	int64_t boot;   /* CLOCK_BOOTTIME, ns */
	int64_t offset; /* CLOCK_REALTIME - CLOCK_BOOTTIME, ns */
} NfpFakeClock;

void nfp_fake_clock_init(NfpFakeClock *fake, int64_t boot, int64_t offset);

#endif
