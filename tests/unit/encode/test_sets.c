// SPDX-License-Identifier: GPL-2.0-or-later
/* Domains and sequence numbers, by both protocols. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/encode_bench.h"

#define EACH_PROTOCOL(test)                                          \
	for (guint p = 0; p < G_N_ELEMENTS(nfp_bench_protocols); p++) \
	test(nfp_bench_protocols[p])

static const guint small[] = { NFP_F_sourceIPv6Address, NFP_F_flowId };

static void sequence_wraps_by(const char *protocol)
{
	NfpEncoderOptions options = { .first_sequence = UINT32_MAX - 20 };
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, &options);
	NfpRecord records[100];
	uint64_t seed = 11;
	uint32_t unsendable = 0;

	nfp_bench_random(records, G_N_ELEMENTS(records), &seed);
	nfp_reader_expect(bench->reader, 7, UINT32_MAX - 20);
	nfp_reader_expect(bench->reader, 0, UINT32_MAX - 20);
	nfp_bench_announce(bench, 0, 500);
	nfp_bench_send(bench, 0, records, G_N_ELEMENTS(records), 500, &unsendable);
	cr_assert_eq(bench->records, G_N_ELEMENTS(records));
}

Test(sets, sequence_wraps)
{
	EACH_PROTOCOL(sequence_wraps_by);
}

static void domain_ids_have_limits_by(const char *protocol)
{
	g_autoptr(NfpTemplateSet) set = nfp_test_set(small, 2);
	static const uint32_t bad[] = { 0, UINT32_MAX };

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		NfpEncoderOptions options = { .protocol = protocol,
					      .templates = set,
					      .domain = bad[i] };
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_encoder_new(&options, &err));
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	}
}

Test(sets, domain_ids_have_limits)
{
	EACH_PROTOCOL(domain_ids_have_limits_by);
}
