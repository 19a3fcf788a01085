/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_schema(const NfpCommand *command, int argc, char **argv)
{
	gboolean sample = FALSE, markdown = FALSE, man = FALSE;
	const GOptionEntry entries[] = {
		{ "sample", 0, 0, G_OPTION_ARG_NONE, &sample, "config/nfprobe.yaml", NULL },
		{ "markdown", 0, 0, G_OPTION_ARG_NONE, &markdown, "docs/config.md", NULL },
		{ "man", 0, 0, G_OPTION_ARG_NONE, &man, "nfprobe.yaml(5)", NULL },
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GString) out = g_string_new(NULL);
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (sample + markdown + man != 1)
		return nfp_cli_usage(command, "--sample, --markdown or --man: one of them");
	if (sample)
		nfp_conf_print_sample(out);
	else if (man)
		nfp_conf_print_manual(out);
	else
		nfp_conf_print_reference(out);
	fputs(out->str, stdout);
	return 0;
}
