/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/yaml.h"

#include <criterion/criterion.h>
#include <string.h>

/* NULL when it was parsed, else the errors. */
static char *fault_of(const char *text, gsize length)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	g_autoptr(NfpYamlDoc) doc = nfp_yaml_parse(text, length, errors);
	g_autoptr(GError) err = NULL;

	if (nfp_conf_errors_none(errors, "f", &err)) {
		cr_assert_not_null(doc, "neither a document nor an error");
		return NULL;
	}
	cr_assert_null(doc, "a document in spite of %s", err->message);
	return g_strdup(err->message);
}

Test(conf_yaml, nodes_know_where_they_stand)
{
	g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
	const char *text = "a: 1\nlist:\n  - x: \"é\"\n    y: ~\n";
	g_autoptr(NfpYamlDoc) doc = nfp_yaml_parse(text, strlen(text), errors);
	const NfpYamlNode *list, *item, *node;

	cr_assert_not_null(doc);
	cr_assert_eq(doc->root->kind, NFP_YAML_MAPPING);
	node = nfp_yaml_get(doc->root, "a");
	cr_assert_str_eq(node->text, "1");
	cr_assert_eq(node->line, 1);
	cr_assert_eq(node->column, 4);
	list = nfp_yaml_get(doc->root, "list");
	cr_assert_eq(list->kind, NFP_YAML_SEQUENCE);
	cr_assert_eq(list->line, 3);
	cr_assert_eq(list->column, 3);
	item = g_ptr_array_index(list->children, 0);
	node = nfp_yaml_get(item, "x");
	cr_assert_str_eq(node->text, "é");
	cr_assert_not(node->null);
	node = nfp_yaml_get(item, "y");
	cr_assert(node->null);
	cr_assert_eq(node->line, 4);
	cr_assert_eq(node->column, 8);
	cr_assert_null(nfp_yaml_get(item, "z"));
}

Test(conf_yaml, no_document)
{
	static const char *const texts[] = { "", "\n\n", "# only a comment\n" };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(NfpConfErrors) errors = nfp_conf_errors_new();
		g_autoptr(NfpYamlDoc) doc = nfp_yaml_parse(texts[i], strlen(texts[i]), errors);

		cr_assert_not_null(doc);
		cr_assert_null(doc->root);
		cr_assert_eq(nfp_conf_errors_n(errors), 0);
	}
}

Test(conf_yaml, faults)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "a: [1, 2\nb: 3\n", "f:2:2: not valid YAML: " },
		{ "a: 1\n\tb: 2\n", "f:2:1: not valid YAML: a tab; indent with spaces" },
		{ "é: 1\nb:\n  - é: \t- x\n", "f:3:9: not valid YAML: block" },
		{ "a: \"never closed\n", "f:2:1: not valid YAML: found unexpected end of stream "
					 "(while scanning a quoted scalar that starts in line 1)" },
		{ "a: *nowhere\n", "f:1:4: alias of an anchor that is not defined above it" },
		{ "a: &x [*x]\n", "f:1:8: alias of an anchor that is not defined above it" },
		{ "a: 1\n---\nb: 2\n", "f:2:1: a second document; only one is allowed" },
		{ "a: \"x\\0y\"\n", "f:1:4: NUL character in a value" },
		{ "a: 1\nb: \xff\n",
		  "f:2:4: octet 0xff is not UTF-8 text; save the file as UTF-8" },
		{ "é: \xc3\n", "f:1:4: octet 0xc3 is not UTF-8 text; save the file as UTF-8" },
		{ "a: 1\nb: \x01\n", "f:2:4: not valid YAML: control characters are not allowed" },
		{ "\xff\xfez", "f:1:1: octet 0xff is not UTF-8" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]",
		  "f:1:17: nested deeper than 16 levels" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *fault = fault_of(cases[i].text, strlen(cases[i].text));

		cr_assert(fault && g_str_has_prefix(fault, cases[i].fault), "%s\ngot %s\nnot %s",
			  cases[i].text, fault, cases[i].fault);
	}
}

Test(conf_yaml, nul_octet)
{
	g_autofree char *fault = fault_of("a: 1\n\0b: 2\n", 11);

	cr_assert_str_eq(fault, "f:2:1: octet 0x00 is not UTF-8 text; save the file as UTF-8");
}

Test(conf_yaml, aliases_count_as_what_they_stand_for)
{
	g_autoptr(GString) text = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	g_autofree char *fault = NULL;

	cr_assert_null(fault_of("a: &x [1, 2]\nb: *x\n", 19));
	for (guint i = 1; i < 10; i++) {
		g_string_append_printf(text, "a%u: &a%u [", i, i);
		for (guint j = 0; j < 9; j++)
			g_string_append_printf(text, "%s*a%u", j ? ", " : "", i - 1);
		g_string_append(text, "]\n");
	}
	fault = fault_of(text->str, text->len);
	cr_assert(fault && strstr(fault, "more than 10000 values"), "%s", fault);
}

Test(conf_yaml, limits)
{
	g_autoptr(GString) many = g_string_new("[");
	g_autoptr(GString) large = g_string_new("a: ");
	g_autofree char *fault = NULL;
	g_autofree char *other = NULL;

	for (guint i = 0; i < 10001; i++)
		g_string_append(many, "x,");
	fault = fault_of(many->str, many->len);
	cr_assert(fault && strstr(fault, "more than 10000 values"), "%s", fault);
	g_string_set_size(large, 3 + 1024 * 1024);
	memset(large->str + 3, 'x', 1024 * 1024);
	other = fault_of(large->str, large->len);
	cr_assert_str_eq(other, "f:1:1: larger than 1 MiB: this is no configuration");
	cr_assert_null(fault_of(large->str, 1024 * 1024), "exactly 1 MiB is allowed");
}
