/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/live.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int nfp_live_socket(int type, gboolean v6, guint16 *port, int receive_buffer)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(*port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(*port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *address = v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in4;
	socklen_t length = v6 ? sizeof(in6) : sizeof(in4);
	int one = 1;
	int fd = socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_assert_cmpint(fd, >=, 0);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (receive_buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	g_assert_cmpint(bind(fd, address, length), ==, 0);
	if (type == SOCK_STREAM)
		g_assert_cmpint(listen(fd, 8), ==, 0);
	g_assert_cmpint(getsockname(fd, address, &length), ==, 0);
	*port = ntohs(v6 ? in6.sin6_port : in4.sin_port);
	return fd;
}

guint16 nfp_live_free_port(int type)
{
	guint16 port = 0;
	int fd = nfp_live_socket(type, FALSE, &port, 0);

	close(fd);
	return port;
}

void nfp_live_wait(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	g_assert_cmpint(poll(&pfd, 1, NFP_LIVE_WAIT_MS), ==, 1);
}

void nfp_live_round(NfpTransport *transport, gboolean want_send)
{
	struct pollfd pfds[NFP_TRANSPORT_FDS];
	guint n = transport->ops->poll(transport, want_send, pfds);
	gint64 left = transport->ops->deadline(transport) - g_get_monotonic_time();

	poll(pfds, n, (int)CLAMP(left / 1000 + 1, 0, 100));
	transport->ops->step(transport, g_get_monotonic_time());
}

void nfp_live_reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}
