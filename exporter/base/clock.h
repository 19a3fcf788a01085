/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks behind an ops table, so that the pipeline runs in tests on a clock of the test's. */
#ifndef NFP_BASE_CLOCK_H
#define NFP_BASE_CLOCK_H

#include <stdint.h>

#define NFP_NS_PER_S 1000000000ull
#define NFP_NS_PER_MS 1000000ull

typedef struct NfpClock NfpClock;
struct NfpClock {
	int64_t (*realtime)(const NfpClock *clock); /* ns since 1970 (CLOCK_REALTIME) */
	int64_t (*boottime)(const NfpClock *clock); /* ns, counts suspend (CLOCK_BOOTTIME) */
};

extern const NfpClock nfp_clock_system;

/* CLOCK_REALTIME - CLOCK_BOOTTIME in ns, from the tightest of several bracketed readings. */
int64_t nfp_clock_offset(const NfpClock *clock);

#endif
