/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the next connection attempt may start. RFC 7011 10.4.4: not more often than once a minute by
 * default; the first at once. Times: us, monotonic.
 */
#ifndef NFP_COLLECTOR_BACKOFF_H
#define NFP_COLLECTOR_BACKOFF_H

#include <glib.h>

typedef struct {
	gint64 least;    /* between the starts of two attempts */
	gint64 most;     /* `least` doubles up to here while attempts fail */
	gint64 started;  /* start of the last attempt */
	guint failures;  /* in a row */
	GRand *random;   /* owned */
} NfpBackoff;

void nfp_backoff_init(NfpBackoff *backoff, gint64 least, gint64 most);
void nfp_backoff_clear(NfpBackoff *backoff);
void nfp_backoff_started(NfpBackoff *backoff, gint64 now);
/* The attempt failed, or its session has ended (was_up). When to start the next one: up to a tenth late,
 * so that many exporters do not come back all at once. */
gint64 nfp_backoff_next(NfpBackoff *backoff, gint64 now, gboolean was_up);

#endif
