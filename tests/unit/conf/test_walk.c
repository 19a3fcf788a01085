/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document's structure along the schema: keys, lists, sections, and what no row can tell alone.
 */
#include "conf/walk.h"

#include <criterion/criterion.h>
#include <string.h>

/* The errors of a document without the prefix "f:", or "". */
static char *faults(const char *text)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = nfp_conf_parse("f", text, &err);

	cr_assert_eq(conf == NULL, err != NULL);
	return g_strdup(err ? err->message : "");
}

#define TUNNELS \
	"ipip, 4in4, 6in4, 4in6, 6in6, gre, pptp, erspan, vxlan, geneve, gtpu, l2tp, teredo, mplsudp or all"
#define INTERFACE "interfaces:\n  - match: eth0\n"
#define TWO "collectors:\n  - { name: a, endpoint: \"udp://h\" }\n  - { name: b, endpoint: \"udp://h:1\" }\n"
#define COLLECTOR "collectors:\n  - name: a\n    endpoint: udp://127.0.0.1\n"

/* The set goes by what is asked for, unless one is named. */
Test(conf_walk, biflow_brings_its_templates)
{
	g_autoptr(NfpConf) conf = nfp_conf_parse("f", COLLECTOR "    biflow: true\n", NULL);
	g_autofree char *lost = faults(COLLECTOR "    biflow: true\n    template_set: standard\n");
	g_autofree char *alone = faults(COLLECTOR "    template_set: biflow\n");

	cr_assert_not_null(conf);
	cr_expect_str_eq(g_array_index(conf->collectors, NfpCollectorOptions, 0).template_set, "biflow");
	cr_expect(g_str_has_prefix(lost, "f:5:19: template_set: a record with both directions"), "%s", lost);
	cr_expect(g_str_has_prefix(alone, "f:4:19: template_set: every template of \"biflow\""), "%s", alone);
}

Test(conf_walk, faults_of_structure)
{
	static const struct {
		const char *text, *faults;
	} cases[] = {
		{ INTERFACE COLLECTOR, "" },
		{ "intervall: 60s\n",
		  "f:1:1: unknown key \"intervall\", did you mean \"interval\"? allowed here: "
		  "hostname, instance, pin_root, run_dir, state_dir, interval, clock, merge_cpus, nice, stacked, "
		  "maps, fragments, enrichment, biflow_memory, templates, metrics, security, log, pen, interfaces, collectors, groups" },
		{ "biflow: true\n",
		  "f:1:1: unknown key \"biflow\", it is one of an item of collectors; allowed here: "
		  "hostname, instance, pin_root, run_dir, state_dir, interval, clock, merge_cpus, nice, stacked, "
		  "maps, fragments, enrichment, biflow_memory, templates, metrics, security, log, pen, interfaces, collectors, groups" },
		{ "interfaces: [ { match: a, interval: 1s } ]\n",
		  "f:1:27: unknown key \"interval\", it is one of the document, not of an item; allowed here: "
		  "match, netns, direction, hook, decapsulate, filter, prefixes, sampling, sampling_mode, sampling_budget" },
		{ "maps: { memroy: 64MiB }\n", "f:1:9: unknown key \"memroy\", did you mean "
					       "\"memory\"? allowed here: memory, flows, table" },
		{ "maps: { quux: 1 }\n",
		  "f:1:9: unknown key \"quux\"; allowed here: memory, flows, table" },
		{ "keys: { dscp: false }\n", "f:1:1: \"keys\" is not in this version; leave it out" },
		{ "interfaces:\n  - match: a\n    decapsulate: [vxlan, gree, 6in4, mpls]\n"
		  "  - match: b\n    decapsulate: []\n  - match: c\n    decapsulate: all, ipip\n",
		  "f:3:26: decapsulate: \"gree\" is no kind of tunnel, did you mean \"gre\"?; allowed: " TUNNELS
		  "\nf:3:38: decapsulate: \"mpls\" is no kind of tunnel; allowed: " TUNNELS },
		{ "interfaces:\n  - match: a\n    prefixes: [10.0.0.0/8, 192.0.2.1/24, /etc/nfprobe/list]\n"
		  "  - { match: b, prefixes: [10.0.0.0/8, \"/dev/null\"] }\n  - { match: c, prefixes: [] }\n",
		  "f:3:28: prefixes: \"192.0.2.1/24\" has bits behind its length\n"
		  "f:3:42: prefixes: /etc/nfprobe/list cannot be read: No such file or directory\n"
		  "f:4:40: prefixes: /dev/null is no file\nf:5:27: prefixes: an empty list has no prefix, so that nothing would pass" },
		{ TWO "groups: [{ name: g, policy: balance, members: [a, b] }]\n", "" },
		{ TWO "groups:\n  - { name: g, members: \"b, a\", down_after: 0s }\n", "" },
		{ TWO "groups: []\n", "f:4:9: groups is empty; write at least one group, or leave it out for the default" },
		{ TWO "groups: [{ name: g, members: [] }]\n",
		  "f:4:30: members: a group of nobody; allowed: names of collectors" },
		{ TWO "groups: [{ name: g, members: [a, bb, x] }]\n",
		  "f:4:34: members: there is no collector \"bb\"; allowed: a, b\n"
		  "f:4:38: members: there is no collector \"x\"; allowed: a, b" },
		{ "collectors: [{ name: nfdump, endpoint: \"udp://h\" }]\ngroups: [{ name: g, members: [nfdmp] }]\n",
		  "f:2:31: members: there is no collector \"nfdmp\", did you mean \"nfdump\"?" },
		{ TWO "groups: [{ name: g, members: [a, a] }]\n",
		  "f:4:34: members: \"a\" is in group \"g\" already; allowed: one group, once" },
		{ TWO "groups: [{ name: g, members: a }, { name: g, members: [a] }]\n",
		  "f:4:43: name: another group is called \"g\" already; allowed: a name of its own\n"
		  "f:4:56: members: \"a\" is in group \"g\" already; allowed: one group, once" },
		{ TWO "groups: [{ name: g, policy: fallover, members: [a, 'b c'] }]\n",
		  "f:4:29: policy: \"fallover\" is no choice, did you mean \"failover\"?; allowed: mirror, balance or failover\n"
		  "f:4:52: members: \"b c\" cannot be used as a name; allowed: names of collectors" },
		{ COLLECTOR "    tls: { ca: /a }\n",
		  "f:4:10: tls: udp has none; allowed: with tls:// and dtls://" },
		{ "collectors:\n  - { name: a, endpoint: \"tls://h\", tls: { renew: 1h } }\n",
		  "f:2:42: tls: renew: a TLS connection ends with its collector; allowed: with dtls://" },
		{ "collectors:\n  - { name: a, endpoint: \"dtls://h\", tls: { renew: 1h, ca: /c } }\n", "" },
		{ "collectors:\n  - { name: a, endpoint: \"tls://h\", tls: { key: /a } }\n",
		  "f:2:42: tls: a key without its certificate; allowed: both or none" },
		{ "collectors:\n  - { name: a, endpoint: \"tls://h\", tls: { verify: false, ca: /c } }\n", "" },
		{ "fragments: yes\n", "f:1:12: fragments: \"yes\" is no choice; allowed: ports0 or track" },
		{ "interval: 5s\nclock: exact\ninterval: 6s\n",
		  "f:3:1: \"interval\" stands here a second time (first in line 1); keep one" },
		{ "interval: [5s]\n", "f:1:11: interval is a list; allowed: a single value" },
		{ "interval: {a: 5s}\n",
		  "f:1:11: interval is a section of keys; allowed: a single value" },
		{ "interval:\nclock: exact\n", "f:1:10: interval has no value; allowed: a single "
					       "value, or leave the line out for the default" },
		{ "maps: 512MiB\n",
		  "f:1:7: maps is a single value; allowed: a section of keys (\"key: value\")" },
		{ "interfaces: eth0\n", "f:1:13: interfaces is a single value; allowed: a list "
					"(lines that begin with \"- \")" },
		{ "interfaces: []\n", "f:1:13: interfaces is empty; write at least one interface, "
				      "or leave it out for the default" },
		{ "interfaces: [eth0]\n", "f:1:14: interface is a single value; allowed: a section "
					  "of keys (\"key: value\")" },
		{ "interfaces:\n  - direction: both\n",
		  "f:2:5: this interface has no \"match\"; allowed: a name with *, ? or [abc]" },
		{ "interfaces:\n  - match: a\n    hook: xdp\n    direction: egress\n  - match: b\n"
		  "    hook: xdp\n    direction: both\n",
		  "f:3:11: hook: XDP sees what comes in only; allowed: tc for direction: egress" },
		{ "? [a]\n: b\n", "f:1:3: a key is a list; allowed: a word" },
		{ "- a\n",
		  "f:1:1: the document is a list; allowed: a section of keys (\"key: value\")" },
		{ "~\n", "f:1:1: the document has no value; allowed: a section of keys (\"key: "
			 "value\"), or leave the line out for the default" },
		{ "collectors:\n  - name: a\n    endpoint: udp://h\n  - {name: b, endpoint: "
		  "udp://h}\n"
		  "  - name: a\n    endpoint: udp://h\n",
		  "f:5:11: name: another collector is called \"a\" already; allowed: a name of its "
		  "own" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = faults(cases[i].text);

		cr_assert_str_eq(got, cases[i].faults, "got  %s\nwant %s", got, cases[i].faults);
	}
}

Test(conf_walk, all_faults_at_once_in_order)
{
	g_autofree char *got = faults("interval: 5\n"
				      "keys: { dscp: false }\n"
				      "interfaces:\n"
				      "  - match: eth0\n"
				      "    directon: both\n"
				      "  - netns: blue\n"
				      "collectors:\n"
				      "  - name: one\n"
				      "    endpoint: udp://localhost:99999\n"
				      "    template_refresh: { interval: 0s, mesages: 3 }\n");
	g_auto(GStrv) lines = g_strsplit(got, "\n", -1);
	static const char *const begins[] = {
		"f:1:11: interval: \"5\" lacks a unit",
		"f:2:1: \"keys\" is not in this version",
		"f:5:5: unknown key \"directon\", did you mean \"direction\"?",
		"f:6:5: this interface has no \"match\"",
		"f:9:15: endpoint: ",
		"f:10:35: template_refresh.interval: \"0s\" is out of range",
		"f:10:39: unknown key \"mesages\", did you mean \"messages\"?",
	};

	cr_assert_eq(g_strv_length(lines), G_N_ELEMENTS(begins), "%s", got);
	for (guint i = 0; i < G_N_ELEMENTS(begins); i++)
		cr_assert(g_str_has_prefix(lines[i], begins[i]), "got  %s\nwant %s", lines[i],
			  begins[i]);
}

Test(conf_walk, lists_have_an_end)
{
	g_autoptr(GString) text = g_string_new("collectors:\n");
	g_autofree char *most = NULL;
	g_autofree char *more = NULL;

	for (guint i = 0; i < 64; i++)
		g_string_append_printf(text, "  - { name: c%u, endpoint: \"udp://h\" }\n", i);
	most = faults(text->str);
	cr_assert_str_eq(most, "");
	g_string_append(text, "  - { name: last, endpoint: \"udp://h\" }\n");
	more = faults(text->str);
	cr_assert_str_eq(more, "f:2:3: collectors has 65 entries; allowed: at most 64");
}

Test(conf_walk, template_set_that_is_not_there)
{
	g_autofree char *got = faults(COLLECTOR "    template_set: no-such-set\n");

	cr_assert(g_str_has_prefix(got, "f:4:19: template_set: "), "%s", got);
	cr_assert(strstr(got, "no-such-set"), "%s", got);
}

Test(conf_walk, an_alias_is_what_it_stands_for)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpConf) conf = nfp_conf_parse("f",
						 "collectors:\n"
						 "  - name: a\n"
						 "    endpoint: &e udp://127.0.0.1:2055\n"
						 "  - name: b\n"
						 "    endpoint: *e\n",
						 &err);

	cr_assert_not_null(conf, "%s", err ? err->message : "");
	cr_assert_str_eq(g_array_index(conf->collectors, NfpCollectorOptions, 1).endpoint,
			 "udp://127.0.0.1:2055");
}
