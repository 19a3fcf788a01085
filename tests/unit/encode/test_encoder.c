// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "encode/encoder.h"

Test(encoder, every_protocol_named_can_be_made)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	const char *const *names = nfp_encoder_protocols();

	cr_assert_str_eq(names[0], "ipfix");
	for (guint i = 0; names[i] != NULL; i++) {
		NfpEncoderOptions options = { .protocol = names[i],
					      .templates = set,
					      .domain = 1,
					      .sampling = 1,
					      .hostname = "edge1" };
		g_autoptr(GError) err = NULL;
		g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, &err);

		cr_assert_not_null(encoder, "%s", err ? err->message : "?");
	}
	nfp_encoder_free(NULL);
}

Test(encoder, boot)
{
	cr_assert_eq(nfp_encoder_boot_ms(1700000000), (1700000000ull - 604800) * 1000);
	cr_assert_eq(nfp_encoder_boot_ms(5), 0, "a clock that nobody has set");
}

Test(encoder, an_unknown_protocol_is_an_error_that_names_the_known)
{
	NfpEncoderOptions options = { .protocol = "netflow4" };
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_encoder_new(&options, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_not_null(strstr(err->message, "netflow4"));
	cr_assert_not_null(strstr(err->message, "ipfix"));
}

Test(encoder, domain_indexes_have_a_limit)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	NfpEncoderOptions options = {
		.protocol = "ipfix", .templates = set, .domain = 1, .sampling = 1
	};
	g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
	NfpEncoderStats stats = { 0 };
	NfpRecord record = { .have = NFP_HAVE_ALWAYS };
	uint32_t used = 7, unsendable = 7;
	uint8_t out[1400];

	nfp_encoder_refresh(encoder, NFP_ENCODER_DOMAINS);
	cr_assert_eq(
		nfp_encoder_announce(encoder, NFP_ENCODER_DOMAINS, 1, &stats, out, sizeof(out)),
		-E2BIG);
	cr_assert_eq(nfp_encoder_records(encoder, UINT32_MAX, 1, &record, 1, out, sizeof(out),
					 &used, &unsendable),
		     -E2BIG);
	cr_assert_eq(used, 7);
	cr_assert_eq(unsendable, 7);
	cr_assert_gt(
		nfp_encoder_announce(encoder, NFP_ENCODER_DOMAINS - 1, 1, &stats, out, sizeof(out)),
		0);
}
