/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands share: options, help, errors, the configuration, interfaces. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cli.h"
#include "record/suggest.h"

#define OPTION_COLUMN 27 /* where the options' help begins */

static void print_help(const NfpCommand *command, const GOptionEntry *entries)
{
	printf("usage: nfprobe %s [OPTIONS]%s%s\n\n%c%s.\n\noptions:\n", command->name,
	       *command->arguments ? " " : "", command->arguments,
	       g_ascii_toupper(command->summary[0]), command->summary + 1);
	for (const GOptionEntry *entry = entries; entry->long_name; entry++) {
		g_autoptr(GString) left = g_string_new(NULL);

		if (entry->flags & G_OPTION_FLAG_HIDDEN)
			continue;
		if (entry->short_name)
			g_string_append_printf(left, "-%c, ", entry->short_name);
		else
			g_string_append(left, "    ");
		g_string_append_printf(left, "--%s%s%s", entry->long_name,
				       entry->arg_description ? " " : "",
				       entry->arg_description ? entry->arg_description : "");
		printf("  %-*s %s\n", OPTION_COLUMN - 3, left->str, entry->description);
	}
	printf("  %-*s %s\n", OPTION_COLUMN - 3, "-h, --help", "print this");
	if (*command->help)
		printf("\n%s", command->help);
}

int nfp_cli_usage(const NfpCommand *command, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, format);
	text = g_strdup_vprintf(format, ap);
	va_end(ap);
	fprintf(stderr, "nfprobe %s: %s; nfprobe %s --help tells more\n", command->name, text,
		command->name);
	return NFP_ERROR_USAGE;
}

int nfp_cli_fail(const NfpCommand *command, const GError *err)
{
	fprintf(stderr, "nfprobe %s: %s\n", command->name, err->message);
	return nfp_error_exit_code(err);
}

static const char *nearest_option(const char *typed, const GOptionEntry *entries)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *name = g_strndup(typed, strcspn(typed, "="));

	for (const GOptionEntry *entry = entries; entry->long_name; entry++)
		g_ptr_array_add(names, (char *)entry->long_name);
	return nfp_suggest(name, (const char *const *)names->pdata, names->len);
}

static int option_error(const NfpCommand *command, const GOptionEntry *entries, const GError *error)
{
	const char *dashes = strstr(error->message, "--");
	const char *near = NULL;

	if (g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) && dashes)
		near = nearest_option(dashes + 2, entries);
	if (near)
		return nfp_cli_usage(command, "%s, did you mean --%s?", error->message, near);
	return nfp_cli_usage(command, "%s", error->message);
}

static gboolean has_option(const GOptionEntry *entries, const char *name)
{
	for (const GOptionEntry *entry = entries; entry->long_name; entry++)
		if (g_str_equal(entry->long_name, name))
			return TRUE;
	return FALSE;
}

/* `nfprobe check FILE`, `nfprobe run eth0` */
static int too_many(const NfpCommand *command, const GOptionEntry *entries, const char *argument)
{
	const char *option = NULL;

	if (has_option(entries, "interface") && if_nametoindex(argument) != 0)
		option = "-i";
	else if (has_option(entries, "config") && g_file_test(argument, G_FILE_TEST_IS_REGULAR))
		option = "-c";
	if (option)
		return nfp_cli_usage(command, "\"%s\" is one argument too many, did you mean %s %s?", argument, option,
				     argument);
	return nfp_cli_usage(command, "\"%s\" is one argument too many", argument);
}

static gboolean wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && !g_str_equal(argv[i], "--"); i++)
		if (g_str_equal(argv[i], "--help") || g_str_equal(argv[i], "-h"))
			return TRUE;
	return FALSE;
}

/* GOption leaves "--" where it found arguments behind it. */
static void drop_dashes(int *argc, char **argv)
{
	if (*argc > 1 && g_str_equal(argv[1], "--")) {
		memmove(argv + 1, argv + 2, sizeof(*argv) * (*argc - 1));
		(*argc)--;
	}
}

gboolean nfp_cli_parse(const NfpCommand *command, const GOptionEntry *entries, int least, int most,
		       int *argc, char ***argv, int *ret_code)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	if (wants_help(*argc, *argv)) {
		print_help(command, entries);
		*ret_code = 0;
		return FALSE;
	}
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, &error)) {
		*ret_code = option_error(command, entries, error);
		return FALSE;
	}
	drop_dashes(argc, *argv);
	if (*argc - 1 < least)
		*ret_code = nfp_cli_usage(command, "an argument is missing: nfprobe %s %s",
					  command->name, command->arguments);
	else if (*argc - 1 > most)
		*ret_code = too_many(command, entries, (*argv)[most + 1]);
	else
		return TRUE;
	return FALSE;
}

void nfp_cli_common_clear(NfpCliCommon *common)
{
	g_clear_pointer(&common->file, g_free);
	g_clear_pointer(&common->instance, g_free);
}

NfpConf *nfp_cli_conf(const NfpCommand *command, const NfpCliCommon *common, int *ret_code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf =
		common->file ? nfp_conf_load(common->file, &error) : nfp_conf_default();

	if (!conf) {
		fprintf(stderr, "%s\n",
			error->message); /* each line begins with file:line:column */
		*ret_code = nfp_error_exit_code(error);
		return NULL;
	}
	if (common->instance && !nfp_conf_set(conf, "instance", common->instance, &error)) {
		*ret_code = nfp_cli_usage(command, "--instance: %s", error->message);
		return NULL;
	}
	return g_steal_pointer(&conf);
}

gboolean nfp_cli_may_look(const NfpCommand *command, const NfpConf *conf, int *ret_code)
{
	g_autoptr(GError) error = NULL;

	if (access(conf->pin_root, R_OK | X_OK) == 0 || errno != EACCES)
		return TRUE;
	g_set_error(&error, NFP_ERROR, NFP_ERROR_CANNOT,
		    "looking at %s takes root or its owner's privilege: run it with sudo",
		    conf->pin_root);
	*ret_code = nfp_cli_fail(command, error);
	return FALSE;
}

gboolean nfp_cli_may_meter(const NfpCommand *command, const NfpConf *conf, int *ret_code)
{
	const NfpProbeOptions options = { .pin_root = conf->pin_root, .instance = conf->instance };
	g_autofree char *why = nfp_probe_obstacle(&options);
	g_autoptr(GError) error = NULL;

	if (!why)
		return TRUE;
	error = g_error_new_literal(NFP_ERROR, NFP_ERROR_CANNOT, why);
	*ret_code = nfp_cli_fail(command, error);
	return FALSE;
}

gboolean nfp_cli_no_interface(const char *name, GError **err)
{
	g_autoptr(GString) names = g_string_new(NULL);
	struct if_nameindex *all;

	if (if_nametoindex(name) != 0)
		return FALSE;
	all = if_nameindex();
	for (guint i = 0; all && all[i].if_index; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "", all[i].if_name);
	if (all)
		if_freenameindex(all);
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "there is no interface \"%s\" here; there are: %s", name,
		    names->len ? names->str : "none");
	return TRUE;
}

void nfp_cli_target_clear(NfpCliTarget *target)
{
	g_clear_pointer(&target->probe, nfp_probe_free);
	g_clear_pointer(&target->domain, nfp_domain_free);
	g_clear_pointer(&target->conf, nfp_conf_free);
	g_clear_pointer(&target->direction, g_free);
	g_clear_pointer(&target->netns, g_free);
	nfp_cli_common_clear(&target->common);
}

static gboolean is_pinned(const NfpConf *conf, const NfpDomain *domain, GError **err)
{
	g_autofree char *pins = nfp_domain_pins(conf, domain);

	if (g_file_test(pins, G_FILE_TEST_IS_DIR))
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "nothing is attached: there is nothing under %s", pins);
	return FALSE;
}

gboolean nfp_cli_open(const NfpCommand *command, NfpCliTarget *target, const char *ifname,
		      gboolean make, NfpDirection *ret_direction, int *ret_code)
{
	g_autoptr(GError) error = NULL;
	NfpProbeOptions options;

	if (target->direction && !nfp_conf_direction(target->direction, ret_direction, &error)) {
		*ret_code = nfp_cli_usage(command, "--direction: %s", error->message);
		return FALSE;
	}
	if (target->netns && !nfp_conf_check("interfaces", "netns", target->netns, &error)) {
		*ret_code = nfp_cli_usage(command, "--netns: %s", error->message);
		return FALSE;
	}
	target->conf = nfp_cli_conf(command, &target->common, ret_code);
	if (!target->conf)
		return FALSE;
	if (!target->netns && nfp_cli_no_interface(ifname, &error)) {
		*ret_code = nfp_cli_fail(command, error);
		return FALSE;
	}
	if (!nfp_cli_may_meter(command, target->conf, ret_code))
		return FALSE;
	target->domain = nfp_domain_new(target->conf, target->netns);
	options = nfp_domain_probe_options(target->conf, target->domain);
	if (!make && !is_pinned(target->conf, target->domain, &error)) {
		*ret_code = nfp_cli_fail(command, error);
		return FALSE;
	}
	target->probe = nfp_probe_open(&options, &error);
	if (!target->probe)
		*ret_code = nfp_cli_fail(command, error);
	return target->probe != NULL;
}

gboolean nfp_cli_add_collectors(NfpConf *conf, char **endpoints, GError **err)
{
	g_array_set_size(conf->collectors, 0);
	for (guint i = 0; endpoints[i]; i++) {
		if (!nfp_conf_add_collector(conf, endpoints[i], err)) {
			g_prefix_error(err, "--collector: ");
			return FALSE;
		}
	}
	return TRUE;
}
