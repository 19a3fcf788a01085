/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/reload.h"

#include <stdio.h>

#include "app/control.h"
#include "cli/cli.h"

#define PATIENCE_S 60

int nfp_cmd_reload(const NfpCommand *command, int argc, char **argv)
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
	g_autoptr(JsonObject) answer = NULL;
	g_autofree char *text = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	conf = nfp_cli_conf(command, &common, &code);
	if (!conf) {
		fputs("nothing was changed\n", stderr);
		return code;
	}
	answer = nfp_control_ask_within(conf, "reload", PATIENCE_S, NULL, &error);
	if (!answer) {
		g_prefix_error(&error, "no nfprobe answers for instance \"%s\" (%s/%s.sock): ", conf->instance, conf->run_dir,
			       conf->instance);
		return nfp_cli_fail(command, error);
	}
	text = nfp_reload_text(answer, &code);
	if (json) {
		g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), answer);
		g_autofree char *line = json_to_string(node, FALSE);

		puts(line);
	} else {
		/* What failed beside what was done is told in the text. */
		gboolean refused = !json_object_has_member(answer, "reload");

		fprintf(code ? stderr : stdout, "%s%s", refused ? "nothing was changed: " : "", text);
	}
	return code;
}
