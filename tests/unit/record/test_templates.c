// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "record/templates.h"
#include "support/encode_records.h"

static NfpTemplateSet *standard(void)
{
	g_autoptr(GError) err = NULL;
	NfpTemplateSet *set = nfp_template_set_load(NULL, "standard", &err);

	cr_assert_not_null(set, "%s", err ? err->message : "?");
	return set;
}

static gboolean has_field(const NfpTemplate *template, const char *name)
{
	for (guint i = 0; i < template->n; i++)
		if (strcmp(template->fields[i]->name, name) == 0)
			return TRUE;
	return FALSE;
}

static void takes_every_kind(const char *name)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, name, NULL);
	uint64_t seed = 2;

	cr_assert_not_null(set, "%s", name);

	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		NfpRecord record;

		nfp_test_record(&record, kind, &seed);

		uint32_t have = nfp_record_have(&record);
		int chosen = nfp_template_set_choose(set, have);

		cr_assert_geq(chosen, 0, "kind %u", kind);

		const NfpTemplate *template = &set->templates[chosen];

		for (guint i = 0; i < template->n; i++)
			cr_assert_eq(have & template->fields[i]->need, template->fields[i]->need,
				     "kind %u has no %s, which %s sends", kind,
				     template->fields[i]->name, template->name);
		/* What tells one flow from another is never left out where the record has it. */
		for (guint i = 0; i < nfp_fields_n; i++) {
			static const char *const keys[] = { "sourceIPv4Address",
							    "destinationIPv6Address",
							    "destinationTransportPort",
							    "protocolIdentifier",
							    "tcpControlBits",
							    "tcpOptions",
							    "upstreamTunnelId",
							    "tunnelSourceIPv4Address",
							    "tunnelDestinationIPv6Address",
							    "icmpTypeCodeIPv4",
							    "icmpTypeCodeIPv6",
							    "vlanId",
							    "sourceMacAddress",
							    "flowStartMilliseconds",
							    "flowId" };
			/* Inside tunnels the outermost id has to do. */
			static const char *const outside[] = { "postVlanId", "dot1qCustomerVlanId" };

			for (guint k = 0; k < G_N_ELEMENTS(keys); k++)
				if (strcmp(keys[k], nfp_fields[i].name) == 0 &&
				    (have & nfp_fields[i].need) == nfp_fields[i].need &&
				    (have & NFP_HAVE_TIMES) &&
				    (have & (NFP_HAVE_PROTOCOL | NFP_HAVE_ETHERTYPE)))
					cr_assert(has_field(template, keys[k]),
						  "kind %u: %s lacks %s", kind, template->name,
						  keys[k]);
			for (guint k = 0; k < G_N_ELEMENTS(outside); k++)
				if (strcmp(outside[k], nfp_fields[i].name) == 0 &&
				    (have & nfp_fields[i].need) == nfp_fields[i].need &&
				    (have & (NFP_HAVE_TIMES | NFP_HAVE_TUNNEL)) == NFP_HAVE_TIMES &&
				    (have & (NFP_HAVE_PROTOCOL | NFP_HAVE_ETHERTYPE)))
					cr_assert(has_field(template, outside[k]),
						  "kind %u: %s lacks %s", kind, template->name,
						  outside[k]);
		}
	}
}

Test(standard, has_a_template_for_every_kind_of_record)
{
	takes_every_kind("standard");
}

/* Facts leave where a record has them; tshark reads 60 fields unless told otherwise. */
Test(enriched, has_a_template_for_every_kind_of_record)
{
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "enriched", NULL);
	uint64_t seed = 5;

	takes_every_kind("enriched");
	for (guint i = 0; i < set->n; i++)
		cr_assert_leq(set->templates[i].n, 60, "%s has %u", set->templates[i].name, set->templates[i].n);
	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		NfpRecord record;
		const NfpTemplate *template;
		uint32_t have;

		nfp_test_record(&record, kind, &seed);
		record.have |= NFP_HAVE_NEXT_HOP;
		have = nfp_record_have(&record);
		template = &set->templates[nfp_template_set_choose(set, have)];
		cr_assert_eq(has_field(template, "sourceAsName"), (have & NFP_HAVE_PLACES) != 0, "%s", template->name);
		cr_assert_eq(has_field(template, "applicationName"), (have & NFP_HAVE_APPLICATION) != 0);
		if (!(have & NFP_HAVE_TUNNEL))
			cr_assert_eq(has_field(template, "ipNextHopIPv4Address") ||
					     has_field(template, "ipNextHopIPv6Address"),
				     (have & NFP_HAVE_PREFIXES) != 0, "%s", template->name);
	}
}

Test(standard, takes_whatever_comes)
{
	g_autoptr(NfpTemplateSet) set = standard();

	for (uint32_t have = 0; have < 1u << 18; have++)
		cr_assert_geq(nfp_template_set_choose(set, have | NFP_HAVE_ALWAYS), 0, "have %x",
			      have);
}

Test(standard, is_what_the_collectors_read)
{
	g_autoptr(NfpTemplateSet) set = standard();
	gboolean reached[NFP_SET_TEMPLATES] = { FALSE };
	uint64_t seed = 3;

	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		NfpRecord record;

		nfp_test_record(&record, kind, &seed);
		reached[nfp_template_set_choose(set, nfp_record_have(&record))] = TRUE;
	}
	for (guint i = 0; i < set->n; i++) {
		const NfpTemplate *template = &set->templates[i];

		cr_assert(reached[i], "no kind of record leaves by %s", template->name);
		cr_assert_not(has_field(template, "sourceIPv4Address") &&
			      has_field(template, "sourceIPv6Address"));
		cr_assert_not(has_field(template, "flowStartNanoseconds"),
			      "nfdump and pmacct do not read it");
		cr_assert(has_field(template, "octetDeltaCount") &&
			  has_field(template, "packetDeltaCount"));
		cr_assert_leq(template->n, 60, "tshark reads 60 fields unless told otherwise");
	}
}

/* As the pairing leaves records: a partner was looked for, and one that has both directions sends both. */
Test(biflow, has_a_template_for_every_kind_of_record)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "biflow", &err);
	gboolean reached[NFP_SET_TEMPLATES] = { FALSE };
	uint64_t seed = 4;

	cr_assert_not_null(set, "%s", err ? err->message : "?");
	for (guint kind = 0; kind < NFP_TEST_KINDS; kind++) {
		NfpRecord record;
		const NfpTemplate *template;
		int chosen;

		nfp_test_record(&record, kind, &seed);
		record.have |= NFP_HAVE_BIFLOW;
		chosen = nfp_template_set_choose(set, nfp_record_have(&record));
		cr_assert_geq(chosen, 0, "kind %u", kind);
		reached[chosen] = TRUE;
		template = &set->templates[chosen];
		for (guint i = 0; i < template->n; i++)
			cr_assert_eq(nfp_record_have(&record) & template->fields[i]->need, template->fields[i]->need,
				     "kind %u has no %s", kind, template->fields[i]->name);
		cr_assert(has_field(template, "biflowDirection"));
		cr_assert_eq(has_field(template, "reversePacketDeltaCount"),
			     (record.have & NFP_HAVE_REVERSE) != 0, "kind %u: %s", kind, template->name);
		cr_assert_eq(has_field(template, "reverseOctetDeltaCount"), (record.have & NFP_HAVE_REVERSE) != 0);
		cr_assert_eq(has_field(template, "reverseTcpControlBits"),
			     (record.have & NFP_HAVE_REVERSE_TCP) == NFP_HAVE_REVERSE_TCP);
		cr_assert_eq(has_field(template, "upstreamTunnelId"), (record.have & NFP_HAVE_TUNNEL) != 0);
	}
	for (guint i = 0; i < set->n; i++)
		cr_assert(reached[i], "no kind of record leaves by %s", set->templates[i].name);
}

Test(templates, the_other_direction_is_lost_or_is_not)
{
#define ALL "[reversePacketDeltaCount, reverseOctetDeltaCount]"
	static const struct {
		const char *text, *loser;
	} cases[] = {
		{ "templates: [{name: a, need: [reverse], fields: " ALL "}, {name: b, need: [], fields: [flowId]}]", NULL },
		{ "templates: [{name: b, need: [ipv4], fields: [flowId]}, {name: a, need: [reverse], fields: " ALL "}]", "b" },
		{ "templates: [{name: a, need: [reverse], fields: [reversePacketDeltaCount]}]", "a" },
		{ "templates: [{name: a, need: [reverse, tcp], fields: " ALL "}, {name: b, need: [], fields: [flowId]}]", "b" },
		{ "templates: [{name: a, need: [reverse, ipv4], fields: " ALL "}, {name: b, need: [], fields: [flowId]}]", "b" },
		{ "templates: [{name: a, need: [reverse, ipv4], fields: " ALL "}, {name: b, need: [reverse, ipv6], "
		  "fields: " ALL "}, {name: c, need: [ethertype], fields: [flowId]}]", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(NfpTemplateSet) set = nfp_template_set_parse("x.yaml", cases[i].text, NULL);

		cr_assert_not_null(set, "case %u", i);
		cr_expect(g_strcmp0(nfp_template_set_loses_reverse(set), cases[i].loser) == 0, "case %u: %s", i,
			  nfp_template_set_loses_reverse(set));
	}
	g_autoptr(NfpTemplateSet) embedded = nfp_template_set_load(NULL, "biflow", NULL);

	cr_expect_null(nfp_template_set_loses_reverse(embedded));
}

Test(templates, choose_the_first_that_fits)
{
	NfpTemplate templates[] = { { .need = NFP_HAVE_IPV4 | NFP_HAVE_TCP },
				    { .need = NFP_HAVE_IPV4 } };
	NfpTemplateSet set = { .n = 2, .templates = templates };

	cr_assert_eq(nfp_template_set_choose(&set, NFP_HAVE_IPV4 | NFP_HAVE_TCP | NFP_HAVE_VLAN),
		     0);
	cr_assert_eq(nfp_template_set_choose(&set, NFP_HAVE_IPV4), 1);
	cr_assert_eq(nfp_template_set_choose(&set, NFP_HAVE_TCP), -1);
	nfp_template_set_free(NULL);
}

static void expect_error(const char *folder, const char *name, const char *part)
{
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_template_set_load(folder, name, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert_not_null(strstr(err->message, part), "\"%s\" says nothing of \"%s\"",
			   err->message, part);
}

Test(templates, load_from_a_folder_or_from_the_binary)
{
	g_autofree char *folder = g_dir_make_tmp("nfp-templates-XXXXXX", NULL);
	g_autofree char *own = g_build_filename(folder, "own.yaml", NULL);
	g_autofree char *bad = g_build_filename(folder, "bad.yaml", NULL);
	g_autofree char *huge = g_build_filename(folder, "huge.yaml", NULL);
	g_autofree char *directory = g_build_filename(folder, "dir.yaml", NULL);
	g_autofree char *spaces = g_strnfill(1024 * 1024 + 1, ' ');
	g_autoptr(GError) err = NULL;

	g_file_set_contents(own, "templates: [{name: x, need: [], fields: [flowId]}]\n", -1, NULL);
	g_file_set_contents(bad, "\0", 1, NULL);
	g_file_set_contents(huge, spaces, -1, NULL);
	g_mkdir(directory, 0700);

	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(folder, "own", &err);

	cr_assert_not_null(set, "%s", err ? err->message : "?");
	cr_assert_str_eq(set->name, "own");
	g_autoptr(NfpTemplateSet) embedded = nfp_template_set_load(folder, "standard", &err);

	cr_assert_not_null(embedded, "%s", err ? err->message : "?");
	cr_assert_str_eq(embedded->name, "standard");
	expect_error(folder, "standart", "did you mean \"standard\"?");
	expect_error(folder, "nothing", "built in: ");
	expect_error(NULL, "own", "no template set \"own\"; built in");
	expect_error(folder, "../own", "no name");
	expect_error(folder, ".hidden", "no name");
	expect_error(folder, "", "no name");
	expect_error(folder, "bad", "bad.yaml:1:1: not a text file");
	expect_error(folder, "huge", "huge.yaml:1:1: larger than 1 MiB");
	expect_error(folder, "dir", "dir.yaml");

	g_unlink(own);
	g_unlink(bad);
	g_unlink(huge);
	g_rmdir(directory);
	g_rmdir(folder);
}

Test(templates, equal_wherever_they_are_from)
{
	static const char one[] = "templates:\n  - { name: all, need: [], fields: [octetDeltaCount, packetDeltaCount] }\n";
	static const char two[] = "templates:\n  - { name: all, need: [], fields: [packetDeltaCount, octetDeltaCount] }\n";
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTemplateSet) a = nfp_template_set_parse("/x/set.yaml", one, &err);
	g_autoptr(NfpTemplateSet) b = nfp_template_set_parse("/y/set.yaml", one, NULL);
	g_autoptr(NfpTemplateSet) c = nfp_template_set_parse("/x/set.yaml", two, NULL);

	cr_assert(a && b && c, "%s", err ? err->message : "");
	cr_expect(nfp_template_set_equal(a, b));
	cr_expect_not(nfp_template_set_equal(a, c), "another order");
}

Test(templates, a_field_more_is_there_once_and_not_beyond_the_limit)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTemplateSet) set = nfp_template_set_parse(
		"/x/set.yaml", "templates:\n  - { name: sampled, need: [sampled], fields: [packetDeltaCount, samplingInterval] }\n"
			       "  - { name: all, need: [], fields: [octetDeltaCount] }\n", &err);
	const NfpField *field = nfp_field_find("samplingInterval");

	cr_assert(set && field, "%s", err ? err->message : "");
	nfp_template_set_add(set, field);
	nfp_template_set_add(set, field);
	cr_expect_eq(set->templates[0].n, 2, "it had it");
	cr_expect_eq(set->templates[1].n, 2);
	cr_expect_eq(set->templates[1].fields[1], field);

	for (guint i = 0; i < NFP_F_N; i++)
		nfp_template_set_add(set, &nfp_fields[i]);
	cr_expect_eq(set->templates[1].n, MIN(NFP_TEMPLATE_FIELDS, NFP_F_N));
}
