/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live.h"
#include "transport/transports.h"

static NfpTransport *up_to(const char *host, guint16 port)
{
	NfpTransportOptions options = { .host = (char *)host, .port = port };
	NfpTransport *udp = nfp_transport_udp.create(&options, NULL);

	nfp_transport_udp.open(udp, g_get_monotonic_time());
	NFP_LIVE_UNTIL(udp, udp->state != NFP_TRANSPORT_CONNECTING);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP, "%s", udp->error);
	return udp;
}

/* Message i is filled with its own number. */
static void fill(uint8_t *data, const uint32_t *lengths, guint n)
{
	for (guint i = 0; i < n; i++) {
		memset(data, (int)(i + 1) & 0xff, lengths[i]);
		data += lengths[i];
	}
}

static guint16 receive(int fd, guint8 fill_octet, uint32_t length)
{
	static uint8_t data[65536];
	struct sockaddr_storage from;
	socklen_t from_length = sizeof(from);
	ssize_t n;

	nfp_live_wait(fd, POLLIN);
	n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_length);
	cr_assert_eq(n, (ssize_t)length, "%zd octets instead of %u", n, length);
	for (ssize_t i = 0; i < n; i++)
		cr_assert_eq(data[i], fill_octet);
	return ntohs(((struct sockaddr_in *)&from)->sin_port); /* sin6_port stands in the same place */
}

static guint send_one(NfpTransport *udp, uint32_t length)
{
	static uint8_t data[65536];
	NfpMessages messages = { .data = data, .lengths = &length, .n = 1 };

	memset(data, 1, length);
	return nfp_transport_udp.send(udp, &messages, g_get_monotonic_time());
}

/* Runs of equal messages, a shorter last one, a longer one behind a shorter one, singles. */
Test(udp, mixed_lengths_arrive_as_they_were)
{
	static const uint32_t lengths[] = { 600, 600, 600, 100, 700, 700, 20, 900, 30, 30, 31 };
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 1 << 20);
	g_autoptr(NfpTransport) udp = up_to("127.0.0.1", port);
	uint8_t data[8192];
	NfpMessages messages = { .data = data, .lengths = lengths, .n = G_N_ELEMENTS(lengths) };
	guint16 source = 0;

	fill(data, lengths, messages.n);
	cr_assert_eq(nfp_transport_udp.send(udp, &messages, g_get_monotonic_time()), messages.n);
	for (guint i = 0; i < messages.n; i++) {
		guint16 from = receive(fd, (guint8)(i + 1), lengths[i]);

		cr_assert(i == 0 || from == source);
		source = from;
	}
	cr_assert_eq(udp->session, 1);
	cr_assert_eq(udp->errors, 0);
	close(fd);
}

Test(udp, many_messages_over_ipv6)
{
	enum { N = 300 };
	static uint8_t data[N * 1000];
	uint32_t lengths[N];
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, TRUE, &port, 1 << 20);
	g_autoptr(NfpTransport) udp = up_to("::1", port);
	guint sent = 0;

	for (guint i = 0; i < N; i++)
		lengths[i] = 1000;
	fill(data, lengths, N);
	/* The reader keeps up with each call: this is no test of its buffer. */
	while (sent < N) {
		NfpMessages messages = { .data = data + sent * 1000, .lengths = lengths + sent,
					 .n = MIN(N - sent, 70) };
		guint taken = nfp_transport_udp.send(udp, &messages, g_get_monotonic_time());

		cr_assert_gt(taken, 0);
		for (guint i = 0; i < taken; i++)
			receive(fd, (guint8)(sent + i + 1), 1000);
		sent += taken;
	}
	cr_assert(g_str_has_prefix(udp->peer, "[::1]:"), "%s", udp->peer);
	close(fd);
}

/* A receiver that asks for it gets a segmented send in one piece: proof that there was one. */
Test(udp, equal_messages_leave_as_one_segmented_send)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 1 << 20);
	g_autoptr(NfpTransport) udp = up_to("127.0.0.1", port);
	static uint8_t data[10 * 1000];
	uint32_t lengths[10];
	NfpMessages messages = { .data = data, .lengths = lengths, .n = G_N_ELEMENTS(lengths) };
	static uint8_t got[65536];
	int one = 1;

	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &(int){ 0 }, sizeof(int)) < 0 ||
	    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)) < 0)
		cr_skip("the kernel knows no UDP segments");
	for (guint i = 0; i < messages.n; i++)
		lengths[i] = 1000;
	cr_assert_eq(nfp_transport_udp.send(udp, &messages, g_get_monotonic_time()), messages.n);
	nfp_live_wait(fd, POLLIN);
	cr_assert_eq(recv(fd, got, sizeof(got), 0), 10 * 1000);
	close(fd);
}

/* X4: a collector that restarts sees the same source port; the error is reported and sending goes on. */
Test(udp, refused_and_recovered)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) udp = up_to("127.0.0.1", port);
	guint16 source;

	cr_assert_eq(send_one(udp, 100), 1);
	source = receive(fd, 1, 100);
	close(fd);

	cr_assert_eq(send_one(udp, 100), 1);
	NFP_LIVE_UNTIL(udp, udp->troubled);
	cr_assert_eq(udp->trouble, 1);
	cr_assert_eq(udp->errors, 1);
	cr_assert_str_eq(udp->error, "Connection refused");

	/* Heard while sending, not by polling. */
	cr_assert_eq(send_one(udp, 100), 1);
	cr_assert_eq(send_one(udp, 100), 1);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP);
	NFP_LIVE_UNTIL(udp, udp->trouble >= 3);

	fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	cr_assert_eq(send_one(udp, 100), 1);
	cr_assert_eq(receive(fd, 1, 100), source);
	NFP_LIVE_UNTIL(udp, !udp->troubled);
	cr_assert_eq(udp->session, 1);
	close(fd);
}

/* Only one of the addresses of a name has a listener: it is found. */
Test(udp, other_address_of_a_name)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) udp = up_to("localhost", port);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	gint64 until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll;

	while (poll(&pfd, 1, 0) == 0) {
		cr_assert_lt(g_get_monotonic_time(), until);
		send_one(udp, 100);
		nfp_live_round(udp, FALSE);
	}
	receive(fd, 1, 100);
	close(fd);
}

static void set_loopback_mtu(int mtu)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_mtu = mtu;
	cr_assert_eq(ioctl(fd, SIOCSIFMTU, &request), 0);
	request.ifr_flags = IFF_UP;
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* X3: nothing is fragmented; when the path gets narrower, a new session (a new port) has messages that fit. */
static void narrower_path(gboolean v6, uint32_t headers, guint at_once)
{
	uint8_t data[10 * 1400];
	uint32_t lengths[10];
	NfpMessages messages = { .data = data, .lengths = lengths, .n = G_N_ELEMENTS(lengths) };
	guint16 port = 0;
	guint16 source;
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		cr_skip("a network namespace needs root");
	set_loopback_mtu(1500);
	fd = nfp_live_socket(SOCK_DGRAM, v6, &port, 1 << 20);
	g_autoptr(NfpTransport) udp = up_to(v6 ? "::1" : "127.0.0.1", port);

	cr_assert_eq(udp->max_message, 1500 - headers);
	cr_assert_eq(send_one(udp, udp->max_message), 1);
	source = receive(fd, 1, 1500 - headers);

	set_loopback_mtu(1280);
	for (guint i = 0; i < messages.n; i++)
		lengths[i] = 1400;
	fill(data, lengths, messages.n);
	messages.n = at_once;
	cr_assert_eq(nfp_transport_udp.send(udp, &messages, g_get_monotonic_time()), 0);
	messages.n = G_N_ELEMENTS(lengths);
	cr_assert_eq(udp->session, 2);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP);
	cr_assert_eq(udp->max_message, 1280 - headers);
	for (guint i = 0; i < messages.n; i++)
		lengths[i] = udp->max_message;
	fill(data, lengths, messages.n);
	cr_assert_eq(nfp_transport_udp.send(udp, &messages, g_get_monotonic_time()), messages.n);
	for (guint i = 0; i < messages.n; i++)
		cr_assert_neq(receive(fd, (guint8)(i + 1), udp->max_message), source);
	close(fd);
}

/* One message alone, and a segmented send: the kernel checks them in different places. */
Test(udp, narrower_path_ipv4)
{
	narrower_path(FALSE, 28, 1);
}

Test(udp, narrower_path_ipv4_segmented)
{
	narrower_path(FALSE, 28, 10);
}

Test(udp, narrower_path_ipv6)
{
	narrower_path(TRUE, 48, 1);
}

Test(udp, narrower_path_ipv6_segmented)
{
	narrower_path(TRUE, 48, 10);
}

static void change_route(unsigned long request)
{
	struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = (char *)"lo" };
	struct sockaddr_in network = { .sin_family = AF_INET };
	struct sockaddr_in mask = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	network.sin_addr.s_addr = htonl(0xc0000200); /* 192.0.2.0/24, RFC 5737 */
	mask.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&route.rt_dst, &network, sizeof(network));
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	cr_assert_eq(ioctl(fd, request, &route), 0);
	close(fd);
}

/* The host itself cannot send: nothing is taken, and the next attempt waits for its time. */
Test(udp, no_route_and_back)
{
	if (unshare(CLONE_NEWNET) < 0)
		cr_skip("a network namespace needs root");
	set_loopback_mtu(1500);
	change_route(SIOCADDRT);
	g_autoptr(NfpTransport) udp = up_to("192.0.2.1", 4739);

	change_route(SIOCDELRT);
	cr_assert_eq(send_one(udp, 10), 0);
	cr_assert(udp->troubled);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP);
	cr_assert_str_eq(udp->error, "Network is unreachable");
	cr_assert_lt(nfp_transport_udp.deadline(udp), g_get_monotonic_time() + 2 * G_USEC_PER_SEC);
	change_route(SIOCADDRT);
	cr_assert_eq(send_one(udp, 10), 0, "not before its time");
	NFP_LIVE_UNTIL(udp, send_one(udp, 10) == 1);
	NFP_LIVE_UNTIL(udp, !udp->troubled);
	cr_assert_eq(udp->session, 1);
}

Test(udp, source_address)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	NfpTransportOptions options = { .host = (char *)"127.0.0.1", .port = port, .source = "127.0.0.9",
					.device = "lo" };
	g_autoptr(NfpTransport) udp = nfp_transport_udp.create(&options, NULL);
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char octet;

	nfp_transport_udp.open(udp, g_get_monotonic_time());
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP, "%s", udp->error);
	cr_assert_eq(send_one(udp, 1), 1);
	nfp_live_wait(fd, POLLIN);
	cr_assert_eq(recvfrom(fd, &octet, 1, 0, (struct sockaddr *)&from, &length), 1);
	cr_assert_eq(ntohl(from.sin_addr.s_addr), 0x7f000009);
	close(fd);
}

static void expect_down(const NfpTransportOptions *options, const char *says)
{
	g_autoptr(NfpTransport) udp = nfp_transport_udp.create(options, NULL);

	nfp_transport_udp.open(udp, g_get_monotonic_time());
	NFP_LIVE_UNTIL(udp, udp->state != NFP_TRANSPORT_CONNECTING);
	cr_assert_eq(udp->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(udp->error, says), "%s", udp->error);
	cr_assert_geq(udp->errors, 1);
	cr_assert_eq(send_one(udp, 1), 0);
}

Test(udp, what_cannot_work_says_why)
{
	NfpTransportOptions name = { .host = (char *)"no-such-host.invalid", .port = 1 };
	NfpTransportOptions source = { .host = (char *)"127.0.0.1", .port = 1, .source = "192.0.2.77" };
	NfpTransportOptions family = { .host = (char *)"127.0.0.1", .port = 1, .source = "::1" };
	NfpTransportOptions device = { .host = (char *)"127.0.0.1", .port = 1, .device = "nosuch0" };
	NfpTransportOptions no_address = { .host = (char *)"127.0.0.1", .port = 1, .source = "eth0" };
	NfpTransportOptions no_device = { .host = (char *)"127.0.0.1", .port = 1,
					  .device = "a-name-that-is-too-long" };
	g_autoptr(GError) source_err = NULL;
	g_autoptr(GError) device_err = NULL;

	expect_down(&name, "no-such-host.invalid");
	expect_down(&source, "cannot send from source 192.0.2.77");
	expect_down(&family, "127.0.0.1 has no IPv6 address");
	expect_down(&device, "cannot send through device nosuch0");
	cr_assert_null(nfp_transport_udp.create(&no_address, &source_err));
	cr_assert_str_eq(source_err->message, "source \"eth0\": neither an IPv4 nor an IPv6 address");
	cr_assert_null(nfp_transport_udp.create(&no_device, &device_err));
}

/* A peer that reads nothing: send() takes what fits and never blocks; datagrams beyond are lost at the peer. */
Test(udp, reader_that_does_not_read_blocks_nobody)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 4096);
	g_autoptr(NfpTransport) udp = up_to("127.0.0.1", port);
	gint64 begin = g_get_monotonic_time();

	for (int i = 0; i < 5000; i++)
		send_one(udp, 1400);
	cr_assert_lt(g_get_monotonic_time() - begin, 10 * G_USEC_PER_SEC);
	cr_assert_eq(udp->state, NFP_TRANSPORT_UP);
	close(fd);
}
