/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/top.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

#define ORDERS "bits, rate, bytes or packets"
#define WIDTH 120 /* of one picture, where nobody tells a width */
#define ONCE_FLOWS 20

static const struct {
	const char *name;
	NfpTopOrder order;
} orders[] = {
	{ "bits", NFP_TOP_BY_BITS },
	{ "rate", NFP_TOP_BY_RATE },
	{ "bytes", NFP_TOP_BY_OCTETS },
	{ "packets", NFP_TOP_BY_PACKETS },
};

typedef struct {
	NfpCliCommon common;
	char *order, *match, *filter;
	gint every, limit;
	gboolean once;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	nfp_cli_common_clear(&arguments->common);
	g_free(arguments->order);
	g_free(arguments->match);
	g_free(arguments->filter);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static gboolean parse_order(const char *text, NfpTopOrder *ret_order)
{
	for (guint i = 0; i < G_N_ELEMENTS(orders); i++) {
		if (g_str_equal(orders[i].name, text)) {
			*ret_order = orders[i].order;
			return TRUE;
		}
	}
	return FALSE;
}

/* 0, or the exit code after telling. */
static int apply(const NfpCommand *command, const Arguments *arguments, NfpTopView *view)
{
	if (arguments->order && !parse_order(arguments->order, &view->order))
		return nfp_cli_usage(command, "--sort: \"%s\" is no order; allowed: " ORDERS, arguments->order);
	if (arguments->every < 1 || arguments->every > NFP_TOP_EVERY_MAX)
		return nfp_cli_usage(command, "--every: %d is out of range; allowed: 1 to %d (seconds)", arguments->every,
				     NFP_TOP_EVERY_MAX);
	if (arguments->limit < 0)
		return nfp_cli_usage(command, "-n: \"%d\" flows cannot be shown; allowed: 0 (all) or more", arguments->limit);
	if (arguments->match)
		g_string_assign(view->filter, arguments->match);
	view->every = (guint)arguments->every;
	view->limit = (guint)arguments->limit;
	return 0;
}

static guint width(void)
{
	struct winsize size;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : WIDTH;
}

static int once(const NfpCommand *command, const NfpConf *conf, const NfpTopView *view)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	if (!nfp_top_once(conf, view, width(), out, &error))
		return nfp_cli_fail(command, error);
	fputs(out->str, stdout);
	return 0;
}

int nfp_cmd_top(const NfpCommand *command, int argc, char **argv)
{
	g_auto(Arguments) arguments = { .every = 2, .limit = -1 };
	const GOptionEntry entries[] = {
		{ "sort", 0, 0, G_OPTION_ARG_STRING, &arguments.order, ORDERS " first (bits)", "FIGURE" },
		{ "match", 0, 0, G_OPTION_ARG_STRING, &arguments.match, "flows whose line has these words", "WORDS" },
		{ "filter", 0, 0, G_OPTION_ARG_STRING, &arguments.filter, "flows that pass it, as tcpdump has filters", "EXPRESSION" },
		{ "limit", 'n', 0, G_OPTION_ARG_INT, &arguments.limit, "so many flows, 0 = all (as fit; --once: 20)", "N" },
		{ "every", 0, 0, G_OPTION_ARG_INT, &arguments.every, "seconds between two pictures, 1 to 60 (2)", "SECONDS" },
		{ "once", 0, 0, G_OPTION_ARG_NONE, &arguments.once, "print one picture and end", NULL },
		NFP_CLI_COMMON(arguments.common),
		G_OPTION_ENTRY_NULL,
	};
	g_auto(NfpTopView) view = { 0 };
	g_autoptr(NfpFilter) filter = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(NfpConf) conf = NULL;
	int code;

	if (!nfp_cli_parse(command, entries, 0, 0, &argc, &argv, &code))
		return code;
	if (arguments.limit == -1)
		arguments.limit = arguments.once ? ONCE_FLOWS : 0;
	nfp_top_view_init(&view);
	code = apply(command, &arguments, &view);
	if (code)
		return code;
	if (arguments.filter && !(filter = nfp_filter_new(arguments.filter, &error)))
		return nfp_cli_usage(command, "--filter: %s", error->message);
	view.passing = filter;
	conf = nfp_cli_conf(command, &arguments.common, &code);
	if (!conf || !nfp_cli_may_look(command, conf, &code))
		return code;
	if (arguments.once)
		return once(command, conf, &view);
	return nfp_top_run(conf, &view, &error) ? 0 : nfp_cli_fail(command, error);
}
