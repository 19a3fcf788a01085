/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/csv.h"

#include <string.h>

/* A field in quotes, read from behind the first one; what follows it is left at *line. */
static bool quoted(char **line, char separator, char **ret, const char **ret_why)
{
	char *from = *line, *to = *line;

	*ret = to;
	for (;; from++) {
		if (!*from) {
			*ret_why = "has a quote that does not end on its line";
			return false;
		}
		if (*from == '"' && *++from != '"')
			break;
		*to++ = *from;
	}
	from += strspn(from, " ");
	if (*from && *from != separator) {
		*ret_why = "has text behind a quote";
		return false;
	}
	*line = from; /* not overwritten: `to` is at the quote at most */
	*to = '\0';
	return true;
}

static void plain(char **line, char separator, char **ret)
{
	char *end = *line;

	while (*end && *end != separator)
		end++;
	*ret = *line;
	*line = end;
}

bool nfp_csv_split(char *line, char separator, char *ret_fields[NFP_CSV_FIELDS], guint *ret_n, const char **ret_why)
{
	guint n = 0;

	for (;;) {
		gboolean more;

		if (n == NFP_CSV_FIELDS) {
			*ret_why = "has more than 256 fields";
			return false;
		}
		line += strspn(line, separator == '\t' ? "" : " ");
		if (*line == '"' && separator != '\t') {
			line++;
			if (!quoted(&line, separator, &ret_fields[n], ret_why))
				return false;
			more = *line != '\0';
		} else {
			plain(&line, separator, &ret_fields[n]);
			more = *line != '\0';
			*line = '\0';
			g_strchomp(ret_fields[n]);
		}
		n++;
		if (!more)
			break;
		line++;
	}
	*ret_n = n;
	return true;
}

void nfp_csv_append(GString *out, const char *text)
{
	size_t length = strlen(text);

	/* A line that begins with "#" would be a comment. */
	if (!strpbrk(text, ",\"\r\n") && (!length || (!strchr(" \t#", text[0]) && !g_ascii_isspace(text[length - 1])))) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text == '\n' || *text == '\r' ? ' ' : *text);
	}
	g_string_append_c(out, '"');
}
