/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/tls_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <sys/stat.h>

#include "base/error.h"

void nfp_tls_options_copy(NfpTlsOptions *ret_options, const NfpTlsOptions *from)
{
	static const NfpTlsOptions defaults = { .verify = TRUE };

	if (!from)
		from = &defaults;
	*ret_options = (NfpTlsOptions){
		.ca = g_strdup(from->ca),
		.certificate = g_strdup(from->certificate),
		.key = g_strdup(from->key),
		.server_name = g_strdup(from->server_name),
		.verify = from->verify,
		.renew = from->renew,
	};
}

void nfp_tls_options_clear(NfpTlsOptions *options)
{
	g_clear_pointer(&options->ca, g_free);
	g_clear_pointer(&options->certificate, g_free);
	g_clear_pointer(&options->key, g_free);
	g_clear_pointer(&options->server_name, g_free);
}

static gboolean fail(GError **err, const char *option, const char *path, const char *what)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "tls.%s: %s: %s", option, path, what);
	return FALSE;
}

/* The reason of the system, before any library words it its own way. */
static gboolean readable(const char *option, const char *path, struct stat *ret_stat, GError **err)
{
	NFP_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, ret_stat) < 0)
		return fail(err, option, path, g_strerror(errno));
	if (!S_ISREG(ret_stat->st_mode))
		return fail(err, option, path, "is no file");
	return TRUE;
}

/* GLib takes a file without a single certificate for an empty list of CAs. */
static gboolean read_trusted(NfpTlsCredentials *credentials, const NfpTlsOptions *options, GError **err)
{
	g_autoptr(GError) error = NULL;
	struct stat stat;
	GList *list;

	if (!options->ca) {
		credentials->trusted = g_tls_backend_get_default_database(g_tls_backend_get_default());
		return TRUE;
	}
	if (!readable("ca", options->ca, &stat, err))
		return FALSE;
	list = g_tls_certificate_list_new_from_file(options->ca, &error);
	if (!list)
		return fail(err, "ca", options->ca, error ? error->message : "there is no certificate in it (PEM)");
	g_list_free_full(list, g_object_unref);
	credentials->trusted = g_tls_file_database_new(options->ca, &error);
	return credentials->trusted || fail(err, "ca", options->ca, error->message);
}

static const char *pair_fault(int code)
{
	switch (code) {
	case GNUTLS_E_CERTIFICATE_KEY_MISMATCH:
		return "is the key of another certificate than tls.certificate";
	case GNUTLS_E_DECRYPTION_FAILED:
		return "is encrypted, and nobody is there to ask for its password: store it without one, mode 0600";
	case GNUTLS_E_BASE64_DECODING_ERROR:
	case GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR:
	case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
		return "there is no private key in it (PEM)";
	default:
		return gnutls_strerror(code);
	}
}

/* GIO loads a key that does not fit its certificate, and the handshake fails with an alert that tells nothing. */
static gboolean check_pair(const NfpTlsOptions *options, GError **err)
{
	gnutls_certificate_credentials_t pair;
	int code = gnutls_certificate_allocate_credentials(&pair);

	if (code < 0)
		return fail(err, "key", options->key, gnutls_strerror(code));
	code = gnutls_certificate_set_x509_key_file2(pair, options->certificate, options->key, GNUTLS_X509_FMT_PEM,
						     NULL, 0);
	gnutls_certificate_free_credentials(pair);
	return code >= 0 || fail(err, "key", options->key, pair_fault(code));
}

static gboolean read_certificate(NfpTlsCredentials *credentials, const NfpTlsOptions *options, GError **err)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *open = NULL;
	struct stat stat;
	GList *list;

	if (!options->certificate && !options->key)
		return TRUE;
	if (!options->key)
		return fail(err, "certificate", options->certificate, "needs its private key: set tls.key too");
	if (!options->certificate)
		return fail(err, "key", options->key, "belongs to a certificate: set tls.certificate too");
	if (!readable("certificate", options->certificate, &stat, err))
		return FALSE;
	list = g_tls_certificate_list_new_from_file(options->certificate, &error);
	if (!list)
		return fail(err, "certificate", options->certificate,
			    error ? error->message : "there is no certificate in it (PEM)");
	g_list_free_full(list, g_object_unref);
	if (!readable("key", options->key, &stat, err))
		return FALSE;
	/* A group may read it: that is how Debian's ssl-cert shares keys. */
	if (stat.st_mode & (S_IRWXO | S_IWGRP | S_IXGRP)) {
		open = g_strdup_printf("others can read or change this key (mode %04o): chmod 0600",
				       (guint)stat.st_mode & 07777u);
		return fail(err, "key", options->key, open);
	}
	if (!check_pair(options, err))
		return FALSE;
	credentials->certificate = g_tls_certificate_new_from_files(options->certificate, options->key, &error);
	return credentials->certificate || fail(err, "certificate", options->certificate, error->message);
}

NfpTlsCredentials *nfp_tls_credentials_new(const NfpTlsOptions *options, GError **err)
{
	g_autoptr(NfpTlsCredentials) credentials = g_new0(NfpTlsCredentials, 1);

	if (!g_tls_backend_supports_tls(g_tls_backend_get_default())) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "TLS is not available: GLib has no module for it; install the package glib-networking");
		return NULL;
	}
	if (!read_trusted(credentials, options, err) || !read_certificate(credentials, options, err))
		return NULL;
	return g_steal_pointer(&credentials);
}

void nfp_tls_credentials_free(NfpTlsCredentials *credentials)
{
	if (!credentials)
		return;
	g_clear_object(&credentials->trusted);
	g_clear_object(&credentials->certificate);
	g_free(credentials);
}
