/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "tcp://HOST[:PORT]", "file:///PATH", "stdout:": where the messages of a collector go. */
#ifndef NFP_TRANSPORT_ENDPOINT_H
#define NFP_TRANSPORT_ENDPOINT_H

#include <glib.h>

typedef struct {
	char *scheme;  /* a row of transports[] */
	char *host;    /* name, IPv4 or IPv6 address (without brackets, with its %scope), or "*"; NULL without one */
	guint16 port;  /* host byte order */
	char *path;    /* absolute; NULL without one */
} NfpEndpoint;

/* Errors (NFP_ERROR_USAGE) say what is wrong and what is allowed. *ret_endpoint is untouched then. */
gboolean nfp_endpoint_parse(const char *text, NfpEndpoint *ret_endpoint, GError **err);
/* What may be written: "udp://HOST[:PORT], ... or stdout:". */
char *nfp_endpoint_forms(void);
void nfp_endpoint_clear(NfpEndpoint *endpoint);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpEndpoint, nfp_endpoint_clear)

#endif
