/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"

static const NfpCommand command = {
	.name = "try",
	.arguments = "A [B]",
	.summary = "try something",
	.help = "Example:\n  nfprobe try x\n",
};

typedef struct {
	gboolean json;
	gint number;
} Options;

static void redirect(void)
{
	cr_redirect_stdout();
	cr_redirect_stderr();
}

static char *all(FILE *file)
{
	char buffer[4096];
	size_t n = fread(buffer, 1, sizeof(buffer), file);

	return g_strndup(buffer, n);
}

/* The exit code, or -1 when parsing went well; then *ret_rest are the arguments joined with "|". */
static int parse(const char *line, Options *options, char **ret_rest)
{
	const GOptionEntry entries[] = {
		{ "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "as JSON", NULL },
		{ "number", 'n', 0, G_OPTION_ARG_INT, &options->number, "how many", "N" },
		G_OPTION_ENTRY_NULL,
	};
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof(*words));
	char **moving = argv;
	int argc = g_strv_length(words);
	int code = -1;

	if (!nfp_cli_parse(&command, entries, 1, 2, &argc, &moving, &code))
		return code;
	argv[argc] = NULL;
	*ret_rest = g_strjoinv("|", argv + 1);
	return -1;
}

Test(cli_options, options_and_arguments)
{
	Options options = { 0 };
	g_autofree char *rest = NULL;
	g_autofree char *dashes = NULL;

	cr_assert_eq(parse("try a --json -n 7 b", &options, &rest), -1);
	cr_assert_str_eq(rest, "a|b");
	cr_assert(options.json);
	cr_assert_eq(options.number, 7);
	cr_assert_eq(parse("try -- -a --help", &options, &dashes), -1);
	cr_assert_str_eq(dashes, "-a|--help");
}

Test(cli_options, help_is_made_of_the_rows, .init = redirect)
{
	Options options = { 0 };
	g_autofree char *rest = NULL;
	g_autofree char *out = NULL;

	cr_assert_eq(parse("try --help", &options, &rest), 0);
	fflush(stdout);
	out = all(cr_get_redirected_stdout());
	cr_assert_str_eq(out, "usage: nfprobe try [OPTIONS] A [B]\n\nTry something.\n\noptions:\n"
			      "  -j, --json               as JSON\n"
			      "  -n, --number N           how many\n"
			      "  -h, --help               print this\n"
			      "\nExample:\n  nfprobe try x\n");
}

Test(cli_options, faults, .init = redirect)
{
	Options options = { 0 };
	g_autofree char *rest = NULL;
	g_autofree char *err = NULL;

	cr_assert_eq(parse("try", &options, &rest), 2);
	cr_assert_eq(parse("try a b c", &options, &rest), 2);
	cr_assert_eq(parse("try a --jsno", &options, &rest), 2);
	cr_assert_eq(parse("try a --qqqqqq", &options, &rest), 2);
	cr_assert_eq(parse("try a -n many", &options, &rest), 2);
	cr_assert_null(rest);
	err = all(cr_get_redirected_stderr());
	cr_assert_str_eq(
		err, "nfprobe try: an argument is missing: nfprobe try A [B]; nfprobe try --help "
		     "tells more\n"
		     "nfprobe try: \"c\" is one argument too many; nfprobe try --help tells more\n"
		     "nfprobe try: Unknown option --jsno, did you mean --json?; nfprobe try --help "
		     "tells more\n"
		     "nfprobe try: Unknown option --qqqqqq; nfprobe try --help tells more\n"
		     "nfprobe try: Cannot parse integer value “many” for -n; nfprobe try --help "
		     "tells more\n");
}

Test(cli_options, exit_codes_come_from_the_error, .init = redirect)
{
	g_autoptr(GError) cannot = g_error_new(NFP_ERROR, NFP_ERROR_CANNOT, "no privilege");
	g_autoptr(GError) other = g_error_new(G_FILE_ERROR, G_FILE_ERROR_IO, "disk");
	g_autofree char *err = NULL;

	cr_assert_eq(nfp_cli_fail(&command, cannot), 77);
	cr_assert_eq(nfp_cli_fail(&command, other), 1);
	cr_assert_eq(nfp_cli_usage(&command, "%d is wrong", 3), 2);
	err = all(cr_get_redirected_stderr());
	cr_assert_str_eq(err, "nfprobe try: no privilege\nnfprobe try: disk\n"
			      "nfprobe try: 3 is wrong; nfprobe try --help tells more\n");
}

Test(cli_options, configuration, .init = redirect)
{
	NfpCliCommon none = { 0 };
	NfpCliCommon named = { .instance = (char *)"lan" };
	NfpCliCommon missing = { .file = (char *)"/nonexistent/c.yaml" };
	NfpCliCommon bad = { .instance = (char *)"a/b" };
	int code = -1;
	g_autoptr(NfpConf) conf = nfp_cli_conf(&command, &none, &code);
	g_autoptr(NfpConf) other = nfp_cli_conf(&command, &named, &code);
	g_autofree char *err = NULL;

	cr_assert_str_eq(conf->instance, "default");
	cr_assert_str_eq(other->instance, "lan");
	cr_assert_eq(code, -1);
	cr_assert_null(nfp_cli_conf(&command, &missing, &code));
	cr_assert_eq(code, 2);
	code = -1;
	cr_assert_null(nfp_cli_conf(&command, &bad, &code));
	cr_assert_eq(code, 2);
	err = all(cr_get_redirected_stderr());
	cr_assert(g_str_has_prefix(err,
				   "configuration /nonexistent/c.yaml cannot be read: No such file "
				   "or directory\n"
				   "nfprobe try: --instance: \"a/b\" cannot be used as a name"),
		  "%s", err);
}

Test(cli_options, interfaces)
{
	g_autoptr(GError) error = NULL;

	cr_assert_not(nfp_cli_no_interface("lo", &error));
	cr_assert_null(error);
	cr_assert(nfp_cli_no_interface("nosuch0", &error));
	cr_assert(g_error_matches(error, NFP_ERROR, NFP_ERROR_FAILED));
	cr_assert(g_str_has_prefix(error->message,
				   "there is no interface \"nosuch0\" here; there are: "),
		  "%s", error->message);
	cr_assert(strstr(error->message, "lo"), "%s", error->message);
}

Test(cli_options, target_refuses_before_it_touches_anything, .init = redirect)
{
	g_auto(NfpCliTarget) netns = { .netns = g_strdup("../x") };
	g_auto(NfpCliTarget) direction = { .direction = g_strdup("sideways") };
	g_auto(NfpCliTarget) nowhere = { 0 };
	NfpDirection dir = NFP_DIRECTION_INGRESS;
	int code = -1;

	cr_assert_not(nfp_cli_open(&command, &netns, "lo", TRUE, &dir, &code));
	cr_assert_eq(code, 2);
	code = -1;
	cr_assert_not(nfp_cli_open(&command, &direction, "lo", TRUE, &dir, &code));
	cr_assert_eq(code, 2);
	cr_assert_not(nfp_cli_open(&command, &nowhere, "nosuch0", TRUE, &dir, &code));
	cr_assert_eq(code, 1);
}
