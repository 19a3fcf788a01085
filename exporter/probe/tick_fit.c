/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/tick_fit.h"

#include <stdlib.h>

#define NS_PER_S 1000000000ull
#define TICKS 8 /* watched to tell HZ: 250 and 300 differ by 5 ms then */

static const uint64_t hz[NFP_TICK_LENGTHS] = { 100, 250, 300, 1000 };

/* TICK_NSEC, include/linux/jiffies.h */
static uint64_t length_of(uint64_t rate)
{
	return (NS_PER_S + rate / 2) / rate;
}

void nfp_tick_fit_add(NfpTickFit *fit, uint64_t jiffies, uint64_t boot)
{
	for (int k = 0; k < NFP_TICK_LENGTHS; k++) {
		uint64_t base = boot - jiffies * length_of(hz[k]);

		if (!fit->begun || (int64_t)(base - fit->least[k]) < 0)
			fit->least[k] = base;
		if (!fit->begun || (int64_t)(base - fit->most[k]) > 0)
			fit->most[k] = base;
	}
	if (!fit->begun)
		fit->first = jiffies;
	fit->last = jiffies;
	fit->begun = true;
}

bool nfp_tick_fit_done(const NfpTickFit *fit)
{
	return fit->begun && fit->last - fit->first >= TICKS;
}

bool nfp_tick_fit_end(const NfpTickFit *fit, uint64_t *ret_length, uint64_t *ret_base)
{
	int64_t least = INT64_MAX;
	int best = 0;

	if (!nfp_tick_fit_done(fit))
		return false;
	for (int k = 0; k < NFP_TICK_LENGTHS; k++) {
		int64_t beyond = llabs((int64_t)(fit->most[k] - fit->least[k] - length_of(hz[k])));

		if (beyond < least) {
			least = beyond;
			best = k;
		}
	}
	if (fit->most[best] - fit->least[best] > length_of(hz[best]) + NFP_TICK_MISFIT)
		return false;
	*ret_length = length_of(hz[best]);
	*ret_base = fit->least[best];
	return true;
}

uint64_t nfp_tick_fit_base(const NfpTickFit *fit, uint64_t length)
{
	int k = 0;

	while (k < NFP_TICK_LENGTHS - 1 && length_of(hz[k]) != length)
		k++;
	return fit->least[k];
}
