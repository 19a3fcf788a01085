/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database as a file that others write, replace, break and mend: tells when there is something new, and reads it.
 * Commits are seen by PRAGMA data_version, files that took its place by their inode, copies that are written in place by
 * size and time. One thread; never blocks for long but while it reads.
 */
#ifndef NFP_ENRICH_SOURCE_H
#define NFP_ENRICH_SOURCE_H

#include "enrich/load.h"

typedef struct NfpEnrichSource NfpEnrichSource;

typedef enum {
	NFP_SOURCE_SAME,   /* as it was: also when it failed, and there is no reason yet to try again */
	NFP_SOURCE_LOADED,
	NFP_SOURCE_FAILED, /* *err is set; what was loaded before holds */
} NfpSourceNews;

NfpEnrichSource *nfp_enrich_source_new(const char *path);
/* now: g_get_monotonic_time(). cancel: as of nfp_load(). Both out-parameters are set when loaded, and only then. */
NfpSourceNews nfp_enrich_source_poll(NfpEnrichSource *source, gint64 now, const gint *cancel,
				     NfpSnapshot **ret_snapshot, NfpLoadReport *ret_report, GError **err);
void nfp_enrich_source_free(NfpEnrichSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpEnrichSource, nfp_enrich_source_free)

#endif
