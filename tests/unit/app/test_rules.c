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

	cr_expect(nfp_rules_same_hooks(&o[0], &o[1]), "whatever they are called");
	cr_expect_not(nfp_rules_same_hooks(&o[1], &o[2]));
	cr_expect(nfp_rules_same_programs(conf, conf));
	cr_expect_not(nfp_rules_same_programs(conf, routes));
	cr_expect_not(nfp_rules_same_programs(conf, fragments));
	nfp_conf_free(conf);
	nfp_conf_free(routes);
	nfp_conf_free(fragments);
}
