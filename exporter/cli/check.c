/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "app/ceiling.h"
#include "base/error.h"
#include "base/wrap.h"
#include "cli/cli.h"
#include "enrich/load.h"
#include "transport/tls_credentials.h"

/* As `run` would read them. */
static gboolean check_files(const NfpConf *conf, GError **err)
{
	for (guint i = 0; i < conf->collectors->len; i++) {
		const NfpCollectorOptions *options = &g_array_index(conf->collectors, NfpCollectorOptions, i);
		g_autoptr(NfpTlsCredentials) credentials = NULL;

		if (!strstr(options->endpoint, "tls://"))
			continue;
		credentials = nfp_tls_credentials_new(&options->tls, err);
		if (!credentials) {
			g_prefix_error(err, "collector %s: ", options->name);
			return FALSE;
		}
	}
	return TRUE;
}

G_GNUC_PRINTF(1, 2)
static void print_note(const char *format, ...)
{
	g_autoptr(GString) out = g_string_new("note: ");
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	nfp_wrap(out, (guint)out->len, text);
	puts(out->str);
}

/* What leaves for nothing: no fault, but good to know. */
static void print_ignored(const NfpConf *conf)
{
	for (guint i = 0; i < conf->collectors->len; i++) {
		const NfpCollectorOptions *options = &g_array_index(conf->collectors, NfpCollectorOptions, i);
		g_autoptr(NfpTemplateSet) set = nfp_template_set_load(conf->templates, options->template_set, NULL);
		g_autofree char *ignored = set ? nfp_collector_fields_ignored(options, set) : NULL;
		g_autofree char *left_out = set ? nfp_collector_fields_left_out(options, set) : NULL;

		if (left_out)
			print_note("collector %s: of the set %s, these are not sent: %s", options->name, set->name, left_out);
		if (ignored)
			print_note("collector %s: of the set %s, %s ignores %s", options->name, set->name,
				   nfp_peer_names[options->kind], ignored);
		if (g_str_equal(options->template_set, "enriched") && !conf->enrichment)
			print_note("collector %s: the set enriched has facts only with enrichment.database (docs/enrichment.md)",
				   options->name);
	}
}

/* Metering runs without it, so it is no fault; but nobody would wait for facts from a database that cannot be read. */
static void print_database(const NfpConf *conf)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	g_autoptr(GError) error = NULL;

	if (!conf->enrichment)
		return;
	snapshot = nfp_load_file(conf->enrichment, &report, &error);
	if (!snapshot)
		print_note("enrichment.database: %s; until that is mended, records have built-in facts alone", error->message);
	else if (report.left_out)
		print_note("enrichment.database: %s: %u row%s left out, as %s malformed, the first: %.*s", conf->enrichment,
			   report.left_out, report.left_out == 1 ? " is" : "s are", report.left_out == 1 ? "it is" : "they are",
			   (int)strcspn(report.told->str, "\n"), report.told->str);
}

static void print_memory(const NfpConf *conf)
{
	NfpCeiling ceiling = nfp_ceiling(conf);
	g_autofree char *text = nfp_ceiling_text(&ceiling);

	print_note("memory: %s%s (docs/safety.md)", text, conf->enrichment ? ", and the database of facts" : "");
}

int nfp_cmd_check(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliCommon) common = { 0 };
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &common.file, "the configuration",
		  "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(NfpConf) conf = NULL;
	g_autoptr(GError) error = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (!common.file)
		return nfp_cli_usage(command, "which file? nfprobe check -c FILE");
	conf = nfp_cli_conf(command, &common, &code);
	if (!conf)
		return code;
	if (!check_files(conf, &error)) {
		fprintf(stderr, "%s: %s\n", common.file, error->message);
		return nfp_error_exit_code(error);
	}
	printf("%s is fine: ", common.file);
	if (conf->interfaces->len > 0)
		printf("%u interface rule%s, ", conf->interfaces->len, conf->interfaces->len == 1 ? "" : "s");
	else
		printf("every interface (%s), ", conf->stacked ? "stacked" : "nearest the wire");
	if (conf->collectors->len > 0)
		printf("%u collector%s\n", conf->collectors->len, conf->collectors->len == 1 ? "" : "s");
	else
		printf("a table on standard output\n");
	print_memory(conf);
	print_ignored(conf);
	print_database(conf);
	return 0;
}
