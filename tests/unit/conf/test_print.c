/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The committed sample and reference are what the rows say, and the sample is a configuration. */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

static void check_file(const char *path, void (*print)(GString *out), const char *option)
{
	g_autofree char *file = g_build_filename(NFP_SOURCE_DIR, path, NULL);
	g_autoptr(GString) made = g_string_new(NULL);
	g_autofree char *text = NULL;

	print(made);
	cr_assert(g_file_get_contents(file, &text, NULL, NULL), "%s cannot be read", path);
	cr_assert_str_eq(text, made->str, "%s is not what the schema says: nfprobe schema %s >%s",
			 path, option, path);
}

Test(conf_print, committed_sample)
{
	check_file("config/nfprobe.yaml", nfp_conf_print_sample, "--sample");
}

Test(conf_print, committed_reference)
{
	check_file("docs/config.md", nfp_conf_print_reference, "--markdown");
}

static NfpConf *parse(const char *text)
{
	g_autoptr(GError) err = NULL;
	NfpConf *conf = nfp_conf_parse("sample", text, &err);

	cr_assert_not_null(conf, "%s", err ? err->message : "");
	return conf;
}

/* Takes the "#" from lines that begin with "#" (at any depth) and no blank behind it, or two. */
static char *uncomment(const char *text, const char *pattern)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);

	return g_regex_replace(regex, text, -1, 0, "\\1", 0, NULL);
}

Test(conf_print, sample_is_the_default)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(NfpConf) conf = NULL;
	g_autoptr(NfpConf) defaults = nfp_conf_default();

	nfp_conf_print_sample(text);
	conf = parse(text->str);
	cr_assert_str_eq(conf->hostname, defaults->hostname);
	cr_assert_str_eq(conf->pin_root, defaults->pin_root);
	cr_assert_eq(conf->maps_memory, defaults->maps_memory);
	cr_assert_eq(conf->interfaces->len, 0);
	cr_assert_eq(conf->collectors->len, 0);
}

Test(conf_print, sample_with_its_examples)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *examples = NULL;
	g_autofree char *all = NULL;
	g_autoptr(NfpConf) conf = NULL;
	g_autoptr(NfpConf) whole = NULL;
	char *endpoint;

	nfp_conf_print_sample(text);
	examples = uncomment(text->str, "^#(  |[a-z])");
	conf = parse(examples);
	cr_assert_str_eq(conf->hostname, "edge1");
	cr_assert_eq(conf->interfaces->len, 1);
	cr_assert_eq(conf->collectors->len, 1);
	cr_assert_null(g_array_index(conf->collectors, NfpCollectorOptions, 0).source);

	all = uncomment(examples, "^( *)#(?=[a-z])");
	endpoint = strstr(all, "endpoint: udp://"); /* tls: is for an endpoint that has it */
	cr_assert(endpoint);
	memcpy(endpoint, "endpoint: tls://", strlen("endpoint: tls://"));
	whole = parse(all);
	cr_assert_str_eq(g_array_index(whole->collectors, NfpCollectorOptions, 0).source,
			 "192.0.2.1");
	cr_assert_str_eq(g_array_index(whole->interfaces, NfpInterfaceOptions, 0).netns, "blue");
}

Test(conf_print, every_row_is_in_both)
{
	g_autoptr(GString) sample = g_string_new(NULL);
	g_autoptr(GString) reference = g_string_new(NULL);

	nfp_conf_print_sample(sample);
	nfp_conf_print_reference(reference);
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const char *dot = strchr(nfp_conf_rows[i].path, '.');
		g_autofree char *key =
			g_strconcat(dot ? dot + 1 : nfp_conf_rows[i].path, ": ", NULL);
		g_autofree char *cell = g_strconcat("| `", nfp_conf_rows[i].path, "` |", NULL);

		cr_assert(strstr(sample->str, key), "%s", key);
		cr_assert(strstr(reference->str, cell), "%s", cell);
	}
	for (guint i = 0; i < nfp_conf_later_n; i++)
		cr_assert(strstr(reference->str, nfp_conf_later[i].path), "%s",
			  nfp_conf_later[i].path);
}
