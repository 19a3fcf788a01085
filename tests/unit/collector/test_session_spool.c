/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session with something to fall back on: a spool, and what was acknowledged last. */
#include <criterion/criterion.h>

#include "collector/session.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"
#include "support/sink.h"

#define S ((gint64)G_USEC_PER_SEC)
#define NS ((int64_t)NFP_NS_PER_S)

typedef struct {
	char *folder;
	NfpCollectorOptions options;
	NfpTemplateSet *set;
	NfpFakeClock clock;
	NfpFakeTransport *fake;
	NfpSession *session;
	NfpSink *sink;
	gint64 now;
	guint delivered;
} World;

static void take(uint32_t session, const uint8_t *message, uint32_t length, void *data)
{
	NfpSink *sink = data;

	while (sink->sessions < session)
		nfp_sink_new_session(sink);
	nfp_sink_message(sink, message, length);
}

static void world_start(World *world, gboolean stream)
{
	world->sink = nfp_sink_new();
	world->fake = nfp_fake_transport_new(stream, take, world->sink);
	world->session = nfp_session_new(
		&world->options, world->set, &world->clock.clock,
		nfp_encoder_new(&(NfpEncoderOptions){ .protocol = "ipfix", .templates = world->set, .domain = 7,
						      .sampling = 1, .hostname = "test", .reliable = stream },
				NULL),
		&world->fake->base);
	cr_assert(nfp_session_open(world->session, NULL));
}

static World *world_new(gboolean stream)
{
	World *world = g_new0(World, 1);

	world->folder = g_dir_make_tmp("nfprobe-session.XXXXXX", NULL);
	world->set = nfp_template_set_load(NULL, "standard", NULL);
	nfp_fake_clock_init(&world->clock, 1000 * NS, 1700000000 * NS);
	world->now = 1000 * S;
	world->options = (NfpCollectorOptions){ .name = (char *)"c", .refresh_interval = 60 * NFP_NS_PER_S,
						.refresh_messages = 20, .mtu = 1420, .retry = 60 * NFP_NS_PER_S,
						.queue = 8, .rate = NFP_RATE_NONE, .spool_path = world->folder,
						.spool_size = 64 << 20, .spool_rate = NFP_RATE_NONE,
						.spool_on_icmp = TRUE };
	world_start(world, stream);
	return world;
}

static void world_stop(World *world)
{
	nfp_session_abandon(world->session, world->now);
	nfp_session_free(world->session);
	nfp_sink_free(world->sink);
}

static void world_free(World *world)
{
	g_autofree char *command = g_strdup_printf("rm -rf %s", world->folder);

	world_stop(world);
	g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
	nfp_template_set_free(world->set);
	g_free(world->folder);
	g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static gint64 run(World *world)
{
	gint64 until = world->now;

	for (int i = 0; until <= world->now; i++) {
		cr_assert_lt(i, 10000, "busy loop");
		until = nfp_session_step(world->session, world->now);
	}
	return until;
}

static void run_until(World *world, gint64 then)
{
	while (world->now < then) {
		gint64 next = MIN(run(world), then);

		world->clock.boot += (next - world->now) * 1000;
		world->now = next;
	}
	run(world);
}

static void count_delivery(void *data)
{
	((World *)data)->delivered++;
}

static void give(World *world, uint64_t first, uint32_t n)
{
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivery, world);

	cr_assert(nfp_session_wants(world->session));
	nfp_session_give(world->session, nfp_sink_batch(0, first, n, delivery));
}

static NfpCollectorStatus status_of(const World *world)
{
	NfpCollectorStatus status;

	nfp_session_status(world->session, world->now, &status);
	return status;
}

/* An hour away: buckets are free at once, however many; all of it comes in order when the collector is back. */
Test(session_spool, absent_collector)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	for (uint64_t i = 0; i < 30; i++) {
		give(world, 1 + i * 1000, 1000);
		run_until(world, world->now + 60 * S);
		cr_assert_eq(world->delivered, i + 1);
	}
	cr_assert_eq(status_of(world).spool.waiting, 30000);
	cr_assert_eq(status_of(world).queued, 0);
	cr_assert_eq(status_of(world).refused_records, 0);
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 70 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 30000), 30000);
	cr_assert_eq(world->sink->records, 30000, "once");
	cr_assert_eq(status_of(world).records, 30000);
	cr_assert_eq(status_of(world).resent_records, 0);
	cr_assert_eq(status_of(world).spool.waiting, 0);
}

/* The collector takes nothing, and later goes: what it had not acknowledged comes from the spool, once more. */
Test(session_spool, session_that_ends_goes_to_the_spool)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->ack_all = FALSE;
	give(world, 1, 1000);
	run(world);
	cr_assert_eq(world->delivered, 0);
	cr_assert_eq(world->sink->records, 1000);
	nfp_fake_transport_down(world->fake, "reset by the test");
	run(world);
	cr_assert_eq(world->delivered, 1);
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 70 * S);
	cr_assert_eq(world->sink->records, 2000);
	cr_assert_eq(status_of(world).records, 1000);
	cr_assert_eq(status_of(world).resent_records, 1000);
}

static void resend(gboolean with_spool)
{
	g_autoptr(World) world = world_new(TRUE);

	world->options.resend = 100000;
	if (!with_spool)
		world->options.spool_path = NULL;
	world_stop(world);
	world_start(world, TRUE);
	world->fake->ack_all = TRUE;
	for (uint64_t i = 0; i < 40; i++) {
		give(world, 1 + i * 200, 200);
		run(world);
	}
	cr_assert_eq(world->delivered, 40);
	nfp_fake_transport_down(world->fake, "reset by the test");
	g_hash_table_remove_all(world->sink->flows);
	run_until(world, world->now + 70 * S);
	cr_assert_eq(world->sink->sessions, 2);
	/* About 80 octets a record: some 1250 records, in whole batches. */
	cr_assert_geq(nfp_sink_count(world->sink, 1, 8000), 800);
	cr_assert_leq(nfp_sink_count(world->sink, 1, 8000), 2000);
	cr_assert_eq(nfp_sink_count(world->sink, 7801, 200), 200, "the last one");
	cr_assert_eq(status_of(world).records, 8000);
	cr_assert_eq(status_of(world).resent_records, nfp_sink_count(world->sink, 1, 8000));
}

Test(session_spool, acknowledged_last_comes_again)
{
	resend(TRUE);
}

Test(session_spool, acknowledged_last_comes_again_from_memory)
{
	resend(FALSE);
}

/* What runs goes first: a batch that comes while the spool is emptied waits for one of it at most. */
Test(session_spool, live_records_go_first)
{
	g_autoptr(World) world = world_new(TRUE);
	guint before;

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	for (uint64_t i = 0; i < 30; i++) {
		give(world, 1 + i * 1000, 1000);
		run(world);
	}
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->ack_all = TRUE;
	world->fake->room = 100;
	run_until(world, world->now + 70 * S);
	before = world->sink->records;
	cr_assert_gt(before, 0);
	give(world, 100001, 1000);
	for (guint i = 0; nfp_sink_count(world->sink, 100001, 1000) < 1000; i++) {
		cr_assert_lt(i, 100);
		world->fake->room = 10;
		run(world);
	}
	/* What was staged, and one batch that was begun. */
	cr_assert_leq(world->sink->records - before, 1000 + 2 * 1000 + 256 * 25, "%u", world->sink->records - before);
	world->fake->room = G_MAXUINT;
	run_until(world, world->now + S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 30000), 30000);
}

Test(session_spool, emptied_at_its_rate)
{
	g_autoptr(World) world = world_new(TRUE);

	world->options.spool_rate = 1000;
	world_stop(world);
	world_start(world, TRUE);
	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	for (uint64_t i = 0; i < 20; i++) {
		give(world, 1 + i * 1000, 1000);
		run(world);
	}
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 66 * S);
	run_until(world, world->fake->opened_at + 10 * S);
	cr_assert_geq(world->sink->records, 9000, "%u", world->sink->records);
	cr_assert_leq(world->sink->records, 12000, "%u", world->sink->records);
	run_until(world, world->now + 12 * S);
	cr_assert_eq(world->sink->records, 20000);
}

/* Datagrams: an ICMP error tells that the last ones were for nobody. */
Test(session_spool, icmp_errors_are_absence)
{
	g_autoptr(World) world = world_new(FALSE);
	guint before;

	give(world, 1, 1000);
	run(world);
	cr_assert_eq(world->delivered, 0, "an error may still come");
	run_until(world, world->now + 3 * S);
	cr_assert_eq(world->delivered, 1, "none has come");
	give(world, 1001, 1000);
	run(world);
	world->fake->base.trouble++;
	world->fake->base.troubled = TRUE;
	run(world);
	cr_assert_eq(world->delivered, 2);
	cr_assert_eq(status_of(world).spool.waiting, 1000);
	give(world, 2001, 1000);
	run(world);
	cr_assert_eq(status_of(world).spool.waiting, 2000);

	/* Templates ask whether somebody is there. */
	before = world->sink->announcements;
	g_hash_table_remove_all(world->sink->flows);
	run_until(world, world->now + 21 * S);
	cr_assert_geq(world->sink->announcements, before + 4);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 3000), 0);
	world->fake->base.troubled = FALSE;
	run_until(world, world->now + 10 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1001, 2000), 2000);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 1000), 0);
	cr_assert_eq(status_of(world).spool.waiting, 0);
	cr_assert_eq(status_of(world).records, 3000);
}

/* The collector is away and the disk too: what was sent waits, and so does the thread (run() tells). */
Test(session_spool, icmp_errors_without_a_disk)
{
	g_autoptr(World) world = world_new(FALSE);

	world->options.spool_path = (char *)"/proc/none";
	world_stop(world);
	world_start(world, FALSE);
	for (uint64_t i = 0; i < 2; i++) {
		give(world, 1 + i * 1000, 1000);
		run(world);
		world->fake->base.trouble++;
		world->fake->base.troubled = TRUE;
		/* The first time it finds out that there is no disk, the second time it knows. */
		run(world);
		world->fake->base.troubled = FALSE;
		run(world);
		cr_assert_eq(world->delivered, 0);
	}
	world->fake->base.troubled = TRUE;
	run_until(world, world->now + 21 * S);
	cr_assert_eq(world->delivered, 0);
	world->fake->base.troubled = FALSE;
	g_hash_table_remove_all(world->sink->flows);
	run_until(world, world->now + 10 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 2000), 2000);
	cr_assert_eq(world->delivered, 2);
	cr_assert_eq(status_of(world).records, 2000);
}

/* What is read from the spool and handed to a session that ends is in the books once. */
Test(session_spool, stored_records_are_counted_once)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	give(world, 1, 1000);
	run(world);
	cr_assert_eq(status_of(world).spool.waiting, 1000);
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->ack_all = FALSE;
	run_until(world, world->now + 70 * S);
	cr_assert_eq(world->sink->records, 1000);
	nfp_fake_transport_down(world->fake, "reset by the test");
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 70 * S);
	cr_assert_eq(world->sink->records, 2000);
	cr_assert_eq(status_of(world).records, 1000);
	cr_assert_eq(status_of(world).resent_records, 1000);
	cr_assert_eq(status_of(world).spool.waiting, 0);
}

/* What arrived is not sent again, though the disk was not told yet. */
Test(session_spool, stored_records_that_arrived)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	give(world, 1, 1000);
	run(world);
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->ack_all = TRUE;
	for (guint i = 0; world->sink->records < 1000; i++) {
		cr_assert_lt(i, 1000);
		run_until(world, world->now + S / 10);
	}
	nfp_fake_transport_down(world->fake, "reset by the test");
	run_until(world, world->now + 70 * S);
	cr_assert_eq(world->sink->sessions, 2);
	cr_assert_eq(world->sink->records, 1000);
	cr_assert_eq(status_of(world).records, 1000);
	cr_assert_eq(status_of(world).spool.waiting, 0);
}

/* What finds no room beside a collector that is slow. */
Test(session_spool, diverted)
{
	g_autoptr(World) world = world_new(TRUE);
	GQueue batches = G_QUEUE_INIT;

	world->fake->room = 0;
	for (uint64_t i = 0; i < 8; i++)
		give(world, 1 + i * 100, 100);
	run(world);
	cr_assert_not(nfp_session_wants(world->session));
	cr_assert(nfp_session_can_divert(world->session, world->now));
	g_queue_push_tail(&batches, nfp_sink_batch(0, 801, 100, NULL));
	g_queue_push_tail(&batches, nfp_sink_batch(0, 901, 100, NULL));
	nfp_session_divert(world->session, &batches, world->now);
	cr_assert_eq(batches.length, 0);
	cr_assert_eq(status_of(world).spool.waiting, 200);
	world->fake->room = G_MAXUINT;
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 2 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 1000), 1000);
	cr_assert_eq(world->sink->records, 1000);
}

/* Stop with a collector that is not there, or takes nothing: the next life sends it. */
Test(session_spool, over_a_restart)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->room = 20;
	world->fake->ack_all = FALSE;
	give(world, 1, 1000);
	give(world, 1001, 1000);
	run(world);
	cr_assert_eq(world->delivered, 0);
	nfp_session_hurry(world->session, world->now + 2 * S);
	run_until(world, world->now + 3 * S);
	cr_assert_eq(world->delivered, 2, "within the time given");
	give(world, 2001, 1000);
	run(world);
	cr_assert_eq(world->delivered, 3);
	nfp_session_shutdown(world->session);
	cr_assert_eq(status_of(world).refused_records, 0);
	world_stop(world);

	world_start(world, TRUE);
	world->fake->ack_all = TRUE;
	run_until(world, world->now + 2 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 3000), 3000);
}

/* Nobody acknowledges, and nobody tells of absence but by the end of the session. */
static World *world_of_datagrams(void)
{
	World *world = world_new(FALSE);

	world->options.spool_on_icmp = FALSE;
	world_stop(world);
	world_start(world, FALSE);
	return world;
}

/* The session ends in mid-batch, the second time in one that came from the spool: it goes on behind what was taken. */
Test(session_spool, what_was_taken_does_not_come_again)
{
	g_autoptr(World) world = world_of_datagrams();
	guint before = 0;

	give(world, 1, 1000);
	give(world, 1001, 1000);
	world->fake->room = 20;
	for (guint i = 0; i < 3; i++) {
		run_until(world, world->now + 2 * S);
		cr_assert_gt(world->sink->records, before);
		cr_assert_lt(world->sink->records, 2000, "in mid-batch");
		before = world->sink->records;
		nfp_fake_transport_down(world->fake, "gone, says the test");
		world->fake->opens_to = NFP_TRANSPORT_DOWN;
		run(world);
		cr_assert_eq(world->delivered, 2, "all that is left is in the spool");
		cr_assert_eq(status_of(world).spool.waiting, 2000 - before);
		world->fake->opens_to = NFP_TRANSPORT_UP;
		world->fake->room = 15;
	}
	world->fake->room = G_MAXUINT;
	run_until(world, world->now + 70 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 2000), 2000);
	cr_assert_eq(world->sink->records, 2000, "%u", world->sink->records);
	cr_assert_eq(status_of(world).records, 2000);
	cr_assert_eq(status_of(world).resent_records, 0);
	cr_assert_eq(status_of(world).spool.waiting, 0);
}

/* A replay that ends in mid-batch, with us: another life goes on behind it. retire: by a reload. */
static void replay_over_a_restart(gboolean retire)
{
	g_autoptr(World) world = world_of_datagrams();
	GQueue left = G_QUEUE_INIT;
	guint before;

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	give(world, 1, 1000);
	run(world);
	cr_assert_eq(status_of(world).spool.waiting, 1000);
	world->fake->opens_to = NFP_TRANSPORT_UP;
	world->fake->room = 20;
	run_until(world, world->now + 70 * S);
	before = world->sink->records;
	cr_assert(before > 0 && before < 1000, "%u", before);
	if (retire)
		nfp_session_bequeath(world->session, world->now, &left);
	cr_assert_eq(left.length, 0, "it is in the spool");
	world_stop(world);

	world_start(world, FALSE);
	cr_assert_eq(status_of(world).spool.waiting, 1000 - before);
	run_until(world, world->now + 2 * S);
	cr_assert_eq(world->sink->records, 1000 - before, "none twice");
	cr_assert_eq(nfp_sink_count(world->sink, 1 + before, 1000 - before), 1000 - before);
	cr_assert_eq(status_of(world).spool.waiting, 0);
}

Test(session_spool, replay_that_ends_with_us)
{
	replay_over_a_restart(FALSE);
}

Test(session_spool, replay_that_ends_with_a_reload)
{
	replay_over_a_restart(TRUE);
}

/* The time is up in mid-batch. */
Test(session_spool, datagrams_over_a_restart)
{
	g_autoptr(World) world = world_of_datagrams();
	guint before;

	world->fake->room = 20;
	give(world, 1, 1000);
	run(world);
	nfp_session_hurry(world->session, world->now + 2 * S);
	run_until(world, world->now + 3 * S);
	cr_assert_eq(world->delivered, 1);
	before = world->sink->records;
	cr_assert_gt(before, 0);
	nfp_session_shutdown(world->session);
	world_stop(world);
	world_start(world, FALSE);
	run_until(world, world->now + 2 * S);
	cr_assert_eq(world->sink->records, 1000 - before);
}

/* What a stream was not acknowledged is not taken for delivered by what comes in its place. */
Test(session_spool, datagrams_in_the_place_of_a_stream)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->ack_all = FALSE;
	give(world, 1, 1000);
	run(world);
	cr_assert_eq(world->sink->records, 1000);
	world_stop(world);
	world->options.spool_on_icmp = FALSE;
	world_start(world, FALSE);
	run_until(world, world->now + 2 * S);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 1000), 1000);
}

/* A pace spreads a bucket over part of its interval (60 s here), templates before it. */
Test(session_spool, paced)
{
	g_autoptr(World) world = world_new(FALSE);
	gint64 begin;

	world->options.rate = 0;
	world->options.spool_path = NULL;
	world_stop(world);
	world_start(world, FALSE);
	run(world);
	begin = world->now;
	for (uint64_t i = 0; i < 8; i++)
		give(world, 1 + i * 4096, 4096);
	nfp_session_set_behind(world->session, 100);
	run(world);
	cr_assert_leq(world->sink->records, 512);
	cr_assert_gt(world->sink->announcements, 0);
	nfp_session_set_behind(world->session, 0);
	while (!nfp_session_flushed(world->session))
		run_until(world, world->now + S / 10);
	cr_assert_eq(world->sink->records, 8 * 4096);
	cr_assert_geq(world->now - begin, 2 * S);
	cr_assert_leq(world->now - begin, 30 * S);
}
