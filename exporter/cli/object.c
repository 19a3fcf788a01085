/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_object(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliTarget) target = { 0 };
	g_autofree char *output = NULL;
	NfpDirection direction = NFP_DIRECTION_INGRESS;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "the file to write", "FILE" },
		{ "direction", 0, 0, G_OPTION_ARG_STRING, &target.direction,
		  "ingress or egress (ingress)", "DIR" },
		NFP_CLI_TARGET(target),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 1, 1, &argc, &argv, &code))
		return code;
	if (!output)
		return nfp_cli_usage(command, "where to? -o FILE is missing");
	if (target.direction && g_str_equal(target.direction, "both"))
		return nfp_cli_usage(command,
				     "--direction: an object has one; allowed: ingress or egress");
	if (!nfp_cli_open(command, &target, argv[1], TRUE, &direction, &code))
		return code;
	if (!nfp_probe_write_object(target.probe, argv[1], direction, output, &error))
		return nfp_cli_fail(command, error);
	printf("%s: written; install it with: tc filter add dev %s %s bpf da obj %s sec tc\n",
	       output, argv[1], direction == NFP_DIRECTION_EGRESS ? "egress" : "ingress", output);
	return 0;
}
