/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"

int nfp_cmd_attach(const NfpCommand *command, int argc, char **argv)
{
	g_auto(NfpCliTarget) target = { 0 };
	NfpDirection direction = NFP_DIRECTION_INGRESS;
	NfpHookKind hook = NFP_HOOK_TC;
	g_autofree char *hook_text = NULL;
	const GOptionEntry entries[] = {
		{ "hook", 0, 0, G_OPTION_ARG_STRING, &hook_text,
		  "tc (the default), or xdp for what comes in", "HOOK" },
		{ "direction", 0, 0, G_OPTION_ARG_STRING, &target.direction,
		  "ingress (what comes in, the default), egress or both", "DIR" },
		NFP_CLI_TARGET(target),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(GError) error = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 1, 1, &argc, &argv, &code))
		return code;
	if (hook_text && !nfp_conf_hook(hook_text, &hook, &error))
		return nfp_cli_usage(command, "--hook: %s", error->message);
	if (!nfp_cli_open(command, &target, argv[1], TRUE, &direction, &code))
		return code;
	if (!nfp_probe_attach(target.probe, argv[1], direction, hook, &error))
		return nfp_cli_fail(command, error);
	if (nfp_probe_note(target.probe))
		printf("%s: %s\n", argv[1], nfp_probe_note(target.probe));
	printf("%s: attached; its packets are counted from now on, nfprobe run exports them\n",
	       argv[1]);
	return 0;
}
