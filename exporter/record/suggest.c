// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/suggest.h"

#include <string.h>

#define WORD_MAX 64 /* longer words get no suggestion */

/* Edits (insert, delete, replace, swap of neighbours) between two words, case ignored. */
static guint distance(const char *a, const char *b)
{
	guint rows[3][WORD_MAX + 1];
	guint *before = rows[0], *last = rows[1], *row = rows[2];
	gsize na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return G_MAXUINT;
	for (gsize j = 0; j <= nb; j++)
		last[j] = j;
	for (gsize i = 1; i <= na; i++) {
		row[0] = i;
		for (gsize j = 1; j <= nb; j++) {
			char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);

			row[j] = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
			    g_ascii_tolower(a[i - 2]) == y)
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		guint *free_row = before;

		before = last;
		last = row;
		row = free_row;
	}
	return last[nb];
}

const char *nfp_suggest(const char *word, const char *const *words, guint n)
{
	guint best = MAX(2, strlen(word) / 3) + 1;
	const char *nearest = NULL;

	for (guint i = 0; i < n; i++) {
		guint d = distance(word, words[i]);

		if (d < best && d < strlen(words[i])) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
