/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "collector/collector.h"

static void expect_faults(const NfpCollectorOptions *options, const NfpTemplateSet *set, const char *faults)
{
	g_autoptr(GError) err = NULL;
	gboolean fine = nfp_collector_fields_check(options, set, &err);

	cr_assert_eq(fine, faults == NULL, "%s", err ? err->message : "no fault");
	if (faults) {
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_assert_str_eq(err->message, faults);
	}
}

Test(readable, what_a_known_receiver_misreads_is_a_fault_with_its_place)
{
	static const char text[] = "templates: [{name: any, need: [application], fields: [packetDeltaCount, applicationId]}]";
	g_autoptr(NfpTemplateSet) set = nfp_template_set_parse("my/own.yaml", text, NULL);
	NfpCollectorOptions options = { .protocol = (char *)"ipfix", .kind = NFP_PEER_nfdump };

	expect_faults(&options, set,
		      "my/own.yaml:1:73: field applicationId is taken for something else by nfdump; leave it out");
	options.protocol = (char *)"netflow9";
	expect_faults(&options, set, NULL);
	options = (NfpCollectorOptions){ .protocol = (char *)"ipfix" };
	expect_faults(&options, set, NULL);
}

Test(readable, what_the_protocol_cannot_carry_is_one_too)
{
	static const char text[] = "lists:\n"
				   "  a: &a [tunnelDepth, flowId]\n"
				   "templates:\n"
				   "  - { name: a, need: [tunnel, ipv4], fields: [packetDeltaCount, *a] }\n"
				   "  - { name: b, need: [tunnel], fields: [packetDeltaCount, *a] }\n";
	g_autoptr(NfpTemplateSet) set = nfp_template_set_parse("own.yaml", text, NULL);
	NfpCollectorOptions options = { .protocol = (char *)"netflow9" };

	expect_faults(&options, set,
		      "own.yaml:2:10: field tunnelDepth has no number in NetFlow v9\n"
		      "own.yaml:2:23: field flowId has no number in NetFlow v9");
}

Test(readable, a_built_in_set_leaves_them_out)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	NfpCollectorOptions options = { .protocol = (char *)"netflow9", .kind = NFP_PEER_nfdump };
	g_autofree char *ignored = nfp_collector_fields_ignored(&options, set);
	g_autofree char *left_out = nfp_collector_fields_left_out(&options, set);

	expect_faults(&options, set, NULL);
	cr_assert_not_null(strstr(ignored, "layer2OctetDeltaCount"));
	cr_assert_null(strstr(ignored, "flowId"));
	cr_assert_not_null(strstr(left_out, "flowId"));
	cr_assert_null(strstr(left_out, "packetDeltaCount"));
}

Test(readable, nothing_to_tell)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	NfpCollectorOptions options = { .endpoint = (char *)"udp://127.0.0.1" };

	cr_assert_null(nfp_collector_fields_ignored(&options, set));
	cr_assert_null(nfp_collector_fields_left_out(&options, set));
}
