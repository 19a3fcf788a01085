/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of interfaces and VRFs for the collectors' options data: of all domains together. Main thread. */
#ifndef NFP_APP_NAMES_H
#define NFP_APP_NAMES_H

#include <glib.h>
#include <stdint.h>

#include "record/name_tables.h"

typedef struct NfpNames NfpNames;

NfpNames *nfp_names_new(void);
void nfp_names_free(NfpNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpNames, nfp_names_free)
/* The interfaces of a domain (NfpLink; copied) in the place of those told before. FALSE: they are the same. */
gboolean nfp_names_set(NfpNames *names, uint32_t domain, const GArray *links);
/* What is known of all domains. */
NfpNameTables *nfp_names_tables(const NfpNames *names);

#endif
