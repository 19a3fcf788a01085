// SPDX-License-Identifier: GPL-2.0-or-later
#include "collector/biflow.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

/* The option to blame, "" when all is fine. */
static const char *blamed(const char *protocol, const char *set, gboolean biflow, const char *part)
{
	NfpCollectorOptions options = { .endpoint = (char *)"tcp://127.0.0.1", .protocol = (char *)protocol,
					.template_set = (char *)set, .biflow = biflow };
	g_autoptr(NfpTemplateSet) templates = nfp_template_set_load(NULL, set, NULL);
	g_autoptr(GError) err = NULL;
	const char *option = "";

	cr_assert_not_null(templates);
	if (nfp_collector_biflow_check(&options, templates, &option, &err))
		return "";
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_not_null(strstr(err->message, part), "%s", err->message);
	return option;
}

Test(biflow, wants_a_protocol_and_templates_that_carry_it)
{
	cr_expect_str_eq(blamed("ipfix", "biflow", TRUE, ""), "");
	cr_expect_str_eq(blamed(NULL, "biflow", TRUE, ""), "", "ipfix by default");
	cr_expect_str_eq(blamed("json", "standard", TRUE, ""), "", "a line has all that the record has");
	cr_expect_str_eq(blamed("ipfix", "standard", TRUE, "half of it would be lost"), "template_set");
	cr_expect_str_eq(blamed("netflow9", "biflow", TRUE, "netflow9 has no place for the other direction"), "biflow");
	cr_expect_str_eq(blamed("ntopng", "biflow", TRUE, "allowed: protocol ipfix or json"), "biflow");
}

Test(biflow, templates_of_biflows_are_for_them_alone)
{
	cr_expect_str_eq(blamed("ipfix", "standard", FALSE, ""), "");
	cr_expect_str_eq(blamed("ipfix", "biflow", FALSE, "or biflow: true"), "template_set");
}

Test(biflow, receivers_have_to_read_the_other_direction)
{
	static const struct {
		NfpPeer kind;
		const char *why;
	} cases[] = {
		{ NFP_PEER_other, NULL },	{ NFP_PEER_nprobe, NULL },
		{ NFP_PEER_libfixbuf, NULL },	{ NFP_PEER_goflow2, NULL },
		{ NFP_PEER_nfdump, "nfdump takes elements of the other direction for those of the first" },
		{ NFP_PEER_pmacct, "pmacct does not read the other direction" },
		{ NFP_PEER_akvorado, "akvorado does not read the other direction" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		NfpCollectorOptions options = { .endpoint = (char *)"udp://127.0.0.1", .biflow = TRUE,
						.kind = cases[i].kind };
		g_autoptr(GError) err = NULL;
		const char *option = "";

		cr_expect_eq(nfp_collector_biflow_check(&options, NULL, &option, &err), !cases[i].why, "case %u", i);
		cr_expect(!cases[i].why || g_str_has_prefix(err->message, cases[i].why), "%s", err ? err->message : "");
		cr_expect_str_eq(option, cases[i].why ? "biflow" : "");
	}
}

Test(biflow, templates_need_not_be_known)
{
	NfpCollectorOptions options = { .endpoint = (char *)"udp://127.0.0.1", .biflow = TRUE };
	const char *option;

	cr_expect(nfp_collector_biflow_check(&options, NULL, &option, NULL));
}
