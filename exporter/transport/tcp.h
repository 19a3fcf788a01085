/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a layer on top of TCP (tls.c): it lets tcp.c connect, then reads and writes the socket itself. */
#ifndef NFP_TRANSPORT_TCP_H
#define NFP_TRANSPORT_TCP_H

#include "transport/transport.h"

/* Of a transport of nfp_transport_tcp that is up; stays its own. */
int nfp_tcp_fd(const NfpTransport *transport);
/* The connection is of no use: ends it, tries the next address of the name. DOWN when there is none. */
void nfp_tcp_next(NfpTransport *transport, gint64 now);

#endif
