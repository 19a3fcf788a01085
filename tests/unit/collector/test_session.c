/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "collector/session.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"
#include "support/sink.h"

#define S ((gint64)G_USEC_PER_SEC)
#define NS ((int64_t)NFP_NS_PER_S)
#define ROUNDS 10000

typedef struct {
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
	world->set = nfp_template_set_load(NULL, "standard", NULL);
	nfp_fake_clock_init(&world->clock, 1000 * NS, 1700000000 * NS);
	world->sink = nfp_sink_new();
	world->fake = nfp_fake_transport_new(stream, take, world->sink);
	world->session = nfp_session_new(
		&world->options, world->set, &world->clock.clock,
		nfp_encoder_new(&(NfpEncoderOptions){ .protocol = "ipfix", .templates = world->set, .domain = 7,
						      .sampling = 1, .hostname = "test", .reliable = stream },
				NULL),
		&world->fake->base);
}

static World *world_new(gboolean stream)
{
	World *world = g_new0(World, 1);

	world->now = 1000 * S;
	world->options = (NfpCollectorOptions){ .refresh_interval = 60 * NFP_NS_PER_S, .refresh_messages = 20,
						.mtu = 1420, .rate = NFP_RATE_NONE, .retry = 60 * NFP_NS_PER_S, .queue = 8 };
	world_start(world, stream);
	return world;
}

static void world_free(World *world)
{
	nfp_session_free(world->session);
	nfp_sink_free(world->sink);
	nfp_template_set_free(world->set);
	g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Steps until nothing more is due now. Returns when the next thing is. */
static gint64 run(World *world)
{
	gint64 until = world->now;

	for (int i = 0; until <= world->now; i++) {
		cr_assert_lt(i, ROUNDS, "busy loop");
		until = nfp_session_step(world->session, world->now);
	}
	return until;
}

/* Runs and waits on the fake clock until then. */
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

static void give(World *world, uint32_t domain, uint64_t first, uint32_t n)
{
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivery, world);

	cr_assert(nfp_session_wants(world->session));
	nfp_session_give(world->session, nfp_sink_batch(domain, first, n, delivery));
}

static NfpCollectorStatus status_of(const World *world)
{
	NfpCollectorStatus status;

	nfp_session_status(world->session, world->now, &status);
	return status;
}

Test(session, templates_come_before_data_and_without_them)
{
	g_autoptr(World) world = world_new(FALSE);

	run(world);
	cr_assert_gt(world->sink->announcements, 0);
	cr_assert_eq(world->sink->data_messages, 0);
	give(world, 0, 1, 1000);
	run(world);
	cr_assert_eq(world->sink->records, 1000);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 1000), 1000);
	cr_assert_eq(world->delivered, 1);
	cr_assert(nfp_session_flushed(world->session));
	cr_assert_eq(status_of(world).records, 1000);
	cr_assert_eq(status_of(world).packets, 1000);
	cr_assert_eq(status_of(world).messages, world->sink->messages);
	cr_assert(status_of(world).up);
}

Test(session, many_messages_stand_in_one_send)
{
	g_autoptr(World) world = world_new(FALSE);

	give(world, 0, 1, 4096);
	run(world);
	cr_assert_gt(world->fake->longest, 64);
	cr_assert_leq(world->sink->longest, 1420);
	cr_assert_gt(world->sink->longest, 1300, "messages are filled");
}

/* T3, also with 1, where every refresh is followed by a data message. */
Test(session, templates_again_by_messages)
{
	static const uint32_t counts[] = { 1, 5, 20 };

	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autoptr(World) world = world_new(FALSE);

		nfp_session_free(world->session);
		nfp_sink_free(world->sink);
		nfp_template_set_free(world->set);
		world->options.refresh_messages = counts[i];
		world_start(world, FALSE);
		give(world, 0, 1, 4096);
		run(world);
		cr_assert_eq(world->sink->records, 4096);
		cr_assert_eq(world->sink->most_between, counts[i]);
	}
}

Test(session, templates_again_by_time_while_idle)
{
	g_autoptr(World) world = world_new(FALSE);
	guint before;

	run_until(world, world->now + 200 * S);
	before = world->sink->announcements;
	run_until(world, world->now + 600 * S);
	cr_assert_geq(world->sink->announcements - before, 10);
	cr_assert_leq(world->sink->announcements - before, 40, "templates do not ask for templates");
}

/* T7 */
Test(session, stream_has_templates_once)
{
	g_autoptr(World) world = world_new(TRUE);
	guint templates;

	give(world, 0, 1, 4096);
	run(world);
	templates = nfp_reader_template_records(world->sink->reader);
	cr_assert_gt(templates, 0);
	for (int i = 0; i < 5; i++) {
		run_until(world, world->now + 100 * S);
		give(world, 0, 10000, 4096);
		run(world);
	}
	cr_assert_eq(nfp_reader_template_records(world->sink->reader), templates);
	cr_assert_eq(world->fake->base.session, 1);
}

/* X6 */
Test(session, attempts_keep_their_distance)
{
	g_autoptr(World) world = world_new(TRUE);
	gint64 begin = world->now;
	NfpCollectorStatus status;

	world->fake->opens_to = NFP_TRANSPORT_DOWN;
	run(world);
	cr_assert_eq(world->fake->opens, 1, "the first at once");
	status = status_of(world);
	cr_assert_not(status.up);
	cr_assert_str_eq(status.state, "down");
	cr_assert(g_str_has_prefix(status.reason, "refused by the test, next attempt in 6"), "%s", status.reason);
	cr_assert_gt(nfp_session_next_attempt(world->session), world->now);
	run_until(world, begin + 3600 * S);
	cr_assert_leq(world->fake->opens, 60);
	cr_assert_geq(world->fake->opens, 54);
	world->fake->opens_to = NFP_TRANSPORT_UP;
	run_until(world, world->now + 66 * S);
	cr_assert_eq(world->fake->base.state, NFP_TRANSPORT_UP);
	cr_assert_eq(nfp_session_next_attempt(world->session), 0);
}

/* Nothing that is not acknowledged is dropped; a new session begins with templates and number 0 (the strict
 * reader of each session sees to that) and has all of it again. */
Test(session, what_was_not_acknowledged_comes_again)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->ack_all = FALSE;
	for (uint64_t i = 0; i < 3; i++)
		give(world, 0, 1 + i * 1000, 1000);
	run(world);
	cr_assert_eq(world->sink->records, 3000);
	cr_assert_eq(world->delivered, 0);

	/* The first batch is acknowledged, with half of the second. */
	world->fake->unacked = world->fake->unacked / 2;
	run_until(world, world->now + S);
	cr_assert_eq(world->delivered, 1);

	nfp_fake_transport_down(world->fake, "reset by the test");
	world->fake->unacked = 0;
	g_hash_table_remove_all(world->sink->flows);
	run_until(world, world->now + 120 * S);
	cr_assert_eq(world->sink->sessions, 2);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 1000), 0);
	cr_assert_eq(nfp_sink_count(world->sink, 1001, 2000), 2000);
	cr_assert_eq(world->delivered, 1);
	world->fake->ack_all = TRUE;
	run_until(world, world->now + S);
	cr_assert_eq(world->delivered, 3);
	cr_assert_eq(status_of(world).records, 3000);
	cr_assert_eq(status_of(world).resent_records, 2000);
	cr_assert_eq(status_of(world).refused_records, 0);
}

Test(session, datagrams_go_on_in_a_new_session)
{
	g_autoptr(World) world = world_new(FALSE);

	world->fake->room = 30;
	give(world, 0, 1, 4096);
	run(world);
	cr_assert_lt(world->sink->records, 4096);
	cr_assert_gt(world->sink->records, 0);
	/* As after EMSGSIZE, or a name that points elsewhere. */
	world->fake->base.session++;
	world->fake->base.max_message = 600;
	world->sink->longest = 0;
	world->fake->room = G_MAXUINT;
	run(world);
	cr_assert_eq(world->sink->records, 4096, "each record once");
	cr_assert_eq(nfp_sink_count(world->sink, 1, 4096), 4096);
	cr_assert_leq(world->sink->longest, 600);
	cr_assert_eq(world->delivered, 1);
}

Test(session, full_socket_loses_nothing_and_spins_not)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->room = 0;
	for (uint64_t i = 0; i < 8; i++)
		give(world, 0, 1 + i * 4096, 4096);
	cr_assert_not(nfp_session_wants(world->session));
	while (!nfp_session_flushed(world->session)) {
		run(world);
		world->fake->room = 7;
	}
	cr_assert_eq(world->sink->records, 8 * 4096);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 8 * 4096), 8 * 4096);
}

/* User requests 1 and 6: a collector that restarts finds templates before the first data. */
Test(session, templates_before_data_after_an_error)
{
	g_autoptr(World) world = world_new(FALSE);
	guint announcements;

	give(world, 0, 1, 10);
	run_until(world, world->now + 600 * S);
	announcements = world->sink->announcements;
	world->fake->base.trouble++;
	world->fake->base.troubled = TRUE;
	g_strlcpy(world->fake->base.error, "Connection refused", sizeof(world->fake->base.error));
	run(world);
	cr_assert_eq(world->sink->announcements, announcements, "the error alone makes no message");
	cr_assert_not(status_of(world).up);
	cr_assert_str_eq(status_of(world).reason, ": Connection refused; sending goes on");
	give(world, 0, 11, 10);
	run(world);
	cr_assert_gt(world->sink->announcements, announcements);
	cr_assert_eq(world->sink->since_announced, 1, "templates came first");
}

/* T10 */
Test(session, templates_again_when_the_clock_is_set)
{
	g_autoptr(World) world = world_new(FALSE);
	guint announcements;

	run_until(world, world->now + 300 * S);
	announcements = world->sink->announcements;
	world->clock.offset -= 3600 * NS;
	run(world);
	cr_assert_gt(world->sink->announcements, announcements);
	cr_assert_eq(world->sink->last_time, (world->clock.boot + world->clock.offset) / NS);
}

/* M2, RFC 7011 5.2: modulo 2^32, which wraps in 2106. */
Test(session, export_time_past_2106)
{
	g_autoptr(World) world = world_new(FALSE);

	world->clock.offset = ((int64_t)1 << 32) * NS + 5 * NS - world->clock.boot;
	give(world, 0, 1, 10);
	run(world);
	cr_assert_eq(nfp_sink_count(world->sink, 1, 10), 10);
	cr_assert_eq(world->sink->last_time, 5);
}

Test(session, every_domain_is_announced)
{
	g_autoptr(World) world = world_new(FALSE);

	for (uint32_t domain = 0; domain < 4; domain++)
		give(world, domain, 1 + domain * 100, 100);
	run_until(world, world->now + 600 * S);
	for (uint32_t domain = 0; domain < 4; domain++)
		give(world, domain, 1001 + domain * 100, 100);
	run(world);
	cr_assert_eq(world->sink->records, 800);
}

Test(session, domain_that_cannot_be_is_refused)
{
	g_autoptr(World) world = world_new(FALSE);

	give(world, NFP_ENCODER_DOMAINS, 1, 100);
	give(world, 0, 1001, 100);
	run(world);
	cr_assert_eq(status_of(world).refused_records, 100);
	cr_assert_eq(nfp_sink_count(world->sink, 1001, 100), 100);
	cr_assert_eq(world->delivered, 2);
}

Test(session, messages_too_short_for_templates)
{
	g_autoptr(World) world = world_new(TRUE);

	world->fake->base.max_message = 60;
	give(world, 0, 1, 100);
	run(world);
	cr_assert_eq(world->sink->records, 0);
	cr_assert_eq(status_of(world).refused_records, 100);
	cr_assert_eq(status_of(world).refused_packets, 100);
	cr_assert_str_eq(status_of(world).reason, "messages of 60 octets are too short for the templates");
	cr_assert_eq(world->delivered, 1);

	nfp_fake_transport_down(world->fake, "x");
	world->fake->base.max_message = 1400;
	run_until(world, world->now + 100 * S);
	give(world, 0, 101, 100);
	run(world);
	cr_assert_eq(nfp_sink_count(world->sink, 101, 100), 100);
	cr_assert(status_of(world).up);
}

Test(session, abandon_counts_what_is_left)
{
	g_autoptr(World) world = world_new(TRUE);
	NfpCollectorStatus status;

	world->fake->ack_all = FALSE;
	world->fake->room = 20;
	give(world, 0, 1, 2000);
	run(world);
	nfp_session_abandon(world->session, world->now);
	status = status_of(world);
	cr_assert_eq(status.records, world->sink->records);
	cr_assert_eq(status.unacked_records, world->sink->records);
	cr_assert_eq(status.records + status.refused_records, 2000);
	cr_assert_eq(status.packets + status.refused_packets, 2000);
	cr_assert_eq(world->delivered, 1);
}
