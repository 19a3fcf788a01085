/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"
#include "record/fields_peers.h"
#include "record/templates.h"

static void print_table(GString *out)
{
	g_string_append_printf(out, "%-37s %9s %3s %4s  %-14s %-46s %s\n", "name", "id", "len", "v9", "needs",
			       "decoded by (*: if so configured)", "what it is");
	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		g_autoptr(GString) need = g_string_new(NULL);
		g_autofree char *v9 = field->v9 ? g_strdup_printf("%u", field->v9) : g_strdup("-");
		g_autofree char *id = field->pen ? g_strdup_printf("%u/%u", field->pen, field->id)
						 : g_strdup_printf("%u", field->id);

		g_autoptr(GString) peers = g_string_new(NULL);

		nfp_have_print(need, field->need);
		nfp_peers_print(peers, field);
		g_string_append_printf(out, "%-37s %9s %3u %4s  %-14s %-46s %s\n", field->name, id,
				       field->length, v9, need->str, peers->str, field->help);
	}
}

/* Names and words of rows: nothing in them needs escaping but quotes and backslashes. */
static void append_string(GString *out, const char *text)
{
	g_autofree char *escaped = g_strescape(text, NULL);

	g_string_append_printf(out, "\"%s\"", escaped);
}

static void print_readers(GString *out, const NfpField *field)
{
	static const char *const words[] = { [NFP_READS_YES] = "yes", [NFP_READS_MAPPED] = "mapped",
					     [NFP_READS_OPTIONS] = "options", [NFP_READS_NO] = "no",
					     [NFP_READS_MISREAD] = "misread" };

	g_string_append(out, ", \"decoded\": {");
	for (NfpPeer peer = NFP_PEER_other + 1; peer < NFP_PEERS_N; peer++)
		g_string_append_printf(out, "\"%s\": \"%s\", ", nfp_peer_names[peer],
				       words[nfp_peer_reads(peer, field, FALSE)]);
	g_string_append_printf(out, "\"nfdump-v9\": \"%s\"}",
			       words[nfp_peer_reads(NFP_PEER_nfdump, field, TRUE)]);
}

static void print_json(GString *out)
{
	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];
		g_autoptr(GString) need = g_string_new(NULL);

		nfp_have_print(need, field->need);
		g_string_append(out, "{\"name\": ");
		append_string(out, field->name);
		g_string_append_printf(out, ", \"pen\": %u, \"id\": %u, \"length\": %u, \"v9\": ",
				       field->pen, field->id, field->length);
		if (field->v9)
			g_string_append_printf(out, "%u", field->v9);
		else
			g_string_append(out, "null");
		g_string_append(out, ", \"needs\": ");
		append_string(out, need->str);
		print_readers(out, field);
		g_string_append(out, ", \"help\": ");
		append_string(out, field->help);
		g_string_append(out, "}\n");
	}
}

int nfp_cmd_fields(const NfpCommand *command, int argc, char **argv)
{
	gboolean json = FALSE, markdown = FALSE;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object a field and line",
		  NULL },
		{ "markdown", 0, 0, G_OPTION_ARG_NONE, &markdown, "as in docs/fields.md", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GString) out = g_string_new(NULL);
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (json && markdown)
		return nfp_cli_usage(command, "--json or --markdown, not both");
	if (json)
		print_json(out);
	else if (markdown)
		nfp_fields_print_markdown(out);
	else
		print_table(out);
	fputs(out->str, stdout);
	return 0;
}
