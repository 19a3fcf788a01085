/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLS or DTLS handshake as a client, without blocking: one thread for the time of one handshake. GIO's own
 * asynchronous one wants a main loop; a sender has none. The files are read there too.
 */
#ifndef NFP_TRANSPORT_TLS_HANDSHAKE_H
#define NFP_TRANSPORT_TLS_HANDSHAKE_H

#include <gio/gio.h>

#include "transport/transport.h"

typedef struct NfpTlsHandshake NfpTlsHandshake;

/* On a connected socket: a stream's (then connection is a GTlsClientConnection) or a datagram socket's
 * (GDtlsClientConnection). host: the endpoint's. Everything is copied or referenced. Errors: no eventfd, no thread. */
NfpTlsHandshake *nfp_tls_handshake_start(GSocket *socket, const char *host, const NfpTlsOptions *options,
					 GError **err);
/* Readable when it has ended. */
int nfp_tls_handshake_fd(const NfpTlsHandshake *handshake);
/* TRUE when it has ended: either *ret_connection (the caller's) or *err is set. FALSE while it is under way. */
gboolean nfp_tls_handshake_finish(NfpTlsHandshake *handshake, GObject **ret_connection, GError **err);
void nfp_tls_handshake_free(NfpTlsHandshake *handshake); /* gives up one that is under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTlsHandshake, nfp_tls_handshake_free)

/* What GIO reports of a session, in words that say what to do; replaces *err. */
void nfp_tls_explain(GError **err, const char *when);

#endif
