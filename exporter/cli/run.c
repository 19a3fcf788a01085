/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cli/cli.h"

typedef struct {
	NfpCliCommon common;
	char **interfaces;
	char **collectors;
	char *interval;
	char *decapsulate;
	char *direction;
	char *hook;
	gboolean json, table, flush, verbose;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_strfreev(arguments->interfaces);
	g_strfreev(arguments->collectors);
	g_free(arguments->interval);
	g_free(arguments->decapsulate);
	g_free(arguments->direction);
	g_free(arguments->hook);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* A name without wildcards has to be there: somebody is waiting for its packets. */
static gboolean add_interfaces(NfpConf *conf, char **names, GError **err)
{
	g_array_set_size(conf->interfaces, 0);
	for (guint i = 0; names[i]; i++) {
		if (!nfp_conf_add_interface(conf, names[i], err)) {
			g_prefix_error(err, "-i: ");
			return FALSE;
		}
		if (!strpbrk(names[i], "*?[") && nfp_cli_no_interface(names[i], err))
			return FALSE;
	}
	return TRUE;
}

static gboolean set_direction(NfpConf *conf, const char *direction, GError **err)
{
	if (!nfp_conf_direction(direction, &conf->direction, err)) {
		g_prefix_error(err, "--direction: ");
		return FALSE;
	}
	for (guint i = 0; i < conf->interfaces->len; i++)
		g_array_index(conf->interfaces, NfpInterfaceOptions, i).direction = conf->direction;
	return TRUE;
}

static gboolean set_hook(NfpConf *conf, const char *hook, GError **err)
{
	if (!nfp_conf_hook(hook, &conf->hook, err)) {
		g_prefix_error(err, "--hook: ");
		return FALSE;
	}
	for (guint i = 0; i < conf->interfaces->len; i++)
		g_array_index(conf->interfaces, NfpInterfaceOptions, i).hook = conf->hook;
	return TRUE;
}

static gboolean apply(NfpConf *conf, const Arguments *arguments, GError **err)
{
	if (arguments->direction && !set_direction(conf, arguments->direction, err))
		return FALSE;
	if (arguments->hook && !set_hook(conf, arguments->hook, err))
		return FALSE;
	if (arguments->decapsulate && !nfp_conf_decapsulate(conf, arguments->decapsulate, err)) {
		g_prefix_error(err, "--decapsulate: ");
		return FALSE;
	}
	if (arguments->interval && !nfp_conf_set(conf, "interval", arguments->interval, err)) {
		g_prefix_error(err, "--interval: ");
		return FALSE;
	}
	if (arguments->verbose)
		conf->log_level = NFP_LOG_DEBUG;
	return (!arguments->collectors ||
		nfp_cli_add_collectors(conf, arguments->collectors, err)) &&
	       (!arguments->interfaces || add_interfaces(conf, arguments->interfaces, err));
}

/* What a start with the same command line would have now. */
static NfpConf *load(void *data, GError **err)
{
	const Arguments *arguments = data;
	g_autoptr(NfpConf) conf = nfp_conf_load(arguments->common.file, err);

	if (!conf || (arguments->common.instance && !nfp_conf_set(conf, "instance", arguments->common.instance, err)) ||
	    !apply(conf, arguments, err))
		return NULL;
	return g_steal_pointer(&conf);
}

int nfp_cmd_run(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { 0 };
	const GOptionEntry entries[] = {
		{ "interface", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.interfaces,
		  "meter this one, or all that match; can be repeated", "IFACE" },
		{ "direction", 0, 0, G_OPTION_ARG_STRING, &arguments.direction,
		  "ingress (what comes in, the default), egress or both", "DIR" },
		{ "hook", 0, 0, G_OPTION_ARG_STRING, &arguments.hook,
		  "tc (the default), or xdp for what comes in", "HOOK" },
		{ "interval", 0, 0, G_OPTION_ARG_STRING, &arguments.interval,
		  "sum flows up over 1s to 1h (10s, or as in the file)", "TIME" },
		{ "decapsulate", 0, 0, G_OPTION_ARG_STRING, &arguments.decapsulate,
		  "count flows inside tunnels: vxlan,gre,... or all", "LIST" },
		{ "collector", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments.collectors,
		  "send there (udp://HOST, ...); can be repeated", "URL" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json,
		  "print records as lines of JSON, and nothing else", NULL },
		{ "table", 0, 0, G_OPTION_ARG_NONE, &arguments.table,
		  "print the table, too, when there are collectors", NULL },
		{ "flush", 0, 0, G_OPTION_ARG_NONE, &arguments.flush,
		  "at the end also export what is not over yet", NULL },
		NFP_CLI_COMMON(arguments.common),
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &arguments.verbose, "log more", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	NfpRunOptions options;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (arguments.json && arguments.table)
		return nfp_cli_usage(
			command, "--json and --table both want standard output: give one of them");
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf)
		return code;
	if (!apply(conf, &arguments, &error))
		return nfp_cli_fail(command, error);
	if (!nfp_cli_may_meter(command, conf, &code))
		return code;
	nfp_log_init((NfpLogLevel)conf->log_level);
	options = (NfpRunOptions){ .json = arguments.json,
				   .table = arguments.table,
				   .flush = arguments.flush,
				   .load = arguments.common.file ? load : NULL,
				   .data = &arguments,
				   .confine = TRUE };
	return nfp_app_run(conf, &options);
}
