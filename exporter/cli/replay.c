/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/replay.h"

#include "cli/cli.h"

typedef struct {
	NfpCliCommon common;
	char **collectors;
	char *interval;
	char *decapsulate;
	gboolean json;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_strfreev(arguments->collectors);
	g_free(arguments->interval);
	g_free(arguments->decapsulate);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static gboolean apply(NfpConf *conf, const Arguments *arguments, GError **err)
{
	/* The file's collectors are for live traffic: a capture goes where the command line says.
	 */
	g_array_set_size(conf->collectors, 0);
	if (arguments->decapsulate && !nfp_conf_decapsulate(conf, arguments->decapsulate, err)) {
		g_prefix_error(err, "--decapsulate: ");
		return FALSE;
	}
	if (arguments->interval && !nfp_conf_set(conf, "interval", arguments->interval, err)) {
		g_prefix_error(err, "--interval: ");
		return FALSE;
	}
	return !arguments->collectors || nfp_cli_add_collectors(conf, arguments->collectors, err);
}

int nfp_cmd_replay(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { 0 };
	const GOptionEntry entries[] = {
		{ "interval", 0, 0, G_OPTION_ARG_STRING, &arguments.interval,
		  "sum flows up over 1s to 1h (10s, or as in the file)", "TIME" },
		{ "decapsulate", 0, 0, G_OPTION_ARG_STRING, &arguments.decapsulate,
		  "count flows inside tunnels: vxlan,gre,... or all", "LIST" },
		{ "collector", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments.collectors,
		  "send there (udp://HOST, ...); can be repeated", "URL" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json,
		  "print records as lines of JSON, and nothing else", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	NfpReplayOptions options;
	int code;

	if (!nfp_cli_parse(command, entries, 1, 1, &argc, &argv, &code))
		return code;
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf)
		return code;
	if (!apply(conf, &arguments, &error))
		return nfp_cli_fail(command, error);
	if (!nfp_cli_may_meter(command, conf, &code))
		return code;
	options = (NfpReplayOptions){ .path = argv[1], .json = arguments.json };
	return nfp_app_replay(conf, &options);
}
