/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPFIX over DTLS over UDP (RFC 7011 11.3, RFC 6347), as the client. A handshake, one socket, one session. A collector
 * that was restarted has forgotten the session and drops what comes: it is heard by ICMP while its port is closed, by
 * its alert, or at the next renewal (`tls.renew`), which shakes hands on a socket of its own while the old one goes on.
 * No answer to that ends the session.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "transport/resolve.h"
#include "transport/sock.h"
#include "transport/tls_credentials.h"
#include "transport/tls_handshake.h"
#include "transport/transports.h"

#define DTLS_PORT 4740 /* RFC 7011 10.3.4 */
#define MESSAGE 1420
#define HANDSHAKE_TIMEOUT (10 * G_USEC_PER_SEC)
#define SEND_BUFFER (4 * 1024 * 1024)
#define READS_MAX 16 /* of one step(): a peer that talks cannot keep us reading */
#define CALL_MAX 64  /* messages of one call */
/* Header 13, and at most: IV 16, MAC 48, padding 16 (CBC with SHA-384; GCM takes 37 in all). */
#define RECORD_OVERHEAD 93
#define GIO_MTU 1400 /* GLib's TLS makes records no longer than this */
#define LEAST_PATH 576

typedef struct {
	GSocket *socket; /* connected */
	GDatagramBased *connection; /* a GDtlsClientConnection, after the handshake */
	gboolean v6;
} Link;

typedef struct {
	NfpTransport base;
	NfpSockOptions options;
	NfpTlsOptions tls;
	char *host;
	NfpResolve *resolve;
	GPtrArray *addresses; /* GSocketAddress, of the last look-up that worked */
	guint next;           /* of addresses: to be tried when this one fails */
	gint64 handshake_timeout;
	Link link;            /* of the session */
	Link fresh;           /* of the handshake */
	NfpTlsHandshake *handshake;
	gint64 until;         /* end of the handshake */
	gint64 renew_at;
} Dtls;

static NfpTransport *dtls_create(const NfpTransportOptions *options, GError **err)
{
	g_autofree Dtls *dtls = g_new0(Dtls, 1);
	g_autoptr(NfpTlsCredentials) credentials = NULL;

	nfp_tls_options_copy(&dtls->tls, options->tls);
	credentials = nfp_tls_credentials_new(&dtls->tls, err);
	if (credentials && nfp_sock_options_init(&dtls->options, options, err))
		dtls->resolve = nfp_resolve_new(options->host, options->port,
						nfp_sock_options_family(&dtls->options), err);
	if (!dtls->resolve) {
		nfp_sock_options_clear(&dtls->options);
		nfp_tls_options_clear(&dtls->tls);
		return NULL;
	}
	if (dtls->options.send_buffer == 0)
		dtls->options.send_buffer = SEND_BUFFER;
	dtls->base.ops = &nfp_transport_dtls;
	dtls->base.max_message = GIO_MTU - RECORD_OVERHEAD;
	dtls->host = g_strdup(options->host);
	dtls->handshake_timeout = options->connect_timeout ? options->connect_timeout : HANDSHAKE_TIMEOUT;
	return &g_steal_pointer(&dtls)->base;
}

static void link_clear(Link *link)
{
	g_clear_object(&link->connection); /* says goodbye */
	g_clear_object(&link->socket);
}

static void end_attempt(Dtls *dtls)
{
	g_clear_pointer(&dtls->handshake, nfp_tls_handshake_free);
	link_clear(&dtls->fresh);
}

static void dtls_close(NfpTransport *transport)
{
	Dtls *dtls = (Dtls *)transport;

	end_attempt(dtls);
	link_clear(&dtls->link);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void dtls_fail(Dtls *dtls, GError **err)
{
	nfp_transport_note_error(&dtls->base, err);
	dtls_close(&dtls->base);
}

static gboolean link_open(Dtls *dtls, Link *link, GSocketAddress *peer, GError **err)
{
	NFP_AUTO_FD int fd = nfp_sock_new(&dtls->options, SOCK_DGRAM, peer, err);
	int ret;

	if (fd < 0)
		return FALSE;
	ret = nfp_sock_connect(fd, peer);
	if (ret < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -ret, "cannot connect");
	link->socket = g_socket_new_from_fd(fd, err);
	if (!link->socket)
		return FALSE;
	nfp_fd_steal(&fd); /* the GSocket's */
	link->v6 = g_socket_address_get_family(peer) == G_SOCKET_FAMILY_IPV6;
	nfp_sock_peer_text(peer, dtls->base.peer, sizeof(dtls->base.peer));
	return TRUE;
}

/* With the next address that takes a socket; without one the transport is down. */
static void start_handshake(Dtls *dtls, gint64 now)
{
	while (dtls->next < dtls->addresses->len) {
		g_autoptr(GError) err = NULL;

		end_attempt(dtls);
		if (link_open(dtls, &dtls->fresh, g_ptr_array_index(dtls->addresses, dtls->next++), &err))
			dtls->handshake = nfp_tls_handshake_start(dtls->fresh.socket, dtls->host, &dtls->tls, &err);
		if (dtls->handshake) {
			dtls->until = now + dtls->handshake_timeout;
			return;
		}
		nfp_transport_note_error(&dtls->base, &err);
	}
	dtls_close(&dtls->base);
}

static void dtls_resolved(Dtls *dtls, gint64 now)
{
	g_autoptr(GPtrArray) addresses = NULL;
	g_autoptr(GError) err = NULL;

	if (!nfp_resolve_finish(dtls->resolve, &addresses, &err))
		return;
	if (dtls->base.state == NFP_TRANSPORT_DOWN)
		return; /* nobody waits for the answer */
	if (addresses) {
		g_clear_pointer(&dtls->addresses, g_ptr_array_unref);
		dtls->addresses = g_steal_pointer(&addresses);
	} else if (dtls->base.state == NFP_TRANSPORT_CONNECTING) {
		dtls_fail(dtls, &err);
		return;
	}
	/* A renewal goes to the addresses of before while nobody knows others. */
	dtls->next = 0;
	start_handshake(dtls, now);
}

static void dtls_open(NfpTransport *transport, gint64 now)
{
	Dtls *dtls = (Dtls *)transport;

	transport->state = NFP_TRANSPORT_CONNECTING;
	nfp_resolve_start(dtls->resolve);
	dtls_resolved(dtls, now);
}

static guint dtls_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Dtls *dtls = (const Dtls *)transport;
	guint n = 0;

	if (dtls->link.connection)
		pfds[n++] = (struct pollfd){ .fd = g_socket_get_fd(dtls->link.socket),
					     .events = (short)(POLLIN | (want_send ? POLLOUT : 0)) };
	if (dtls->handshake)
		pfds[n++] = (struct pollfd){ .fd = nfp_tls_handshake_fd(dtls->handshake), .events = POLLIN };
	else if (nfp_resolve_busy(dtls->resolve))
		pfds[n++] = (struct pollfd){ .fd = nfp_resolve_fd(dtls->resolve), .events = POLLIN };
	return n;
}

static gint64 dtls_deadline(const NfpTransport *transport)
{
	const Dtls *dtls = (const Dtls *)transport;

	if (dtls->handshake)
		return dtls->until;
	return dtls->link.connection && !nfp_resolve_busy(dtls->resolve) ? dtls->renew_at : NFP_TRANSPORT_NEVER;
}

/* Octets of the longest message that fits the path; what is longer is an error from here on, never a fragment. */
static uint32_t path_message(const Link *link)
{
	int fd = g_socket_get_fd(link->socket);
	int level = link->v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int discover = link->v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
	int headers = (link->v6 ? 40 : 20) + 8;
	int mtu = 0;
	socklen_t length = sizeof(mtu);

	setsockopt(fd, level, link->v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &discover, sizeof(discover));
	if (getsockopt(fd, level, link->v6 ? IPV6_MTU : IP_MTU, &mtu, &length) < 0 || mtu < LEAST_PATH)
		mtu = LEAST_PATH;
	return MIN((uint32_t)(mtu - headers), GIO_MTU) - RECORD_OVERHEAD;
}

static void begin_session(Dtls *dtls, GObject *connection, gint64 now)
{
	g_clear_pointer(&dtls->handshake, nfp_tls_handshake_free);
	link_clear(&dtls->link);
	dtls->link = dtls->fresh;
	dtls->link.connection = G_DATAGRAM_BASED(connection);
	dtls->fresh = (Link){ 0 };
	dtls->base.max_message = path_message(&dtls->link);
	dtls->base.state = NFP_TRANSPORT_UP;
	dtls->base.session++;
	dtls->renew_at = dtls->tls.renew ? now + (gint64)(dtls->tls.renew / 1000) : NFP_TRANSPORT_NEVER;
}

static void step_handshake(Dtls *dtls, gint64 now)
{
	GObject *connection = NULL;
	g_autoptr(GError) err = NULL;

	if (!nfp_tls_handshake_finish(dtls->handshake, &connection, &err)) {
		if (now < dtls->until)
			return;
		err = g_error_new(NFP_ERROR, NFP_ERROR_FAILED, "DTLS handshake: no answer within %g s",
				  (double)dtls->handshake_timeout / G_USEC_PER_SEC);
	}
	if (connection) {
		begin_session(dtls, connection, now);
		return;
	}
	nfp_transport_note_error(&dtls->base, &err);
	start_handshake(dtls, now);
}

/* FALSE: the session has ended. A collector has nothing to say: what it sends is dropped, alerts and ICMP errors are what
 * we listen for. */
static gboolean dtls_listen(Dtls *dtls)
{
	char buffer[2048];

	for (int i = 0; i < READS_MAX; i++) {
		GInputVector vector = { buffer, sizeof(buffer) };
		GInputMessage message = { .vectors = &vector, .num_vectors = 1 };
		g_autoptr(GError) err = NULL;
		int n = g_datagram_based_receive_messages(dtls->link.connection, &message, 1, 0, 0, NULL, &err);

		if (n > 0 && message.bytes_received > 0)
			continue;
		if (n < 0 && g_error_matches(err, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
			return TRUE;
		if (n < 0)
			nfp_tls_explain(&err, "DTLS");
		else
			err = g_error_new_literal(NFP_ERROR, NFP_ERROR_FAILED, "closed by the collector");
		dtls_fail(dtls, &err);
		return FALSE;
	}
	return TRUE;
}

static void dtls_step(NfpTransport *transport, gint64 now)
{
	Dtls *dtls = (Dtls *)transport;

	dtls_resolved(dtls, now);
	if (dtls->handshake)
		step_handshake(dtls, now);
	if (!dtls->link.connection || !dtls_listen(dtls))
		return;
	if (!dtls->handshake && !nfp_resolve_busy(dtls->resolve) && now >= dtls->renew_at) {
		nfp_resolve_start(dtls->resolve);
		dtls_resolved(dtls, now);
	}
}

static guint dtls_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Dtls *dtls = (Dtls *)transport;
	const uint8_t *data = messages->data;
	guint sent = 0;

	while (transport->state == NFP_TRANSPORT_UP && sent < messages->n) {
		GOutputVector vectors[CALL_MAX];
		GOutputMessage calls[CALL_MAX] = { 0 };
		g_autoptr(GError) err = NULL;
		guint n = MIN(messages->n - sent, CALL_MAX);
		int ret;

		for (guint i = 0; i < n; i++) {
			vectors[i] = (GOutputVector){ data, messages->lengths[sent + i] };
			calls[i] = (GOutputMessage){ .vectors = &vectors[i], .num_vectors = 1 };
			data += messages->lengths[sent + i];
		}
		ret = g_datagram_based_send_messages(dtls->link.connection, calls, n, 0, 0, NULL, &err);
		if (ret > 0) {
			for (guint i = (guint)ret; i < n; i++)
				data -= messages->lengths[sent + i];
			sent += (guint)ret;
			continue;
		}
		if (ret < 0 && !g_error_matches(err, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
			/* Refused, or the path takes less than it did: a new session asks it anew. */
			nfp_tls_explain(&err, "DTLS");
			dtls_fail(dtls, &err);
		}
		break;
	}
	return sent;
}

static uint64_t dtls_unacked(const NfpTransport *transport)
{
	return 0;
}

static void dtls_destroy(NfpTransport *transport)
{
	Dtls *dtls = (Dtls *)transport;

	nfp_resolve_free(dtls->resolve);
	g_clear_pointer(&dtls->addresses, g_ptr_array_unref);
	nfp_sock_options_clear(&dtls->options);
	nfp_tls_options_clear(&dtls->tls);
	g_free(dtls->host);
	g_free(dtls);
}

const NfpTransportOps nfp_transport_dtls = {
	.scheme = "dtls",
	.port = DTLS_PORT,
	.stream = FALSE,
	.message = MESSAGE,
	.create = dtls_create,
	.open = dtls_open,
	.poll = dtls_poll,
	.deadline = dtls_deadline,
	.step = dtls_step,
	.send = dtls_send,
	.unacked = dtls_unacked,
	.shutdown = dtls_close,
	.close = dtls_close,
	.destroy = dtls_destroy,
};
