// SPDX-License-Identifier: GPL-2.0-or-later
/* Template sets: where they come from, and which template a record leaves by. */
#include "record/templates.h"

#include <string.h>

#include "base/error.h"
#include "record/suggest.h"

#define FILE_MAX (1024 * 1024) /* octets of a template file */
#define SETS_LISTED 32         /* embedded sets named in an error */

void nfp_template_set_free(NfpTemplateSet *set)
{
	if (set == NULL)
		return;
	for (guint i = 0; i < set->n; i++) {
		g_free(set->templates[i].name);
		g_free(set->templates[i].fields);
		g_free(set->templates[i].marks);
	}
	g_free(set->templates);
	g_free(set->name);
	g_free(set->file);
	g_free(set);
}

static gboolean has_field(const NfpTemplate *template, const NfpField *field)
{
	for (guint i = 0; i < template->n; i++)
		if (template->fields[i] == field)
			return TRUE;
	return FALSE;
}

void nfp_template_set_add(NfpTemplateSet *set, const NfpField *field)
{
	for (guint t = 0; t < set->n; t++) {
		NfpTemplate *template = &set->templates[t];

		if (template->n >= NFP_TEMPLATE_FIELDS || has_field(template, field))
			continue;
		template->fields = g_renew(const NfpField *, template->fields, template->n + 1);
		template->fields[template->n] = field;
		if (template->marks) {
			template->marks = g_realloc_n(template->marks, template->n + 1, sizeof(*template->marks));
			template->marks[template->n] = template->marks[template->n - 1];
		}
		template->n++;
	}
}

int nfp_template_set_choose(const NfpTemplateSet *set, uint32_t have)
{
	for (guint i = 0; i < set->n; i++)
		if ((have & set->templates[i].need) == set->templates[i].need)
			return (int)i;
	return -1;
}

static gboolean has_reverse_counts(const NfpTemplate *template)
{
	gboolean packets = FALSE, octets = FALSE;

	for (guint i = 0; i < template->n; i++) {
		packets |= template->fields[i] == &nfp_fields[NFP_F_reversePacketDeltaCount];
		octets |= template->fields[i] == &nfp_fields[NFP_F_reverseOctetDeltaCount];
	}
	return packets && octets;
}

/* If the barest biflow that meets a template leaves by one with the counts, so does every other: the one that it
 * leaves by stands before this template, or is it, and takes all that have more. */
static const char *loses_reverse(const NfpTemplateSet *set, uint32_t family, uint32_t other)
{
	for (guint i = 0; i < set->n; i++) {
		uint32_t have = nfp_have_implied(set->templates[i].need | NFP_HAVE_REVERSE | family);
		int chosen = nfp_template_set_choose(set, have);

		if (!(have & other) && !has_reverse_counts(&set->templates[chosen]))
			return set->templates[chosen].name;
	}
	return NULL;
}

const char *nfp_template_set_loses_reverse(const NfpTemplateSet *set)
{
	const char *loser = loses_reverse(set, NFP_HAVE_IPV4, NFP_HAVE_IPV6);

	return loser ? loser : loses_reverse(set, NFP_HAVE_IPV6, NFP_HAVE_IPV4);
}

static NfpTemplateSet *load_file(const char *path, GError **err)
{
	g_autofree char *text = NULL;
	gsize length = 0;

	if (!g_file_get_contents(path, &text, &length, err)) {
		if (err != NULL)
			(*err)->domain = NFP_ERROR, (*err)->code = NFP_ERROR_USAGE;
		return NULL;
	}
	if (length > FILE_MAX || strlen(text) != length) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    length > FILE_MAX ? "%s:1:1: larger than 1 MiB"
					      : "%s:1:1: not a text file",
			    path);
		return NULL;
	}
	return nfp_template_set_parse(path, text, err);
}

static char *stem(const char *file)
{
	return g_str_has_suffix(file, ".yaml") ? g_strndup(file, strlen(file) - strlen(".yaml")) :
						 g_strdup(file);
}

static NfpTemplateSet *load_embedded(const char *folder, const char *name, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < nfp_embedded_templates_n && i < SETS_LISTED; i++) {
		g_ptr_array_add(names, stem(nfp_embedded_templates[i].name));
		if (strcmp(g_ptr_array_index(names, i), name) == 0) {
			NfpTemplateSet *set = nfp_template_set_parse(nfp_embedded_templates[i].name,
								     nfp_embedded_templates[i].text, err);

			if (set != NULL)
				g_clear_pointer(&set->file, g_free);
			return set;
		}
	}

	const char *near = nfp_suggest(name, (const char *const *)names->pdata, names->len);
	guint n = names->len;

	g_ptr_array_add(names, NULL);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);

	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "no template set \"%s\"%s%s%s%s%s built in: %s",
		    name, folder != NULL ? " in " : "", folder != NULL ? folder : "",
		    near != NULL ? ", did you mean \"" : "", near != NULL ? near : "",
		    near != NULL ? "\"?" : ";", n > 0 ? all : "none");
	return NULL;
}

NfpTemplateSet *nfp_template_set_load(const char *folder, const char *name, GError **err)
{
	if (*name == '\0' || *name == '.' || strchr(name, G_DIR_SEPARATOR) != NULL) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "\"%s\" is no name of a template set: a file name without .yaml", name);
		return NULL;
	}
	if (folder != NULL) {
		g_autofree char *file = g_strconcat(name, ".yaml", NULL);
		g_autofree char *path = g_build_filename(folder, file, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return load_file(path, err);
	}
	return load_embedded(folder, name, err);
}

static gboolean same_template(const NfpTemplate *a, const NfpTemplate *b)
{
	return g_str_equal(a->name, b->name) && a->need == b->need && a->n == b->n &&
	       !memcmp(a->fields, b->fields, a->n * sizeof(*a->fields));
}

gboolean nfp_template_set_equal(const NfpTemplateSet *a, const NfpTemplateSet *b)
{
	if (!g_str_equal(a->name, b->name) || a->n != b->n)
		return FALSE;
	for (guint i = 0; i < a->n; i++)
		if (!same_template(&a->templates[i], &b->templates[i]))
			return FALSE;
	return TRUE;
}
