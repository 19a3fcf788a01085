/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HZ is one of four (kernel/Kconfig.hz). boot - jiffies * length wanders within one tick for the right length, and away for
 * a wrong one; it is least at a tick's edge, which is the base. Each reading is exact in itself, so a busy machine, which
 * takes readings away, does no harm. A kernel with another HZ (patched, or of another architecture) fits none. Pure.
 */
#ifndef NFP_PROBE_TICK_FIT_H
#define NFP_PROBE_TICK_FIT_H

#include <stdbool.h>
#include <stdint.h>

#define NFP_TICK_LENGTHS 4
#define NFP_TICK_SLACK 1000000 /* ns by which a reading may be late beyond its tick (interrupts off) */
#define NFP_TICK_MISFIT (2 * NFP_TICK_SLACK) /* beyond the length; HZ 750 taken for 1000 is 3 ms off after eight ticks */

/* Zeroed: nothing was read yet. */
typedef struct {
	uint64_t least[NFP_TICK_LENGTHS], most[NFP_TICK_LENGTHS];
	uint64_t first, last; /* jiffies */
	bool begun;
} NfpTickFit;

/* One reading: jiffies, and boot ns a moment later. In order. */
void nfp_tick_fit_add(NfpTickFit *fit, uint64_t jiffies, uint64_t boot);
/* ns of a tick and of jiffies 0. false: too few ticks were watched, or no length fits; nothing is written. */
bool nfp_tick_fit_end(const NfpTickFit *fit, uint64_t *ret_length, uint64_t *ret_base);
/* The base that belongs to a length which nfp_tick_fit_end() told before: right even if some readings are late by more. */
uint64_t nfp_tick_fit_base(const NfpTickFit *fit, uint64_t length);
/* Enough ticks were watched. */
bool nfp_tick_fit_done(const NfpTickFit *fit);

#endif
