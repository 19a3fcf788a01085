/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of interfaces, VRFs and applications for the collectors' options data: of all domains together, as the records have
 * them. Main thread.
 */
#ifndef NFP_APP_NAMES_H
#define NFP_APP_NAMES_H

#include <glib.h>
#include <stdint.h>

#include "enrich/enrich.h"
#include "record/name_tables.h"

typedef struct NfpNames NfpNames;

/* us between tables that differ in their applications alone: each makes nfdump 1.7.1 count a sequence error. */
#define NFP_NAMES_SPACING (60 * G_USEC_PER_SEC)

/* enrich: knows what the operator calls interfaces, and the applications; borrowed. NULL: the kernel's word for interfaces. */
NfpNames *nfp_names_new(NfpEnrich *enrich);
void nfp_names_free(NfpNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNames, nfp_names_free)
/* The interfaces of a domain (NfpLink; copied) in the place of those told before. */
void nfp_names_set(NfpNames *names, uint32_t domain, const GArray *links);
/* Another enrich (or none) in the place of that of nfp_names_new(). */
void nfp_names_set_enrich(NfpNames *names, NfpEnrich *enrich);
/* What was told last, for a collector that is new. Owned by names. */
NfpNameTables *nfp_names_told(NfpNames *names);
/* What is to be told now; NULL: nothing that was not told before. now: us, monotonic. */
NfpNameTables *nfp_names_news(NfpNames *names, gint64 now);

#endif
