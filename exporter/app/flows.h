/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flows of the live buckets, read from the pins: works without the daemon and disturbs nothing. */
#ifndef NFP_APP_FLOWS_H
#define NFP_APP_FLOWS_H

#include <glib.h>

#include "conf/conf.h"

typedef enum { NFP_FLOWS_BY_OCTETS, NFP_FLOWS_BY_PACKETS, NFP_FLOWS_BY_LAST } NfpFlowsOrder;

typedef struct {
	guint top;           /* at most so many lines; 0 = all */
	NfpFlowsOrder order; /* largest (latest) first */
	gboolean json;       /* JSON lines (as `run --json`) instead of a table */
} NfpFlowsOptions;

/* Entries of all buckets that still take packets, merged across CPUs, one line a flow and bucket, appended
 * to out. */
gboolean nfp_flows_print(const NfpConf *conf, const NfpFlowsOptions *options, GString *out, GError **err);

#endif
