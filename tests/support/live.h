/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loopback peers, and a loop that drives a transport until something holds. Each wait ends in a failed test after
 * 20 s; nothing sleeps. */
#ifndef NFP_TESTS_SUPPORT_LIVE_H
#define NFP_TESTS_SUPPORT_LIVE_H

#include <glib.h>

#include "transport/transport.h"

#define NFP_LIVE_WAIT_MS 20000

/* A bound socket on 127.0.0.1 (or ::1); listening when type is SOCK_STREAM. port 0 = any; *port is set.
 * receive_buffer: octets, 0 = default. Non-blocking. */
int nfp_live_socket(int type, gboolean v6, guint16 *port, int receive_buffer);
/* A port of 127.0.0.1 that nobody listens on. */
guint16 nfp_live_free_port(int type);
/* Waits until fd has `events`. */
void nfp_live_wait(int fd, short events);
/* One round of polling (at most 100 ms) and stepping. */
void nfp_live_round(NfpTransport *transport, gboolean want_send);
#define NFP_LIVE_UNTIL(transport, condition) \
	do { \
		gint64 nfp_until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll; \
		while (!(condition)) { \
			cr_assert_lt(g_get_monotonic_time(), nfp_until, "waited for " #condition); \
			nfp_live_round(transport, FALSE); \
		} \
	} while (0)
/* SO_LINGER 0 and close: the peer gets a reset. */
void nfp_live_reset(int fd);

#endif
