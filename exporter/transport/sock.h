/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the socket transports share. */
#ifndef NFP_TRANSPORT_SOCK_H
#define NFP_TRANSPORT_SOCK_H

#include <gio/gio.h>

#include "transport/transport.h"

/* Where to send from, checked once. */
typedef struct {
	GSocketAddress *source; /* port 0, or NULL */
	char *device;           /* or NULL */
	int send_buffer;        /* octets, or 0 */
} NfpSockOptions;

gboolean nfp_sock_options_init(NfpSockOptions *ret_options, const NfpTransportOptions *from, GError **err);
void nfp_sock_options_clear(NfpSockOptions *options);
/* Of the source address, or G_SOCKET_FAMILY_INVALID. */
GSocketFamily nfp_sock_options_family(const NfpSockOptions *options);

/* A non-blocking socket (type: SOCK_STREAM or SOCK_DGRAM) for peers of that address's family, bound to device and
 * source. The fd, or -1 and *err. */
int nfp_sock_new(const NfpSockOptions *options, int type, GSocketAddress *peer, GError **err);
/* connect(2). 0, -EINPROGRESS or -errno. */
int nfp_sock_connect(int fd, GSocketAddress *peer);
/* SO_ERROR, which reading clears: errno (positive) or 0. */
int nfp_sock_take_error(int fd);
/* "192.0.2.1:4739", "[2001:db8::1]:4739" */
void nfp_sock_peer_text(GSocketAddress *peer, char *out, gsize size);
/* Address, port, and the interface of a link-local address. */
gboolean nfp_sock_same(GSocketAddress *a, GSocketAddress *b);
/* TRUE when two sockets send from the same address, whatever the port. */
gboolean nfp_sock_same_own(int a, int b);

/* Sets error from errnum and counts it. */
void nfp_transport_note_errno(NfpTransport *transport, int errnum);
/* Sets error from *err, counts and frees it. */
void nfp_transport_note_error(NfpTransport *transport, GError **err);

#endif
