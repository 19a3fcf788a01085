/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of transports[], one file each. */
#ifndef NFP_TRANSPORT_TRANSPORTS_H
#define NFP_TRANSPORT_TRANSPORTS_H

#include "transport/transport.h"

extern const NfpTransportOps nfp_transport_udp; /* udp.c */
extern const NfpTransportOps nfp_transport_tcp; /* tcp.c */
extern const NfpTransportOps nfp_transport_zmq; /* zmq.c */
extern const NfpTransportOps nfp_transport_file; /* file.c */
extern const NfpTransportOps nfp_transport_stdout; /* stdout.c */
extern const NfpTransportOps nfp_transport_tls; /* tls.c */
extern const NfpTransportOps nfp_transport_dtls; /* dtls.c */

#endif
