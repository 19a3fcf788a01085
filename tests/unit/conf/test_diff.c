/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/diff.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static NfpConf *conf_of(const char *text)
{
	g_autoptr(GError) err = NULL;
	NfpConf *conf = nfp_conf_parse("f", text, &err);

	cr_assert(conf, "%s", err ? err->message : "");
	return conf;
}

/* The changes' texts, in one line each. */
static char *diff(const char *from, const char *to)
{
	g_autoptr(NfpConf) a = conf_of(from), b = conf_of(to);
	g_autoptr(GArray) changes = nfp_conf_diff(a, b);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < changes->len; i++)
		g_string_append_printf(text, "%s\n", g_array_index(changes, NfpConfChange, i).text);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void expect(const char *from, const char *to, const char *want)
{
	g_autofree char *text = diff(from, to);

	cr_expect_str_eq(text, want);
}

#define B "  - { name: b, endpoint: \"udp://127.0.0.1:2\" }\n"

Test(diff, of_the_document)
{
	expect("interval: 60s\n", "interval: 60s\n", "");
	expect("interval: 60s\n", "{ interval: 10s, merge_cpus: false, clock: exact }\n",
	       "interval: 1m -> 10s\nclock: tick -> exact\nmerge_cpus: true -> false\n");
	expect("interval: 60s\n", "{ maps: { memory: 1GiB, flows: 4096 }, metrics: { listen: 127.0.0.1:9469 } }\n",
	       "maps.memory: 512MiB -> 1GiB\nmaps.flows: auto -> 4096\nmetrics.listen: none -> 127.0.0.1:9469\n");
}

/* A value is cut after 60 octets, maybe inside of a character. */
Test(diff, foreign_words_are_one_line_of_utf8)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) path = g_string_new("/");

	for (guint i = 0; i < 40; i++)
		g_string_append(path, "\xc3\xa4");
	g_string_prepend(path, "templates: ");
	g_string_append(path, "\n");
	text = diff("interval: 60s\n", path->str);
	cr_expect(g_utf8_validate(text, -1, NULL) && strstr(text, "..."), "%s", text);
	g_free(text);
	text = diff("interval: 60s\n", "templates: \"/a\\nb\"\n");
	cr_expect_str_eq(text, "templates: none -> /a?b\n");
}

Test(diff, of_collectors)
{
	static const char two[] = "collectors:\n  - { name: a, endpoint: \"udp://127.0.0.1:1\" }\n" B;

	expect(two, "collectors:\n" B, "collector a: removed\n");
	expect("collectors:\n" B, two, "collector a: added\n");
	expect(two, "collectors:\n" B "  - { name: a, endpoint: \"udp://127.0.0.1:1\" }\n", "");
	expect(two, "collectors:\n  - { name: a, endpoint: \"udp://127.0.0.1:9\", tls: { verify: false } }\n" B,
	       "collector a: endpoint: udp://127.0.0.1:1 -> udp://127.0.0.1:9\n"
	       "collector a: tls.verify: true -> false\n");
	expect(two, "collectors:\n  - { name: a, endpoint: \"udp://127.0.0.1:1\", domain: 7 }\n"
		    B "groups:\n  - { name: g, members: [a, b] }\n",
	       "collector a: domain: 1 -> 7\ngroup g: added\n");
}

Test(diff, of_interfaces)
{
	static const char two[] = "interfaces:\n  - { match: eth0 }\n  - { match: \"eth*\", netns: blue }\n";

	expect(two, "interfaces:\n  - { match: eth0 }\n", "interface eth* in blue: removed\n");
	expect(two, "interfaces:\n  - { match: eth0, direction: both, decapsulate: [gre] }\n"
		    "  - { match: \"eth*\", netns: blue }\n",
	       "interface eth0: direction: ingress -> both\ninterface eth0: decapsulate: changed\n");
	expect(two, "interfaces:\n  - { match: \"eth*\", netns: blue }\n  - { match: eth0 }\n",
	       "interface eth0: moved down\n");
}

/* A file of prefixes that was edited, for an interface and for a collector. */
Test(diff, of_what_stands_in_files)
{
	g_autofree char *path = g_strdup_printf("%s/nfpt-diff-%d", g_get_tmp_dir(), getpid());
	g_autofree char *text = g_strdup_printf("interfaces: [{ match: eth0, prefixes: %s }]\n"
						"collectors: [{ name: a, endpoint: \"udp://h:1\", prefixes: %s }]\n", path, path);
	g_autofree char *want = g_strdup_printf("interface eth0: prefixes: %s has other prefixes\n"
						"collector a: prefixes: %s has other prefixes\n", path, path);
	static const char *const contents[] = { "10.0.0.0/8\n", "# a word\n10.0.0.0/8\n", "10.0.0.0/9\n" };
	NfpConf *confs[3];

	for (guint i = 0; i < G_N_ELEMENTS(confs); i++) {
		cr_assert(g_file_set_contents(path, contents[i], -1, NULL));
		confs[i] = conf_of(text);
	}
	for (guint i = 1; i < G_N_ELEMENTS(confs); i++) {
		g_autoptr(GArray) changes = nfp_conf_diff(confs[0], confs[i]);
		g_autoptr(GString) told = g_string_new(NULL);

		for (guint j = 0; j < changes->len; j++)
			g_string_append_printf(told, "%s\n", g_array_index(changes, NfpConfChange, j).text);
		cr_expect_str_eq(told->str, i == 1 ? "" : want);
		cr_expect_eq(nfp_conf_same_item(NFP_CONF_INTERFACES, confs[0]->interfaces->data, confs[i]->interfaces->data), i == 1);
		cr_expect_eq(nfp_conf_same_item(NFP_CONF_COLLECTORS, confs[0]->collectors->data, confs[i]->collectors->data), i == 1);
	}
	unlink(path);
	for (guint i = 0; i < G_N_ELEMENTS(confs); i++)
		nfp_conf_free(confs[i]);
	expect("interfaces: [{ match: eth0, prefixes: [10.0.0.0/8, 192.0.2.1] }]\n", "interfaces: [{ match: eth0 }]\n",
	       "interface eth0: prefixes: 10.0.0.0/8,192.0.2.1 -> none\n");
}

/* Every row of the schema is compared: none is left out of a reload. */
Test(diff, sees_every_row_of_the_document)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		g_autoptr(NfpConf) a = conf_of("interval: 60s\n"), b = conf_of("interval: 60s\n");
		g_autoptr(GArray) changes = NULL;
		char *member = (char *)b + row->offset;

		if (row->table != NFP_CONF_TOP)
			continue;
		if (nfp_conf_types[row->type].is_string) {
			g_free(*(char **)member);
			*(char **)member = g_strdup("other");
		} else {
			*(uint32_t *)member ^= 1;
		}
		changes = nfp_conf_diff(a, b);
		cr_assert_eq(changes->len, 1, "%s", row->path);
		cr_expect_eq(g_array_index(changes, NfpConfChange, 0).row, row);
		nfp_conf_keep(a, b, row->part);
		cr_expect(nfp_conf_same_part(NFP_CONF_TOP, row->part, a, b), "%s", row->path);
	}
}

Test(diff, parts_and_items)
{
	g_autoptr(NfpConf) a = conf_of("instance: one\ninterval: 60s\ncollectors:\n" B);
	g_autoptr(NfpConf) b = conf_of("instance: two\ninterval: 10s\ncollectors:\n" B);

	cr_expect_not(nfp_conf_same_part(NFP_CONF_TOP, NFP_CONF_PART_PROCESS, a, b));
	cr_expect(nfp_conf_same_part(NFP_CONF_TOP, NFP_CONF_PART_HOOKS, a, b));
	cr_expect(nfp_conf_same_item(NFP_CONF_COLLECTORS, a->collectors->data, b->collectors->data));
	nfp_conf_keep(a, b, NFP_CONF_PART_PROCESS);
	cr_expect_str_eq(b->instance, "one");
	cr_expect_eq(b->interval, 10000000000ull, "of another part");
}

Test(diff, a_configuration_lives_as_long_as_its_last_holder)
{
	NfpConf *conf = conf_of("instance: one\n");
	NfpConf *again = nfp_conf_ref(conf);

	nfp_conf_free(conf);
	cr_expect_str_eq(again->instance, "one");
	nfp_conf_free(again);
}
