/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "support/tls_world.h"
#include "transport/tls_credentials.h"

static void refused(const NfpTlsOptions *options, const char *option, const char *says)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTlsCredentials) credentials = nfp_tls_credentials_new(options, &err);

	cr_assert_null(credentials, "%s", says);
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	cr_assert(g_str_has_prefix(err->message, option), "%s", err->message);
	cr_assert(strstr(err->message, says), "%s", err->message);
}

Test(tls_credentials, all_there)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = {
		.ca = nfp_tls_world_file(world, "ca.pem"),
		.certificate = nfp_tls_world_file(world, "client.pem"),
		.key = nfp_tls_world_file(world, "client.key"),
	};
	g_autoptr(GError) err = NULL;
	g_autoptr(NfpTlsCredentials) credentials = nfp_tls_credentials_new(&options, &err);

	cr_assert(credentials, "%s", err ? err->message : "");
	cr_assert(credentials->trusted);
	cr_assert(credentials->certificate);
	/* A group may read the key. */
	g_chmod(options.key, 0640);
	nfp_tls_credentials_free(g_steal_pointer(&credentials));
	credentials = nfp_tls_credentials_new(&options, NULL);
	cr_assert(credentials);
}

Test(tls_credentials, defaults)
{
	g_autoptr(NfpTlsCredentials) credentials = NULL;
	NfpTlsOptions options;

	nfp_tls_options_copy(&options, NULL);
	cr_assert(options.verify);
	cr_assert_null(options.ca);
	credentials = nfp_tls_credentials_new(&options, NULL);
	cr_assert(credentials);
	cr_assert(credentials->trusted, "the system's CAs");
	cr_assert_null(credentials->certificate);
	nfp_tls_options_clear(&options);
}

Test(tls_credentials, copy_and_clear)
{
	NfpTlsOptions from = { .ca = (char *)"/a", .certificate = (char *)"/b", .key = (char *)"/c",
			       .server_name = (char *)"d", .renew = 5 };
	NfpTlsOptions to;

	nfp_tls_options_copy(&to, &from);
	cr_assert_str_eq(to.ca, "/a");
	cr_assert_str_eq(to.certificate, "/b");
	cr_assert_str_eq(to.key, "/c");
	cr_assert_str_eq(to.server_name, "d");
	cr_assert_eq(to.renew, 5);
	cr_assert_not(to.verify);
	nfp_tls_options_clear(&to);
	cr_assert_null(to.ca);
	cr_assert_null(to.key);
}

Test(tls_credentials, faults)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	char *ca = nfp_tls_world_file(world, "ca.pem");
	char *client = nfp_tls_world_file(world, "client.pem");
	char *key = nfp_tls_world_file(world, "client.key");
	char *other = nfp_tls_world_file(world, "stranger.key");
	char *none = nfp_tls_world_file(world, "none");
	char *junk = nfp_tls_world_file(world, "junk");
	char *locked = nfp_tls_world_file(world, "locked.key");
	g_autofree char *lock = g_strdup_printf("openssl ec -aes256 -passout pass:x -in %s -out %s", key, locked);

	g_file_set_contents(junk, "junk\n", -1, NULL);
	g_chmod(junk, 0600);
	cr_assert(g_spawn_command_line_sync(lock, NULL, NULL, NULL, NULL));
	g_chmod(locked, 0600);
	refused(&(NfpTlsOptions){ .ca = none }, "tls.ca: ", "No such file");
	refused(&(NfpTlsOptions){ .ca = world->dir }, "tls.ca: ", "is no file");
	refused(&(NfpTlsOptions){ .ca = junk }, "tls.ca: ", "no certificate");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client }, "tls.certificate: ", "set tls.key");
	refused(&(NfpTlsOptions){ .ca = ca, .key = key }, "tls.key: ", "set tls.certificate");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = none, .key = key }, "tls.certificate: ", "No such file");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = junk, .key = key }, "tls.certificate: ", "no certificate");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client, .key = none }, "tls.key: ", "No such file");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client, .key = junk }, "tls.key: ", "no private key");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client, .key = locked }, "tls.key: ", "is encrypted");
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client, .key = other }, "tls.key: ",
		"the key of another certificate");
	g_chmod(key, 0644);
	refused(&(NfpTlsOptions){ .ca = ca, .certificate = client, .key = key }, "tls.key: ", "0644): chmod 0600");
}

Test(tls_credentials, glib_without_tls)
{
	g_setenv("GIO_USE_TLS", "dummy", TRUE); /* before GLib looks for its module; this process is the test's own */
	refused(&(NfpTlsOptions){ 0 }, "TLS is not available", "glib-networking");
}
