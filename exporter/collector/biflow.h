/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which collectors can be given biflows (docs/biflow.md): the protocol has to carry the other direction, the
 * templates have to name it. */
#ifndef NFP_COLLECTOR_BIFLOW_H
#define NFP_COLLECTOR_BIFLOW_H

#include "collector/collector.h"

/* The set that a collector with `biflow: true` uses unless it names another one. */
#define NFP_BIFLOW_SET "biflow"

/* templates: of the collector, or NULL: not known. err: half a sentence; *ret_option: the option that is to blame. */
gboolean nfp_collector_biflow_check(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				    const char **ret_option, GError **err);

#endif
