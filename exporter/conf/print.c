/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commented sample and the reference, from the schema's rows. */
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

#define COLUMNS 98

/* Appends text in lines of at most COLUMNS, each behind `prefix`. */
static void wrap(GString *out, const char *prefix, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	size_t column = 0;

	for (guint i = 0; words[i]; i++) {
		if (column > 0 && column + 1 + strlen(words[i]) > COLUMNS) {
			g_string_append_c(out, '\n');
			column = 0;
		}
		if (column == 0) {
			g_string_append(out, prefix);
			column = strlen(prefix);
		} else {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append(out, words[i]);
		column += strlen(words[i]);
	}
	g_string_append_c(out, '\n');
}

/* A value as YAML: a glob would be read as an alias; a list is written as one. */
static void append_value(GString *out, const NfpConfRow *row, const char *value)
{
	const char *format = row->type == NFP_CONF_GLOB	   ? "\"%s\""
			     : row->type == NFP_CONF_TUNNELS || row->type == NFP_CONF_NAMES ? "[%s]"
							     : "%s";

	g_string_append_printf(out, format, value);
}

/* One option: its help, then its line. margin: "#" where the whole table or section is an example; an option
 * without a default is commented out in any case, unless its section is. */
static void sample_row(GString *out, const char *margin, const char *indent, gboolean bullet, gboolean open,
		       const NfpConfRow *row)
{
	const char *key = strrchr(row->path, '.');
	g_autofree char *allowed = nfp_conf_value_allowed(row);
	g_autofree char *prefix = g_strconcat(margin, indent, "# ", NULL);
	g_autoptr(GString) text = g_string_new("Allowed: ");

	g_string_append(text, allowed);
	if (row->required)
		g_string_append(text, ". Required.");
	else
		g_string_append_printf(text, ". Default: %s.",
				       row->value ? row->value : row->absent);
	wrap(out, prefix, row->help);
	wrap(out, prefix, text->str);
	g_string_append_printf(out, "%s%.*s%s%s%s: ", margin,
			       (int)(strlen(indent) - (bullet ? 2 : 0)), indent, bullet ? "- " : "",
			       open || row->value || row->required ? "" : "#", key ? key + 1 : row->path);
	append_value(out, row, row->value ? row->value : row->example);
	g_string_append_c(out, '\n');
}

/* Whether something is left of a section when what has no default is commented out: an empty one is an error. */
static gboolean section_has_values(NfpConfTable table, const char *path, size_t length)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];

		if (row->table == table && !strncmp(row->path, path, length + 1) && (row->value || row->required))
			return TRUE;
	}
	return FALSE;
}

static void sample_table(GString *out, NfpConfTable table, const char *margin, const char *indent)
{
	g_autofree char *deeper = g_strconcat(indent, "  ", NULL);
	const char *section = NULL; /* a path that begins with the section at hand */
	gboolean bullet = table != NFP_CONF_TOP;

	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		size_t length = strcspn(row->path, ".");
		gboolean inside = row->path[length] == '.';
		/* Nothing would be left of the section without its comments. */
		gboolean empty = inside && !section_has_values(row->table, row->path, length);

		if (row->table != table)
			continue;
		if (table == NFP_CONF_TOP && !(inside && section))
			g_string_append_c(out, '\n');
		if (inside && (!section || strncmp(section, row->path, length + 1) != 0))
			g_string_append_printf(out, "%s%s%.*s:\n", empty ? "#" : margin, indent, (int)length,
					       row->path);
		section = inside ? row->path : NULL;
		sample_row(out, empty ? "#" : margin, inside ? deeper : indent, bullet, empty, row);
		bullet = FALSE;
	}
}

void nfp_conf_print_sample(GString *out)
{
	g_string_append(out, "# Configuration of nfprobe, with every option and its default.\n"
			     "# nfprobe run -c FILE uses it, nfprobe check -c FILE tells what is "
			     "wrong with it.\n"
			     "# What is not set (#hostname, the lists at the end) stands behind a "
			     "\"#\": take it away.\n");
	sample_table(out, NFP_CONF_TOP, "", "");
	for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++) {
		g_string_append_c(out, '\n');
		wrap(out, "# ", nfp_conf_lists[i].help);
		g_string_append_printf(out, "#%s:\n", nfp_conf_lists[i].key);
		sample_table(out, i, "#", "    ");
	}
}

static void reference_table(GString *out, NfpConfTable table)
{
	g_string_append(out, "| Option | Type | Allowed | Default | Reload | What it does |\n"
			     "|---|---|---|---|---|---|\n");
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		g_autofree char *allowed = NULL, *cell = NULL; /* a bar ends a column of Markdown */
		g_auto(GStrv) bars = NULL;

		if (row->table != table)
			continue;
		allowed = nfp_conf_value_allowed(row);
		bars = g_strsplit(allowed, "|", -1);
		cell = g_strjoinv("\\|", bars);
		g_string_append_printf(out, "| `%s` | %s | %s | ", row->path,
				       nfp_conf_types[row->type].name, cell);
		if (row->value)
			g_string_append_printf(out, "`%s`", row->value);
		else
			g_string_append(out, row->required ? "none: required" : row->absent);
		g_string_append_printf(out, " | %s | %s |\n", nfp_conf_part_names[row->part],
				       row->help);
	}
}

void nfp_conf_print_reference(GString *out)
{
	g_string_append(
		out,
		"# Configuration\n\n"
		"Made from the rows of `exporter/conf/schema.c` by `nfprobe schema --markdown`; "
		"[config/nfprobe.yaml](../config/nfprobe.yaml) is the same as a file to start "
		"from.\n\n"
		"The file is YAML (UTF-8, at most 1 MiB). A dot in an option's name is a level: "
		"`maps.memory` is written as `maps: { memory: 512MiB }`. Durations are a whole "
		"number and `ms`, `s`, `m` or `h`; sizes a whole number and `KiB`, `MiB`, `GiB` or "
		"`TiB`. Unknown keys and keys that stand twice are errors; `nfprobe check -c FILE` "
		"tells all of them at once, each with file, line and column. The configuration is "
		"read when nfprobe starts, and again by `nfprobe reload`: \"Reload\" says what starts "
		"anew for a changed value ([operations.md](operations.md#reload)).\n\n"
		"## The document\n\n");
	reference_table(out, NFP_CONF_TOP);
	for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++) {
		g_string_append_printf(out, "\n## `%s`: a list\n\n%s\n\n", nfp_conf_lists[i].key,
				       nfp_conf_lists[i].help);
		reference_table(out, i);
	}
	g_string_append(out, "\n## Not in this version\n\nThese are documented for later; today "
			     "they are errors: ");
	for (guint i = 0; i < nfp_conf_later_n; i++) {
		const char *list = nfp_conf_lists[nfp_conf_later[i].table].key;

		g_string_append_printf(out, "%s`%s%s%s`", i ? ", " : "", list ? list : "",
				       list ? "." : "", nfp_conf_later[i].path);
	}
	g_string_append(out, ".\n");
}
