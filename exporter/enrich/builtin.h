/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts that are compiled in (builtin_*.def): below every row of a database. */
#ifndef NFP_ENRICH_BUILTIN_H
#define NFP_ENRICH_BUILTIN_H

#include "enrich/snapshot.h"

#define NFP_BUILTIN_SOURCE "builtin"

void nfp_builtin_add(NfpSnapshot *snapshot);
guint nfp_builtin_prefixes(void); /* rows */
guint nfp_builtin_services(void);

#endif
