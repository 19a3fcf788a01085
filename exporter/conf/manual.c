/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfprobe.yaml(5), in mdoc(7), from the schema's rows. */
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

/* Text for mdoc: `words` in backquotes stand in its literal font. */
static void append_text(GString *out, const char *text)
{
	gboolean literal = FALSE;

	for (; *text; text++) {
		switch (*text) {
		case '`':
			g_string_append(out, literal ? "\\fR" : "\\fB");
			literal = !literal;
			break;
		case '\\':
			g_string_append(out, "\\e");
			break;
		case '-': /* a minus, which can be copied, and no hyphen */
			g_string_append(out, "\\-");
			break;
		case '\'':
		case '.': /* of a macro, where it begins a line */
			g_string_append_printf(out, "%s%c", !out->len || out->str[out->len - 1] == '\n' ? "\\&" : "", *text);
			break;
		default:
			g_string_append_c(out, *text);
		}
	}
}

/* A line a sentence, as mdoc wants it. */
static void append_sentences(GString *out, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (guint i = 0; words[i]; i++) {
		g_autofree char *before = i ? g_strdup(words[i - 1]) : g_strdup("");
		gboolean ends = g_str_has_suffix(before, ".") && g_ascii_isupper(*words[i]);

		if (i)
			g_string_append_c(out, ends ? '\n' : ' ');
		append_text(out, words[i]);
	}
	g_string_append_c(out, '\n');
}

static void append_row(GString *out, const NfpConfRow *row)
{
	g_autofree char *allowed = nfp_conf_value_allowed(row);
	g_autofree char *range = g_strconcat("Allowed: ", allowed, ".", NULL);
	g_autofree char *none = row->value ? g_strconcat("Default: `", row->value, "`.", NULL)
			      : row->required ? g_strdup("Required.")
					      : g_strconcat("Default: ", row->absent, ".", NULL);

	g_string_append_printf(out, ".It Cm %s\n", row->path);
	append_sentences(out, row->help);
	g_string_append(out, ".br\n");
	append_sentences(out, range);
	append_sentences(out, none);
}

static void append_table(GString *out, NfpConfTable table)
{
	g_string_append(out, ".Bl -tag -width Ds\n");
	for (guint i = 0; i < nfp_conf_rows_n; i++)
		if (nfp_conf_rows[i].table == table)
			append_row(out, &nfp_conf_rows[i]);
	g_string_append(out, ".El\n");
}

static const char head[] =
	".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	".\\\" Made from the rows of exporter/conf/schema.c by nfprobe schema --man.\n"
	".Dd November 22, 2026\n"
	".Dt NFPROBE.YAML 5\n"
	".Os\n"
	".Sh NAME\n"
	".Nm nfprobe.yaml\n"
	".Nd configuration of nfprobe\n"
	".Sh DESCRIPTION\n"
	".Xr nfprobe 8\n"
	"reads this file where\n"
	".Fl c\n"
	"names it; the service reads\n"
	".Pa /etc/nfprobe/nfprobe.yaml .\n"
	"It is YAML in UTF\\-8, at most 1 MiB.\n"
	"A dot in an option's name is a level:\n"
	".Cm maps.memory\n"
	"is written as\n"
	".Bd -literal -offset indent\n"
	"maps:\n"
	"  memory: 512MiB\n"
	".Ed\n"
	".Pp\n"
	"Durations are a whole number and\n"
	".Cm ms , s , m\n"
	"or\n"
	".Cm h ;\n"
	"sizes a whole number and\n"
	".Cm KiB , MiB , GiB\n"
	"or\n"
	".Cm TiB .\n"
	"Unknown keys and keys that stand twice are errors:\n"
	".Cm nfprobe check\n"
	"tells all of them at once, each with file, line and column.\n"
	"Every option has a default but those that are required.\n";

static const char foot[] =
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa /etc/nfprobe/nfprobe.yaml\n"
	"The configuration of the service.\n"
	".It Pa /usr/share/doc/nfprobe/examples/nfprobe.yaml\n"
	"A file with every option and its default.\n"
	".El\n"
	".Sh EXAMPLES\n"
	".Bd -literal\n"
	"hostname: edge1\n"
	"interval: 60s\n"
	"interfaces:\n"
	"  \\- match: \"eth*\"\n"
	"    direction: ingress\n"
	"collectors:\n"
	"  \\- name: nfdump\n"
	"    kind: nfdump\n"
	"    endpoint: udp://192.0.2.7:9995\n"
	"metrics:\n"
	"  listen: 127.0.0.1:9469\n"
	".Ed\n"
	".Sh SEE ALSO\n"
	".Xr nfprobe 8\n";

void nfp_conf_print_manual(GString *out)
{
	g_string_append(out, head);
	g_string_append(out, ".Sh OPTIONS OF THE DOCUMENT\n");
	append_table(out, NFP_CONF_TOP);
	for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++) {
		g_autofree char *title = g_ascii_strup(nfp_conf_lists[i].key, -1);

		g_string_append_printf(out, ".Sh THE LIST %s\n.Cm %s\nis a list.\n", title, nfp_conf_lists[i].key);
		append_sentences(out, nfp_conf_lists[i].help);
		append_table(out, i);
	}
	g_string_append(out, foot);
}
