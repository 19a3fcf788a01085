/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread, with a transport that the test made: it is looked at before the start and after the end alone. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "collector/sender.h"
#include "support/fake_transport.h"
#include "support/file_limit.h"
#include "support/sink.h"

static void take(uint32_t session, const uint8_t *message, uint32_t length, void *data)
{
	NfpSink *sink = data;

	while (sink->sessions < session)
		nfp_sink_new_session(sink);
	nfp_sink_message(sink, message, length);
}

typedef struct {
	NfpCollectorOptions options;
	NfpTemplateSet *set;
	NfpSink *sink;
	NfpFakeTransport *fake;
	gboolean heir;
	NfpCollector *collector;
} World;

static void world_init(World *world, gboolean stream)
{
	*world = (World){
		.options = { .name = (char *)"test", .refresh_interval = 60 * NFP_NS_PER_S,
			     .refresh_messages = 20, .mtu = 1420, .rate = NFP_RATE_NONE, .retry = 60 * NFP_NS_PER_S, .queue = 4 },
		.set = nfp_template_set_load(NULL, "standard", NULL),
		.sink = nfp_sink_new(),
	};
	world->fake = nfp_fake_transport_new(stream, take, world->sink);
}

static void world_start(World *world)
{
	NfpEncoder *encoder = nfp_encoder_new(&(NfpEncoderOptions){
		.protocol = "ipfix", .templates = world->set, .domain = 1, .sampling = 1, .hostname = "test",
	}, NULL);

	world->collector = nfp_collector_new_with(&world->options, world->set, &nfp_clock_system, encoder,
						  &world->fake->base, world->heir, NULL);
	cr_assert_not_null(world->collector);
}

static void world_clear(World *world)
{
	nfp_collector_free(world->collector);
	nfp_sink_free(world->sink);
	nfp_template_set_free(world->set);
}

static void publish(World *world, guint batches, uint32_t n)
{
	for (guint i = 0; i < batches; i++) {
		g_autoptr(NfpBatch) batch = nfp_sink_batch(0, 1 + i * n, n, NULL);

		nfp_collector_publish(world->collector, batch);
	}
}

Test(sender, stop_sends_what_is_queued)
{
	World world;
	NfpCollectorStatus status;

	world_init(&world, FALSE);
	world_start(&world);
	publish(&world, 4, 1000);
	nfp_collector_stop(world.collector, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	nfp_collector_status(world.collector, &status);
	cr_assert_eq(world.sink->records, 4000);
	cr_assert_eq(status.records, 4000);
	cr_assert_eq(status.queued, 0);
	cr_assert_str_eq(status.state, "stopped");
	world_clear(&world);
}

/* The socket takes nothing: what does not fit is refused and counted at once, the rest at the end. */
Test(sender, what_cannot_leave_is_refused_and_counted)
{
	World world;
	NfpCollectorStatus status;

	world_init(&world, TRUE);
	world.fake->room = 0;
	world_start(&world);
	publish(&world, 100, 50);
	nfp_collector_status(world.collector, &status);
	cr_assert_geq(status.refused_records, (100 - 4 - 4) * 50, "ring and outbox hold 4 batches each");
	cr_assert_lt(status.refused_records, 100 * 50);
	nfp_collector_stop(world.collector, g_get_monotonic_time());
	nfp_collector_status(world.collector, &status);
	cr_assert_eq(status.refused_records, 100 * 50);
	cr_assert_eq(status.refused_packets, 100 * 50);
	cr_assert_eq(status.records, 0);
	world_clear(&world);
}

/* Reads the log until it tells of a full queue. Caller frees. */
static char *log_of_full_queue(const char *path)
{
	for (;;) {
		char *log = NULL;

		cr_assert(g_file_get_contents(path, &log, NULL, NULL));
		if (strstr(log, "the queue is full"))
			return log;
		g_free(log);
	}
}

/*
 * A collector that takes nothing, and a disk that does not either: while the queue has room nothing is refused, however often
 * the disk fails. What a retired collector left fills the session, so that what is published stays in the ring.
 */
Test(sender, a_disk_that_fails_costs_no_record_while_the_queue_has_room)
{
	World old, world;
	NfpCollectorStatus status;
	g_autofree char *folder = g_dir_make_tmp("nfprobe-sender.XXXXXX", NULL);
	g_autofree char *command = g_strdup_printf("rm -rf %s", folder);

	world_init(&old, TRUE);
	old.fake->room = 0;
	old.options.queue = 64;
	world_start(&old);
	publish(&old, 64, 10);
	nfp_collector_retire(old.collector, g_get_monotonic_time());

	world_init(&world, TRUE);
	world.fake->room = 0;
	world.options.queue = 64;
	world.options.spool_path = folder;
	world.options.spool_size = 64 << 20;
	world_start(&world);
	nfp_file_limit(0);
	nfp_collector_inherit(world.collector, old.collector);
	do
		nfp_collector_status(world.collector, &status);
	while (status.oldest_ns == 0);
	publish(&world, 50, 10);
	do
		nfp_collector_status(world.collector, &status);
	while (status.spool.failures < 2 && status.refused_records == 0);
	cr_assert_eq(status.refused_records, 0);
	while (status.queued != 64 + 50)
		nfp_collector_status(world.collector, &status);
	cr_assert_eq(status.refused_records, 0);

	nfp_file_limit(RLIM_INFINITY);
	do
		nfp_collector_status(world.collector, &status);
	while (status.spool.error[0]);
	nfp_collector_stop(world.collector, g_get_monotonic_time());
	nfp_collector_status(world.collector, &status);
	cr_expect_eq(status.refused_records, 0);
	cr_expect_eq(status.spool.waiting, (64 + 50) * 10);
	world_clear(&world);
	world_clear(&old);
	g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
}

/* Told at once, though the socket never wakes the thread; and no room is told that comes from the end alone. */
Test(sender, full_queue_is_told)
{
	World world;
	NfpCollectorStatus status;
	g_autofree char *path = NULL;
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	const char *room;
	int fd = g_file_open_tmp(NULL, &path, NULL);

	nfp_log_init(NFP_LOG_INFO);
	cr_assert_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	world_init(&world, TRUE);
	world.fake->room = 0;
	world_start(&world);
	do { /* until nothing moves any more: ring and outbox hold 4 batches each */
		publish(&world, 1, 1);
		nfp_collector_status(world.collector, &status);
	} while (status.queued != 8);
	publish(&world, 1, 1);
	nfp_collector_status(world.collector, &status);
	before = log_of_full_queue(path);
	nfp_collector_stop(world.collector, g_get_monotonic_time());
	nfp_log_flush(TRUE);
	after = log_of_full_queue(path);
	room = g_strrstr(after, "room again: ");
	cr_expect(!room || g_ascii_strtoull(room + strlen("room again: "), NULL, 10) <= status.refused_records, "%s", after);
	world_clear(&world);
	close(fd);
	unlink(path);
}

/* Down, and the next attempt is a minute away: stop does not wait for it. */
Test(sender, stop_does_not_wait_for_an_attempt_that_comes_too_late)
{
	World world;
	NfpCollectorStatus status;
	gint64 begin;

	world_init(&world, TRUE);
	world.fake->opens_to = NFP_TRANSPORT_DOWN;
	world_start(&world);
	publish(&world, 1, 50);
	do
		nfp_collector_status(world.collector, &status);
	while (status.send_errors == 0);
	begin = g_get_monotonic_time();
	nfp_collector_stop(world.collector, begin + 30 * G_USEC_PER_SEC);
	cr_assert_lt(g_get_monotonic_time() - begin, 10 * G_USEC_PER_SEC);
	nfp_collector_status(world.collector, &status);
	cr_assert_eq(status.refused_records, 50);
	world_clear(&world);
}

Test(sender, stopped_collector_refuses)
{
	World world;
	NfpCollectorStatus status;

	world_init(&world, FALSE);
	world_start(&world);
	nfp_collector_stop(world.collector, g_get_monotonic_time());
	nfp_collector_stop(world.collector, g_get_monotonic_time());
	publish(&world, 2, 5);
	nfp_collector_status(world.collector, &status);
	cr_assert_eq(status.refused_records, 10);
	world_clear(&world);
	nfp_collector_free(NULL);
}

/* Another collector in the same place: what the first could not send goes by it, once; both counts are one. */
static void take_over(gboolean stream, guint room, guint batches, uint64_t *ret_records)
{
	World old, new;
	NfpCollectorStatus status;

	world_init(&old, stream);
	old.fake->room = room;
	old.options.queue = 64;
	world_start(&old);
	publish(&old, batches, 500);
	nfp_collector_retire(old.collector, g_get_monotonic_time() + G_USEC_PER_SEC / 10);
	nfp_collector_status(old.collector, &status);
	cr_expect_eq(status.refused_records, 0);
	cr_expect_not(status.up);

	world_init(&new, stream);
	new.heir = TRUE;
	world_start(&new);
	nfp_collector_inherit(new.collector, old.collector);
	publish(&new, 1, 500);
	nfp_collector_stop(new.collector, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	nfp_collector_status(new.collector, &status);
	cr_expect_eq(status.records, (batches + 1) * 500);
	cr_expect_eq(status.packets, (batches + 1) * 500);
	cr_expect_eq(status.refused_records, 0);
	cr_expect_eq(status.queued, 0);
	*ret_records = old.sink->records + new.sink->records;
	cr_expect_eq(*ret_records, status.records + status.resent_records);
	world_clear(&new);
	world_clear(&old);
}

static void take_octets(uint32_t session, const uint8_t *message, uint32_t length, void *data)
{
	g_byte_array_append(data, message, length);
}

/* Options data go on where those of the first one stopped: 4 x 1234 records, a number that comes in nothing else. */
Test(sender, totals_are_taken_over)
{
	const uint64_t total = GUINT64_TO_BE(4 * 1234);
	g_autoptr(GByteArray) octets = g_byte_array_new();
	NfpCollectorStatus status;
	World old, new;

	world_init(&old, FALSE);
	world_start(&old);
	publish(&old, 4, 1234);
	do
		nfp_collector_status(old.collector, &status);
	while (status.records < 4 * 1234);
	nfp_collector_retire(old.collector, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);

	world_init(&new, FALSE);
	nfp_transport_free(&new.fake->base);
	new.fake = nfp_fake_transport_new(FALSE, take_octets, octets);
	new.heir = TRUE;
	world_start(&new);
	nfp_collector_inherit(new.collector, old.collector);
	publish(&new, 1, 1);
	nfp_collector_stop(new.collector, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	cr_assert_not_null(memmem(octets->data, octets->len, &total, sizeof(total)));
	world_clear(&new);
	world_clear(&old);
}

Test(sender, datagrams_are_taken_over_where_they_stopped)
{
	uint64_t records;

	take_over(FALSE, 30, 40, &records);
	cr_expect_eq(records, 41 * 500, "none twice");
	take_over(FALSE, 0, 40, &records);
	cr_expect_eq(records, 41 * 500);
	take_over(FALSE, G_MAXUINT, 40, &records);
	cr_expect_eq(records, 41 * 500);
}

Test(sender, a_stream_is_taken_over_too)
{
	uint64_t records;

	take_over(TRUE, 0, 40, &records);
	cr_expect_eq(records, 41 * 500);
	take_over(TRUE, G_MAXUINT, 40, &records);
	cr_expect_geq(records, 41 * 500);
}

/* Of a reload that did not come to its end: not a word of totals that begin at zero. */
Test(sender, an_heir_without_a_legacy_says_nothing)
{
	g_autoptr(GByteArray) octets = g_byte_array_new();
	NfpCollectorStatus status;
	World world;

	world_init(&world, FALSE);
	nfp_transport_free(&world.fake->base);
	world.fake = nfp_fake_transport_new(FALSE, take_octets, octets);
	world.heir = TRUE;
	world_start(&world);
	nfp_collector_hurry(world.collector, G_MAXINT64);
	publish(&world, 1, 50);
	nfp_collector_stop(world.collector, g_get_monotonic_time() + 20 * G_USEC_PER_SEC);
	nfp_collector_status(world.collector, &status);
	cr_expect_eq(octets->len, 0);
	cr_expect_eq(status.refused_records, 50);
	world_clear(&world);
}

/* The thread may take no more than a moment over a session that moves. */
Test(sender, retired_and_not_taken_over_is_refused)
{
	World world;
	NfpCollectorStatus status;

	world_init(&world, FALSE);
	world.fake->room = 0;
	world.options.queue = 64;
	world_start(&world);
	publish(&world, 10, 50);
	nfp_collector_retire(world.collector, g_get_monotonic_time());
	publish(&world, 1, 50);
	nfp_collector_status(world.collector, &status);
	cr_expect_eq(status.refused_records, 50, "nobody listens any more");
	world_clear(&world);
}
