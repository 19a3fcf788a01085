/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live.h"
#include "transport/transports.h"

#define MESSAGE 1000u

static NfpTransport *connect_to(const char *host, guint16 port)
{
	NfpTransportOptions options = { .host = (char *)host, .port = port };
	NfpTransport *tcp = nfp_transport_tcp.create(&options, NULL);

	nfp_transport_tcp.open(tcp, g_get_monotonic_time());
	NFP_LIVE_UNTIL(tcp, tcp->state != NFP_TRANSPORT_CONNECTING);
	return tcp;
}

static int accept_on(int listener)
{
	nfp_live_wait(listener, POLLIN);
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Sends messages first.. (each MESSAGE octets with its number in front), returns how many were taken. */
static guint send_numbered(NfpTransport *tcp, uint32_t first, guint n)
{
	static uint8_t data[64 * MESSAGE];
	uint32_t lengths[64];
	NfpMessages messages = { .data = data, .lengths = lengths, .n = n };

	memset(data, 0xee, sizeof(data));
	for (guint i = 0; i < n; i++) {
		uint32_t number = first + i;

		memcpy(data + i * MESSAGE, &number, sizeof(number));
		lengths[i] = MESSAGE;
	}
	return nfp_transport_tcp.send(tcp, &messages, g_get_monotonic_time());
}

typedef struct {
	uint8_t data[MESSAGE];
	size_t length;
	uint32_t messages;
} Reader;

/* Reads what is there, checks that whole messages follow each other in order. FALSE at the end of the stream. */
static gboolean read_numbered(Reader *reader, int fd)
{
	for (;;) {
		ssize_t n = recv(fd, reader->data + reader->length, MESSAGE - reader->length, 0);
		uint32_t number;

		if (n == 0)
			return FALSE;
		if (n < 0)
			return TRUE;
		reader->length += (size_t)n;
		if (reader->length < MESSAGE)
			continue;
		memcpy(&number, reader->data, sizeof(number));
		cr_assert_eq(number, reader->messages, "message %u where %u was due", number,
			     reader->messages);
		for (size_t i = sizeof(number); i < MESSAGE; i++)
			cr_assert_eq(reader->data[i], 0xee);
		reader->messages++;
		reader->length = 0;
	}
}

Test(tcp, several_connections_one_after_the_other)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) tcp = connect_to("127.0.0.1", port);

	for (uint32_t session = 1; session <= 3; session++) {
		Reader reader = { 0 };
		int fd = accept_on(listener);

		cr_assert_eq(tcp->state, NFP_TRANSPORT_UP);
		cr_assert_eq(tcp->session, session);
		cr_assert_eq(send_numbered(tcp, 0, 3), 3);
		while (reader.messages < 3) {
			nfp_live_wait(fd, POLLIN);
			read_numbered(&reader, fd);
		}
		NFP_LIVE_UNTIL(tcp, nfp_transport_tcp.unacked(tcp) == 0);
		close(fd);
		NFP_LIVE_UNTIL(tcp, tcp->state == NFP_TRANSPORT_DOWN);
		cr_assert_str_eq(tcp->error, "closed by the collector");
		nfp_transport_tcp.open(tcp, g_get_monotonic_time());
		NFP_LIVE_UNTIL(tcp, tcp->state == NFP_TRANSPORT_UP);
	}
	close(listener);
}

/* X7, X8: a reader that stalls gets every message whole and in order once it reads again. */
Test(tcp, stalled_reader_partial_writes)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 4096);
	NfpTransportOptions options = { .host = (char *)"127.0.0.1", .port = port, .send_buffer = 8192 };
	g_autoptr(NfpTransport) tcp = nfp_transport_tcp.create(&options, NULL);
	Reader reader = { 0 };
	uint32_t sent = 0;
	int fd;

	nfp_transport_tcp.open(tcp, g_get_monotonic_time());
	fd = accept_on(listener);
	NFP_LIVE_UNTIL(tcp, tcp->state == NFP_TRANSPORT_UP);
	for (;;) {
		guint taken = send_numbered(tcp, sent, 64);

		sent += taken;
		if (taken == 0)
			break;
	}
	cr_assert_gt(nfp_transport_tcp.unacked(tcp), 0);
	cr_assert_leq(nfp_transport_tcp.unacked(tcp), (uint64_t)sent * MESSAGE);
	while (sent < 2000) {
		read_numbered(&reader, fd);
		nfp_live_round(tcp, TRUE);
		sent += send_numbered(tcp, sent, 64);
	}
	nfp_transport_tcp.shutdown(tcp);
	cr_assert_eq(tcp->state, NFP_TRANSPORT_CLOSING);
	while (read_numbered(&reader, fd))
		nfp_live_round(tcp, FALSE);
	cr_assert_eq(reader.messages, sent, "the end comes after the last whole message");
	cr_assert_eq(reader.length, 0);
	close(fd);
	NFP_LIVE_UNTIL(tcp, tcp->state == NFP_TRANSPORT_DOWN);
	cr_assert_eq(tcp->errors, 0);
	close(listener);
}

Test(tcp, reset_is_noticed_and_raises_no_signal)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 4096);
	g_autoptr(NfpTransport) tcp = connect_to("127.0.0.1", port);
	int fd = accept_on(listener);
	guint sent = 0;

	while (sent < 64)
		sent += send_numbered(tcp, sent, 64 - sent);
	nfp_live_reset(fd);
	NFP_LIVE_UNTIL(tcp, tcp->state == NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(tcp->error, "Connection reset by peer");
	cr_assert_eq(send_numbered(tcp, sent, 1), 0);
	close(listener);
}

Test(tcp, write_after_reset_raises_no_signal)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) tcp = connect_to("127.0.0.1", port);
	int fd = accept_on(listener);
	gint64 until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll;

	nfp_live_reset(fd);
	/* No step(): the error is met by send() alone. */
	while (tcp->state == NFP_TRANSPORT_UP) {
		cr_assert_lt(g_get_monotonic_time(), until);
		send_numbered(tcp, 0, 1);
	}
	close(listener);
}

Test(tcp, refused)
{
	g_autoptr(NfpTransport) tcp = connect_to("127.0.0.1", nfp_live_free_port(SOCK_STREAM));

	cr_assert_eq(tcp->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(tcp->error, "Connection refused"), "%s", tcp->error);
	cr_assert_eq(tcp->session, 0);
	cr_assert_geq(tcp->errors, 1);
}

/* Addresses are tried in turn: localhost is ::1 first on most machines, and only IPv4 is listened on. */
Test(tcp, other_address_of_a_name)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) tcp = connect_to("localhost", port);

	cr_assert_eq(tcp->state, NFP_TRANSPORT_UP, "%s", tcp->error);
	cr_assert(g_str_has_prefix(tcp->peer, "127.0.0.1:"), "%s", tcp->peer);
	close(listener);
}

/* A full backlog drops SYNs, so a connection attempt hangs as it does towards a filtered port. */
Test(tcp, connect_times_out)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	NfpTransportOptions options = { .host = (char *)"127.0.0.1", .port = port,
					.connect_timeout = 50000 };
	NfpTransport *full[64] = { NULL };
	const char *error = "";

	for (guint i = 0; i < G_N_ELEMENTS(full) && !*error; i++) {
		full[i] = nfp_transport_tcp.create(&options, NULL);
		nfp_transport_tcp.open(full[i], g_get_monotonic_time());
		NFP_LIVE_UNTIL(full[i], full[i]->state != NFP_TRANSPORT_CONNECTING);
		error = full[i]->error;
	}
	cr_assert_str_eq(error, "Connection timed out");
	for (guint i = 0; i < G_N_ELEMENTS(full); i++)
		nfp_transport_free(full[i]);
	close(listener);
}

Test(tcp, peer_that_talks_is_ignored)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(NfpTransport) tcp = connect_to("127.0.0.1", port);
	int fd = accept_on(listener);
	static char noise[40000];
	ssize_t n = send(fd, noise, sizeof(noise), 0);

	cr_assert_gt(n, 0);
	for (int i = 0; i < 10; i++)
		nfp_live_round(tcp, TRUE);
	cr_assert_eq(tcp->state, NFP_TRANSPORT_UP);
	cr_assert_eq(send_numbered(tcp, 0, 1), 1);
	close(fd);
	close(listener);
}

Test(tcp, unknown_name)
{
	g_autoptr(NfpTransport) tcp = connect_to("no-such-host.invalid", 1);

	cr_assert_eq(tcp->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(tcp->error, "no-such-host.invalid"), "%s", tcp->error);
}
