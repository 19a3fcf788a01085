/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates, keys and trust for tls:// and dtls://, read from their files. They are read for every
 * session, so that what was renewed counts without a restart. PEM throughout.
 */
#ifndef NFP_TRANSPORT_TLS_CREDENTIALS_H
#define NFP_TRANSPORT_TLS_CREDENTIALS_H

#include <gio/gio.h>

#include "transport/transport.h"

typedef struct {
	GTlsDatabase *trusted;        /* CAs */
	GTlsCertificate *certificate; /* ours, with its key; or NULL */
} NfpTlsCredentials;

/* Each error names the option, the file and what to do: not there, not readable, no PEM, a key that others can
 * read, a key of another certificate, no TLS in GLib. */
NfpTlsCredentials *nfp_tls_credentials_new(const NfpTlsOptions *options, GError **err);
void nfp_tls_credentials_free(NfpTlsCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTlsCredentials, nfp_tls_credentials_free)

/* from: NULL = defaults. */
void nfp_tls_options_copy(NfpTlsOptions *ret_options, const NfpTlsOptions *from);
void nfp_tls_options_clear(NfpTlsOptions *options);

#endif
