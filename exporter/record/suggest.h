/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean ...?" */
#ifndef NFP_RECORD_SUGGEST_H
#define NFP_RECORD_SUGGEST_H

#include <glib.h>

/* The one of words[0..n) nearest to `word`, case ignored, or NULL when none is near (more than a
 * third of the letters would have to change). Any thread. */
const char *nfp_suggest(const char *word, const char *const *words, guint n);

#endif
