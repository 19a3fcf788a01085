// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "encode/plan.h"
#include "support/encode_records.h"

#define N 17

/* Any choice of fields in any order gives the octets that the rows tell. */
Test(plan, random_choices_of_fields)
{
	uint64_t seed = 5;

	for (guint round = 0; round < 3000; round++) {
		const NfpField *fields[64];
		guint n = 1 + nfp_test_random(&seed) % G_N_ELEMENTS(fields);
		guint length = 0;

		for (guint i = 0; i < n; i++) {
			fields[i] = &nfp_fields[nfp_test_random(&seed) % nfp_fields_n];
			length += fields[i]->length;
		}

		g_autoptr(NfpPlan) plan = nfp_plan_new(fields, n);
		g_autofree uint8_t *out = g_malloc(N * length + 1);
		g_autofree uint8_t *want = g_malloc(N * length);
		NfpRecord records[N];
		uint8_t *at = want;

		cr_assert_eq(nfp_plan_length(plan), length);
		for (guint r = 0; r < N; r++) {
			nfp_test_record(&records[r], nfp_test_random(&seed) % NFP_TEST_KINDS,
					&seed);
			for (guint i = 0; i < n; i++) {
				nfp_test_wire(fields[i], &records[r], at);
				at += fields[i]->length;
			}
		}
		out[N * length] = 0xa5;
		nfp_plan_run(plan, records, N, out);
		cr_assert(memcmp(out, want, N * length) == 0, "round %u", round);
		cr_assert_eq(out[N * length], 0xa5, "wrote behind the records");
	}
}

Test(plan, neighbours_copied_together)
{
	static const guint choices[][4] = {
		{ NFP_F_sourceIPv4Address, NFP_F_destinationIPv4Address, NFP_F_sourceIPv4Address,
		  NFP_F_destinationIPv4Address },
		{ NFP_F_destinationIPv4Address, NFP_F_sourceIPv4Address, NFP_F_sourceIPv6Address,
		  NFP_F_destinationIPv6Address },
		{ NFP_F_sourceMacAddress, NFP_F_destinationMacAddress, NFP_F_destinationMacAddress,
		  NFP_F_sourceMacAddress },
	};
	uint64_t seed = 6;

	for (guint c = 0; c < G_N_ELEMENTS(choices); c++) {
		const NfpField *fields[4];
		uint8_t out[64], want[64], *at = want;
		NfpRecord record;

		nfp_test_record(&record, 0, &seed);
		for (guint i = 0; i < 4; i++) {
			fields[i] = &nfp_fields[choices[c][i]];
			nfp_test_wire(fields[i], &record, at);
			at += fields[i]->length;
		}
		g_autoptr(NfpPlan) plan = nfp_plan_new(fields, 4);

		nfp_plan_run(plan, &record, 1, out);
		cr_assert(memcmp(out, want, (gsize)(at - want)) == 0, "choice %u", c);
	}
}

/* Nanoseconds survive the way into the NTP format and back (a reader rounds down). */
Test(plan, ntp_times_come_back)
{
	static const uint64_t times[] = { 0, 1, 999999999, 1000000000, 1795390441123456789ull,
					  2085978495999999999ull /* the last of NTP era 0 */ };
	const NfpField *field = &nfp_fields[NFP_F_flowStartNanoseconds];
	g_autoptr(NfpPlan) plan = nfp_plan_new(&field, 1);

	for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
		NfpRecord record = { .first_ns = times[i] };
		uint64_t ntp;

		nfp_plan_run(plan, &record, 1, (uint8_t *)&ntp);
		ntp = GUINT64_FROM_BE(ntp);

		uint64_t back = ((ntp >> 32) - 2208988800ull) * 1000000000 +
				(uint64_t)(((ntp & 0xffffffff) * 1000000000ull) >> 32);

		cr_assert_eq(back, times[i]);
	}
}

Test(plan, none_to_free)
{
	nfp_plan_free(NULL);
}
