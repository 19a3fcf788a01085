/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"

#define DEFAULT_TOP 20

static const char *const orders[] = {
	[NFP_FLOWS_BY_OCTETS] = "octets",
	[NFP_FLOWS_BY_PACKETS] = "packets",
	[NFP_FLOWS_BY_LAST] = "last",
};

static gboolean parse_order(const char *text, NfpFlowsOrder *ret_order)
{
	for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
		if (g_str_equal(orders[i], text)) {
			*ret_order = i;
			return TRUE;
		}
	}
	return FALSE;
}

typedef struct {
	NfpCliCommon common;
	char *interface, *hook, *order, *duration;
	gint top;
	gboolean json, watch;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_free(arguments->interface);
	g_free(arguments->hook);
	g_free(arguments->order);
	g_free(arguments->duration);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* FALSE: told. */
static gboolean apply(const NfpCommand *command, const Arguments *arguments, NfpWatchOptions *options)
{
	g_autoptr(GError) error = NULL;
	NfpHookKind kind;
	uint64_t ns;

	if (arguments->top < 0) {
		nfp_cli_usage(command, "-n: \"%d\" flows cannot be shown; allowed: 0 (all) or more",
			      arguments->top);
		return FALSE;
	}
	if (arguments->order && !parse_order(arguments->order, &options->flows.order)) {
		nfp_cli_usage(command, "--by: \"%s\" is no order; allowed: octets, packets or last",
			      arguments->order);
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
	if (arguments->hook)
		options->flows.hook = kind == NFP_HOOK_XDP ? NFP_FLOWS_XDP : NFP_FLOWS_TC;
	if (arguments->duration)
		options->seconds = ns / NFP_NS_PER_S;
	options->flows.ifname = arguments->interface;
	options->flows.top = arguments->top;
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

int nfp_cmd_flows(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { .top = DEFAULT_TOP };
	const GOptionEntry entries[] = {
		{ "interface", 'i', 0, G_OPTION_ARG_STRING, &arguments.interface,
		  "of this one; not metered yet, it is while you look", "IFACE" },
		{ "hook", 0, 0, G_OPTION_ARG_STRING, &arguments.hook,
		  "counted by tc or by xdp (to attach: tc)", "HOOK" },
		{ "watch", 'w', 0, G_OPTION_ARG_NONE, &arguments.watch,
		  "again each second, until Ctrl-C", NULL },
		{ "for", 0, 0, G_OPTION_ARG_STRING, &arguments.duration,
		  "watch so long, 1s to 1h", "TIME" },
		{ "top", 'n', 0, G_OPTION_ARG_INT, &arguments.top, "so many flows, 0 = all (20)", "N" },
		{ "by", 0, 0, G_OPTION_ARG_STRING, &arguments.order,
		  "octets, packets (largest first), last (latest first)", "ORDER" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json,
		  "one JSON object a line (watching: at the end)", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	NfpWatchOptions options = { .flows = { .order = NFP_FLOWS_BY_OCTETS } };
	g_autoptr(NfpConf) conf = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (!apply(command, &arguments, &options))
		return NFP_ERROR_USAGE;
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf || !nfp_cli_may_look(command, conf, &code))
		return code;
	return show(command, conf, &arguments, &options);
}
