/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/doctor.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/cli.h"

typedef struct {
	NfpCliCommon common;
	char *collector;
	gboolean send, json;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_free(arguments->collector);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

int nfp_cmd_doctor(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { 0 };
	const GOptionEntry entries[] = {
		{ "collector", 0, 0, G_OPTION_ARG_STRING, &arguments.collector,
		  "only this one: what it makes of its fields", "NAME" },
		{ "send", 0, 0, G_OPTION_ARG_NONE, &arguments.send,
		  "with --collector: send it a sample record, too", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "one JSON object on one line", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	g_autoptr(NfpDoctor) doctor = nfp_doctor_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	g_autofree char *text = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (arguments.send && !arguments.collector)
		return nfp_cli_usage(command, "--send to whom? --collector NAME");
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf)
		return code;
	nfp_log_init(NFP_LOG_ERROR); /* what goes wrong is in the lines */
	if (arguments.collector) {
		if (!nfp_doctor_collector(doctor, conf, arguments.collector, arguments.send, &error))
			return nfp_cli_fail(command, error);
	} else {
		nfp_doctor_host(doctor, conf);
		nfp_doctor_links(doctor, conf);
		nfp_doctor_outputs(doctor, conf);
	}
	text = arguments.json ? nfp_doctor_json(doctor) : nfp_doctor_text(doctor);
	fputs(text, stdout);
	return nfp_doctor_code(doctor);
}
