/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When templates and options go out again, for each observation domain of a session: by time and by
 * number of data messages (RFC 7011 8.4, RFC 5153 4.3). Only data messages are counted, so that refreshes do not
 * bring the next one nearer. Times: us, monotonic.
 */
#ifndef NFP_COLLECTOR_REFRESH_H
#define NFP_COLLECTOR_REFRESH_H

#include <glib.h>
#include <stdint.h>

#define NFP_REFRESH_NEVER G_MAXINT64

typedef struct {
	gint64 interval;   /* us */
	uint32_t messages; /* data messages; 0 = time alone decides */
	gboolean hurried;  /* UDP: the first ones follow quickly, for the first may get lost (8.4) */
	GArray *domains;   /* private; owned */
} NfpRefresh;

void nfp_refresh_init(NfpRefresh *refresh, gint64 interval, uint32_t messages, gboolean hurried);
void nfp_refresh_clear(NfpRefresh *refresh);
/* A new session: no domain is known. */
void nfp_refresh_forget(NfpRefresh *refresh);
/* Whether templates must precede the next data message of the domain. An unknown one: yes. */
gboolean nfp_refresh_before_data(const NfpRefresh *refresh, uint32_t domain);
/* A domain whose time has come. */
gboolean nfp_refresh_due(const NfpRefresh *refresh, gint64 now, uint32_t *ret_domain);
gint64 nfp_refresh_deadline(const NfpRefresh *refresh);
/* The domain was announced; or that failed, and is tried again in time and before its next data. */
void nfp_refresh_done(NfpRefresh *refresh, uint32_t domain, gint64 now, gboolean worked);
/* A data message of the domain was made. */
void nfp_refresh_count(NfpRefresh *refresh, uint32_t domain);
/* All domains again before their next data, but not sooner: the collector may have restarted. */
void nfp_refresh_request(NfpRefresh *refresh);
/* All domains again at once, and quickly for a while: the clock was set (RFC 3954 7). */
void nfp_refresh_hurry(NfpRefresh *refresh, gint64 now);

#endif
