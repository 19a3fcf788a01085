/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <time.h>

#define OFFSET_READINGS 9

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	/* Fails only for a clock that the kernel lacks or a bad pointer: neither is possible here. */
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * (int64_t)NFP_NS_PER_S + ts.tv_nsec;
}

static int64_t system_realtime(const NfpClock *clock)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_boottime(const NfpClock *clock)
{
	return read_clock(CLOCK_BOOTTIME);
}

const NfpClock nfp_clock_system = {
	.realtime = system_realtime,
	.boottime = system_boottime,
};

int64_t nfp_clock_offset(const NfpClock *clock)
{
	int64_t best = INT64_MAX;
	int64_t offset = 0;

	/* A preemption between the two clocks would go into the offset in full, so the reading with
	 * the narrowest bracket wins; its error is at most half the bracket. */
	for (int i = 0; i < OFFSET_READINGS; i++) {
		int64_t before = clock->boottime(clock);
		int64_t real = clock->realtime(clock);
		int64_t width = clock->boottime(clock) - before;

		if (width < best) {
			best = width;
			offset = real - (before + width / 2);
		}
	}
	return offset;
}
