/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books as Prometheus text (exposition format 0.0.4). Pure. */
#ifndef NFP_APP_METRICS_H
#define NFP_APP_METRICS_H

#include <json-glib/json-glib.h>

#include "app/ledger.h"

/* Every row of ebpf/counters.def, the books by hook and reason, entries by protocol and state, and what the daemon tells
 * of its collectors and itself. daemon: its answer to "status", or NULL. Caller frees. */
char *nfp_metrics_text(const NfpLedger *ledger, JsonObject *daemon);

#endif
