/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collectors with real sockets on loopback; the test is the peer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "collector/collector.h"
#include "support/live.h"
#include "support/sink.h"

#define S ((gint64)G_USEC_PER_SEC)
#define PER_BATCH 4096u

typedef struct {
	char endpoint[64];
	NfpCollectorOptions options;
	NfpTemplateSet *set;
	NfpCollector *collector;
	guint published;          /* batches */
	atomic_uint delivered;    /* batches */
} World;

static World *world_new(const char *scheme, guint16 port)
{
	World *world = g_new0(World, 1);
	g_autoptr(GError) err = NULL;

	g_snprintf(world->endpoint, sizeof(world->endpoint), "%s://127.0.0.1:%u", scheme, port);
	world->options = (NfpCollectorOptions){
		.name = (char *)"test", .endpoint = world->endpoint, .protocol = (char *)"ipfix",
		.refresh_interval = 60 * NFP_NS_PER_S, .refresh_messages = 20, .domain = 1, .mtu = 1420,
		.rate = NFP_RATE_NONE, .retry = 100 * NFP_NS_PER_MS, .queue = 16,
	};
	world->set = nfp_template_set_load(NULL, "standard", NULL);
	world->collector = nfp_collector_new(&world->options, world->set, "test", &nfp_clock_system, &err);
	cr_assert_not_null(world->collector, "%s", err ? err->message : "");
	return world;
}

static void world_free(World *world)
{
	nfp_collector_free(world->collector);
	nfp_template_set_free(world->set);
	g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static void count_delivery(void *data)
{
	atomic_fetch_add(&((World *)data)->delivered, 1);
}

/* Batches of PER_BATCH records, numbered on from the last ones. */
static void publish(World *world, guint batches)
{
	for (guint i = 0; i < batches; i++) {
		g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivery, world);
		g_autoptr(NfpBatch) batch = nfp_sink_batch(0, 1 + (uint64_t)world->published++ * PER_BATCH,
							   PER_BATCH, delivery);

		nfp_collector_publish(world->collector, batch);
	}
}

static NfpCollectorStatus status_of(World *world)
{
	NfpCollectorStatus status;

	nfp_collector_status(world->collector, &status);
	return status;
}

/* Waits for what another thread does; the condition is looked at each 5 ms. */
#define WAIT_FOR(condition) \
	do { \
		gint64 wait_until = g_get_monotonic_time() + NFP_LIVE_WAIT_MS * 1000ll; \
		while (!(condition)) { \
			cr_assert_lt(g_get_monotonic_time(), wait_until, "waited for " #condition); \
			poll(NULL, 0, 5); \
		} \
	} while (0)

static void read_datagrams(NfpSink *sink, int fd, guint records)
{
	static uint8_t data[65536];

	while (sink->records < records) {
		ssize_t n;

		nfp_live_wait(fd, POLLIN);
		while ((n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
			nfp_sink_message(sink, data, (gsize)n);
	}
}

static int accept_session(NfpSink *sink, int listener)
{
	int fd;

	nfp_live_wait(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(fd, 0);
	nfp_sink_new_session(sink);
	return fd;
}

/* Reads once, at most that many octets. 0 at the end of the stream. */
static gsize read_some(NfpSink *sink, int fd, gsize octets)
{
	uint8_t data[16384];
	ssize_t n;

	nfp_live_wait(fd, POLLIN);
	n = recv(fd, data, MIN(sizeof(data), octets), 0);
	cr_assert_geq(n, 0, "%s", g_strerror(errno));
	nfp_sink_octets(sink, data, (gsize)n);
	return (gsize)n;
}

static void read_records(NfpSink *sink, int fd, guint first, guint n)
{
	while (nfp_sink_count(sink, first, n) < n)
		cr_assert_gt(read_some(sink, fd, 16384), 0);
}

Test(collector, udp)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 0);
	g_autoptr(World) world = world_new("udp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int most = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &most, sizeof(most));
	nfp_sink_new_session(sink);
	for (guint i = 0; i < 10; i++) {
		publish(world, 1);
		read_datagrams(sink, fd, (i + 1) * PER_BATCH);
	}
	cr_assert_eq(nfp_sink_count(sink, 1, 10 * PER_BATCH), 10 * PER_BATCH);
	cr_assert_leq(sink->most_between, 20);
	cr_assert_leq(sink->longest, 1420);
	WAIT_FOR(atomic_load(&world->delivered) == 10);
	WAIT_FOR(status_of(world).records == 10 * PER_BATCH);
	cr_assert(status_of(world).up);
	cr_assert_eq(status_of(world).sessions, 1);
	close(fd);
}

/* X4, X10: the same source port, and templates before the first data of the collector that came back. */
Test(collector, udp_collector_restarts)
{
	guint16 port = 0;
	int fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 1 << 20);
	g_autoptr(World) world = world_new("udp", port);
	static uint8_t data[65536];

	nfp_live_wait(fd, POLLIN);
	close(fd);
	publish(world, 1);
	WAIT_FOR(strstr(status_of(world).reason, "Connection refused"));
	WAIT_FOR(atomic_load(&world->delivered) == 1);
	cr_assert_not(status_of(world).up);

	fd = nfp_live_socket(SOCK_DGRAM, FALSE, &port, 1 << 20);
	publish(world, 1);
	nfp_live_wait(fd, POLLIN);
	cr_assert_gt(recv(fd, data, sizeof(data), 0), 20);
	cr_assert_eq((data[16] << 8 | data[17]) & ~1, 2, "the first Set holds templates, of data or of options");
	WAIT_FOR(status_of(world).up);
	cr_assert_eq(status_of(world).sessions, 1);
	cr_assert_eq(status_of(world).refused_records, 0);
	close(fd);
}

/* X9: the end of the stream comes after the last whole message. */
Test(collector, tcp_and_stop)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(World) world = world_new("tcp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int fd = accept_session(sink, listener);

	publish(world, 10);
	read_records(sink, fd, 1, 10 * PER_BATCH);
	WAIT_FOR(atomic_load(&world->delivered) == 10);
	publish(world, 1);
	nfp_collector_stop(world->collector, g_get_monotonic_time() + 2 * S);
	while (read_some(sink, fd, 16384))
		;
	cr_assert_eq(sink->stream->len, 0, "no half message");
	cr_assert_eq(nfp_sink_count(sink, 1, 11 * PER_BATCH), 11 * PER_BATCH);
	cr_assert_eq(sink->records, 11 * PER_BATCH, "each once");
	cr_assert_eq(atomic_load(&world->delivered), 11);
	cr_assert_eq(status_of(world).records, 11 * PER_BATCH);
	close(fd);
	close(listener);
}

/* The reader stops in the middle of a batch, resets in mid-message, and comes back: nothing is missing. */
Test(collector, tcp_reset_with_unacknowledged_data)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 4096);
	g_autoptr(World) world = world_new("tcp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int fd;

	publish(world, 6);
	for (guint i = 0; i < 5; i++) {
		fd = accept_session(sink, listener);
		for (gsize left = 150001 + i * 10007; left > 0;)
			left -= read_some(sink, fd, left);
		nfp_live_reset(fd);
	}
	fd = accept_session(sink, listener);
	read_records(sink, fd, 1, 6 * PER_BATCH);
	cr_assert_gt(sink->records, 6 * PER_BATCH, "some came twice");
	WAIT_FOR(atomic_load(&world->delivered) == 6);
	WAIT_FOR(status_of(world).queued == 0);
	cr_assert_eq(status_of(world).records, 6 * PER_BATCH);
	cr_assert_gt(status_of(world).resent_records, 0);
	cr_assert_eq(status_of(world).refused_records, 0);
	cr_assert_eq(status_of(world).sessions, 6);
	close(fd);
	close(listener);
}

Test(collector, tcp_refused_and_then_there)
{
	guint16 port = nfp_live_free_port(SOCK_STREAM);
	g_autoptr(World) world = world_new("tcp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int listener;
	int fd;

	publish(world, 3);
	WAIT_FOR(strstr(status_of(world).reason, "Connection refused, next attempt in 1 s"));
	cr_assert_str_eq(status_of(world).state, "down");
	listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	fd = accept_session(sink, listener);
	read_records(sink, fd, 1, 3 * PER_BATCH);
	WAIT_FOR(status_of(world).up);
	cr_assert_eq(sink->records, 3 * PER_BATCH);
	close(fd);
	close(listener);
}

/* X8: a reader that stalls fills socket, outbox and ring; the rest is refused at once and counted, and what was
 * not refused arrives when it reads again. */
Test(collector, tcp_stalled_reader)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 4096);
	g_autoptr(World) world = world_new("tcp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int fd = accept_session(sink, listener);
	gint64 slowest = 0;
	uint64_t refused;

	for (guint i = 0; i < 100; i++) {
		gint64 begin = g_get_monotonic_time();

		publish(world, 1);
		slowest = MAX(slowest, g_get_monotonic_time() - begin);
	}
	cr_assert_lt(slowest, S);
	refused = status_of(world).refused_records;
	cr_assert_gt(refused, 0);
	cr_assert_eq(refused, status_of(world).refused_packets);
	while (sink->records < 100 * PER_BATCH - refused)
		cr_assert_gt(read_some(sink, fd, 16384), 0);
	WAIT_FOR(atomic_load(&world->delivered) == 100);
	WAIT_FOR(status_of(world).records + refused == 100 * PER_BATCH);
	cr_assert_eq(status_of(world).refused_records, refused);
	cr_assert_eq(status_of(world).resent_records, 0);
	cr_assert_eq(sink->sessions, 1);
	close(fd);
	close(listener);
}

Test(collector, stop_keeps_its_deadline)
{
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 4096);
	g_autoptr(World) world = world_new("tcp", port);
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int fd = accept_session(sink, listener);
	gint64 begin;
	NfpCollectorStatus status;

	publish(world, 30);
	begin = g_get_monotonic_time();
	nfp_collector_stop(world->collector, begin + S / 5);
	cr_assert_lt(g_get_monotonic_time() - begin, 5 * S);
	status = status_of(world);
	cr_assert_eq(status.records + status.refused_records, 30 * PER_BATCH);
	cr_assert_eq(status.packets + status.refused_packets, 30 * PER_BATCH);
	cr_assert_gt(status.unacked_records, 0);
	cr_assert_eq(atomic_load(&world->delivered), 30);
	close(fd);
	close(listener);
}

/* Two dead collectors and a live one: each batch goes to all three. */
Test(collector, dead_ones_cost_the_live_one_nothing)
{
	enum { BATCHES = 60 };
	guint16 port = 0;
	int listener = nfp_live_socket(SOCK_STREAM, FALSE, &port, 0);
	g_autoptr(World) live = world_new("tcp", port);
	g_autoptr(World) refusing = world_new("tcp", nfp_live_free_port(SOCK_STREAM));
	g_autoptr(World) unknown = world_new("udp", nfp_live_free_port(SOCK_DGRAM));
	g_autoptr(NfpSink) sink = nfp_sink_new();
	int fd = accept_session(sink, listener);

	for (guint i = 0; i < BATCHES; i++) {
		publish(live, 1);
		publish(refusing, 1);
		publish(unknown, 1);
		read_records(sink, fd, 1 + i * PER_BATCH, PER_BATCH);
	}
	cr_assert_eq(sink->records, BATCHES * PER_BATCH);
	cr_assert_eq(status_of(live).refused_records, 0);
	cr_assert_eq(status_of(live).sessions, 1);
	cr_assert_gt(status_of(refusing).refused_records, 0);
	cr_assert_eq(status_of(refusing).records, 0);
	WAIT_FOR(status_of(unknown).send_errors > 0);
	close(fd);
	close(listener);
}

Test(collector, what_cannot_be_is_said)
{
	static const struct {
		const char *endpoint, *protocol, *source, *says;
	} bad[] = {
		{ "upd://x", "ipfix", NULL, "collector c: endpoint \"upd://x\": transport \"upd\" is not known" },
		{ "udp://x", "sflow", NULL, "collector c: unknown protocol \"sflow\"" },
		{ "tcp://x", "ipfix", "eth0", "collector c: source \"eth0\": neither" },
	};
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		NfpCollectorOptions options = {
			.name = (char *)"c", .endpoint = (char *)bad[i].endpoint,
			.protocol = (char *)bad[i].protocol, .source = (char *)bad[i].source, .queue = 1,
			.domain = 1,
		};
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_collector_new(&options, set, "h", &nfp_clock_system, &err));
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
		cr_assert(g_str_has_prefix(err->message, bad[i].says), "%s", err->message);
	}
}
