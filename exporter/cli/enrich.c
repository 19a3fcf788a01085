/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/ports.h"
#include "cli/cli.h"
#include "enrich/export.h"
#include "enrich/import.h"
#include "enrich/load.h"

#define DATABASE "/var/lib/nfprobe/enrichment.db"
#define TOLD 10 /* lines that are rejected and described */
#define SHOWN 60 /* octets of such a line */
#define EACH (G_USEC_PER_SEC / 2) /* between two words about progress */

typedef struct {
	NfpCliCommon common;
	char *database;
	char *source;
	char *table;
	int priority;
	gboolean json;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_free(arguments->database);
	g_free(arguments->source);
	g_free(arguments->table);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* One call of the command. */
typedef struct {
	const NfpCommand *command;
	const Arguments *arguments;
	const NfpConf *conf;
	const char *database;
	guint rejected;
	gint64 told; /* when progress was told last */
	gboolean line; /* the terminal's line is not at its beginning */
	gboolean named; /* the database, by an option or the configuration */
	guint faults;   /* that were told while others went on */
} Call;

/* ---- import ------------------------------------------------------------------------------------------- */

static void end_line(Call *call)
{
	if (call->line)
		fputs("\r\033[K", stderr);
	call->line = FALSE;
}

/* The beginning of what a file has: nothing that a terminal would obey. Caller frees. */
static char *printable(const char *text)
{
	g_autofree char *start = g_strndup(text, SHOWN), *valid = g_utf8_make_valid(start, -1);
	GString *out = g_string_new(NULL);

	for (const char *c = valid; *c; c = g_utf8_next_char(c))
		g_string_append_unichar(out, g_unichar_isprint(g_utf8_get_char(c)) ? g_utf8_get_char(c) : ' ');
	return g_string_free(out, FALSE);
}

static void rejected(uint64_t line, const char *value, const char *why, void *data)
{
	Call *call = data;
	g_autofree char *shown = NULL;

	if (call->rejected++ >= TOLD)
		return;
	end_line(call);
	shown = printable(value);
	fprintf(stderr, "line %" G_GUINT64_FORMAT ": \"%s\" %s\n", (guint64)line, shown, why);
}

static void note(const char *text, void *data)
{
	end_line(data);
	fprintf(stderr, "%s\n", text);
}

static void progress(uint64_t rows, double done, void *data)
{
	Call *call = data;
	gint64 now = g_get_monotonic_time();

	if (!call->told)
		call->told = now;
	if (now - call->told < EACH)
		return;
	call->told = now;
	end_line(call);
	fprintf(stderr, "%" G_GUINT64_FORMAT " rows", (guint64)rows);
	if (done >= 0)
		fprintf(stderr, ", %.0f %%", 100 * done);
	call->line = isatty(STDERR_FILENO);
	if (!call->line)
		fputc('\n', stderr);
	fflush(stderr);
}

static int import(Call *call, const char *format, const char *path)
{
	const NfpImportOptions options = {
		.database = call->database,
		.format = format,
		.path = path,
		.source = call->arguments->source,
		.priority = call->arguments->priority,
		.rejected = rejected,
		.note = note,
		.progress = progress,
		.data = call,
	};
	g_autoptr(GError) error = NULL;
	NfpImportReport report;
	gboolean done;

	if (!call->arguments->source)
		return nfp_cli_usage(call->command, "import: --source NAME is missing: whose rows are replaced?");
	done = nfp_enrich_import(&options, &report, &error);
	end_line(call);
	if (call->rejected > TOLD)
		fprintf(stderr, "... and %u lines more that are rejected\n", call->rejected - TOLD);
	if (!done) {
		g_prefix_error(&error, "nothing was changed: ");
		return nfp_cli_fail(call->command, error);
	}
	printf("%s %s: %" G_GUINT64_FORMAT " rows (before: %" G_GUINT64_FORMAT "), %" G_GUINT64_FORMAT
	       " given again, %" G_GUINT64_FORMAT " without facts, %" G_GUINT64_FORMAT " rejected\n",
	       report.table, call->arguments->source, (guint64)report.rows, (guint64)report.before,
	       (guint64)report.repeated, (guint64)report.skipped, (guint64)report.rejected);
	return 0;
}

/* ---- the others --------------------------------------------------------------------------------------- */

static gboolean print(const char *text, void *data)
{
	return fputs(text, stdout) >= 0;
}

static int exit_code(Call *call, gboolean done, const GError *error)
{
	return done ? 0 : nfp_cli_fail(call->command, error);
}

static int create(Call *call, const char *a, const char *b)
{
	g_autoptr(GError) error = NULL;
	gboolean done = nfp_enrich_create(call->database, &error);

	return exit_code(call, done, error);
}

static int lookup(Call *call, const char *address, const char *b)
{
	g_autoptr(GError) error = NULL;
	gboolean done = nfp_enrich_lookup(call->database, address, call->arguments->json, print, NULL, &error);

	return exit_code(call, done, error);
}

static int list(Call *call, const char *a, const char *b)
{
	g_autoptr(GError) error = NULL;
	gboolean done = nfp_enrich_list(call->database, call->arguments->json, print, NULL, &error);

	return exit_code(call, done, error);
}

static int export(Call *call, const char *a, const char *b)
{
	const Arguments *o = call->arguments;
	g_autoptr(GError) error = NULL;
	gboolean done = nfp_enrich_export(call->database, o->table ? o->table : "prefix", o->source, print, NULL, &error);

	return exit_code(call, done, error);
}

static void fault(const GError *error, void *data)
{
	nfp_cli_fail(((const Call *)data)->command, error);
	((Call *)data)->faults++;
}

static int interfaces(Call *call, const char *a, const char *b)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	/* Nobody spoke of a database: then there need not be one. */
	if (call->named || g_file_test(call->database, G_FILE_TEST_EXISTS)) {
		snapshot = nfp_load_file(call->database, &report, &error);
	} else {
		fprintf(stderr, "there is no database (%s): all is the kernel's word\n", call->database);
		snapshot = nfp_snapshot_new();
		if (!nfp_snapshot_seal(snapshot, &error))
			g_clear_pointer(&snapshot, nfp_snapshot_unref);
	}
	if (!snapshot)
		return nfp_cli_fail(call->command, error);
	nfp_ports_print_all(out, call->conf, snapshot, call->arguments->json, fault, call);
	print(out->str, NULL);
	return call->faults ? 1 : 0;
}

static const struct {
	const char *name;
	int arguments;
	const char *usage;
	int (*run)(Call *call, const char *first, const char *second);
} verbs[] = {
	{ "create", 0, "create", create },
	{ "import", 2, "import FORMAT FILE --source NAME", import },
	{ "lookup", 1, "lookup ADDRESS", lookup },
	{ "list", 0, "list", list },
	{ "interfaces", 0, "interfaces", interfaces },
	{ "export", 0, "export [--table TABLE] [--source NAME]", export },
};

static int dispatch(Call *call, int argc, char **argv)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].name, argv[1]) != 0)
			continue;
		if (argc - 2 != verbs[i].arguments)
			return nfp_cli_usage(call->command, "usage: nfprobe enrich %s", verbs[i].usage);
		return verbs[i].run(call, argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
	}
	return nfp_cli_usage(call->command, "\"%s\" is no verb; there are: create, import, lookup, list, interfaces and export",
			     argv[1]);
}

int nfp_cmd_enrich(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { .priority = NFP_IMPORT_PRIORITY };
	const GOptionEntry entries[] = {
		{ "database", 'd', 0, G_OPTION_ARG_FILENAME, &arguments.database,
		  "the database (else that of the configuration)", "FILE" },
		{ "source", 0, 0, G_OPTION_ARG_STRING, &arguments.source, "whose rows: import replaces them as a whole",
		  "NAME" },
		{ "priority", 0, 0, G_OPTION_ARG_INT, &arguments.priority,
		  "import: of rows that say none (0)", "N" },
		{ "table", 0, 0, G_OPTION_ARG_STRING, &arguments.table,
		  "export: prefix (or host, service, interface)", "TABLE" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "list, lookup, interfaces: JSON, one object a line", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	Call call = { .command = command, .arguments = &arguments };
	g_autoptr(NfpConf) conf = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 1, 3, &argc, &argv, &code))
		return code;
	if (ABS((gint64)arguments.priority) > NFP_PRIORITY_MAX)
		return nfp_cli_usage(command, "--priority: %d is out of range; allowed: -1000000 to 1000000",
				     arguments.priority);
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf)
		return code;
	call.conf = conf;
	call.named = arguments.database || conf->enrichment;
	call.database = arguments.database ? arguments.database : conf->enrichment ? conf->enrichment : DATABASE;
	return dispatch(&call, argc, argv);
}
