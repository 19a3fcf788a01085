/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_check(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliCommon) common = { 0 };
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &common.file, "the configuration",
		  "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(NfpConf) conf = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (!common.file)
		return nfp_cli_usage(command, "which file? nfprobe check -c FILE");
	conf = nfp_cli_conf(command, &common, &code);
	if (!conf)
		return code;
	printf("%s is fine: ", common.file);
	if (conf->interfaces->len > 0)
		printf("%u interface rule%s, ", conf->interfaces->len, conf->interfaces->len == 1 ? "" : "s");
	else
		printf("every interface (%s), ", conf->stacked ? "stacked" : "nearest the wire");
	if (conf->collectors->len > 0)
		printf("%u collector%s\n", conf->collectors->len, conf->collectors->len == 1 ? "" : "s");
	else
		printf("a table on standard output\n");
	return 0;
}
