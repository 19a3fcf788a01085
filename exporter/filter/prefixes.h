/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of prefixes: what has its source or its destination in one of them. */
#ifndef NFP_FILTER_PREFIXES_H
#define NFP_FILTER_PREFIXES_H

#include <glib.h>

#include "record/record.h"

#define NFP_PREFIXES_MAX 65536 /* of a list; also of a map in the kernel */

/* As keys of the kernel's BPF_MAP_TYPE_LPM_TRIE have it. */
typedef struct {
	uint32_t length; /* bits */
	uint8_t address[4];
} NfpPrefix4;

typedef struct {
	uint32_t length;
	uint8_t address[16];
} NfpPrefix6;

/* Constant once made: any thread. It lives as long as its last holder. */
typedef struct NfpPrefixes NfpPrefixes;

/* text: prefixes (addresses, too) with commas between them; or the path of a file with one in a line, "#" begins a comment,
 * which is read now and never again. Error (NFP_ERROR_USAGE): half a sentence. */
NfpPrefixes *nfp_prefixes_new(const char *text, GError **err);
NfpPrefixes *nfp_prefixes_ref(NfpPrefixes *prefixes);
void nfp_prefixes_free(NfpPrefixes *prefixes); /* a reference */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPrefixes, nfp_prefixes_free)

/* What it was made of: the prefixes, or the file's path. Owned by the list. */
const char *nfp_prefixes_text(const NfpPrefixes *prefixes);
/* Of the same text and, if that is a path, of the same prefixes. NULL is like NULL alone. */
gboolean nfp_prefixes_same(const NfpPrefixes *a, const NfpPrefixes *b);
/* NfpPrefix4[], NfpPrefix6[], sorted; maybe empty. Owned by the list. */
GBytes *nfp_prefixes_v4(const NfpPrefixes *prefixes);
GBytes *nfp_prefixes_v6(const NfpPrefixes *prefixes);

/* A record without addresses is in no list. */
gboolean nfp_prefixes_record(const NfpPrefixes *prefixes, const NfpRecord *record);

#endif
