/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/rules.h"

#include <criterion/criterion.h>

static NfpConf *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	NfpConf *conf = nfp_conf_parse("file.yaml", text, &error);

	cr_assert_not_null(conf, "%s", error ? error->message : "");
	return conf;
}

Test(rules, the_first_that_matches)
{
	NfpConf *conf = parse("interfaces:\n- { match: eth0, direction: egress }\n- { match: \"eth*\", netns: blue }\n"
			      "- { match: \"eth*\", direction: both }\n");
	NfpLink link = { .name = "eth0" }, other = { .name = "wlan0" };
	NfpInterfaceOptions o;

	cr_expect_eq(nfp_rules_match(conf, NULL, "eth0")->direction, NFP_DIRECTION_EGRESS);
	cr_expect_eq(nfp_rules_match(conf, NULL, "eth1")->direction, NFP_DIRECTION_BOTH);
	cr_expect_str_eq(nfp_rules_match(conf, "blue", "eth0")->netns, "blue");
	cr_expect_null(nfp_rules_match(conf, "red", "eth0"));
	cr_expect(nfp_rules_of(conf, NULL, &link, &o));
	cr_expect_eq(o.direction, NFP_DIRECTION_EGRESS);
	cr_expect_not(nfp_rules_of(conf, NULL, &other, &o));
	nfp_conf_free(conf);
}

Test(rules, without_a_list)
{
	NfpConf *conf = parse("interval: 60s\n");
	NfpLink link = { .name = "eth0" }, lo = { .name = "lo", .loopback = true };
	NfpInterfaceOptions o;

	conf->direction = NFP_DIRECTION_EGRESS;
	cr_expect(nfp_rules_of(conf, NULL, &link, &o));
	cr_expect(o.direction == NFP_DIRECTION_EGRESS && o.sampling == 1);
	cr_expect_not(nfp_rules_of(conf, NULL, &lo, &o));
	cr_expect_not(nfp_rules_of(conf, "blue", &link, &o), "a namespace is metered where a rule names it");
	nfp_conf_free(conf);
}

Test(rules, same)
{
	NfpConf *conf = parse("interfaces:\n- { match: a, filter: tcp }\n- { match: b, filter: tcp }\n"
			      "- { match: c, filter: udp }\n");
	NfpConf *routes = parse("{ enrichment: { routes: true } }\n"), *fragments = parse("fragments: track\n");
	const NfpInterfaceOptions *o = (const NfpInterfaceOptions *)(const void *)conf->interfaces->data;
	NfpConf *other = parse("interfaces:\n- { match: a, filter: udp }\n- { match: \"[bd]\", filter: tcp }\n");
	NfpLink a = { .name = "a" }, b = { .name = "b" }, c = { .name = "c" }, d = { .name = "d" };

	cr_expect(nfp_rules_same_hooks(&o[0], &o[1]), "whatever they are called");
	cr_expect_not(nfp_rules_same_hooks(&o[1], &o[2]));
	cr_expect(nfp_rules_same_programs(conf, conf));
	cr_expect_not(nfp_rules_same_programs(conf, routes));
	cr_expect_not(nfp_rules_same_programs(conf, fragments));
	cr_expect_not(nfp_rules_same(conf, other, NULL, &a), "another filter");
	cr_expect(nfp_rules_same(conf, other, NULL, &b), "another pattern");
	cr_expect_not(nfp_rules_same(conf, other, NULL, &c), "one does not want it");
	cr_expect_not(nfp_rules_same(conf, other, NULL, &d));
	other->enrichment_routes = true;
	cr_expect_not(nfp_rules_same(conf, other, NULL, &b), "another program");
	nfp_conf_free(other);
	nfp_conf_free(conf);
	nfp_conf_free(routes);
	nfp_conf_free(fragments);
}

Test(rules, sampling)
{
	NfpInterfaceOptions all = { .sampling = 1 }, tenth = { .sampling = 10, .sampling_mode = NFP_SAMPLE_RANDOM, .sampling_budget = 5 },
			    adaptive = { .sampling = 0, .sampling_budget = 5 };

	cr_expect(nfp_rules_sampling(&all).rate == 0 && nfp_rules_sampling(&all).budget == 0);
	cr_expect(nfp_rules_sampling(&tenth).rate == 10 && nfp_rules_sampling(&tenth).budget == 0);
	cr_expect_eq(nfp_rules_sampling(&tenth).mode, (uint32_t)NFP_SAMPLE_RANDOM);
	cr_expect(nfp_rules_sampling(&adaptive).rate == 1 && nfp_rules_sampling(&adaptive).budget == 5);
}

Test(rules, names)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	g_autofree char *none = nfp_rules_names(links), *two = NULL, *many = NULL;

	for (guint i = 0; i < 22; i++) {
		NfpLink link = { 0 };

		g_snprintf(link.name, sizeof(link.name), "e%u", i);
		g_array_append_val(links, link);
		if (i == 1)
			two = nfp_rules_names(links);
	}
	many = nfp_rules_names(links);
	cr_expect_str_empty(none);
	cr_expect_str_eq(two, "e0, e1");
	cr_expect(g_str_has_suffix(many, ", e19 and 2 more"), "%s", many);
}
