/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_version(const NfpCommand *command, int argc, char **argv)
{
	const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	printf("nfprobe " NFP_VERSION "\n");
	return 0;
}
