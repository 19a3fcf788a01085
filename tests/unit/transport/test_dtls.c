/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against OpenSSL's s_server, which prints what it receives. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live.h"
#include "support/tls_world.h"
#include "transport/transports.h"

#define MESSAGE 1000u

typedef struct {
	NfpTlsWorld *world;
	GSubprocess *server;
	guint16 port;
} Peer;

static void peer_start(Peer *peer, const char *options)
{
	g_autofree char *command =
		g_strdup_printf("openssl s_server -dtls1_2 -accept 127.0.0.1:%u -cert %s/c/server.pem -key %s/c/server.key "
				"-quiet %s", peer->port, peer->world->dir, peer->world->dir, options);
	g_auto(GStrv) argv = NULL;
	int bound;

	cr_assert(g_shell_parse_argv(command, NULL, &argv, NULL));
	peer->server = g_subprocess_newv((const char *const *)argv,
					 G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
						 G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
	cr_assert(peer->server);
	/* Until its port is taken. */
	for (gint64 until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll;; g_usleep(10000)) {
		struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(peer->port),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
		close(fd);
		if (bound < 0)
			return;
		cr_assert_lt(g_get_monotonic_time(), until);
	}
}

static void peer_kill(Peer *peer)
{
	g_subprocess_force_exit(peer->server);
	g_subprocess_wait(peer->server, NULL, NULL);
	g_clear_object(&peer->server);
}

static void peer_clear(Peer *peer)
{
	if (peer->server)
		peer_kill(peer);
	nfp_tls_world_free(peer->world);
}

static Peer peer_new(const char *options)
{
	Peer peer = { .world = nfp_tls_world_new(), .port = nfp_live_free_port(SOCK_DGRAM) };

	peer_start(&peer, options);
	return peer;
}

static NfpTransport *settled(Peer *peer, const NfpTlsOptions *tls)
{
	g_autoptr(GError) err = NULL;
	NfpTransport *dtls = nfp_transport_dtls.create(&(NfpTransportOptions){
		.host = (char *)"127.0.0.1", .port = peer->port, .tls = tls }, &err);

	cr_assert(dtls, "%s", err ? err->message : "");
	dtls->ops->open(dtls, g_get_monotonic_time());
	NFP_LIVE_UNTIL(dtls, dtls->state != NFP_TRANSPORT_CONNECTING);
	return dtls;
}

static NfpTlsOptions trusting(Peer *peer)
{
	return (NfpTlsOptions){ .ca = nfp_tls_world_file(peer->world, "ca.pem"), .verify = TRUE };
}

/* n messages of `length` octets that begin with their number. */
static guint send_numbered(NfpTransport *dtls, uint32_t first, guint n, uint32_t length)
{
	g_autofree uint8_t *data = g_malloc0((gsize)n * length);
	g_autofree uint32_t *lengths = g_new(uint32_t, n);

	for (guint i = 0; i < n; i++) {
		uint32_t number = first + i;

		memcpy(data + (gsize)i * length, &number, sizeof(number));
		lengths[i] = length;
	}
	return dtls->ops->send(dtls, &(NfpMessages){ .data = data, .lengths = lengths, .n = n },
			       g_get_monotonic_time());
}

/* Reads n messages of the server's output, which must be those from `first` on. */
static void expect_numbered(Peer *peer, uint32_t first, guint n, uint32_t length)
{
	g_autofree uint8_t *data = g_malloc(length);

	for (guint i = 0; i < n; i++) {
		uint32_t number;
		gsize got = 0;

		cr_assert(g_input_stream_read_all(g_subprocess_get_stdout_pipe(peer->server), data, length, &got, NULL,
						  NULL));
		cr_assert_eq(got, length);
		memcpy(&number, data, sizeof(number));
		cr_assert_eq(number, first + i);
	}
}

Test(dtls, session, .timeout = 60)
{
	Peer peer = peer_new("");
	NfpTlsOptions options = trusting(&peer);
	g_autoptr(NfpTransport) dtls = settled(&peer, &options);

	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	cr_assert_eq(dtls->session, 1);
	cr_assert_eq(dtls->max_message, 1400 - 93);
	cr_assert_eq(send_numbered(dtls, 0, 50, MESSAGE), 50);
	expect_numbered(&peer, 0, 50, MESSAGE);
	cr_assert_eq(send_numbered(dtls, 50, 20, dtls->max_message), 20, "as long as it says: %s", dtls->error);
	expect_numbered(&peer, 50, 20, dtls->max_message);
	cr_assert_eq(dtls->ops->unacked(dtls), 0);
	dtls->ops->shutdown(dtls);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_DOWN);
	cr_assert_eq(dtls->errors, 0);
	/* The next one, with the same server. */
	dtls->ops->open(dtls, g_get_monotonic_time());
	NFP_LIVE_UNTIL(dtls, dtls->state != NFP_TRANSPORT_CONNECTING);
	cr_assert_eq(dtls->session, 2, "%s", dtls->error);
	cr_assert_eq(send_numbered(dtls, 7, 1, MESSAGE), 1);
	expect_numbered(&peer, 7, 1, MESSAGE);
	dtls->ops->close(dtls);
	peer_clear(&peer);
}

/* ICMP tells, without waiting for a renewal. */
Test(dtls, server_that_dies, .timeout = 60)
{
	Peer peer = peer_new("");
	NfpTlsOptions options = trusting(&peer);
	g_autoptr(NfpTransport) dtls = settled(&peer, &options);

	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	peer_kill(&peer);
	send_numbered(dtls, 0, 1, MESSAGE);
	NFP_LIVE_UNTIL(dtls, dtls->state == NFP_TRANSPORT_DOWN);
	cr_assert(strstr(dtls->error, "refused"), "%s", dtls->error);
	peer_start(&peer, "");
	dtls->ops->open(dtls, g_get_monotonic_time());
	NFP_LIVE_UNTIL(dtls, dtls->state == NFP_TRANSPORT_UP);
	cr_assert_eq(dtls->session, 2);
	send_numbered(dtls, 3, 1, MESSAGE);
	expect_numbered(&peer, 3, 1, MESSAGE);
	dtls->ops->close(dtls);
	peer_clear(&peer);
}

/* A server that restarted unheard is found by the renewal, which makes a new session of it. */
Test(dtls, renewal, .timeout = 60)
{
	Peer peer = peer_new("");
	NfpTlsOptions options = trusting(&peer);
	g_autoptr(NfpTransport) dtls = NULL;
	gint64 now;

	options.renew = 600ull * 1000000000;
	dtls = settled(&peer, &options);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	peer_kill(&peer);
	peer_start(&peer, "");
	send_numbered(dtls, 0, 1, MESSAGE); /* of a session that it does not know: dropped */
	nfp_live_round(dtls, FALSE);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	now = g_get_monotonic_time() + 601 * G_USEC_PER_SEC;
	dtls->ops->step(dtls, now);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP);
	cr_assert_eq(dtls->session, 1, "the old one serves until the new one can");
	NFP_LIVE_UNTIL(dtls, dtls->session == 2);
	send_numbered(dtls, 9, 1, MESSAGE);
	expect_numbered(&peer, 9, 1, MESSAGE);
	dtls->ops->close(dtls);
	peer_clear(&peer);
}

/* One that answers nothing any more is left at the renewal. */
Test(dtls, renewal_without_an_answer, .timeout = 60)
{
	Peer peer = peer_new("");
	NfpTlsOptions options = trusting(&peer);
	g_autoptr(NfpTransport) dtls = NULL;
	guint16 port = 0;
	int deaf;

	options.renew = 600ull * 1000000000;
	dtls = settled(&peer, &options);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	peer_kill(&peer);
	port = peer.port;
	deaf = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	dtls->ops->step(dtls, g_get_monotonic_time() + 601 * G_USEC_PER_SEC);
	cr_assert_eq(dtls->state, NFP_TRANSPORT_UP, "%s", dtls->error);
	dtls->ops->step(dtls, dtls->ops->deadline(dtls));
	cr_assert_eq(dtls->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(dtls->error, "no answer within 10 s"), "%s", dtls->error);
	close(deaf);
	peer_clear(&peer);
}

Test(dtls, faults, .timeout = 120)
{
	static const struct {
		const char *peer, *ca, *certificate, *name, *says;
	} cases[] = {
		{ "", "nobody.pem", NULL, NULL, "is signed by no CA of tls.ca" },
		{ "", "ca.pem", NULL, "else.test", "is for another name than \"else.test\"" },
		{ "-Verify 1 -verify_return_error -CAfile %s", "ca.pem", NULL, NULL, "wants a client certificate" },
		{ "-Verify 1 -verify_return_error -CAfile %s", "ca.pem", "stranger", NULL, "DTLS handshake: |TLS handshake: " },
		{ "-Verify 1 -verify_return_error -CAfile %s", "ca.pem", "client", NULL, NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Peer peer = { .world = nfp_tls_world_new(), .port = nfp_live_free_port(SOCK_DGRAM) };
		g_autofree char *server =
			g_strdup_printf(cases[i].peer, nfp_tls_world_file(peer.world, "ca.pem"));
		g_autofree char *pem = g_strdup_printf("%s.pem", cases[i].certificate);
		g_autofree char *key = g_strdup_printf("%s.key", cases[i].certificate);
		NfpTlsOptions options = {
			.ca = nfp_tls_world_file(peer.world, cases[i].ca),
			.certificate = cases[i].certificate ? nfp_tls_world_file(peer.world, pem) : NULL,
			.key = cases[i].certificate ? nfp_tls_world_file(peer.world, key) : NULL,
			.server_name = (char *)cases[i].name,
			.verify = TRUE,
		};
		g_autoptr(NfpTransport) dtls = NULL;

		peer_start(&peer, server);
		dtls = settled(&peer, &options);
		cr_assert_eq(dtls->state, cases[i].says ? NFP_TRANSPORT_DOWN : NFP_TRANSPORT_UP, "case %u: %s", i,
			     dtls->error);
		if (cases[i].says)
			cr_assert(g_regex_match_simple(cases[i].says, dtls->error, 0, 0), "case %u: %s", i, dtls->error);
		dtls->ops->close(dtls);
		peer_clear(&peer);
	}
}
