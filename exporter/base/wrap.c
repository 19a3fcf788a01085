/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/wrap.h"

#include <string.h>

static glong column_of(const GString *out)
{
	const char *end = strrchr(out->str, '\n');

	return g_utf8_strlen(end ? end + 1 : out->str, -1);
}

void nfp_wrap(GString *out, guint indent, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	glong column = column_of(out);

	for (guint i = 0; words[i]; i++) {
		glong length = g_utf8_strlen(words[i], -1);

		if (i && column + 1 + length > NFP_WRAP_COLUMNS) {
			g_string_append_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (i) {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append(out, words[i]);
		column += length;
	}
}
