// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "encode/fixbuf.h"
#include "record/templates.h"

static const NfpElement sampling[] = {
	{ "observationDomainId", 0, 149, 4, FALSE },
	{ "samplingInterval", 0, 34, 4, FALSE },
};

static const NfpElement bytes[] = { { "octetDeltaCount", 0, 1, 8, FALSE } };

Test(fixbuf, knows_every_field)
{
	g_autoptr(NfpFixbuf) fixbuf = nfp_fixbuf_new(0);

	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		NfpElement element = { field->name, field->pen, field->id,
				       field->kind == NFP_KIND_TEXT ? NFP_VARIABLE : field->length, FALSE };
		g_autoptr(GError) err = NULL;

		cr_assert(nfp_fixbuf_add(fixbuf, (uint16_t)(256 + i), &element, 1, 0, &err), "%s",
			  err ? err->message : "?");
	}
}

Test(fixbuf, templates_in_any_order)
{
	static const uint8_t want_options[] = { 1, 0, 0, 2, 0, 1, 0, 149, 0, 4, 0, 34, 0, 4 };
	static const uint8_t want_data[] = { 1, 1, 0, 1, 0, 1, 0, 8 };
	g_autoptr(NfpFixbuf) fixbuf = nfp_fixbuf_new(0);

	cr_assert(nfp_fixbuf_add(fixbuf, 256, sampling, 2, 1, NULL));
	cr_assert(nfp_fixbuf_add(fixbuf, 257, bytes, 1, 0, NULL));
	nfp_fixbuf_start(fixbuf);
	for (guint i = 0; i < 3; i++) {
		g_autoptr(GBytes) options = nfp_fixbuf_template(fixbuf, 256, NULL);
		g_autoptr(GBytes) data = nfp_fixbuf_template(fixbuf, 257, NULL);

		cr_assert_eq(g_bytes_get_size(options), sizeof(want_options));
		cr_assert(memcmp(g_bytes_get_data(options, NULL), want_options,
				 sizeof(want_options)) == 0);
		cr_assert_eq(g_bytes_get_size(data), sizeof(want_data));
		cr_assert(memcmp(g_bytes_get_data(data, NULL), want_data, sizeof(want_data)) == 0);
	}
}

Test(fixbuf, refuses_what_the_model_does_not_have)
{
	static const NfpElement wrong[] = { { "octetDeltaCountt", 0, 1, 8, FALSE },
					    { "octetDeltaCount", 0, 2, 8, FALSE },
					    { "octetDeltaCount", 9, 1, 8, FALSE } };
	g_autoptr(NfpFixbuf) fixbuf = nfp_fixbuf_new(0);

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) err = NULL;

		cr_assert_not(nfp_fixbuf_add(fixbuf, 256, &wrong[i], 1, 0, &err));
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
		cr_assert_not_null(strstr(err->message, wrong[i].name), "%s", err->message);
	}
	nfp_fixbuf_start(fixbuf);
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_fixbuf_template(fixbuf, 300, &err));
	cr_assert_not_null(err);
	nfp_fixbuf_free(NULL);
}

/* Our own elements leave under the number that was asked for, those of others under theirs. */
Test(fixbuf, own_elements_have_the_number_of_the_configuration)
{
	static const NfpElement own = { "tunnelType", 4242, 1, 1, FALSE };
	static const NfpElement theirs = { "tcpMss", 8057, 900, 4, FALSE };
	static const NfpElement example = { "tunnelDepth", NFP_PEN_OWN, 6, 1, FALSE };
	g_autoptr(NfpFixbuf) fixbuf = nfp_fixbuf_new(4242);
	g_autoptr(GError) err = NULL;

	cr_assert(nfp_fixbuf_add(fixbuf, 256, &own, 1, 0, NULL));
	cr_assert(nfp_fixbuf_add(fixbuf, 257, &theirs, 1, 0, NULL));
	cr_assert_not(nfp_fixbuf_add(fixbuf, 258, &example, 1, 0, &err));
}
