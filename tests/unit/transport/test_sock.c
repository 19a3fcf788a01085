/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/sock.h"

Test(sock, options)
{
	NfpSockOptions options = { 0 };

	cr_assert(nfp_sock_options_init(&options, &(NfpTransportOptions){ 0 }, NULL));
	cr_assert_eq(nfp_sock_options_family(&options), G_SOCKET_FAMILY_INVALID);
	nfp_sock_options_clear(&options);
	cr_assert(nfp_sock_options_init(&options, &(NfpTransportOptions){ .source = "::1" }, NULL));
	cr_assert_eq(nfp_sock_options_family(&options), G_SOCKET_FAMILY_IPV6);
	nfp_sock_options_clear(&options);
	cr_assert_not(nfp_sock_options_init(&options, &(NfpTransportOptions){ .source = "localhost" }, NULL));
	cr_assert_not(nfp_sock_options_init(&options, &(NfpTransportOptions){ .device = "" }, NULL));
	cr_assert_null(options.source);
	cr_assert_null(options.device);
}

Test(sock, peer_text)
{
	g_autoptr(GSocketAddress) v4 = g_inet_socket_address_new_from_string("192.0.2.1", 4739);
	g_autoptr(GSocketAddress) v6 = g_inet_socket_address_new_from_string("2001:db8::1", 1);
	char text[64];

	nfp_sock_peer_text(v4, text, sizeof(text));
	cr_assert_str_eq(text, "192.0.2.1:4739");
	nfp_sock_peer_text(v6, text, sizeof(text));
	cr_assert_str_eq(text, "[2001:db8::1]:1");
}

Test(sock, same)
{
	g_autoptr(GSocketAddress) a = g_inet_socket_address_new_from_string("192.0.2.1", 1);
	g_autoptr(GSocketAddress) b = g_inet_socket_address_new_from_string("192.0.2.1", 1);
	g_autoptr(GSocketAddress) port = g_inet_socket_address_new_from_string("192.0.2.1", 2);
	g_autoptr(GSocketAddress) host = g_inet_socket_address_new_from_string("192.0.2.2", 1);

	g_autoptr(GInetAddress) link = g_inet_address_new_from_string("fe80::1");
	g_autoptr(GSocketAddress) one = g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", link, "scope-id", 1, NULL);
	g_autoptr(GSocketAddress) two = g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", link, "scope-id", 2, NULL);

	cr_assert(nfp_sock_same(one, one));
	cr_assert_not(nfp_sock_same(one, two));
	cr_assert_not(nfp_sock_same(one, a));
	cr_assert(nfp_sock_same(a, b));
	cr_assert_not(nfp_sock_same(a, port));
	cr_assert_not(nfp_sock_same(a, host));
}

Test(sock, same_own)
{
	static const char *const own[] = { "127.0.0.1", "127.0.0.2", "::1" };
	int fds[G_N_ELEMENTS(own)][2];

	for (guint i = 0; i < G_N_ELEMENTS(own); i++) {
		g_autoptr(GSocketAddress) peer = g_inet_socket_address_new_from_string(own[i], 1);
		NfpSockOptions options = { 0 };

		cr_assert(nfp_sock_options_init(&options, &(NfpTransportOptions){ .source = own[i] }, NULL));
		for (guint k = 0; k < 2; k++) {
			fds[i][k] = nfp_sock_new(&options, SOCK_DGRAM, peer, NULL);
			cr_assert_eq(nfp_sock_connect(fds[i][k], peer), 0);
		}
		nfp_sock_options_clear(&options);
	}
	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		for (guint k = 0; k < G_N_ELEMENTS(own); k++)
			cr_assert_eq(nfp_sock_same_own(fds[i][0], fds[k][1]), i == k, "%s and %s", own[i], own[k]);
	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		for (guint k = 0; k < 2; k++)
			nfp_fd_clear(&fds[i][k]);
}

Test(sock, error_is_taken_once)
{
	g_autoptr(GSocketAddress) peer = g_inet_socket_address_new_from_string("127.0.0.1", 1);
	NfpSockOptions options = { 0 };
	NFP_AUTO_FD int fd = nfp_sock_new(&options, SOCK_DGRAM, peer, NULL);

	cr_assert_geq(fd, 0);
	cr_assert_eq(nfp_sock_connect(fd, peer), 0);
	cr_assert_eq(send(fd, "x", 1, 0), 1); /* port 1: refused at once on loopback */
	cr_assert_eq(nfp_sock_take_error(fd), ECONNREFUSED);
	cr_assert_eq(nfp_sock_take_error(fd), 0);
}

/* What the operator reads when source or device do not exist here. */
Test(sock, places_that_are_not_here)
{
	g_autoptr(GSocketAddress) peer = g_inet_socket_address_new_from_string("127.0.0.1", 4739);
	const int types[] = { SOCK_DGRAM, SOCK_STREAM };

	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		NfpSockOptions source = { 0 }, device = { 0 };
		g_autoptr(GError) no_address = NULL;
		g_autoptr(GError) no_device = NULL;

		cr_assert(nfp_sock_options_init(&source, &(NfpTransportOptions){ .source = "192.0.2.77" }, NULL));
		cr_assert_eq(nfp_sock_new(&source, types[i], peer, &no_address), -1);
		cr_assert_str_eq(no_address->message, "cannot send from source 192.0.2.77: Cannot assign requested address");
		cr_assert(nfp_sock_options_init(&device, &(NfpTransportOptions){ .device = "nfpt-none" }, NULL));
		cr_assert_eq(nfp_sock_new(&device, types[i], peer, &no_device), -1);
		cr_assert_str_eq(no_device->message, "cannot send through device nfpt-none: No such device");
		nfp_sock_options_clear(&source);
		nfp_sock_options_clear(&device);
	}
}

/* Linux 5.7 (c427bfec18f2) lets everybody bind a socket that is not bound yet: the daemon's rights are not needed. */
Test(sock, device_without_privilege)
{
	g_autoptr(GSocketAddress) peer = g_inet_socket_address_new_from_string("127.0.0.1", 4739);
	NfpSockOptions options = { 0 };
	g_autoptr(GError) err = NULL;
	char name[IFNAMSIZ] = "";
	socklen_t length = sizeof(name);

	if (geteuid() == 0)
		cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	cr_assert(nfp_sock_options_init(&options, &(NfpTransportOptions){ .device = "lo" }, NULL));

	NFP_AUTO_FD int fd = nfp_sock_new(&options, SOCK_DGRAM, peer, &err);

	cr_assert_geq(fd, 0, "%s", err ? err->message : "?");
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
	cr_assert_str_eq(name, "lo");
	nfp_sock_options_clear(&options);
}

Test(sock, notes)
{
	NfpTransport transport = { 0 };
	GError *err = g_error_new_literal(NFP_ERROR, NFP_ERROR_FAILED, "why");

	nfp_transport_note_errno(&transport, ECONNREFUSED);
	cr_assert_str_eq(transport.error, "Connection refused");
	nfp_transport_note_error(&transport, &err);
	cr_assert_str_eq(transport.error, "why");
	cr_assert_null(err);
	cr_assert_eq(transport.errors, 2);
}
