/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and a TLS peer for tests: tests/support/certificates and tls_peer.py. Skips where openssl is missing. */
#ifndef NFP_TESTS_TLS_WORLD_H
#define NFP_TESTS_TLS_WORLD_H

#include <gio/gio.h>

#include "transport/transport.h"

typedef struct {
	char *dir;      /* certificates in DIR/c, what sessions said in DIR/out */
	GSubprocess *peer;
	GDataInputStream *said;
	guint16 port;
	GPtrArray *strings;
} NfpTlsWorld;

NfpTlsWorld *nfp_tls_world_new(void);
/* Ends the peer, takes everything away. */
void nfp_tls_world_free(NfpTlsWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTlsWorld, nfp_tls_world_free)
/* Starts the peer (options separated by blanks), or another one in its place. */
void nfp_tls_world_serve(NfpTlsWorld *world, const char *options);
/* Waits for a line of the peer's that begins so, and returns it; owned by the world. */
const char *nfp_tls_world_wait(NfpTlsWorld *world, const char *begin);
/* Absolute path of "ca.pem" and so on; owned by the world. */
char *nfp_tls_world_file(NfpTlsWorld *world, const char *name);
/* What session n said. Caller frees. */
GBytes *nfp_tls_world_session(NfpTlsWorld *world, guint n);

#endif
