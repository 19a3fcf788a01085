/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/refresh.h"

#define S ((gint64)G_USEC_PER_SEC)

Test(refresh, unknown_domain_needs_templates)
{
	NfpRefresh refresh;
	uint32_t domain;

	nfp_refresh_init(&refresh, 60 * S, 20, FALSE);
	cr_assert(nfp_refresh_before_data(&refresh, 3));
	cr_assert_not(nfp_refresh_due(&refresh, G_MAXINT64 - 1, &domain));
	nfp_refresh_done(&refresh, 3, 0, TRUE);
	cr_assert_not(nfp_refresh_before_data(&refresh, 3));
	cr_assert(nfp_refresh_before_data(&refresh, 4));
	nfp_refresh_forget(&refresh);
	cr_assert(nfp_refresh_before_data(&refresh, 3));
	nfp_refresh_clear(&refresh);
}

Test(refresh, by_time)
{
	NfpRefresh refresh;
	uint32_t domain = 99;

	nfp_refresh_init(&refresh, 60 * S, 0, FALSE);
	cr_assert_eq(nfp_refresh_deadline(&refresh), NFP_REFRESH_NEVER);
	nfp_refresh_done(&refresh, 1, 0, TRUE);
	nfp_refresh_done(&refresh, 2, 5 * S, TRUE);
	cr_assert_eq(nfp_refresh_deadline(&refresh), 60 * S);
	cr_assert_not(nfp_refresh_due(&refresh, 60 * S - 1, &domain));
	cr_assert(nfp_refresh_due(&refresh, 60 * S, &domain));
	cr_assert_eq(domain, 1);
	nfp_refresh_done(&refresh, 1, 60 * S, TRUE);
	cr_assert(nfp_refresh_due(&refresh, 65 * S, &domain));
	cr_assert_eq(domain, 2);
	nfp_refresh_clear(&refresh);
}

/* T3: counted from the last data message; T4: the first come quickly. */
Test(refresh, by_data_messages)
{
	NfpRefresh refresh;

	nfp_refresh_init(&refresh, 60 * S, 3, FALSE);
	nfp_refresh_done(&refresh, 1, 0, TRUE);
	for (int i = 0; i < 3; i++) {
		cr_assert_not(nfp_refresh_before_data(&refresh, 1));
		nfp_refresh_count(&refresh, 1);
		nfp_refresh_count(&refresh, 2);
	}
	cr_assert(nfp_refresh_before_data(&refresh, 1));
	nfp_refresh_done(&refresh, 1, 0, TRUE);
	cr_assert_not(nfp_refresh_before_data(&refresh, 1));
	nfp_refresh_clear(&refresh);
}

Test(refresh, first_ones_follow_quickly)
{
	static const gint64 delays[] = { 1, 4, 16, 60, 60 };
	NfpRefresh refresh;
	gint64 now = 0;

	nfp_refresh_init(&refresh, 60 * S, 0, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(delays); i++) {
		nfp_refresh_done(&refresh, 1, now, TRUE);
		cr_assert_eq(nfp_refresh_deadline(&refresh), now + delays[i] * S);
		now += delays[i] * S;
	}
	nfp_refresh_hurry(&refresh, now);
	cr_assert_eq(nfp_refresh_deadline(&refresh), now);
	nfp_refresh_done(&refresh, 1, now, TRUE);
	cr_assert_eq(nfp_refresh_deadline(&refresh), now + S);
	nfp_refresh_clear(&refresh);
}

/* An error of the peer asks for templates before the next data, and must not bring the time nearer: the
 * templates would meet the same error. */
Test(refresh, request_waits_for_data)
{
	NfpRefresh refresh;
	uint32_t domain;

	nfp_refresh_init(&refresh, 60 * S, 0, FALSE);
	nfp_refresh_done(&refresh, 1, 0, TRUE);
	nfp_refresh_request(&refresh);
	cr_assert_not(nfp_refresh_due(&refresh, 59 * S, &domain));
	cr_assert(nfp_refresh_before_data(&refresh, 1));
	nfp_refresh_clear(&refresh);
}

Test(refresh, failure_is_tried_again)
{
	NfpRefresh refresh;
	uint32_t domain;

	nfp_refresh_init(&refresh, 60 * S, 0, FALSE);
	nfp_refresh_done(&refresh, 1, 0, FALSE);
	cr_assert(nfp_refresh_before_data(&refresh, 1));
	cr_assert_not(nfp_refresh_due(&refresh, 59 * S, &domain));
	cr_assert(nfp_refresh_due(&refresh, 60 * S, &domain));
	nfp_refresh_clear(&refresh);
}
