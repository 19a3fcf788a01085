/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/status.h"

#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_status(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliCommon) common = { 0 };
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object on one line", NULL },
		NFP_CLI_COMMON(common),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	g_autofree char *text = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	conf = nfp_cli_conf(command, &common, &code);
	if (!conf || !nfp_cli_may_look(command, conf, &code))
		return code;
	text = json ? nfp_status_json(conf, &error) : nfp_status_text(conf, &error);
	if (!text)
		return nfp_cli_fail(command, error);
	fputs(text, stdout);
	return 0;
}
