/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

gboolean nfp_sock_options_init(NfpSockOptions *ret_options, const NfpTransportOptions *from, GError **err)
{
	g_autoptr(GSocketAddress) source = NULL;

	if (from->source) {
		source = g_inet_socket_address_new_from_string(from->source, 0);
		if (!source) {
			g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
				    "source \"%s\": neither an IPv4 nor an IPv6 address", from->source);
			return FALSE;
		}
	}
	if (from->device && (*from->device == '\0' || strlen(from->device) >= IFNAMSIZ)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "device \"%s\": the name of an interface has 1 to %d characters", from->device,
			    IFNAMSIZ - 1);
		return FALSE;
	}
	ret_options->source = g_steal_pointer(&source);
	ret_options->device = g_strdup(from->device);
	ret_options->send_buffer = from->send_buffer;
	return TRUE;
}

void nfp_sock_options_clear(NfpSockOptions *options)
{
	g_clear_object(&options->source);
	g_clear_pointer(&options->device, g_free);
}

GSocketFamily nfp_sock_options_family(const NfpSockOptions *options)
{
	return options->source ? g_socket_address_get_family(options->source) : G_SOCKET_FAMILY_INVALID;
}

static gboolean to_native(GSocketAddress *address, struct sockaddr_storage *native, socklen_t *length)
{
	gssize size = g_socket_address_get_native_size(address);

	if (size < 0 || (gsize)size > sizeof(*native) ||
	    !g_socket_address_to_native(address, native, sizeof(*native), NULL))
		return FALSE;
	*length = (socklen_t)size;
	return TRUE;
}

int nfp_sock_new(const NfpSockOptions *options, int type, GSocketAddress *peer, GError **err)
{
	struct sockaddr_storage source;
	socklen_t length;
	int one = 1;
	NFP_AUTO_FD int fd = socket((int)g_socket_address_get_family(peer),
				    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make a socket");
		return -1;
	}
	if (options->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->device,
					  (socklen_t)strlen(options->device)) < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot send through device %s",
				options->device);
		return -1;
	}
	/* More than net.core.wmem_max is cut silently, which is fine: a wish, not a need. */
	if (options->send_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &options->send_buffer, sizeof(int));
	if (options->source) {
		/* The port is then chosen at connect, where the same one can serve other peers too. */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		if (!to_native(options->source, &source, &length) ||
		    bind(fd, (struct sockaddr *)&source, length) < 0) {
			g_autofree char *text = g_inet_address_to_string(g_inet_socket_address_get_address(
				G_INET_SOCKET_ADDRESS(options->source)));

			nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot send from source %s", text);
			return -1;
		}
	}
	return nfp_fd_steal(&fd);
}

int nfp_sock_connect(int fd, GSocketAddress *peer)
{
	struct sockaddr_storage native;
	socklen_t length;

	if (!to_native(peer, &native, &length))
		return -EAFNOSUPPORT;
	return connect(fd, (struct sockaddr *)&native, length) < 0 ? -errno : 0;
}

int nfp_sock_take_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return errno;
	return error;
}

void nfp_sock_peer_text(GSocketAddress *peer, char *out, gsize size)
{
	GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(peer);
	g_autofree char *host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
	gboolean v6 = g_socket_address_get_family(peer) == G_SOCKET_FAMILY_IPV6;

	g_snprintf(out, size, v6 ? "[%s]:%u" : "%s:%u", host, g_inet_socket_address_get_port(inet));
}

gboolean nfp_sock_same(GSocketAddress *a, GSocketAddress *b)
{
	struct sockaddr_storage x = { 0 };
	struct sockaddr_storage y = { 0 };
	socklen_t x_length;
	socklen_t y_length;

	return to_native(a, &x, &x_length) && to_native(b, &y, &y_length) && x_length == y_length &&
	       memcmp(&x, &y, x_length) == 0;
}

gboolean nfp_sock_same_own(int a, int b)
{
	struct sockaddr_in6 x = { 0 }; /* holds an IPv4 one, too */
	struct sockaddr_in6 y = { 0 };
	const struct sockaddr_in *x4 = (const void *)&x, *y4 = (const void *)&y;
	socklen_t x_length = sizeof(x);
	socklen_t y_length = sizeof(y);

	if (getsockname(a, (struct sockaddr *)&x, &x_length) < 0 ||
	    getsockname(b, (struct sockaddr *)&y, &y_length) < 0 || x.sin6_family != y.sin6_family)
		return FALSE;
	if (x.sin6_family == AF_INET)
		return memcmp(&x4->sin_addr, &y4->sin_addr, sizeof(x4->sin_addr)) == 0;
	return x.sin6_scope_id == y.sin6_scope_id && memcmp(&x.sin6_addr, &y.sin6_addr, sizeof(x.sin6_addr)) == 0;
}

void nfp_transport_note_errno(NfpTransport *transport, int errnum)
{
	transport->errors++;
	g_strlcpy(transport->error, g_strerror(errnum), sizeof(transport->error));
}

void nfp_transport_note_error(NfpTransport *transport, GError **err)
{
	transport->errors++;
	g_strlcpy(transport->error, (*err)->message, sizeof(transport->error));
	g_clear_error(err);
}
