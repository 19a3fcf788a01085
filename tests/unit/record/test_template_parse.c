// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "record/templates.h"

Test(template_parse, reads_lists_in_lists)
{
	static const char text[] =
		"lists:\n"
		"  a: &a [flowId, &b [octetDeltaCount, packetDeltaCount]]\n"
		"templates:\n"
		"  - name: tcp\n"
		"    need: [ipv4, tcp, cvlan]\n"
		"    fields: [*a, sourceIPv4Address, vlanId, protocolIdentifier]\n"
		"  - { name: rest, need: [], fields: [*b] }\n";
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTemplateSet) set = nfp_template_set_parse("dir/mine.yaml", text, &err);

	cr_assert_not_null(set, "%s", err ? err->message : "?");
	cr_assert_str_eq(set->name, "mine");
	cr_assert_eq(set->n, 2);
	cr_assert_str_eq(set->templates[0].name, "tcp");
	cr_assert_eq(set->templates[0].n, 6);
	cr_assert_eq(set->templates[0].fields[2], &nfp_fields[NFP_F_packetDeltaCount]);
	cr_assert_eq(set->templates[0].fields[5], &nfp_fields[NFP_F_protocolIdentifier]);
	cr_assert(set->templates[0].need & NFP_HAVE_VLAN, "implied by cvlan");
	cr_assert_eq(set->templates[1].need, NFP_HAVE_ALWAYS);
	cr_assert_eq(set->templates[1].n, 2);
}

#define T "templates:\n  - {name: a, need: [], fields: [flowId]}\n"

/* Text, and the whole of what is said about it. */
static const struct {
	const char *text, *errors;
} cases[] = {
	{ "", "f.yaml:1:1: empty: a template set has \"templates\"" },
	{ "# nothing\n", "f.yaml:1:1: empty: a template set has \"templates\"" },
	{ "- a\n", "f.yaml:1:1: a template set is a mapping, not a list" },
	{ "hello", "f.yaml:1:1: a template set is a mapping, not a single value" },
	{ "{}", "f.yaml:1:1: a template set has \"templates\"" },
	{ "templates: 1", "f.yaml:1:12: templates is a list, not a single value" },
	{ "templates: []", "f.yaml:1:12: a template set has 1 to 1024 templates" },
	{ T "template: 1\n",
	  "f.yaml:3:1: unknown key \"template\" in a template set, did you mean templates?" },
	{ T "? [x]\n: 1\n", "f.yaml:3:3: unknown key \"?\" in a template set" },
	{ T T, "f.yaml:3:1: \"templates\" is there twice" },
	{ T "lists: 1\n", "f.yaml:3:8: lists is a mapping, not a single value" },
	{ T "lists:\n  x: [nothing]\n", "f.yaml:4:7: unknown field \"nothing\"" },
	{ T "lists:\n  x: flowId\n",
	  "f.yaml:4:6: expected a list of field names, not a single value" },
	{ "templates: [1]", "f.yaml:1:13: a template is a mapping, not a single value" },
	{ "templates: [{name: a, need: []}]", "f.yaml:1:13: a template has a \"fields\"" },
	{ "templates: [{name: a b, need: [], fields: [flowId]}]",
	  "f.yaml:1:20: a template's name is 1 to 63 letters, digits, \"-\", \"_\" or \".\"" },
	{ "templates: [{name: a, need: ipv4, fields: [flowId]}]",
	  "f.yaml:1:29: need is a list of words, not a single value" },
	{ "templates: [{name: a, need: [ipv5], fields: [flowId]}]",
	  "f.yaml:1:30: unknown need \"ipv5\", did you mean ipv4?" },
	{ "templates: [{name: a, need: [ipv4, icmp6], fields: [flowId]}]",
	  "f.yaml:1:29: no record is of IPv4 and of IPv6" },
	{ "templates: [{name: a, need: [], fields: []}]",
	  "f.yaml:1:41: a template has at least one field" },
	{ "templates: [{name: a, need: [], fields: [flowid]}]",
	  "f.yaml:1:42: unknown field \"flowid\", did you mean flowId?\n"
	  "f.yaml:1:41: a template has at least one field" },
	{ "templates: [{name: a, need: [], fields: [flowId, {a: b}]}]",
	  "f.yaml:1:50: expected a list of field names, not a mapping" },
	{ "templates: [{name: a, need: [], fields: [flowId, flowId]}]",
	  "f.yaml:1:41: field flowId is there twice" },
	{ "templates: [{name: a, need: [ipv4], fields: [tcpControlBits]}]",
	  "f.yaml:1:45: field tcpControlBits needs \"tcp\" under need" },
	{ "templates:\n- {name: a, need: [ipv4], fields: [flowId]}\n"
	  "- {name: a, need: [ipv4, tcp], fields: [flowId]}\n",
	  "f.yaml:3:10: there is a template a already\n"
	  "f.yaml:3:19: a is never reached: a above takes all its records" },
	{ "templates: [{name: a, need: [], fields: &a [flowId, *a]}]",
	  "f.yaml:1:41: lists nested deeper than 8\n"
	  "f.yaml:1:41: field flowId is there twice" },
	{ "templates: [{name: a, need: [\"x\\ny\\e\"], fields: [flowId]}]",
	  "f.yaml:1:30: unknown need \"x?y?\"" },
	{ "a: [",
	  "f.yaml:2:1: not YAML: did not find expected node content while parsing a flow node" },
	{ "a: *b", "f.yaml:1:4: not YAML: found undefined alias" },
	{ "\xff", "f.yaml:1:1: not YAML: invalid leading UTF-8 octet" },
};

Test(template_parse, errors_name_the_place)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_template_set_parse("f.yaml", cases[i].text, &err), "\"%s\"",
			       cases[i].text);
		cr_expect(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_expect_str_eq(err->message, cases[i].errors, "\"%s\":\n%s\ninstead of\n%s",
				 cases[i].text, err->message, cases[i].errors);
	}
}

Test(template_parse, errors_of_a_list_in_use_are_told_once)
{
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_template_set_parse("f",
					      "lists: {x: &x [nope]}\n"
					      "templates:\n"
					      "- {name: a, need: [tcp], fields: [flowId, *x]}\n"
					      "- {name: b, need: [], fields: [flowId, *x]}\n",
					      &err));
	cr_assert_str_eq(err->message, "f:1:16: unknown field \"nope\"");
}

Test(template_parse, has_limits)
{
	g_autoptr(GString) text = g_string_new("templates: [{name: a, need: [], fields: [");
	g_autoptr(GError) err = NULL;

	for (guint i = 0; i < 300; i++)
		g_string_append(text, "nope,");
	g_string_append(text, "]}]");
	cr_assert_null(nfp_template_set_parse("f", text->str, &err));
	cr_assert_not_null(strstr(err->message, "f: 20"), "the rest is counted: %s",
			   err->message + strlen(err->message) - 50);
	g_clear_error(&err);

	g_string_assign(text, "templates: [{name: a, need: [], fields: [");
	for (guint i = 0; i < 257; i++)
		g_string_append(text, "flowId,");
	g_string_append(text, "]}]");
	cr_assert_null(nfp_template_set_parse("f", text->str, &err));
	cr_assert_not_null(strstr(err->message, "more than 256 fields"));
	g_clear_error(&err);

	/* 10^8 names through aliases: must end at once. */
	g_string_assign(text, "lists:\n  a0: &a0 [[],[],[],[],[],[],[],[],[],[]]\n");
	for (guint i = 1; i < 8; i++) {
		g_string_append_printf(text, "  a%u: &a%u [", i, i);
		for (guint j = 0; j < 10; j++)
			g_string_append_printf(text, "*a%u,", i - 1);
		g_string_append(text, "]\n");
	}
	g_string_append(text, T);

	gint64 start = g_get_monotonic_time();

	cr_assert_null(nfp_template_set_parse("f", text->str, &err));
	cr_assert_lt(g_get_monotonic_time() - start, 2 * G_USEC_PER_SEC);
	g_clear_error(&err);

	g_string_assign(text, "templates:\n");
	for (guint i = 0; i < 1025; i++)
		g_string_append_printf(text, "- {name: t%u, need: [], fields: [flowId]}\n", i);
	cr_assert_null(nfp_template_set_parse("f", text->str, &err));
	cr_assert_str_eq(err->message, "f:2:1: a template set has 1 to 1024 templates");
}
