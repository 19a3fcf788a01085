/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks of kernels with any HZ, read as a program reads them. */
#include <criterion/criterion.h>

#include "probe/tick_fit.h"
#include "support/encode_records.h"

#define NS_PER_S 1000000000ull

typedef struct {
	double tick;      /* ns */
	uint64_t pause;   /* ns between two readings, up to so much */
	uint64_t late;    /* ns by which the edge of a tick is seen late, up to so much */
	uint64_t seed;
} Machine;

static bool fit(const Machine *m, uint64_t *length, uint64_t *base, uint64_t *edge)
{
	uint64_t random = m->seed, now = 7 * NS_PER_S + nfp_test_random(&random) % NS_PER_S, jiffies = 0;
	NfpTickFit f = { 0 };

	*edge = 5 * NS_PER_S + nfp_test_random(&random) % NS_PER_S;
	while (!nfp_tick_fit_done(&f)) {
		uint64_t late = m->late ? nfp_test_random(&random) % m->late : 0;
		uint64_t seen = (uint64_t)((double)(now - *edge - late) / m->tick);

		/* They never go back. */
		jiffies = seen > jiffies ? seen : jiffies;
		nfp_tick_fit_add(&f, jiffies, now);
		now += 1 + nfp_test_random(&random) % m->pause;
	}
	return nfp_tick_fit_end(&f, length, base);
}

Test(tick_fit, what_kernels_have)
{
	static const uint64_t hz[] = { 100, 250, 300, 1000 };
	static const uint64_t pauses[] = { 2000, 100000, 400000 }, lates[] = { 0, NFP_TICK_SLACK / 2 };

	for (size_t i = 0; i < sizeof(hz) / sizeof(*hz); i++)
		for (size_t p = 0; p < sizeof(pauses) / sizeof(*pauses); p++)
			for (size_t l = 0; l < sizeof(lates) / sizeof(*lates); l++) {
				const Machine m = { (double)((NS_PER_S + hz[i] / 2) / hz[i]), pauses[p], lates[l], hz[i] };
				uint64_t length = 0, base = 0, edge;

				cr_assert(fit(&m, &length, &base, &edge), "HZ %d, pause %d, late %d", (int)hz[i],
					  (int)m.pause, (int)m.late);
				cr_expect_eq(length, (NS_PER_S + hz[i] / 2) / hz[i], "HZ %d: %d", (int)hz[i], (int)length);
				cr_expect(base >= edge && base - edge <= m.pause + m.late, "HZ %d: %d off", (int)hz[i],
					  (int)(base - edge));
			}
}

/* Patched ones, and those of other architectures. */
Test(tick_fit, others_fit_nothing)
{
	static const uint64_t hz[] = { 48, 128, 200, 500, 600, 750, 2000 };

	for (size_t i = 0; i < sizeof(hz) / sizeof(*hz); i++)
		for (uint64_t seed = 1; seed <= 20; seed++) {
			const Machine m = { (double)NS_PER_S / (double)hz[i], 20000, seed % 2 ? 0 : 300000, seed };
			uint64_t length = 7, base = 8, edge;

			cr_expect_not(fit(&m, &length, &base, &edge), "HZ %d is taken for %d ns", (int)hz[i], (int)length);
			cr_expect(length == 7 && base == 8);
		}
}

Test(tick_fit, too_few_ticks)
{
	NfpTickFit f = { 0 };
	uint64_t length, base;

	cr_expect_not(nfp_tick_fit_end(&f, &length, &base));
	for (uint64_t i = 0; i < 7; i++) {
		nfp_tick_fit_add(&f, i, i * 4000000);
		cr_expect_not(nfp_tick_fit_end(&f, &length, &base));
	}
}

/* Stopped for a second between two clocks. */
Test(tick_fit, a_reading_that_is_late)
{
	const uint64_t tick = 4000000, edge = 5 * NS_PER_S;
	uint64_t length = 7, base = 8;
	NfpTickFit f = { 0 };

	for (uint64_t at = 0; !nfp_tick_fit_done(&f); at += 50000)
		nfp_tick_fit_add(&f, 100 + at / tick, edge + 100 * tick + at + (at == 2 * tick ? NS_PER_S : 0));
	cr_expect_not(nfp_tick_fit_end(&f, &length, &base));
	cr_expect_eq(nfp_tick_fit_base(&f, tick), edge);
}
