/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static void redirect(void)
{
	cr_redirect_stdout();
	cr_redirect_stderr();
}

static int call(const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	/* GOption moves what it does not take: the array is ours, not the strings. */
	g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof(*words));

	return nfp_cli_main(g_strv_length(words), argv);
}

static char *all(FILE *file)
{
	GString *text = g_string_new(NULL);
	char buffer[4096];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		g_string_append_len(text, buffer, n);
	return g_string_free(text, FALSE);
}

static const char *const visible[] = { "run",	 "status", "flows",  "top", "replay", "check",
				       "attach", "detach", "object", "enrich", "fields", "version" };

Test(cli, overview_names_every_command, .init = redirect)
{
	g_autofree char *out = NULL;

	cr_assert_eq(call("nfprobe --help"), 0);
	out = all(cr_get_redirected_stdout());
	for (guint i = 0; i < G_N_ELEMENTS(visible); i++) {
		g_autofree char *line = g_strdup_printf("\n  %-9s ", visible[i]);

		cr_assert(strstr(out, line), "%s is not in\n%s", visible[i], out);
	}
	cr_assert_null(strstr(out, "schema"), "hidden");
	cr_assert(strstr(out, "Exit codes: 0 fine"), "%s", out);
}

Test(cli, without_a_command_the_overview_is_an_error, .init = redirect)
{
	g_autofree char *err = NULL;

	cr_assert_eq(call("nfprobe"), 2);
	err = all(cr_get_redirected_stderr());
	cr_assert(strstr(err, "usage: nfprobe COMMAND"), "%s", err);
}

Test(cli, unknown_commands_and_options, .init = redirect)
{
	g_autofree char *err = NULL;

	cr_assert_eq(call("nfprobe stauts"), 2);
	cr_assert_eq(call("nfprobe frobnicate"), 2);
	cr_assert_eq(call("nfprobe --json"), 2);
	cr_assert_eq(call("nfprobe help rnu"), 2);
	err = all(cr_get_redirected_stderr());
	cr_assert_str_eq(
		err,
		"nfprobe: there is no command \"stauts\", did you mean \"status\"?; nfprobe --help "
		"lists the commands\n"
		"nfprobe: there is no command \"frobnicate\"; nfprobe --help lists the commands\n"
		"nfprobe: there is no option \"--json\"; nfprobe --help lists the commands\n"
		"nfprobe: there is no command \"rnu\", did you mean \"run\"?; nfprobe --help lists "
		"the commands\n");
}

Test(cli, every_command_has_help, .init = redirect)
{
	g_autofree char *out = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(visible); i++) {
		g_autofree char *option = g_strdup_printf("nfprobe %s --help", visible[i]);
		g_autofree char *other = g_strdup_printf("nfprobe help %s", visible[i]);

		cr_assert_eq(call(option), 0, "%s", option);
		cr_assert_eq(call(other), 0, "%s", other);
	}
	out = all(cr_get_redirected_stdout());
	for (guint i = 0; i < G_N_ELEMENTS(visible); i++) {
		g_autofree char *usage = g_strdup_printf("usage: nfprobe %s [OPTIONS]", visible[i]);

		cr_assert(strstr(out, usage), "%s", usage);
	}
}

Test(cli, help_fits_a_terminal, .init = redirect)
{
	g_autofree char *out = NULL;
	g_auto(GStrv) lines = NULL;

	cr_assert_eq(call("nfprobe --help"), 0);
	for (guint i = 0; i < G_N_ELEMENTS(visible); i++) {
		g_autofree char *option = g_strdup_printf("nfprobe %s --help", visible[i]);

		cr_assert_eq(call(option), 0);
	}
	out = all(cr_get_redirected_stdout());
	lines = g_strsplit(out, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		cr_assert_leq(strlen(lines[i]), 80, "%s", lines[i]);
}

Test(cli, stdout_that_takes_nothing_is_a_failure, .init = redirect)
{
	g_autofree char *err = NULL;

	cr_assert_not_null(freopen("/dev/full", "w", stdout));
	cr_assert_eq(call("nfprobe version"), 1);
	err = all(cr_get_redirected_stderr());
	cr_assert_str_eq(err,
			 "nfprobe: standard output cannot be written: No space left on device\n");
}
