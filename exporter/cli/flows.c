/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"

#define DEFAULT_LIMIT 20
#define EVERY_MAX 3600 /* s */

#define ORDERS "bytes, packets, first, last or duration"

static const struct {
	const char *name;
	NfpFlowsOrder order;
} orders[] = {
	{ "bytes", NFP_FLOWS_BY_OCTETS },     { "octets", NFP_FLOWS_BY_OCTETS }, { "packets", NFP_FLOWS_BY_PACKETS },
	{ "first", NFP_FLOWS_BY_FIRST },      { "last", NFP_FLOWS_BY_LAST },	 { "duration", NFP_FLOWS_BY_DURATION },
};

static gboolean parse_order(const char *text, NfpFlowsOrder *ret_order)
{
	for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
		if (g_str_equal(orders[i].name, text)) {
			*ret_order = orders[i].order;
			return TRUE;
		}
	}
	return FALSE;
}

typedef struct {
	NfpCliCommon common;
	char *interface, *hook, *order, *duration, *watch, *filter;
	NfpFilter *compiled; /* the filter */
	gint limit;
	gboolean json;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_free(arguments->interface);
	g_free(arguments->hook);
	g_free(arguments->order);
	g_free(arguments->duration);
	g_free(arguments->watch);
	g_free(arguments->filter);
	nfp_filter_free(arguments->compiled);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* "2", seconds, or as the configuration has it: "2s". */
static gboolean parse_every(const char *text, guint *ret_seconds, GError **err)
{
	guint64 seconds;
	uint64_t ns;

	if (g_ascii_string_to_unsigned(text, 10, 1, EVERY_MAX, &seconds, NULL)) {
		*ret_seconds = (guint)seconds;
		return TRUE;
	}
	if (!nfp_conf_duration(text, &ns, err))
		return FALSE;
	*ret_seconds = (guint)(ns / NFP_NS_PER_S);
	return TRUE;
}

/* FALSE: told. */
static gboolean apply(const NfpCommand *command, Arguments *arguments, NfpWatchOptions *options)
{
	g_autoptr(GError) error = NULL;
	NfpHookKind kind;
	uint64_t ns;

	if (arguments->limit < 0) {
		nfp_cli_usage(command, "-n: \"%d\" flows cannot be shown; allowed: 0 (all) or more",
			      arguments->limit);
		return FALSE;
	}
	if (arguments->order && !parse_order(arguments->order, &options->flows.order)) {
		nfp_cli_usage(command, "--sort: \"%s\" is no order; allowed: " ORDERS, arguments->order);
		return FALSE;
	}
	if (arguments->watch && !parse_every(arguments->watch, &options->every, &error)) {
		nfp_cli_usage(command, "--watch: %s", error->message);
		return FALSE;
	}
	if (arguments->hook && !nfp_conf_hook(arguments->hook, &kind, &error)) {
		nfp_cli_usage(command, "--hook: %s", error->message);
		return FALSE;
	}
	if (arguments->duration && !nfp_conf_duration(arguments->duration, &ns, &error)) {
		nfp_cli_usage(command, "--for: %s", error->message);
		return FALSE;
	}
	if (arguments->filter && !(arguments->compiled = nfp_filter_new(arguments->filter, &error))) {
		nfp_cli_usage(command, "--filter: %s", error->message);
		return FALSE;
	}
	options->flows.filter = arguments->compiled;
	if (arguments->hook)
		options->flows.hook = kind == NFP_HOOK_XDP ? NFP_FLOWS_XDP : NFP_FLOWS_TC;
	if (arguments->duration)
		options->seconds = ns / NFP_NS_PER_S;
	options->flows.ifname = arguments->interface;
	options->flows.limit = (guint)arguments->limit;
	options->flows.json = arguments->json;
	return TRUE;
}

static int print_once(const NfpCommand *command, const NfpConf *conf, const NfpFlowsOptions *options)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	if (!nfp_flows_print(conf, options, out, &error))
		return nfp_cli_fail(command, error);
	fputs(out->str, stdout);
	return 0;
}

/* With an interface: whether or not it is metered, there is something to see. */
static int show(const NfpCommand *command, const NfpConf *conf, const Arguments *arguments,
		NfpWatchOptions *options)
{
	g_autoptr(GError) error = NULL;
	gboolean metered = nfp_watch_is_metered(conf, &options->flows);
	int code;

	if (arguments->interface && nfp_cli_no_interface(arguments->interface, &error))
		return nfp_cli_fail(command, error);
	if (!metered && !arguments->interface && (options->flows.hook || arguments->watch)) {
		g_set_error(&error, NFP_ERROR, NFP_ERROR_FAILED,
			    "nothing is metered%s: name an interface with -i IFACE, and it is for as long "
			    "as you look",
			    options->flows.hook == NFP_FLOWS_XDP  ? " by XDP"
			    : options->flows.hook == NFP_FLOWS_TC ? " by tc"
								  : "");
		return nfp_cli_fail(command, error);
	}
	if (metered ? !arguments->watch && !arguments->duration : !arguments->interface)
		return print_once(command, conf, &options->flows);
	if (!metered && !nfp_cli_may_meter(command, conf, &code))
		return code;
	options->flows.times = TRUE;
	return nfp_watch_run(conf, options);
}

/* The time behind --watch may be left out, which GOption does not know of strings. */
static void fill_in_watch(int argc, char **argv, char *every_second)
{
	for (int i = 1; i < argc && !g_str_equal(argv[i], "--"); i++)
		if ((g_str_equal(argv[i], "-w") || g_str_equal(argv[i], "--watch")) &&
		    (i + 1 == argc || argv[i + 1][0] == '-'))
			argv[i] = every_second;
}

int nfp_cmd_flows(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { .limit = DEFAULT_LIMIT };
	char every_second[] = "--watch=1s";
	const GOptionEntry entries[] = {
		{ "interface", 'i', 0, G_OPTION_ARG_STRING, &arguments.interface,
		  "of this one; not metered yet, it is while you look", "IFACE" },
		{ "hook", 0, 0, G_OPTION_ARG_STRING, &arguments.hook,
		  "counted by tc or by xdp (to attach: tc)", "HOOK" },
		{ "filter", 0, 0, G_OPTION_ARG_STRING, &arguments.filter,
		  "that pass it, as tcpdump has filters", "EXPRESSION" },
		{ "watch", 'w', 0, G_OPTION_ARG_STRING, &arguments.watch,
		  "again every 1s (to 1h), until Ctrl-C", "[TIME]" },
		{ "for", 0, 0, G_OPTION_ARG_STRING, &arguments.duration,
		  "watch so long, 1s to 1h", "TIME" },
		{ "limit", 'n', 0, G_OPTION_ARG_INT, &arguments.limit, "so many flows, 0 = all (20)", "N" },
		{ "top", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &arguments.limit, "--limit, as it was called", "N" },
		{ "sort", 0, 0, G_OPTION_ARG_STRING, &arguments.order,
		  ORDERS, "ORDER" },
		{ "by", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &arguments.order, "--sort, as it was called", "ORDER" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json,
		  "one JSON object a line", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	NfpWatchOptions options = { .flows = { .order = NFP_FLOWS_BY_OCTETS } };
	g_autoptr(NfpConf) conf = NULL;
	int code;

	fill_in_watch(argc, argv, every_second);
	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (!apply(command, &arguments, &options))
		return NFP_ERROR_USAGE;
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf || !nfp_cli_may_look(command, conf, &code))
		return code;
	return show(command, conf, &arguments, &options);
}
