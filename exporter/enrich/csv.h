/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of fields: comma and quotes (RFC 4180, but a field ends on its line), or tabs and none. Pure. */
#ifndef NFP_ENRICH_CSV_H
#define NFP_ENRICH_CSV_H

#include <glib.h>
#include <stdbool.h>

#define NFP_CSV_FIELDS 256

/* Cuts a line into fields, in place; blanks around a field without quotes are left out. separator '\t': quotes are
 * ordinary. false: *ret_why is half a sentence (static). */
bool nfp_csv_split(char *line, char separator, char *ret_fields[NFP_CSV_FIELDS], guint *ret_n, const char **ret_why);
/* Appends a field, in quotes where it needs them, so that nfp_csv_split(',') reads the same. Ends of lines in it become
 * blanks. */
void nfp_csv_append(GString *out, const char *text);

#endif
