/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the receiver can read what a template set sends. */
#include <string.h>

#include "base/error.h"
#include "collector/collector.h"
#include "encode/encoder.h"

static gboolean is_netflow9(const NfpCollectorOptions *options)
{
	return g_strcmp0(options->protocol, "netflow9") == 0;
}

static const char *protocol_of(const NfpCollectorOptions *options)
{
	return options->protocol ? options->protocol : nfp_collector_protocol(options->endpoint);
}

/* A half sentence behind the field's name; NULL: it can leave. */
static char *fault_of(const NfpCollectorOptions *options, const NfpField *field)
{
	const char *refused = nfp_encoder_refuses(protocol_of(options), field);

	if (refused)
		return g_strdup_printf("%s %s", field->name, refused);
	if (nfp_peer_reads(options->kind, field, is_netflow9(options)) == NFP_READS_MISREAD)
		return g_strdup_printf("%s is taken for something else by %s; leave it out", field->name,
				       nfp_peer_names[options->kind]);
	return NULL;
}

gboolean nfp_collector_fields_check(const NfpCollectorOptions *options, const NfpTemplateSet *set, GError **err)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *all = NULL;

	for (guint t = 0; set->file && t < set->n; t++) {
		const NfpTemplate *template = &set->templates[t];

		for (guint i = 0; i < template->n; i++) {
			g_autofree char *fault = fault_of(options, template->fields[i]);
			g_autofree char *line = NULL;

			if (!fault)
				continue;
			line = g_strdup_printf("%s:%u:%u: field %s", set->file, template->marks[i].line,
					       template->marks[i].column, fault);
			/* A list of fields that several templates have. */
			if (!g_ptr_array_find_with_equal_func(faults, line, g_str_equal, NULL))
				g_ptr_array_add(faults, g_steal_pointer(&line));
		}
	}
	if (!faults->len)
		return TRUE;
	g_ptr_array_add(faults, NULL);
	all = g_strjoinv("\n", (char **)faults->pdata);
	g_set_error_literal(err, NFP_ERROR, NFP_ERROR_USAGE, all);
	return FALSE;
}

static gboolean uses(const NfpTemplateSet *set, const NfpField *field)
{
	for (guint t = 0; t < set->n; t++)
		for (guint i = 0; i < set->templates[t].n; i++)
			if (set->templates[t].fields[i] == field)
				return TRUE;
	return FALSE;
}

static char *list_fields(const NfpCollectorOptions *options, const NfpTemplateSet *set, gboolean sent)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		g_autofree char *fault = fault_of(options, field);
		NfpReads reads = nfp_peer_reads(options->kind, field, is_netflow9(options));
		gboolean skipped = reads == NFP_READS_NO || reads == NFP_READS_OPTIONS;

		if (uses(set, field) && (sent ? !fault && skipped : fault != NULL))
			g_string_append_printf(names, "%s%s", names->len ? ", " : "", field->name);
	}
	return names->len ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

char *nfp_collector_fields_ignored(const NfpCollectorOptions *options, const NfpTemplateSet *set)
{
	return list_fields(options, set, TRUE);
}

char *nfp_collector_fields_left_out(const NfpCollectorOptions *options, const NfpTemplateSet *set)
{
	return list_fields(options, set, FALSE);
}
