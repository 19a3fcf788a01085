/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP (RFC 7011 10.4). Messages are framed by their Length alone, so what was begun is finished
 * before anything else is sent, or the connection ends.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "transport/resolve.h"
#include "transport/sock.h"
#include "transport/tcp.h"
#include "transport/transports.h"

#define TCP_PORT 4739 /* RFC 7011 10.4.4 */
#define MESSAGE 8192
#define CONNECT_TIMEOUT (10 * G_USEC_PER_SEC)
#define READS_MAX 16 /* of one step(): a peer that talks cannot keep us reading */
/* A peer that takes nothing, or is gone without a word, is left after so long (ms). */
#define USER_TIMEOUT_MS 120000
#define KEEP_IDLE_S 30
#define KEEP_INTERVAL_S 10

typedef struct {
	NfpTransport base;
	NfpSockOptions options;
	NfpResolve *resolve;
	GPtrArray *addresses; /* GSocketAddress, of this attempt */
	guint next;           /* of addresses: to be tried when this one fails */
	int fd;
	gint64 connect_timeout;
	gint64 connect_until;
	gboolean fin_sent;
	uint32_t rest_at;     /* rest[rest_at..rest_length) is the unsent end of a taken message */
	uint32_t rest_length;
	uint8_t rest[NFP_TRANSPORT_MESSAGE_MAX];
} Tcp;

static NfpTransport *tcp_create(const NfpTransportOptions *options, GError **err)
{
	g_autofree Tcp *tcp = g_new0(Tcp, 1);

	tcp->base.ops = &nfp_transport_tcp;
	tcp->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	tcp->fd = -1;
	tcp->connect_timeout = options->connect_timeout ? options->connect_timeout : CONNECT_TIMEOUT;
	if (!nfp_sock_options_init(&tcp->options, options, err))
		return NULL;
	tcp->resolve = nfp_resolve_new(options->host, options->port,
				       nfp_sock_options_family(&tcp->options), err);
	if (!tcp->resolve) {
		nfp_sock_options_clear(&tcp->options);
		return NULL;
	}
	return &g_steal_pointer(&tcp)->base;
}

static void tcp_close(NfpTransport *transport)
{
	Tcp *tcp = (Tcp *)transport;

	nfp_fd_clear(&tcp->fd);
	tcp->rest_at = tcp->rest_length = 0;
	transport->state = NFP_TRANSPORT_DOWN;
}

static void tcp_fail(Tcp *tcp, int errnum)
{
	nfp_transport_note_errno(&tcp->base, errnum);
	tcp_close(&tcp->base);
}

static void set_number(int fd, int level, int name, int value)
{
	/* Each makes a connection better and none is needed: an old kernel may refuse. */
	setsockopt(fd, level, name, &value, sizeof(value));
}

static void tcp_up(Tcp *tcp)
{
	tcp->base.state = NFP_TRANSPORT_UP;
	tcp->base.session++;
	tcp->fin_sent = FALSE;
	tcp->rest_at = tcp->rest_length = 0;
}

static gboolean tcp_connect(Tcp *tcp, GSocketAddress *peer, gint64 now, GError **err)
{
	NFP_AUTO_FD int fd = nfp_sock_new(&tcp->options, SOCK_STREAM, peer, err);
	int ret;

	if (fd < 0)
		return FALSE;
	set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S);
	set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S);
	set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	nfp_sock_peer_text(peer, tcp->base.peer, sizeof(tcp->base.peer));
	ret = nfp_sock_connect(fd, peer);
	if (ret < 0 && ret != -EINPROGRESS)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -ret, "cannot connect to %s", tcp->base.peer);
	tcp->fd = nfp_fd_steal(&fd);
	tcp->connect_until = now + tcp->connect_timeout;
	if (ret == 0)
		tcp_up(tcp);
	return TRUE;
}

static void tcp_connect_next(Tcp *tcp, gint64 now)
{
	nfp_fd_clear(&tcp->fd);
	while (tcp->next < tcp->addresses->len) {
		g_autoptr(GError) err = NULL;

		if (tcp_connect(tcp, g_ptr_array_index(tcp->addresses, tcp->next++), now, &err))
			return;
		nfp_transport_note_error(&tcp->base, &err);
	}
	tcp_close(&tcp->base);
}

static void tcp_resolved(Tcp *tcp, gint64 now)
{
	g_autoptr(GPtrArray) addresses = NULL;
	g_autoptr(GError) err = NULL;

	if (!nfp_resolve_finish(tcp->resolve, &addresses, &err))
		return;
	/* Closed in the meantime: nobody waits for the answer. */
	if (tcp->base.state != NFP_TRANSPORT_CONNECTING)
		return;
	if (err) {
		nfp_transport_note_error(&tcp->base, &err);
		tcp_close(&tcp->base);
		return;
	}
	g_clear_pointer(&tcp->addresses, g_ptr_array_unref);
	tcp->addresses = g_steal_pointer(&addresses);
	tcp->next = 0;
	tcp_connect_next(tcp, now);
}

/* The name is looked up for each attempt: a collector that moved is found again. */
static void tcp_open(NfpTransport *transport, gint64 now)
{
	Tcp *tcp = (Tcp *)transport;

	transport->state = NFP_TRANSPORT_CONNECTING;
	nfp_resolve_start(tcp->resolve);
	tcp_resolved(tcp, now);
}

int nfp_tcp_fd(const NfpTransport *transport)
{
	return ((const Tcp *)transport)->fd;
}

void nfp_tcp_next(NfpTransport *transport, gint64 now)
{
	transport->state = NFP_TRANSPORT_CONNECTING;
	tcp_connect_next((Tcp *)transport, now);
}

static gboolean tcp_has_rest(const Tcp *tcp)
{
	return tcp->rest_at < tcp->rest_length;
}

static guint tcp_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Tcp *tcp = (const Tcp *)transport;
	guint n = 0;

	if (tcp->fd >= 0) {
		gboolean out = transport->state == NFP_TRANSPORT_CONNECTING || tcp_has_rest(tcp) ||
			       (want_send && transport->state == NFP_TRANSPORT_UP);

		pfds[n].fd = tcp->fd;
		pfds[n++].events = (short)(POLLIN | POLLRDHUP | (out ? POLLOUT : 0));
	}
	if (nfp_resolve_busy(tcp->resolve)) {
		pfds[n].fd = nfp_resolve_fd(tcp->resolve);
		pfds[n++].events = POLLIN;
	}
	return n;
}

static gint64 tcp_deadline(const NfpTransport *transport)
{
	const Tcp *tcp = (const Tcp *)transport;

	if (transport->state == NFP_TRANSPORT_CONNECTING && tcp->fd >= 0)
		return tcp->connect_until;
	return NFP_TRANSPORT_NEVER;
}

static void tcp_step_connecting(Tcp *tcp, gint64 now)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	int errnum = nfp_sock_take_error(tcp->fd);

	if (errnum == 0) {
		/* ENOTCONN until the handshake is through. */
		if (getpeername(tcp->fd, (struct sockaddr *)&peer, &length) == 0) {
			tcp_up(tcp);
			return;
		}
		if (now < tcp->connect_until)
			return;
		errnum = ETIMEDOUT;
	}
	nfp_transport_note_errno(&tcp->base, errnum);
	tcp_connect_next(tcp, now);
}

/* Octets taken by the kernel; 0 when it takes none now; -errno. */
static ssize_t tcp_write(const Tcp *tcp, const uint8_t *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = send(tcp->fd, data + done, length - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

/* FALSE: the connection failed. */
static gboolean tcp_finish_rest(Tcp *tcp)
{
	ssize_t n = tcp_write(tcp, tcp->rest + tcp->rest_at, tcp->rest_length - tcp->rest_at);

	if (n < 0) {
		tcp_fail(tcp, (int)-n);
		return FALSE;
	}
	tcp->rest_at += (uint32_t)n;
	return TRUE;
}

/* A collector has nothing to say: what it sends is dropped, its close or reset is what we listen for. */
static void tcp_listen(Tcp *tcp)
{
	char buffer[1024];

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(tcp->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			tcp_fail(tcp, errno);
			return;
		}
		if (!tcp->fin_sent) {
			g_strlcpy(tcp->base.error, "closed by the collector", sizeof(tcp->base.error));
			tcp->base.errors++;
		}
		tcp_close(&tcp->base);
		return;
	}
}

static void tcp_step(NfpTransport *transport, gint64 now)
{
	Tcp *tcp = (Tcp *)transport;

	tcp_resolved(tcp, now);
	if (tcp->fd < 0)
		return;
	if (transport->state == NFP_TRANSPORT_CONNECTING) {
		tcp_step_connecting(tcp, now);
		return;
	}
	if (tcp_has_rest(tcp) && !tcp_finish_rest(tcp))
		return;
	if (transport->state == NFP_TRANSPORT_CLOSING && !tcp->fin_sent && !tcp_has_rest(tcp)) {
		shutdown(tcp->fd, SHUT_WR);
		tcp->fin_sent = TRUE;
	}
	tcp_listen(tcp);
}

static guint tcp_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Tcp *tcp = (Tcp *)transport;
	size_t total = 0;
	size_t end = 0;
	ssize_t n;
	guint taken = 0;

	if (transport->state != NFP_TRANSPORT_UP)
		return 0;
	if (tcp_has_rest(tcp) && (!tcp_finish_rest(tcp) || tcp_has_rest(tcp)))
		return 0;
	for (guint i = 0; i < messages->n; i++)
		total += messages->lengths[i];
	n = tcp_write(tcp, messages->data, total);
	if (n < 0) {
		tcp_fail(tcp, (int)-n);
		return 0;
	}
	while (end < (size_t)n)
		end += messages->lengths[taken++];
	tcp->rest_at = 0;
	tcp->rest_length = (uint32_t)(end - (size_t)n);
	memcpy(tcp->rest, messages->data + n, tcp->rest_length);
	return taken;
}

static uint64_t tcp_unacked(const NfpTransport *transport)
{
	const Tcp *tcp = (const Tcp *)transport;
	int queued = 0;

	/* SIOCOUTQ: sent or to be sent, and not acknowledged (tcp(7)). */
	if (tcp->fd < 0 || ioctl(tcp->fd, SIOCOUTQ, &queued) < 0 || queued < 0)
		return G_MAXUINT64;
	return (uint64_t)queued + tcp->rest_length - tcp->rest_at;
}

static void tcp_shutdown(NfpTransport *transport)
{
	Tcp *tcp = (Tcp *)transport;

	if (transport->state != NFP_TRANSPORT_UP) {
		tcp_close(transport);
		return;
	}
	transport->state = NFP_TRANSPORT_CLOSING;
	tcp_step(&tcp->base, 0);
}

static void tcp_destroy(NfpTransport *transport)
{
	Tcp *tcp = (Tcp *)transport;

	nfp_resolve_free(tcp->resolve);
	g_clear_pointer(&tcp->addresses, g_ptr_array_unref);
	nfp_sock_options_clear(&tcp->options);
	g_free(tcp);
}

const NfpTransportOps nfp_transport_tcp = {
	.scheme = "tcp",
	.port = TCP_PORT,
	.stream = TRUE,
	.message = MESSAGE,
	.create = tcp_create,
	.open = tcp_open,
	.poll = tcp_poll,
	.deadline = tcp_deadline,
	.step = tcp_step,
	.send = tcp_send,
	.unacked = tcp_unacked,
	.shutdown = tcp_shutdown,
	.close = tcp_close,
	.destroy = tcp_destroy,
};
