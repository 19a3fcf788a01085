/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as JSON lines and as a table for people. */
#ifndef NFP_RECORD_FORMAT_H
#define NFP_RECORD_FORMAT_H

#include <glib.h>

#include "record/record.h"

/* Appends one JSON object and a newline: `uid` (hostname, start_ts, end_ts, key as docs/uid.md
 * writes it), then every field of fields.def that the record has, in row order (design section 9).
 */
void nfp_format_json(GString *out, const char *hostname, const NfpRecord *record);
/* Appends a value as text: addresses and MACs as people write them, times as the element's unit. */
void nfp_format_field(GString *out, const NfpRecord *record, guint field);
/* "edge1/1795390440000000000-1795390500000000000/tcp4/..." */
void nfp_format_uid(GString *out, const char *hostname, const NfpRecord *record);
/* A table, fixed columns, at most 100 wide; names may be NULL (ifindex is shown): names(ifindex,
 * data). */
typedef const char *(*NfpIfName)(uint32_t ifindex, void *data);
void nfp_format_table_head(GString *out);
void nfp_format_table_row(GString *out, const NfpRecord *record, NfpIfName names, void *data);

#endif
