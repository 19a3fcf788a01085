/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/flows.h"

#include <stdio.h>

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

int nfp_cmd_flows(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliCommon) common = { 0 };
	g_autofree char *order = NULL;
	NfpFlowsOptions options = { .order = NFP_FLOWS_BY_OCTETS };
	gint top = DEFAULT_TOP;
	const GOptionEntry entries[] = {
		{ "top", 'n', 0, G_OPTION_ARG_INT, &top, "so many flows, 0 = all (20)", "N" },
		{ "by", 0, 0, G_OPTION_ARG_STRING, &order,
		  "octets, packets (largest first), last (latest first)", "ORDER" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &options.json,
		  "one JSON object a line, as run --json", NULL },
		NFP_CLI_COMMON(common),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (top < 0)
		return nfp_cli_usage(
			command, "-n: \"%d\" flows cannot be shown; allowed: 0 (all) or more", top);
	if (order && !parse_order(order, &options.order))
		return nfp_cli_usage(command,
				     "--by: \"%s\" is no order; allowed: octets, packets or last",
				     order);
	conf = nfp_cli_conf(command, &common, &code);
	if (!conf || !nfp_cli_may_look(command, conf, &code))
		return code;
	options.top = top;
	if (!nfp_flows_print(conf, &options, out, &error))
		return nfp_cli_fail(command, error);
	fputs(out->str, stdout);
	return 0;
}
