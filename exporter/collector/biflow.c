/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/biflow.h"

#include "base/error.h"

/* Of the others, NetFlow v9 has no elements for a direction of its own: only what each collector takes them for. */
static const char *const carriers[] = { "ipfix", "json", NULL };

static gboolean fail(const char *option, const char **ret_option, GError **err, const char *text)
{
	*ret_option = option;
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, text);
	return FALSE;
}

static gboolean needs_biflow(const NfpTemplateSet *templates)
{
	for (guint i = 0; i < templates->n; i++)
		if (!(templates->templates[i].need & NFP_HAVE_BIFLOW))
			return FALSE;
	return TRUE;
}

/* Why a receiver of this kind is not for biflows, as half a sentence; NULL: it may be. */
static const char *unfit(NfpPeer kind)
{
	for (guint i = 0; i < nfp_fields_n; i++)
		if (nfp_fields[i].pen == NFP_PEN_REVERSE &&
		    nfp_peer_reads(kind, &nfp_fields[i], FALSE) == NFP_READS_MISREAD)
			return "takes elements of the other direction for those of the first";
	if (nfp_peer_reads(kind, &nfp_fields[NFP_F_reversePacketDeltaCount], FALSE) == NFP_READS_NO)
		return "does not read the other direction: half of the traffic would be missing";
	return NULL;
}

gboolean nfp_collector_biflow_check(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				    const char **ret_option, GError **err)
{
	const char *protocol = options->protocol ? options->protocol : nfp_collector_protocol(options->endpoint);
	const char *loser = templates ? nfp_template_set_loses_reverse(templates) : NULL;
	g_autofree char *text = NULL;

	if (!options->biflow) {
		if (!templates || !needs_biflow(templates))
			return TRUE;
		text = g_strdup_printf("every template of \"%s\" is for records in which a partner was looked for; "
				       "allowed: another set, or biflow: true", options->template_set);
		return fail("template_set", ret_option, err, text);
	}
	if (unfit(options->kind)) {
		text = g_strdup_printf("%s %s; allowed: biflow: false", nfp_peer_names[options->kind],
				       unfit(options->kind));
		return fail("biflow", ret_option, err, text);
	}
	if (!g_strv_contains(carriers, protocol)) {
		text = g_strdup_printf("%s has no place for the other direction of a flow; allowed: protocol ipfix or "
				       "json, or biflow: false", protocol);
		return fail("biflow", ret_option, err, text);
	}
	if (loser && g_str_equal(protocol, "ipfix")) {
		text = g_strdup_printf("a record with both directions could leave by template %s of \"%s\", which has "
				       "not reverseOctetDeltaCount and reversePacketDeltaCount: half of it would be "
				       "lost; allowed: before it, one that needs [..., reverse] and has them", loser,
				       options->template_set);
		return fail("template_set", ret_option, err, text);
	}
	return TRUE;
}
