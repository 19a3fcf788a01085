/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/backoff.h"

#define S ((gint64)G_USEC_PER_SEC)

static void expect_between(gint64 value, gint64 from, gint64 to)
{
	cr_assert_geq(value, from);
	cr_assert_leq(value, to);
}

/* RFC 7011 10.4.4: from start to start, however long the attempt took. */
Test(backoff, at_least_a_minute_between_starts)
{
	NfpBackoff backoff;
	gint64 now = 1000 * S;

	nfp_backoff_init(&backoff, 60 * S, 60 * S);
	for (int i = 0; i < 100; i++) {
		gint64 next;

		nfp_backoff_started(&backoff, now);
		next = nfp_backoff_next(&backoff, now + 10 * S, FALSE);
		expect_between(next, now + 60 * S, now + 66 * S);
		now = next;
	}
	nfp_backoff_clear(&backoff);
}

Test(backoff, attempts_of_many_do_not_coincide)
{
	gint64 first = 0;
	gboolean differ = FALSE;

	for (int i = 0; i < 8; i++) {
		NfpBackoff backoff;
		gint64 next;

		nfp_backoff_init(&backoff, 60 * S, 60 * S);
		nfp_backoff_started(&backoff, 0);
		next = nfp_backoff_next(&backoff, 0, FALSE);
		differ |= i > 0 && next != first;
		first = next;
		nfp_backoff_clear(&backoff);
	}
	cr_assert(differ);
}

Test(backoff, session_that_ends_is_followed_soon_but_not_too_soon)
{
	NfpBackoff backoff;

	nfp_backoff_init(&backoff, 60 * S, 60 * S);
	nfp_backoff_started(&backoff, 0);
	expect_between(nfp_backoff_next(&backoff, 5 * S, TRUE), 60 * S, 66 * S);
	expect_between(nfp_backoff_next(&backoff, 3600 * S, TRUE), 3601 * S, 3607 * S);
	nfp_backoff_clear(&backoff);
}

Test(backoff, doubles_up_to_the_most)
{
	static const gint64 delays[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	NfpBackoff backoff;

	nfp_backoff_init(&backoff, 1 * S, 60 * S);
	for (guint i = 0; i < G_N_ELEMENTS(delays); i++) {
		nfp_backoff_started(&backoff, 0);
		expect_between(nfp_backoff_next(&backoff, 0, FALSE), delays[i] * S, delays[i] * S * 11 / 10);
	}
	/* Far beyond the width of a shift. */
	for (int i = 0; i < 100; i++)
		expect_between(nfp_backoff_next(&backoff, 0, FALSE), 60 * S, 66 * S);
	nfp_backoff_next(&backoff, 0, TRUE);
	expect_between(nfp_backoff_next(&backoff, 0, FALSE), 1 * S, 2 * S);
	nfp_backoff_clear(&backoff);
}
