/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_attach(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliTarget) target = { 0 };
	NfpDirection direction = NFP_DIRECTION_INGRESS;
	const GOptionEntry entries[] = {
		{ "direction", 0, 0, G_OPTION_ARG_STRING, &target.direction,
		  "ingress (what comes in, the default), egress or both", "DIR" },
		NFP_CLI_TARGET(target),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 1, 1, &argc, &argv, &code) ||
	    !nfp_cli_open(command, &target, argv[1], TRUE, &direction, &code))
		return code;
	if (!nfp_probe_attach(target.probe, argv[1], direction, NFP_HOOK_TC, &error))
		return nfp_cli_fail(command, error);
	printf("%s: attached; its packets are counted from now on, nfprobe run exports them\n",
	       argv[1]);
	return 0;
}
