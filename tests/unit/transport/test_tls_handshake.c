/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "support/live.h"
#include "support/tls_world.h"
#include "transport/sock.h"
#include "transport/tls_handshake.h"

static GSocket *connected(guint16 port)
{
	g_autoptr(GSocketAddress) peer = g_inet_socket_address_new_from_string("127.0.0.1", port);
	g_autoptr(GSocket) socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);

	cr_assert(g_socket_connect(socket, peer, NULL, NULL));
	return g_steal_pointer(&socket);
}

Test(tls_handshake, works)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = { .ca = nfp_tls_world_file(world, "ca.pem"), .verify = TRUE };
	g_autoptr(NfpTlsHandshake) handshake = NULL;
	g_autoptr(GSocket) socket = NULL;
	g_autoptr(GObject) connection = NULL;

	nfp_tls_world_serve(world, "");
	socket = connected(world->port);
	handshake = nfp_tls_handshake_start(socket, "127.0.0.1", &options, NULL);
	nfp_live_wait(nfp_tls_handshake_fd(handshake), POLLIN);
	cr_assert(nfp_tls_handshake_finish(handshake, &connection, NULL));
	cr_assert(G_IS_TLS_CLIENT_CONNECTION(connection));
	cr_assert_str_eq(nfp_tls_world_wait(world, "up "), "up 1 TLSv1.3 -");
}

Test(tls_handshake, given_up)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = { .ca = nfp_tls_world_file(world, "ca.pem"), .verify = TRUE };
	g_autoptr(GObject) connection = NULL;
	g_autoptr(GSocket) socket = NULL;
	NfpTlsHandshake *handshake;

	nfp_tls_world_serve(world, "--stall");
	socket = connected(world->port);
	handshake = nfp_tls_handshake_start(socket, "localhost", &options, NULL);
	cr_assert_not(nfp_tls_handshake_finish(handshake, &connection, NULL));
	nfp_tls_handshake_free(handshake);
	g_socket_shutdown(socket, TRUE, TRUE, NULL);
	nfp_tls_world_wait(world, "end 1 stalled");
}

Test(tls_handshake, files_are_read_each_time)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = { .ca = nfp_tls_world_file(world, "gone.pem"), .verify = TRUE };
	g_autoptr(NfpTlsHandshake) handshake = NULL;
	g_autoptr(GObject) connection = NULL;
	g_autoptr(GSocket) socket = NULL;
	g_autoptr(GError) err = NULL;

	nfp_tls_world_serve(world, "");
	socket = connected(world->port);
	handshake = nfp_tls_handshake_start(socket, "localhost", &options, NULL);
	nfp_live_wait(nfp_tls_handshake_fd(handshake), POLLIN);
	cr_assert(nfp_tls_handshake_finish(handshake, &connection, &err));
	cr_assert_null(connection);
	cr_assert(strstr(err->message, "tls.ca: "), "%s", err->message);
}

Test(tls_handshake, explain)
{
	GError *err = g_error_new_literal(G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED, "x");

	nfp_tls_explain(&err, "TLS");
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
	cr_assert(strstr(err->message, "set tls.certificate and tls.key"));
	g_clear_error(&err);
	err = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, "anything");
	nfp_tls_explain(&err, "TLS");
	cr_assert_str_eq(err->message, "TLS: anything");
	g_clear_error(&err);
}
