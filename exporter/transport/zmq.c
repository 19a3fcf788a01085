/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ZeroMQ (ZMTP 3 over TCP), publishing. A message is two parts: its first octet tells the length of part one (which begins
 * with the topic), the octets behind that are part one, the rest is part two.
 *
 * The socket is an XPUB, for that one tells who subscribes: while nobody takes records the transport is not up. With
 * ZMQ_XPUB_NODROP a subscriber whose queue is full makes a send wait (EAGAIN), which holds up the other subscribers of this
 * socket too, and drops nothing. There are no acknowledgements: what is on its way to a subscriber that goes is
 * lost, that is, at most QUEUE messages here, SEND_BUFFER octets in the kernel, and what its own side holds.
 *
 * ZMQ_FD is edge-triggered: it tells only that commands came in while none were left, and any call on the socket may take
 * them. So each call that does is followed by a look at ZMQ_EVENTS, and what is left to do then is remembered in
 * `again`, which makes step() due at once.
 */
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "base/error.h"
#include "transport/sock.h"
#include "transport/transports.h"

#define ZMQ_PORT 5556                 /* what ntopng's and nProbe's manuals use */
#define MESSAGE 32768
#define QUEUE 64                      /* messages for each subscriber */
#define SEND_BUFFER (512 * 1024)
#define LINGER_MS 900                 /* less than a sender waits for the end of a session */
#define HEARTBEAT_MS 10000
#define HEARTBEAT_LIMIT_MS 30000      /* a subscriber that is gone without a word */
#define RECONNECT_MAX_MS 10000
#define SUBSCRIPTION_MAX 4096         /* octets of what a subscriber may send */
#define READS_MAX 64                  /* of one step: a peer that subscribes on and on cannot keep us reading */
#define TOPIC_MAX 16                  /* octets of a topic, with NULs behind it */

typedef struct {
	NfpTransport base;
	char *endpoint;      /* as ZeroMQ writes it */
	gboolean listens;    /* subscribers come to us */
	gboolean v6;
	char *device;        /* or NULL */
	char topic[TOPIC_MAX + 1];
	void *context;
	void *socket;        /* NULL: not opened yet, or closed */
	int fd;              /* ZMQ_FD, the socket's */
	uint32_t subscribed; /* bit n: somebody has subscribed to the first n octets of the topic */
	gboolean again;      /* there is something to read of which fd will not tell any more */
	gboolean half;       /* part two of a taken message is still to be sent */
	zmq_msg_t rest;      /* that part */
	GThread *goodbye;    /* waits for the last messages to leave */
	int gone_fd;         /* eventfd: it has done so */
} Pub;

static gboolean is_v4(const char *text)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);

	return address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4;
}

/* "tcp://[2001:db8::1]:5556", "tcp://192.0.2.1:0;collector:5556" (from that address) */
static char *make_endpoint(const NfpTransportOptions *options, gboolean listens)
{
	const char *host = listens && options->source ? options->source : options->host;
	const char *format = strchr(host, ':') ? "[%s]" : "%s";
	g_autofree char *there = g_strdup_printf(format, host);

	if (listens || !options->source)
		return g_strdup_printf("tcp://%s:%u", there, options->port);
	format = strchr(options->source, ':') ? "tcp://[%s]:0;%s:%u" : "tcp://%s:0;%s:%u";
	return g_strdup_printf(format, options->source, there, options->port);
}

static NfpTransport *pub_create(const NfpTransportOptions *options, GError **err)
{
	NfpSockOptions checked = { 0 };
	Pub *pub;

	if (!nfp_sock_options_init(&checked, options, err))
		return NULL;
	nfp_sock_options_clear(&checked);
	pub = g_new0(Pub, 1);
	pub->base.ops = &nfp_transport_zmq;
	pub->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	pub->listens = strcmp(options->host, "*") == 0;
	pub->v6 = !is_v4(pub->listens && options->source ? options->source : options->host);
	pub->endpoint = make_endpoint(options, pub->listens);
	pub->device = g_strdup(options->device);
	g_strlcpy(pub->topic, options->topic ? options->topic : "", sizeof(pub->topic));
	g_strlcpy(pub->base.peer, pub->endpoint, sizeof(pub->base.peer));
	pub->fd = pub->gone_fd = -1;
	return &pub->base;
}

static void drop_rest(Pub *pub)
{
	if (pub->half)
		zmq_msg_close(&pub->rest);
	pub->half = FALSE;
}

/* At once: what is queued is dropped. */
static void close_socket(Pub *pub)
{
	int none = 0;

	drop_rest(pub);
	if (pub->socket) {
		zmq_setsockopt(pub->socket, ZMQ_LINGER, &none, sizeof(none));
		zmq_close(g_steal_pointer(&pub->socket));
	}
	if (pub->context && !pub->goodbye)
		zmq_ctx_term(g_steal_pointer(&pub->context));
	pub->fd = -1;
	pub->subscribed = 0;
	pub->again = FALSE;
}

static void pub_close(NfpTransport *transport)
{
	close_socket((Pub *)transport);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void pub_fail(Pub *pub, int errnum, const char *what)
{
	g_autoptr(GError) err = NULL;

	nfp_error_errno(&err, NFP_ERROR_FAILED, errnum, "%s", what);
	nfp_transport_note_error(&pub->base, &err);
	pub_close(&pub->base);
}

/* A message of the XPUB: 1 (from now on) or 0 (no more), then the topic. It tells the first of all
 * subscribers to a topic, and the last one that goes. */
static void note_subscription(Pub *pub, const uint8_t *data, int length)
{
	uint32_t bit;

	/* A peer may send messages of its own, too (zmq_socket(3), ZMQ_XPUB): any other first octet. */
	if (length < 1 || data[0] > 1 || length - 1 > TOPIC_MAX ||
	    memcmp(data + 1, pub->topic, (size_t)length - 1) != 0)
		return;
	bit = 1u << (length - 1);
	pub->subscribed = data[0] ? pub->subscribed | bit : pub->subscribed & ~bit;
}

/* Reads what subscribers say. FALSE: the socket failed. */
static gboolean read_subscriptions(Pub *pub)
{
	uint8_t data[1 + TOPIC_MAX + 1];
	int events = 0;
	size_t size = sizeof(events);

	for (int i = 0; i < READS_MAX; i++) {
		int n = zmq_recv(pub->socket, data, sizeof(data), ZMQ_DONTWAIT);

		if (n >= 0) {
			note_subscription(pub, data, n);
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			pub_fail(pub, errno, "cannot read subscriptions");
			return FALSE;
		}
	}
	if (zmq_getsockopt(pub->socket, ZMQ_EVENTS, &events, &size) < 0)
		events = 0;
	pub->again = (events & ZMQ_POLLIN) != 0;
	return TRUE;
}

static void look(Pub *pub)
{
	NfpTransport *transport = &pub->base;

	if (!read_subscriptions(pub))
		return;
	if (transport->state == NFP_TRANSPORT_CONNECTING && pub->subscribed) {
		transport->state = NFP_TRANSPORT_UP;
		transport->session++;
	} else if (transport->state == NFP_TRANSPORT_UP && !pub->subscribed) {
		/* The socket stays: subscribers find it again. */
		g_strlcpy(transport->error, "the last subscriber has left", sizeof(transport->error));
		transport->errors++;
		transport->state = NFP_TRANSPORT_DOWN;
	}
}

static gboolean set_number(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static gboolean set_options(const Pub *pub, void *socket)
{
	int64_t longest = SUBSCRIPTION_MAX;

	return set_number(socket, ZMQ_XPUB_NODROP, 1) && set_number(socket, ZMQ_SNDHWM, QUEUE) &&
	       set_number(socket, ZMQ_SNDBUF, SEND_BUFFER) && set_number(socket, ZMQ_LINGER, LINGER_MS) &&
	       /* Without this a peer that went would still seem to subscribe, while we try to reach it again. */
	       set_number(socket, ZMQ_IMMEDIATE, 1) && set_number(socket, ZMQ_IPV6, pub->v6) &&
	       set_number(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
	       set_number(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_LIMIT_MS) &&
	       set_number(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) &&
	       zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &longest, sizeof(longest)) == 0 &&
	       (!pub->device ||
		zmq_setsockopt(socket, ZMQ_BINDTODEVICE, pub->device, strlen(pub->device)) == 0);
}

static gboolean open_socket(Pub *pub)
{
	size_t size = sizeof(pub->fd);

	pub->context = zmq_ctx_new();
	pub->socket = pub->context ? zmq_socket(pub->context, ZMQ_XPUB) : NULL;
	if (!pub->socket || !set_options(pub, pub->socket) ||
	    zmq_getsockopt(pub->socket, ZMQ_FD, &pub->fd, &size) < 0) {
		pub_fail(pub, errno, "cannot make a ZeroMQ socket");
		return FALSE;
	}
	if ((pub->listens ? zmq_bind : zmq_connect)(pub->socket, pub->endpoint) < 0) {
		pub_fail(pub, errno, pub->listens ? "cannot listen" : "cannot connect");
		return FALSE;
	}
	return TRUE;
}

static void pub_open(NfpTransport *transport, gint64 now)
{
	Pub *pub = (Pub *)transport;

	if (!pub->socket && !open_socket(pub))
		return;
	transport->state = NFP_TRANSPORT_CONNECTING;
	g_snprintf(transport->error, sizeof(transport->error), "%s: nobody subscribes%s", pub->base.peer,
		   pub->listens ? " yet" : ", or nobody is there");
	look(pub);
}

static void wait_for_goodbye(Pub *pub)
{
	if (!pub->goodbye)
		return;
	g_thread_join(g_steal_pointer(&pub->goodbye));
	pub->context = NULL;
	nfp_fd_clear(&pub->gone_fd);
}

static guint pub_poll(const NfpTransport *transport, gboolean want_send,
			  struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	const Pub *pub = (const Pub *)transport;
	int fd = pub->socket ? pub->fd : pub->goodbye ? pub->gone_fd : -1;

	if (fd < 0)
		return 0;
	/* POLLIN also when there is room to send again. */
	pfds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return 1;
}

static gint64 pub_deadline(const NfpTransport *transport)
{
	return ((const Pub *)transport)->again ? 0 : NFP_TRANSPORT_NEVER;
}

static void pub_step(NfpTransport *transport, gint64 now)
{
	Pub *pub = (Pub *)transport;
	uint64_t count;

	if (pub->socket)
		look(pub);
	else if (transport->state == NFP_TRANSPORT_CLOSING && pub->goodbye &&
		 read(pub->gone_fd, &count, sizeof(count)) == sizeof(count)) {
		transport->state = NFP_TRANSPORT_DOWN;
		wait_for_goodbye(pub);
	}
}

/* 0, or -errno: nothing was done. A part two that finds no room is kept: part one has left already. */
static int send_message(Pub *pub, const uint8_t *data, size_t length)
{
	size_t first = length > 0 ? data[0] : 0;

	if (length < 1 + first)
		return -EMSGSIZE;
	if (zmq_send(pub->socket, data + 1, first, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return -errno;
	if (zmq_send(pub->socket, data + 1 + first, length - 1 - first, ZMQ_DONTWAIT) >= 0)
		return 0;
	if (errno != EAGAIN && errno != EINTR)
		return -errno;
	if (zmq_msg_init_size(&pub->rest, length - 1 - first) < 0)
		return -ENOMEM;
	memcpy(zmq_msg_data(&pub->rest), data + 1 + first, length - 1 - first);
	pub->half = TRUE;
	return 0;
}

static gboolean finish_half(Pub *pub)
{
	if (pub->half && zmq_msg_send(&pub->rest, pub->socket, ZMQ_DONTWAIT) >= 0)
		pub->half = FALSE;
	return !pub->half;
}

static guint pub_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	Pub *pub = (Pub *)transport;
	const uint8_t *data = messages->data;
	guint taken = 0;

	if (transport->state != NFP_TRANSPORT_UP)
		return 0;
	while (taken < messages->n && finish_half(pub)) {
		int ret = send_message(pub, data, messages->lengths[taken]);

		if (ret == -EINTR)
			continue;
		if (ret < 0 && ret != -EAGAIN)
			pub_fail(pub, -ret, "cannot send");
		if (ret < 0)
			break;
		data += messages->lengths[taken++];
		/* A message to nobody is sent with success: the sooner it is known that nobody is left, the better. */
		look(pub);
		if (transport->state != NFP_TRANSPORT_UP)
			break;
	}
	if (pub->socket && transport->state == NFP_TRANSPORT_UP)
		look(pub);
	return taken;
}

static uint64_t pub_unacked(const NfpTransport *transport)
{
	return 0;
}

/* Returns when everything has left, or LINGER_MS are over. */
static void *say_goodbye(void *data)
{
	Pub *pub = data;
	uint64_t one = 1;

	while (zmq_ctx_term(pub->context) < 0 && errno == EINTR)
		;
	while (write(pub->gone_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

static void pub_shutdown(NfpTransport *transport)
{
	Pub *pub = (Pub *)transport;

	if (transport->state != NFP_TRANSPORT_UP) {
		pub_close(transport);
		return;
	}
	drop_rest(pub);
	pub->gone_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pub->gone_fd < 0) {
		pub_close(transport);
		return;
	}
	zmq_close(g_steal_pointer(&pub->socket));
	pub->fd = -1;
	pub->again = FALSE;
	transport->state = NFP_TRANSPORT_CLOSING;
	pub->goodbye = g_thread_try_new("nfp-zmq-end", say_goodbye, pub, NULL);
	if (pub->goodbye)
		return;
	say_goodbye(pub); /* who waits for us waits for LINGER_MS at most */
	pub->context = NULL;
	nfp_fd_clear(&pub->gone_fd);
	transport->state = NFP_TRANSPORT_DOWN;
}

static void pub_destroy(NfpTransport *transport)
{
	Pub *pub = (Pub *)transport;

	wait_for_goodbye(pub);
	g_free(pub->endpoint);
	g_free(pub->device);
	g_free(pub);
}

const NfpTransportOps nfp_transport_zmq = {
	.scheme = "zmq",
	.port = ZMQ_PORT,
	.stream = TRUE,
	.kept = TRUE,
	.place = NFP_PLACE_HOST_OR_ALL,
	.message = MESSAGE,
	.create = pub_create,
	.open = pub_open,
	.poll = pub_poll,
	.deadline = pub_deadline,
	.step = pub_step,
	.send = pub_send,
	.unacked = pub_unacked,
	.shutdown = pub_shutdown,
	.close = pub_close,
	.destroy = pub_destroy,
};
