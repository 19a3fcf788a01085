/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the database: sources, rows, and what all of them say of one address. Reads only. */
#ifndef NFP_ENRICH_EXPORT_H
#define NFP_ENRICH_EXPORT_H

#include <glib.h>

/* Called with a piece of text; FALSE: enough (whoever wrote it knows why). */
typedef gboolean (*NfpWrite)(const char *text, void *data);

/* Rows of a source of one table as CSV that imports again to the same. source NULL: the only one that there is. */
gboolean nfp_enrich_export(const char *database, const char *table, const char *source, NfpWrite write, void *data,
			   GError **err);
/* Sources, a line each; json: an object each. */
gboolean nfp_enrich_list(const char *database, gboolean json, NfpWrite write, void *data, GError **err);
/* What records would get for an address, and the rows that it comes from, longest prefix first. */
gboolean nfp_enrich_lookup(const char *database, const char *address, gboolean json, NfpWrite write, void *data,
			   GError **err);

#endif
