/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "support/live.h"
#include "transport/transports.h"

#define HEAD 16u    /* octets of part one */
#define LENGTH 8000u /* octets of a message, all in all */

/* A subscriber: one context each, so that it can end without ado. */
typedef struct {
	void *context, *socket;
	guint next;     /* number of the message that is due */
	guint missed;   /* numbers that did not come */
	guint messages;
} Subscriber;

static Subscriber subscribe(guint16 port, gboolean listens, const char *topic, int queue)
{
	Subscriber sub = { .context = zmq_ctx_new() };
	g_autofree char *endpoint = g_strdup_printf("tcp://127.0.0.1:%u", port);
	int none = 0, small = 65536;

	sub.socket = zmq_socket(sub.context, ZMQ_SUB);
	zmq_setsockopt(sub.socket, ZMQ_LINGER, &none, sizeof(none));
	if (queue) {
		zmq_setsockopt(sub.socket, ZMQ_RCVHWM, &queue, sizeof(queue));
		zmq_setsockopt(sub.socket, ZMQ_RCVBUF, &small, sizeof(small));
	}
	cr_assert_eq(zmq_setsockopt(sub.socket, ZMQ_SUBSCRIBE, topic, strlen(topic)), 0);
	cr_assert_eq((listens ? zmq_bind : zmq_connect)(sub.socket, endpoint), 0, "%s", zmq_strerror(errno));
	return sub;
}

static void leave(Subscriber *sub)
{
	zmq_close(sub->socket);
	zmq_ctx_term(sub->context);
}

/* Takes what is there, checks that each message is whole. */
static void take(Subscriber *sub)
{
	static uint8_t data[LENGTH + 1];

	while (zmq_recv(sub->socket, data, sizeof(data), ZMQ_DONTWAIT) >= 0) {
		uint32_t number;
		int more = 0;
		size_t size = sizeof(more);

		cr_assert_eq(memcmp(data, "flow\0\0\0\0\0\0\0\0\0\0\0\0", HEAD), 0);
		zmq_getsockopt(sub->socket, ZMQ_RCVMORE, &more, &size);
		cr_assert_eq(more, 1);
		cr_assert_eq(zmq_recv(sub->socket, data, sizeof(data), 0), (int)(LENGTH - 1 - HEAD));
		zmq_getsockopt(sub->socket, ZMQ_RCVMORE, &more, &size);
		cr_assert_eq(more, 0);
		memcpy(&number, data, sizeof(number));
		cr_assert_geq(number, sub->next);
		sub->missed += number - sub->next;
		sub->next = number + 1;
		sub->messages++;
	}
}

/* Up to n messages, numbered from first on. */
static guint put(NfpTransport *zmq, guint first, guint n)
{
	static uint8_t data[16 * LENGTH];
	uint32_t lengths[16];
	NfpMessages messages = { .data = data, .lengths = lengths, .n = MIN(n, 16) };

	for (guint i = 0; i < messages.n; i++) {
		uint32_t number = first + i;
		uint8_t *at = data + i * LENGTH;

		memset(at, 0, LENGTH);
		at[0] = HEAD;
		memcpy(at + 1, "flow", 4);
		memcpy(at + 1 + HEAD, &number, sizeof(number));
		lengths[i] = LENGTH;
	}
	return nfp_transport_zmq.send(zmq, &messages, g_get_monotonic_time());
}

static NfpTransport *make(const char *host, guint16 port, const char *source)
{
	NfpTransportOptions options = { .host = (char *)host, .port = port, .source = source, .topic = "flow" };
	g_autoptr(GError) err = NULL;
	NfpTransport *zmq = nfp_transport_zmq.create(&options, &err);

	cr_assert_not_null(zmq, "%s", err ? err->message : "");
	nfp_transport_zmq.open(zmq, g_get_monotonic_time());
	cr_assert_eq(zmq->state, NFP_TRANSPORT_CONNECTING, "%s", zmq->error);
	return zmq;
}

#define UNTIL(condition) \
	do { \
		gint64 until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll; \
		while (!(condition)) \
			cr_assert_lt(g_get_monotonic_time(), until, "waited for " #condition); \
	} while (0)

/* Until the subscriber has so many. */
static void take_until(NfpTransport *zmq, Subscriber *sub, guint messages)
{
	UNTIL((nfp_live_round(zmq, FALSE), take(sub), sub->messages >= messages));
}

static void several_subscribers_one_after_the_other(const char *host, const char *source)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	gboolean listens = strcmp(host, "*") == 0;
	g_autoptr(NfpTransport) zmq = make(host, port, source);

	for (uint32_t session = 1; session <= 3; session++) {
		Subscriber sub = subscribe(port, !listens, session == 2 ? "" : "flow", 0);
		guint sent = 0;

		/* A subscriber that listens speaks in its own calls only. */
		UNTIL((nfp_live_round(zmq, FALSE), take(&sub), zmq->state == NFP_TRANSPORT_UP));
		cr_assert_eq(zmq->session, session);
		while (sent < 50) {
			sent += put(zmq, sent, 50 - sent);
			take(&sub);
		}
		take_until(zmq, &sub, sent);
		cr_assert_eq(sub.missed, 0);
		leave(&sub);
		NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_DOWN);
		cr_assert_eq(put(zmq, 0, 1), 0, "nobody is there");
		cr_assert_str_eq(zmq->error, "the last subscriber has left");
		cr_assert_eq(zmq->errors, session);
		nfp_transport_zmq.open(zmq, g_get_monotonic_time());
	}
}

Test(zmq, subscribers_come_to_us)
{
	several_subscribers_one_after_the_other("*", "127.0.0.1");
}

Test(zmq, we_come_to_the_subscriber)
{
	several_subscribers_one_after_the_other("127.0.0.1", NULL);
}

Test(zmq, from_an_address)
{
	several_subscribers_one_after_the_other("127.0.0.1", "127.0.0.1");
}

/* Who subscribes to something else takes no records. */
Test(zmq, another_topic_is_no_subscription)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	g_autoptr(NfpTransport) zmq = make("*", port, NULL);
	Subscriber other = subscribe(port, FALSE, "event", 0);
	Subscriber longer = subscribe(port, FALSE, "flow-of-something-else", 0);
	Subscriber sub;

	/* Its subscriptions have come when those of a later one have, of the same context. */
	for (guint i = 0; i < 20; i++)
		nfp_live_round(zmq, FALSE);
	cr_assert_eq(zmq->state, NFP_TRANSPORT_CONNECTING);
	sub = subscribe(port, FALSE, "fl", 0);
	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	leave(&sub);
	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_DOWN);
	leave(&other);
	leave(&longer);
}

/* An XSUB can send what it likes: only what begins as a subscription is one. */
Test(zmq, a_peers_own_message_is_no_subscription)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	g_autoptr(NfpTransport) zmq = make("*", port, NULL);
	g_autofree char *endpoint = g_strdup_printf("tcp://127.0.0.1:%u", port);
	void *context = zmq_ctx_new(), *peer = zmq_socket(context, ZMQ_XSUB);
	int none = 0;

	zmq_setsockopt(peer, ZMQ_LINGER, &none, sizeof(none));
	cr_assert_eq(zmq_connect(peer, endpoint), 0);
	cr_assert_eq(zmq_send(peer, "hello", 5, 0), 5);
	cr_assert_eq(zmq_send(peer, "\x05", 1, 0), 1);
	cr_assert_eq(zmq_send(peer, "\x02" "fl", 3, 0), 3);
	/* In order: with this one, those before have come. */
	cr_assert_eq(zmq_send(peer, "\x01" "flow", 5, 0), 5);
	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	cr_assert_eq(zmq_send(peer, "\x00" "flow", 5, 0), 5);
	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_DOWN);
	zmq_close(peer);
	zmq_ctx_term(context);
}

/* TRUE: step() is due, by the time or by the file descriptor. FALSE: not within a millisecond. */
static gboolean wake_or_wait(NfpTransport *zmq)
{
	struct pollfd pfds[NFP_TRANSPORT_FDS];

	cr_assert_eq(nfp_transport_zmq.poll(zmq, TRUE, pfds), 1);
	return nfp_transport_zmq.deadline(zmq) != NFP_TRANSPORT_NEVER || poll(pfds, 1, 1) == 1;
}

/* A queue that is full is noticed; whoever reads on then has everything. */
Test(zmq, slow_subscriber)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	g_autoptr(NfpTransport) zmq = make("*", port, "127.0.0.1");
	Subscriber sub = subscribe(port, FALSE, "flow", 2);
	guint sent = 0, full = 0;

	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	UNTIL(({
		guint taken = put(zmq, sent, 16);

		sent += taken;
		taken == 0;
	}));
	cr_assert_lt(sent, 1000, "what is on its way is bounded");
	while (sent < 1500) {
		guint taken = put(zmq, sent, 16);

		sent += taken;
		full += taken == 0;
		if (taken == 0) {
			take(&sub);
			wake_or_wait(zmq);
		}
	}
	cr_assert_gt(full, 1);
	take_until(zmq, &sub, sent);
	cr_assert_eq(sub.missed, 0);
	cr_assert_eq(zmq->errors, 0);
	leave(&sub);
}

/* The only thing that happens is that the reader makes room: the file descriptor has to tell. */
Test(zmq, room_wakes_the_sender)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	g_autoptr(NfpTransport) zmq = make("*", port, "127.0.0.1");
	Subscriber sub = subscribe(port, FALSE, "flow", 2);
	guint sent = 0;

	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	for (guint round = 0; round < 8; round++) {
		guint taken;

		UNTIL((sent += taken = put(zmq, sent, 16), taken == 0));
		for (guint before = sent; sent == before;) {
			take(&sub);
			if (!wake_or_wait(zmq))
				continue;
			nfp_transport_zmq.step(zmq, g_get_monotonic_time());
			sent += put(zmq, sent, 16);
		}
	}
	take_until(zmq, &sub, sent);
	cr_assert_eq(sub.missed, 0);
	leave(&sub);
}

/* What was taken leaves before the end. */
Test(zmq, shutdown_sends_what_is_queued)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	NfpTransport *zmq = make("*", port, "127.0.0.1");
	Subscriber sub = subscribe(port, FALSE, "flow", 0);
	guint sent = 0;

	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	while (sent < 40)
		sent += put(zmq, sent, 40 - sent);
	nfp_transport_zmq.shutdown(zmq);
	cr_assert_eq(zmq->state, NFP_TRANSPORT_CLOSING);
	UNTIL((nfp_live_round(zmq, FALSE), take(&sub), zmq->state == NFP_TRANSPORT_DOWN));
	UNTIL((take(&sub), sub.messages == sent));
	cr_assert_eq(sub.missed, 0);

	/* And it can be opened again. */
	nfp_transport_zmq.open(zmq, g_get_monotonic_time());
	NFP_LIVE_UNTIL(zmq, zmq->state == NFP_TRANSPORT_UP);
	nfp_transport_free(zmq);
	leave(&sub);
}

Test(zmq, what_cannot_be)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	NfpTransportOptions options = { .host = (char *)"*", .port = port, .source = "127.0.0.1", .topic = "flow" };
	g_autoptr(NfpTransport) zmq = nfp_transport_zmq.create(&options, NULL);
	g_autoptr(GError) err = NULL;

	nfp_transport_zmq.open(zmq, 0);
	cr_assert_eq(zmq->state, NFP_TRANSPORT_DOWN);
	cr_assert_str_eq(zmq->error, "cannot listen: Address already in use");
	close(listener);
	nfp_transport_zmq.open(zmq, 0);
	cr_assert_eq(zmq->state, NFP_TRANSPORT_CONNECTING, "%s", zmq->error);
	options.source = "eth0";
	cr_assert_null(nfp_transport_zmq.create(&options, &err));
	cr_assert(strstr(err->message, "eth0"), "%s", err->message);
}
