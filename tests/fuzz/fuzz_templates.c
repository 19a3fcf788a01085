// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text is a template set or an error that names a place. What is a set keeps the set's
 * promises, and the encoder can be made of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "encode/encoder.h"

static void check_set(const NfpTemplateSet *set)
{
	if (set->n == 0 || set->n > NFP_SET_TEMPLATES)
		abort();
	for (guint i = 0; i < set->n; i++) {
		const NfpTemplate *template = &set->templates[i];

		if (template->n == 0 || template->n > NFP_TEMPLATE_FIELDS || template->name == NULL)
			abort();
		for (guint f = 0; f < template->n; f++)
			if ((template->need & template->fields[f]->need) !=
			    template->fields[f]->need)
				abort();
		/* None is out of reach. */
		if (nfp_template_set_choose(set, template->need) != (int)i)
			abort();
	}
}

static void check_encoder(const NfpTemplateSet *set)
{
	NfpEncoderOptions options = {
		.protocol = "ipfix", .templates = set, .domain = 1, .sampling = 1
	};
	g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
	NfpEncoderStats stats = { 0 };
	uint8_t message[1420];

	if (encoder == NULL)
		abort();
	while (nfp_encoder_announce(encoder, 0, 1, &stats, message, sizeof(message)) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTemplateSet) set = nfp_template_set_parse("fuzz", text, &err);

	if ((set == NULL) != (err != NULL))
		abort();
	if (err != NULL && (err->domain != NFP_ERROR || err->code != NFP_ERROR_USAGE ||
			    !g_str_has_prefix(err->message, "fuzz:") || !g_utf8_validate(err->message, -1, NULL)))
		abort();
	if (set != NULL) {
		check_set(set);
		check_encoder(set);
	}
	return 0;
}
