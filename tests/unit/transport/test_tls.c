/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live.h"
#include "support/tls_world.h"
#include "transport/transports.h"

#define MESSAGE 1000u

static NfpTransport *made(NfpTlsWorld *world, const NfpTlsOptions *tls)
{
	g_autoptr(GError) err = NULL;
	NfpTransport *transport = nfp_transport_tls.create(&(NfpTransportOptions){
		.host = (char *)"127.0.0.1", .port = world->port, .tls = tls }, &err);

	cr_assert(transport, "%s", err ? err->message : "");
	return transport;
}

static NfpTransport *settled(NfpTlsWorld *world, const NfpTlsOptions *tls)
{
	NfpTransport *transport = made(world, tls);

	transport->ops->open(transport, g_get_monotonic_time());
	NFP_LIVE_UNTIL(transport, transport->state != NFP_TRANSPORT_CONNECTING);
	return transport;
}

static NfpTlsOptions trusting(NfpTlsWorld *world)
{
	return (NfpTlsOptions){ .ca = nfp_tls_world_file(world, "ca.pem"), .verify = TRUE };
}

/* Messages with their number in front; returns how many were taken. */
static guint send_numbered(NfpTransport *tls, uint32_t first, guint n)
{
	static uint8_t data[64 * MESSAGE];
	uint32_t lengths[64];

	memset(data, 0xee, sizeof(data));
	for (guint i = 0; i < n; i++) {
		uint32_t number = first + i;

		memcpy(data + i * MESSAGE, &number, sizeof(number));
		lengths[i] = MESSAGE;
	}
	return tls->ops->send(tls, &(NfpMessages){ .data = data, .lengths = lengths, .n = n },
			      g_get_monotonic_time());
}

/* Whole messages in order from 0 on; returns how many. */
static guint count_numbered(NfpTlsWorld *world, guint session, gboolean whole)
{
	g_autoptr(GBytes) bytes = nfp_tls_world_session(world, session);
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length);

	cr_assert(!whole || length % MESSAGE == 0);
	for (guint i = 0; i < length / MESSAGE; i++) {
		uint32_t number;

		memcpy(&number, data + i * MESSAGE, sizeof(number));
		cr_assert_eq(number, i);
		for (guint j = sizeof(number); j < MESSAGE; j++)
			cr_assert_eq(data[i * MESSAGE + j], 0xee);
	}
	return (guint)(length / MESSAGE);
}

Test(tls, sessions)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;

	nfp_tls_world_serve(world, "");
	tls = settled(world, &options);
	for (guint session = 1; session <= 3; session++) {
		guint sent = 0;

		cr_assert_eq(tls->state, NFP_TRANSPORT_UP, "%s", tls->error);
		cr_assert_eq(tls->session, session);
		while (sent < 3000) {
			sent += send_numbered(tls, sent, 60);
			nfp_live_round(tls, TRUE);
		}
		NFP_LIVE_UNTIL(tls, tls->ops->unacked(tls) == 0);
		tls->ops->shutdown(tls);
		NFP_LIVE_UNTIL(tls, tls->state == NFP_TRANSPORT_DOWN);
		cr_assert_eq(tls->errors, 0, "%s", tls->error);
		cr_assert(g_str_has_suffix(nfp_tls_world_wait(world, "end "), "clean"));
		cr_assert_eq(count_numbered(world, session, TRUE), sent);
		tls->ops->open(tls, g_get_monotonic_time());
		NFP_LIVE_UNTIL(tls, tls->state == NFP_TRANSPORT_UP);
	}
}

/* X7, X8: a reader that stalls holds nobody up, and what it was not acknowledged for is told. */
Test(tls, stalled_reader)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;
	guint sent = 0;
	guint quiet = 0;

	nfp_tls_world_serve(world, "--deaf");
	tls = settled(world, &options);
	cr_assert_eq(tls->state, NFP_TRANSPORT_UP, "%s", tls->error);
	while (quiet < 3) {
		guint taken = send_numbered(tls, sent, 64);

		sent += taken;
		quiet = taken ? 0 : quiet + 1;
		nfp_live_round(tls, TRUE);
	}
	cr_assert_gt(tls->ops->unacked(tls), 0);
	cr_assert_eq(tls->state, NFP_TRANSPORT_UP);
	/* Ends at once, although there is no room for a goodbye. */
	tls->ops->close(tls);
	cr_assert_eq(tls->state, NFP_TRANSPORT_DOWN);
}

/* One longer than a TLS record too. */
Test(tls, long_messages)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;
	g_autofree uint8_t *data = g_malloc(NFP_TRANSPORT_MESSAGE_MAX);
	const uint32_t length = NFP_TRANSPORT_MESSAGE_MAX;
	g_autoptr(GBytes) got = NULL;

	for (uint32_t i = 0; i < length; i++)
		data[i] = (uint8_t)(i * 7);
	nfp_tls_world_serve(world, "");
	tls = settled(world, &options);
	cr_assert_eq(tls->ops->send(tls, &(NfpMessages){ .data = data, .lengths = &length, .n = 1 }, 0), 1);
	NFP_LIVE_UNTIL(tls, tls->ops->unacked(tls) == 0);
	tls->ops->shutdown(tls);
	NFP_LIVE_UNTIL(tls, tls->state == NFP_TRANSPORT_DOWN);
	nfp_tls_world_wait(world, "end 1 clean");
	got = nfp_tls_world_session(world, 1);
	cr_assert_eq(g_bytes_get_size(got), length);
	cr_assert_arr_eq(g_bytes_get_data(got, NULL), data, length);
}

static void ends(NfpTlsWorld *world, const char *peer, const char *says)
{
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;
	guint sent = 0;

	nfp_tls_world_serve(world, peer);
	tls = settled(world, &options);
	cr_assert_eq(tls->state, NFP_TRANSPORT_UP, "%s", tls->error);
	for (gint64 until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll; tls->state == NFP_TRANSPORT_UP;) {
		cr_assert_lt(g_get_monotonic_time(), until, "%s", peer);
		if (sent < 100)
			sent += send_numbered(tls, sent, 10);
		nfp_live_round(tls, FALSE);
	}
	cr_assert(strstr(tls->error, says), "%s: %s", peer, tls->error);
	cr_assert_eq(tls->errors, 1);
}

Test(tls, ends_of_sessions)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();

	ends(world, "--reset-after 2500", "Connection reset");
	nfp_tls_world_wait(world, "end 1 reset");
	cr_assert_geq(count_numbered(world, 1, FALSE), 2, "cut in a message, not between messages out of order");
	ends(world, "--close-after 2500", "closed by the collector");
}

/* A collector that dies while we say goodbye has not read all: that is no end in order. */
Test(tls, ends_of_goodbyes)
{
	static const struct {
		const char *peer, *says;
	} cases[] = {
		{ "", "" },
		{ "--version 1.2", "" },
		{ "--end close", "" },
		{ "--end close --version 1.2", "" },
		{ "--end reset", "reset" },
		{ "--end reset --version 1.2", "reset" },
	};
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(NfpTransport) tls = NULL;

		nfp_tls_world_serve(world, cases[i].peer);
		tls = settled(world, &options);
		cr_assert_eq(tls->state, NFP_TRANSPORT_UP, "%s", tls->error);
		cr_assert_eq(send_numbered(tls, 0, 10), 10);
		NFP_LIVE_UNTIL(tls, tls->ops->unacked(tls) == 0);
		tls->ops->shutdown(tls);
		NFP_LIVE_UNTIL(tls, tls->state == NFP_TRANSPORT_DOWN);
		cr_assert_eq(tls->errors, *cases[i].says ? 1 : 0, "%s: %s", cases[i].peer, tls->error);
		cr_assert(strstr(tls->error, cases[i].says), "%s: %s", cases[i].peer, tls->error);
	}
}

Test(tls, client_certificate)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	const char *const versions[] = { "1.2", "1.3" };

	options.certificate = nfp_tls_world_file(world, "client.pem");
	options.key = nfp_tls_world_file(world, "client.key");
	for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
		g_autofree char *peer = g_strconcat("--want-client --version ", versions[i], NULL);
		g_autoptr(NfpTransport) tls = NULL;
		const char *up;

		nfp_tls_world_serve(world, peer);
		tls = settled(world, &options);
		cr_assert_eq(tls->state, NFP_TRANSPORT_UP, "%s", tls->error);
		up = nfp_tls_world_wait(world, "up ");
		cr_assert(strstr(up, versions[i]) && g_str_has_suffix(up, " client"), "%s", up);
	}
}

typedef struct {
	const char *peer;   /* its options */
	const char *ca, *certificate, *name;
	const char *says;   /* a pattern of the error; NULL: it works */
	gboolean any;       /* verify: false */
} Case;

static const Case cases[] = {
	{ "", "ca", NULL, NULL, NULL, FALSE },
	{ "", "ca", NULL, "collector.test", NULL, FALSE },
	{ "--certificate other", "ca", NULL, "other.test", NULL, FALSE },
	{ "", "nobody", NULL, NULL, "is signed by no CA of tls.ca", FALSE },
	{ "", NULL, NULL, NULL, "is signed by no CA of tls.ca", FALSE },
	{ "", "nobody", NULL, NULL, NULL, TRUE },
	{ "--certificate expired", "ca", NULL, NULL, "has expired", FALSE },
	{ "--certificate expired", "ca", NULL, NULL, NULL, TRUE },
	{ "--certificate other", "ca", NULL, NULL, "is for another name than \"127.0.0.1\"", FALSE },
	{ "", "ca", NULL, "else.test", "is for another name than \"else.test\"", FALSE },
	{ "--want-client", "ca", NULL, NULL, "wants a client certificate", FALSE },
	{ "--want-client --version 1.2", "ca", NULL, NULL, "wants a client certificate", FALSE },
	/* An alert, or the reset behind it. */
	{ "--want-client", "ca", "stranger", NULL, "CA is unknown|refuses our certificate|reset", FALSE },
	{ "--want-client --version 1.2", "ca", "stranger", NULL, "CA is unknown|refuses our certificate|reset", FALSE },
	{ "--version 1.1", "ca", NULL, NULL, "no TLS version of 1.2 or later", FALSE },
	{ "--plain", "ca", NULL, NULL, "speaks no TLS", FALSE },
	{ "--reset", "ca", NULL, NULL, "TLS handshake: ", FALSE },
};

Test(tls, every_way_it_fails, .timeout = 180)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Case *c = &cases[i];
		g_autofree char *ca = c->ca ? g_strconcat(c->ca, ".pem", NULL) : NULL;
		g_autofree char *pem = c->certificate ? g_strconcat(c->certificate, ".pem", NULL) : NULL;
		g_autofree char *key = c->certificate ? g_strconcat(c->certificate, ".key", NULL) : NULL;
		NfpTlsOptions options = {
			.ca = ca ? nfp_tls_world_file(world, ca) : NULL,
			.certificate = pem ? nfp_tls_world_file(world, pem) : NULL,
			.key = key ? nfp_tls_world_file(world, key) : NULL,
			.server_name = (char *)c->name,
			.verify = !c->any,
		};
		g_autoptr(NfpTransport) tls = NULL;

		nfp_tls_world_serve(world, c->peer);
		tls = settled(world, &options);
		cr_assert_eq(tls->state, c->says ? NFP_TRANSPORT_DOWN : NFP_TRANSPORT_UP, "case %u (%s): %s", i, c->peer,
			     tls->error);
		cr_assert_eq(tls->session, c->says ? 0 : 1);
		if (c->says)
			cr_assert(g_regex_match_simple(c->says, tls->error, 0, 0), "case %u (%s): %s", i, c->peer, tls->error);
	}
}

Test(tls, handshake_that_stalls)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;
	gint64 now = g_get_monotonic_time();

	nfp_tls_world_serve(world, "--stall");
	tls = made(world, &options);
	tls->ops->open(tls, now);
	/* Until the handshake is what it waits for, which ends 10 s later. */
	NFP_LIVE_UNTIL(tls, tls->ops->deadline(tls) > now + 5 * G_USEC_PER_SEC && tls->peer[0]);
	cr_assert_eq(tls->state, NFP_TRANSPORT_CONNECTING);
	while (tls->state == NFP_TRANSPORT_CONNECTING)
		tls->ops->step(tls, tls->ops->deadline(tls)); /* the test's clock is there at once */
	cr_assert_eq(tls->state, NFP_TRANSPORT_DOWN);
	cr_assert(strstr(tls->error, "no answer within 10 s"), "%s", tls->error);
}

Test(tls, nobody_there)
{
	g_autoptr(NfpTlsWorld) world = nfp_tls_world_new();
	NfpTlsOptions options = trusting(world);
	g_autoptr(NfpTransport) tls = NULL;

	world->port = nfp_live_free_port(SOCK_STREAM);
	tls = settled(world, &options);
	cr_assert_eq(tls->state, NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(tls->error, "Connection refused");
}

Test(tls, bad_files_are_told_at_once)
{
	NfpTlsOptions options = { .ca = (char *)"/none", .verify = TRUE };
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_transport_tls.create(&(NfpTransportOptions){ .host = (char *)"127.0.0.1", .port = 1,
								       .tls = &options }, &err));
	cr_assert_str_eq(err->message, "tls.ca: /none: No such file or directory");
}
