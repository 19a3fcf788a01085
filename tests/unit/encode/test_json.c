// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "encode/encoder.h"
#include "record/format.h"
#include "support/encode_records.h"

#define N (2 * NFP_TEST_KINDS)

static NfpRecord *make_records(void)
{
	NfpRecord *records = g_new0(NfpRecord, N);
	uint64_t seed = 7;

	for (guint i = 0; i < N; i++)
		nfp_test_record(&records[i], i % NFP_TEST_KINDS, &seed);
	return records;
}

/* Lines are those of format.h whatever the messages' size, and a message holds whole ones only. */
Test(json, the_same_lines_in_messages_of_any_size)
{
	static const size_t sizes[] = { 20000, 30000, 65535 };
	g_autofree NfpRecord *records = make_records();
	g_autoptr(GString) expected = g_string_new(NULL);

	for (guint i = 0; i < N; i++)
		nfp_format_json(expected, "edge\"1", &records[i]);
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		NfpEncoderOptions options = { .protocol = "json", .domain = 1, .hostname = "edge\"1" };
		g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
		g_autoptr(GString) got = g_string_new(NULL);
		g_autofree uint8_t *out = g_malloc(sizes[i]);
		NfpEncoderStats stats = { 0 };

		nfp_encoder_start_session(encoder);
		nfp_encoder_refresh(encoder, 0);
		cr_assert_eq(nfp_encoder_announce(encoder, 0, 1, &stats, out, sizes[i]), 0);
		cr_assert_not(nfp_encoder_has_templates(encoder));
		cr_assert_eq(nfp_encoder_beat(encoder), 0);
		cr_assert_eq(nfp_encoder_message(encoder), 65535);
		for (uint32_t at = 0; at < N;) {
			uint32_t used = 0, unsendable = 0;
			ssize_t n = nfp_encoder_records(encoder, 0, 1, records + at, N - at, out,
							sizes[i], &used, &unsendable);

			cr_assert_gt(n, 0);
			cr_assert_gt(used, 0);
			cr_assert_eq(unsendable, 0);
			cr_assert_eq(out[n - 1], '\n');
			g_string_append_len(got, (char *)out, n);
			at += used;
		}
		cr_assert(g_string_equal(got, expected));
	}
}

Test(json, a_line_that_does_not_fit)
{
	g_autofree NfpRecord *records = make_records();
	NfpEncoderOptions options = { .protocol = "json", .domain = 1 };
	g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
	uint32_t used = 7, unsendable = 7;
	uint8_t out[100];

	cr_assert_eq(nfp_encoder_records(encoder, 0, 1, records, N, out, sizeof(out), &used, &unsendable),
		     -EMSGSIZE);
	cr_assert_eq(used, 7);
	cr_assert_eq(unsendable, 7);
}
