/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two views of the books. Pure. */
#ifndef NFP_APP_STATUS_VIEW_H
#define NFP_APP_STATUS_VIEW_H

#include <json-glib/json-glib.h>

#include "app/ledger.h"

/* What a hook cannot count exactly: its name in JSON, and for people. */
typedef struct {
	uint8_t bit; /* NfpHookLimits */
	const char *name, *text;
} NfpStatusLimit;
extern const NfpStatusLimit nfp_status_limits[];
extern const guint nfp_status_limits_n;

/* daemon: its answer to "status" (nfp_daemon_answer), or NULL. Caller frees. */
/* Its collectors, or NULL: whoever answered may be of another build. */
JsonArray *nfp_status_collectors(JsonObject *daemon);
JsonArray *nfp_status_groups(JsonObject *daemon); /* alike */
char *nfp_status_view_json(const NfpLedger *ledger, JsonObject *daemon);
char *nfp_status_view_text(const NfpLedger *ledger, JsonObject *daemon);

#endif
