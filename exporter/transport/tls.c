/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPFIX over TLS over TCP (RFC 7011 11), as the client. tcp.c connects and knows what is acknowledged; GIO's TLS
 * reads and writes the socket. A message taken is held here until TLS has taken it in full: TLS asks for the
 * same octets again when the socket is full.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "transport/sock.h"
#include "transport/tcp.h"
#include "transport/tls_credentials.h"
#include "transport/tls_handshake.h"
#include "transport/transports.h"

#define TLS_PORT 4740 /* RFC 7011 10.4.4 */
#define MESSAGE 8192  /* two fill a TLS record */
#define HANDSHAKE_TIMEOUT (10 * G_USEC_PER_SEC)
#define READS_MAX 16 /* of one step(): a peer that talks cannot keep us reading */
#define RECORD_MAX 16384 /* octets of a TLS record, RFC 8446 5.1 */
/* TLS 1.3: the client is through before the server has judged its certificate. A server that takes it sends
 * session tickets; one that sends none is believed after so long. */
#define PROVE_AFTER G_USEC_PER_SEC

typedef struct {
	NfpTransport base;
	NfpTransport *tcp;
	uint64_t tcp_errors;      /* of tcp, already ours */
	NfpTlsOptions options;
	char *host;
	gint64 handshake_timeout; /* us */
	NfpTlsHandshake *handshake;
	gint64 until;             /* end of the handshake, or of the wait for its proof */
	GIOStream *stream;        /* a GTlsClientConnection */
	gboolean bye_sent;
	uint32_t rest_at;         /* rest[rest_at..rest_length): taken messages that TLS has not taken */
	uint32_t rest_length;
	uint8_t rest[NFP_TRANSPORT_MESSAGE_MAX];
} Tls;

static NfpTransport *tls_create(const NfpTransportOptions *options, GError **err)
{
	g_autofree Tls *tls = g_new0(Tls, 1);
	g_autoptr(NfpTlsCredentials) credentials = NULL;

	nfp_tls_options_copy(&tls->options, options->tls);
	credentials = nfp_tls_credentials_new(&tls->options, err);
	if (credentials)
		tls->tcp = nfp_transport_tcp.create(options, err);
	if (!tls->tcp) {
		nfp_tls_options_clear(&tls->options);
		return NULL;
	}
	tls->base.ops = &nfp_transport_tls;
	tls->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	tls->host = g_strdup(options->host);
	tls->handshake_timeout = options->connect_timeout ? options->connect_timeout : HANDSHAKE_TIMEOUT;
	return &g_steal_pointer(&tls)->base;
}

static void end_session(Tls *tls)
{
	/* GIO says goodbye when the last reference goes, and would wait for room in the socket. */
	if (tls->stream)
		shutdown(nfp_tcp_fd(tls->tcp), SHUT_RDWR);
	g_clear_pointer(&tls->handshake, nfp_tls_handshake_free);
	g_clear_object(&tls->stream);
	tls->rest_at = tls->rest_length = 0;
}

static void tls_close(NfpTransport *transport)
{
	Tls *tls = (Tls *)transport;

	end_session(tls);
	tls->tcp->ops->close(tls->tcp);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void tls_fail(Tls *tls, GError **err)
{
	nfp_transport_note_error(&tls->base, err);
	tls_close(&tls->base);
}

static void fail_text(Tls *tls, const char *text)
{
	g_autoptr(GError) err = g_error_new_literal(NFP_ERROR, NFP_ERROR_FAILED, text);

	tls_fail(tls, &err);
}

/* What tcp.c knows becomes ours. */
static void note_tcp(Tls *tls)
{
	g_strlcpy(tls->base.peer, tls->tcp->peer, sizeof(tls->base.peer));
	if (tls->tcp->errors == tls->tcp_errors)
		return;
	tls->base.errors += tls->tcp->errors - tls->tcp_errors;
	tls->tcp_errors = tls->tcp->errors;
	g_strlcpy(tls->base.error, tls->tcp->error, sizeof(tls->base.error));
}

static gboolean start_handshake(Tls *tls, gint64 now, GError **err)
{
	g_autoptr(GSocket) socket = NULL;
	NFP_AUTO_FD int fd = dup(nfp_tcp_fd(tls->tcp));

	if (fd < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot duplicate a socket");
	socket = g_socket_new_from_fd(fd, err);
	if (!socket)
		return FALSE;
	nfp_fd_steal(&fd); /* the GSocket's */
	tls->handshake = nfp_tls_handshake_start(socket, tls->host, &tls->options, err);
	tls->until = now + tls->handshake_timeout;
	return tls->handshake != NULL;
}

/* tcp.c is connected, or tries, or has given up. */
static void tls_follow_tcp(Tls *tls, gint64 now)
{
	g_autoptr(GError) err = NULL;

	note_tcp(tls);
	if (tls->tcp->state == NFP_TRANSPORT_DOWN)
		tls_close(&tls->base);
	else if (tls->tcp->state == NFP_TRANSPORT_UP && !start_handshake(tls, now, &err))
		tls_fail(tls, &err);
}

static void tls_open(NfpTransport *transport, gint64 now)
{
	Tls *tls = (Tls *)transport;

	transport->state = NFP_TRANSPORT_CONNECTING;
	tls->bye_sent = FALSE;
	tls->tcp->ops->open(tls->tcp, now);
	tls_follow_tcp(tls, now);
}

static gboolean tls_has_rest(const Tls *tls)
{
	return tls->rest_at < tls->rest_length;
}

static guint tls_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Tls *tls = (const Tls *)transport;
	gboolean out;

	if (tls->handshake) {
		pfds[0] = (struct pollfd){ .fd = nfp_tls_handshake_fd(tls->handshake), .events = POLLIN };
		return 1;
	}
	if (!tls->stream)
		return tls->tcp->ops->poll(tls->tcp, want_send, pfds);
	out = tls_has_rest(tls) || (want_send && transport->state == NFP_TRANSPORT_UP) ||
	      (transport->state == NFP_TRANSPORT_CLOSING && !tls->bye_sent);
	pfds[0] = (struct pollfd){ .fd = nfp_tcp_fd(tls->tcp),
				   .events = (short)(POLLIN | POLLRDHUP | (out ? POLLOUT : 0)) };
	return 1;
}

static gint64 tls_deadline(const NfpTransport *transport)
{
	const Tls *tls = (const Tls *)transport;

	if (transport->state != NFP_TRANSPORT_CONNECTING)
		return NFP_TRANSPORT_NEVER;
	if (tls->handshake || tls->stream)
		return tls->until;
	return tls->tcp->ops->deadline(tls->tcp);
}

static void tls_up(Tls *tls)
{
	tls->base.state = NFP_TRANSPORT_UP;
	tls->base.session++;
}

/* The collector may have another address that serves better. */
static void handshake_failed(Tls *tls, GError **err, gint64 now)
{
	nfp_transport_note_error(&tls->base, err);
	end_session(tls);
	nfp_tcp_next(tls->tcp, now);
	tls_follow_tcp(tls, now);
}

static void step_handshake(Tls *tls, gint64 now)
{
	g_autoptr(GObject) connection = NULL;
	g_autoptr(GError) err = NULL;

	if (!nfp_tls_handshake_finish(tls->handshake, &connection, &err)) {
		if (now < tls->until)
			return;
		err = g_error_new(NFP_ERROR, NFP_ERROR_FAILED, "TLS handshake: no answer within %g s",
				  (double)tls->handshake_timeout / G_USEC_PER_SEC);
	}
	if (err) {
		handshake_failed(tls, &err, now);
		return;
	}
	g_clear_pointer(&tls->handshake, nfp_tls_handshake_free);
	tls->stream = G_IO_STREAM(g_steal_pointer(&connection));
	tls->until = now + PROVE_AFTER;
	if (g_tls_connection_get_protocol_version(G_TLS_CONNECTION(tls->stream)) < G_TLS_PROTOCOL_VERSION_TLS_1_3)
		tls_up(tls);
}

/* An answer to our goodbye: the collector's own, or that it closes without one. A reset tells that it has not read all. */
static gboolean is_end(gssize n, const GError *err)
{
	return n == 0 || g_error_matches(err, G_TLS_ERROR, G_TLS_ERROR_EOF);
}

/* FALSE: the connection has ended. A collector has nothing to say: what it sends is dropped. */
static gboolean tls_listen(Tls *tls)
{
	GPollableInputStream *in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(tls->stream));
	char buffer[1024];

	for (int i = 0; i < READS_MAX; i++) {
		g_autoptr(GError) err = NULL;
		gssize n = g_pollable_input_stream_read_nonblocking(in, buffer, sizeof(buffer), NULL, &err);

		if (n > 0)
			continue;
		if (n < 0 && g_error_matches(err, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
			return TRUE;
		if (tls->bye_sent && is_end(n, err)) {
			tls_close(&tls->base);
		} else if (n == 0) {
			fail_text(tls, "closed by the collector");
		} else {
			nfp_tls_explain(&err, "TLS");
			tls_fail(tls, &err);
		}
		return FALSE;
	}
	return TRUE;
}

static gboolean socket_is(const Tls *tls, short events)
{
	struct pollfd pfd = { .fd = nfp_tcp_fd(tls->tcp), .events = events };

	return poll(&pfd, 1, 0) > 0 && (pfd.revents & events);
}

static void step_proof(Tls *tls, gint64 now)
{
	gboolean heard = socket_is(tls, POLLIN);

	if (tls_listen(tls) && (heard || now >= tls->until))
		tls_up(tls);
}

/* FALSE: the connection failed. */
static gboolean tls_write_rest(Tls *tls)
{
	GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(tls->stream));

	while (tls_has_rest(tls)) {
		g_autoptr(GError) err = NULL;
		gssize n = g_pollable_output_stream_write_nonblocking(out, tls->rest + tls->rest_at,
								      tls->rest_length - tls->rest_at, NULL, &err);

		if (n < 0 && g_error_matches(err, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
			return TRUE;
		if (n < 0) {
			nfp_tls_explain(&err, "TLS");
			tls_fail(tls, &err);
			return FALSE;
		}
		tls->rest_at += (uint32_t)n;
	}
	return TRUE;
}

/* A close_notify has some 30 octets: where the socket has room, it has room for that. */
static void say_goodbye(Tls *tls)
{
	if (tls_has_rest(tls) || !socket_is(tls, POLLOUT))
		return;
	g_output_stream_close(g_io_stream_get_output_stream(tls->stream), NULL, NULL);
	shutdown(nfp_tcp_fd(tls->tcp), SHUT_WR);
	tls->bye_sent = TRUE;
}

static void tls_step(NfpTransport *transport, gint64 now)
{
	Tls *tls = (Tls *)transport;

	if (transport->state == NFP_TRANSPORT_DOWN) {
		tls->tcp->ops->step(tls->tcp, now); /* a look-up that nobody waits for any more */
		return;
	}
	if (tls->handshake) {
		step_handshake(tls, now);
		return;
	}
	if (!tls->stream) {
		tls->tcp->ops->step(tls->tcp, now);
		tls_follow_tcp(tls, now);
		return;
	}
	if (transport->state == NFP_TRANSPORT_CONNECTING) {
		step_proof(tls, now);
		return;
	}
	if (!tls_write_rest(tls))
		return;
	if (transport->state == NFP_TRANSPORT_CLOSING && !tls->bye_sent)
		say_goodbye(tls);
	tls_listen(tls);
}

/* Whole messages, as many as one TLS record holds, or one that is longer. */
static guint fill_rest(Tls *tls, const uint8_t *data, const uint32_t *lengths, guint n)
{
	guint taken = 1;

	tls->rest_at = 0;
	tls->rest_length = lengths[0];
	while (taken < n && tls->rest_length + lengths[taken] <= RECORD_MAX)
		tls->rest_length += lengths[taken++];
	memcpy(tls->rest, data, tls->rest_length);
	return taken;
}

static guint tls_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Tls *tls = (Tls *)transport;
	const uint8_t *data = messages->data;
	guint taken = 0;

	if (transport->state != NFP_TRANSPORT_UP || !tls_write_rest(tls))
		return 0;
	while (taken < messages->n && !tls_has_rest(tls)) {
		taken += fill_rest(tls, data, messages->lengths + taken, messages->n - taken);
		data += tls->rest_length;
		if (!tls_write_rest(tls))
			return 0;
	}
	return taken;
}

/* The socket's octets are those of records, which are longer than what they hold: never less than the truth. */
static uint64_t tls_unacked(const NfpTransport *transport)
{
	const Tls *tls = (const Tls *)transport;
	uint64_t queued = tls->stream ? tls->tcp->ops->unacked(tls->tcp) : G_MAXUINT64;

	return queued == G_MAXUINT64 ? queued : queued + tls->rest_length - tls->rest_at;
}

static void tls_shutdown(NfpTransport *transport)
{
	if (transport->state != NFP_TRANSPORT_UP) {
		tls_close(transport);
		return;
	}
	transport->state = NFP_TRANSPORT_CLOSING;
	tls_step(transport, 0);
}

static void tls_destroy(NfpTransport *transport)
{
	Tls *tls = (Tls *)transport;

	nfp_transport_free(tls->tcp);
	nfp_tls_options_clear(&tls->options);
	g_free(tls->host);
	g_free(tls);
}

const NfpTransportOps nfp_transport_tls = {
	.scheme = "tls",
	.port = TLS_PORT,
	.stream = TRUE,
	.message = MESSAGE,
	.create = tls_create,
	.open = tls_open,
	.poll = tls_poll,
	.deadline = tls_deadline,
	.step = tls_step,
	.send = tls_send,
	.unacked = tls_unacked,
	.shutdown = tls_shutdown,
	.close = tls_close,
	.destroy = tls_destroy,
};
