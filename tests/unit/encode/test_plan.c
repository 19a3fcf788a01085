// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "encode/plan.h"
#include "support/encode_records.h"

#define N 17
#define BOOT_MS 1000000000000ull
#define NOW_MS 2100000000000ull

static NfpPlanContext context(guint text_max)
{
	return (NfpPlanContext){ .text_max = text_max, .boot_ms = BOOT_MS, .now_ms = NOW_MS };
}

/* Any choice of fields in any order gives the octets that the rows tell; no octet is written behind them. */
Test(plan, random_choices_of_fields)
{
	uint64_t seed = 5;

	for (guint round = 0; round < 3000; round++) {
		const NfpField *fields[64];
		guint n = 1 + nfp_test_random(&seed) % G_N_ELEMENTS(fields);
		gboolean texts = FALSE;
		const NfpPlanContext whole = context(NFP_TEXT_MAX);

		for (guint i = 0; i < n; i++) {
			fields[i] = &nfp_fields[nfp_test_random(&seed) % nfp_fields_n];
			/* Two of three without texts: those are copied column by column. */
			while (round % 3 != 0 && fields[i]->kind == NFP_KIND_TEXT)
				fields[i] = &nfp_fields[nfp_test_random(&seed) % nfp_fields_n];
			texts |= fields[i]->kind == NFP_KIND_TEXT;
		}

		g_autoptr(NfpPlan) plan = nfp_plan_new(fields, n, FALSE);
		g_autofree uint8_t *want = g_malloc(N * n * NFP_TEST_OCTETS);
		NfpRecord records[N];
		gsize length = 0, before_last = 0, octets = 0;

		cr_assert_eq(nfp_plan_varies(plan), texts);
		for (guint r = 0; r < N; r++) {
			nfp_test_record(&records[r], nfp_test_random(&seed) % NFP_TEST_KINDS,
					&seed);
			before_last = length;
			for (guint i = 0; i < n; i++)
				length += nfp_test_wire(fields[i], &records[r], want + length);
			cr_assert_eq(nfp_plan_length(plan, &records[r], NFP_TEXT_MAX), length - before_last);
			cr_assert_geq(length - before_last, nfp_plan_shortest(plan));
		}

		g_autofree uint8_t *out = g_malloc(length + 1);

		out[length] = 0xa5;
		cr_assert_eq(nfp_plan_run(plan, records, N, &whole, out, length, &octets), N);
		cr_assert_eq(octets, length);
		cr_assert(memcmp(out, want, length) == 0, "round %u", round);
		cr_assert_eq(out[length], 0xa5, "wrote behind the records");
		cr_assert_eq(nfp_plan_run(plan, records, N, &whole, out, length - 1, &octets), N - 1);
		cr_assert_eq(octets, before_last);
	}
}

/* Every length of a text, cut to every number of octets: always whole code points, never more than allowed. */
Test(plan, texts_are_cut_between_code_points)
{
	const NfpField *field = &nfp_fields[NFP_F_sourceHostName];
	g_autoptr(NfpPlan) plan = nfp_plan_new(&field, 1, FALSE);
	g_autoptr(NfpPlan) fixed = nfp_plan_new(&field, 1, TRUE);
	const char *all = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x8c\x8d-\xf0\x9f\x8c\x8d\xe2\x82\xac\xc3\xbc";

	for (guint length = 0; length <= strlen(all); length++) {
		g_autofree char *text = g_strndup(all, length);
		NfpPlace place = { .host = { text, (uint16_t)length } };
		NfpRecord record = { .src_place = &place };
		const NfpPlanContext whole = context(NFP_TEXT_MAX);
		uint8_t out[64];
		gsize octets;

		if (!g_utf8_validate(text, length, NULL))
			continue;
		for (guint max = 0; max < 24; max++) {
			guint want = nfp_test_cut(&place.host, max);

			const NfpPlanContext cut = context(max);

			cr_assert_eq(nfp_plan_run(plan, &record, 1, &cut, out, sizeof(out), &octets), 1);
			cr_assert_eq(octets, 1 + want);
			cr_assert_eq(out[0], want);
			cr_assert(memcmp(out + 1, text, want) == 0);
			cr_assert(g_utf8_validate((char *)out + 1, want, NULL));
			cr_assert_eq(nfp_plan_length(plan, &record, max), octets);
		}
		memset(out, 0xa5, sizeof(out));
		cr_assert_eq(nfp_plan_run(fixed, &record, 1, &whole, out, sizeof(out), &octets), 1);
		cr_assert_eq(octets, field->length);
		cr_assert(memcmp(out, text, length) == 0);
		for (guint i = length; i < field->length; i++)
			cr_assert_eq(out[i], 0);
	}
	cr_assert_not(nfp_plan_varies(fixed));
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
		const NfpPlanContext whole = context(NFP_TEXT_MAX);
		gsize octets;

		nfp_test_record(&record, 0, &seed);
		for (guint i = 0; i < 4; i++) {
			fields[i] = &nfp_fields[choices[c][i]];
			at += nfp_test_wire(fields[i], &record, at);
		}
		g_autoptr(NfpPlan) plan = nfp_plan_new(fields, 4, FALSE);

		nfp_plan_run(plan, &record, 1, &whole, out, sizeof(out), &octets);
		cr_assert_eq(octets, (gsize)(at - want));
		cr_assert(memcmp(out, want, octets) == 0, "choice %u", c);
	}
}

/* Nanoseconds survive the way into the NTP format and back (a reader rounds down). */
Test(plan, ntp_times_come_back)
{
	static const uint64_t times[] = { 0, 1, 999999999, 1000000000, 1795390441123456789ull,
					  2085978495999999999ull /* the last of NTP era 0 */ };
	const NfpField *field = &nfp_fields[NFP_F_flowStartNanoseconds];
	g_autoptr(NfpPlan) plan = nfp_plan_new(&field, 1, FALSE);

	for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
		NfpRecord record = { .first_ns = times[i] };
		uint64_t ntp;
		const NfpPlanContext whole = context(NFP_TEXT_MAX);
		gsize octets;

		nfp_plan_run(plan, &record, 1, &whole, (uint8_t *)&ntp, sizeof(ntp), &octets);
		ntp = GUINT64_FROM_BE(ntp);

		uint64_t back = ((ntp >> 32) - 2208988800ull) * 1000000000 +
				(uint64_t)(((ntp & 0xffffffff) * 1000000000ull) >> 32);

		cr_assert_eq(back, times[i]);
	}
}

/* RFC 3954: ms since boot, modulo 2^32; never before the boot, never after the message. */
Test(plan, uptimes)
{
	static const struct {
		uint64_t boot_ms, now_ms, ns;
		uint32_t want;
	} cases[] = {
		{ 1000000, 5000000, 3000000999999ull, 2000000 },
		{ 1000000, 5000000, 1000000000000ull, 0 },
		{ 1000000, 5000000, 999999999999ull, 0 },
		{ 1000000, 5000000, 0, 0 },
		{ 1000000, 5000000, 5000000000000ull, 4000000 },
		{ 1000000, 5000000, 5000400000000ull, 4000000 },
		{ 1000000, 4296967296 + 1000, 4296967296ull * 1000000, 1000000 /* 2^32 ms and 1000 s after the boot */ },
	};
	const NfpField *field = &nfp_fields[NFP_F_flowEndSysUpTime];
	g_autoptr(NfpPlan) plan = nfp_plan_new(&field, 1, TRUE);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const NfpPlanContext when = { .text_max = NFP_TEXT_MAX, .boot_ms = cases[i].boot_ms, .now_ms = cases[i].now_ms };
		NfpRecord record = { .last_ns = cases[i].ns };
		uint32_t out;
		gsize octets;

		nfp_plan_run(plan, &record, 1, &when, (uint8_t *)&out, sizeof(out), &octets);
		cr_assert_eq(GUINT32_FROM_BE(out), cases[i].want, "case %u: %u", i, GUINT32_FROM_BE(out));
	}
}

Test(plan, none_to_free)
{
	nfp_plan_free(NULL);
}

/* What sampling makes of counts and of the rate, where the template tells it and where it does not. */
Test(plan, sampling)
{
	static const NfpField *const told[] = { &nfp_fields[NFP_F_packetDeltaCount], &nfp_fields[NFP_F_samplingInterval] };
	static const struct {
		const char *what;
		guint n;             /* fields: 1 does not tell the rate */
		uint32_t have, announced;
		gboolean scaled;
		uint64_t packets, rate;
	} cases[] = {
		{ "not sampled, told", 2, 0, 1, FALSE, 30, 1 },
		{ "told", 2, NFP_HAVE_SAMPLED, 1, FALSE, 30, 100 },
		{ "told, but scaled", 2, NFP_HAVE_SAMPLED, 1, TRUE, 3000, 1 },
		{ "not told, none announced", 1, NFP_HAVE_SAMPLED, 1, FALSE, 3000, 0 },
		{ "as announced", 1, NFP_HAVE_SAMPLED, 100, FALSE, 30, 0 },
		{ "half of what is announced", 1, NFP_HAVE_SAMPLED, 200, FALSE, 15, 0 },
		{ "scaled", 1, NFP_HAVE_SAMPLED, 1, TRUE, 3000, 0 },
		{ "not sampled", 1, 0, 1, TRUE, 30, 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		NfpRecord record = { .have = NFP_HAVE_ALWAYS | cases[i].have, .packets = 30, .sampling = 100 };
		const NfpPlanContext context = { .text_max = NFP_TEXT_MAX, .sampling = cases[i].announced,
						 .scaled = cases[i].scaled };
		g_autoptr(NfpPlan) plan = nfp_plan_new(told, cases[i].n, TRUE);
		uint8_t out[12] = { 0 };
		uint64_t packets;
		uint32_t rate;
		gsize octets;

		cr_assert_eq(nfp_plan_run(plan, &record, 1, &context, out, sizeof(out), &octets), 1);
		memcpy(&packets, out, sizeof(packets));
		memcpy(&rate, out + 8, sizeof(rate));
		cr_expect_eq(GUINT64_FROM_BE(packets), cases[i].packets, "%s", cases[i].what);
		cr_expect_eq(GUINT32_FROM_BE(rate), cases[i].rate, "%s", cases[i].what);
	}
}
