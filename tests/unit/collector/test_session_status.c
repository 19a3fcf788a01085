/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/session.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"
#include "support/sink.h"

static void delivered(void *data)
{
}

static void take(uint32_t session, const uint8_t *message, uint32_t length, void *data)
{
}

/* Each state has its words, and a reason that tells what comes next. */
Test(session_status, states)
{
	NfpCollectorOptions options = { .queue = 4, .mtu = 1420, .retry = 60 * NFP_NS_PER_S, .refresh_interval = NFP_NS_PER_S };
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	NfpFakeTransport *fake = nfp_fake_transport_new(TRUE, take, NULL);
	g_autoptr(NfpSession) session = NULL;
	NfpDelivery *delivery = nfp_delivery_new(delivered, NULL);
	NfpBatch *batch = nfp_sink_batch(1, 0, 3, delivery);
	NfpCollectorStatus status;
	NfpFakeClock clock;
	uint64_t end = batch->bucket_end_ns;

	nfp_fake_clock_init(&clock, 1000, 1000);
	fake->opens_to = NFP_TRANSPORT_DOWN;
	session = nfp_session_new(&options, set, &clock.clock,
				  nfp_encoder_new(&(NfpEncoderOptions){ .protocol = "ipfix", .templates = set,
									.domain = 1, .sampling = 1,
									.hostname = "h", .reliable = TRUE }, NULL),
				  &fake->base);
	nfp_session_step(session, 1);
	nfp_session_status(session, 1, &status);
	cr_assert_str_eq(status.state, "down");
	cr_assert_eq(nfp_session_condition(session), NFP_SESSION_DOWN);
	cr_assert(g_str_has_prefix(status.reason, "refused by the test, next attempt in 6"), "%s", status.reason);
	cr_assert_not(status.spool.configured);
	cr_assert_null(nfp_session_news(session));
	cr_assert_eq(status.oldest_ns, 0, "nothing waits");
	nfp_session_give(session, batch);
	nfp_session_status(session, 1, &status);
	cr_assert_eq(status.queued, 1);
	cr_assert_neq(end, 0);
	cr_assert_eq(status.oldest_ns, end);

	nfp_fake_transport_up(fake);
	nfp_session_step(session, 2);
	nfp_session_status(session, 2, &status);
	cr_assert(status.up);
	cr_assert_eq(nfp_session_condition(session), NFP_SESSION_UP);
	cr_assert(g_str_has_prefix(status.reason, "sending to"));
	cr_assert_eq(nfp_session_stats(session)->records, 3);
	nfp_fake_transport_down(fake, "reset by the test");
	nfp_session_step(session, 3);
	nfp_fake_transport_up(fake);
	nfp_session_step(session, 4);
	nfp_session_status(session, 4, &status);
	cr_assert_eq(status.sessions, 2);
	cr_assert_eq(nfp_session_stats(session)->records, 3, "totals of all sessions");
	cr_assert_eq(nfp_session_stats(session)->messages, status.messages);
	cr_assert_eq(nfp_session_stats(session)->octets, status.octets);

	nfp_session_set_loss(session, 1000, 10, 20, 30);
	nfp_session_add_stats(session, &(NfpEncoderStats){ .records = 100, .messages = 10, .octets = 1, .lost_packets = 900,
							   .lost_first = 5, .lost_last = 6, .not_sent_records = 1,
							   .not_sent_packets = 2, .not_sent_octets = 3 });
	nfp_session_set_loss(session, 1000, 11, 20, 30);
	cr_assert_eq(nfp_session_stats(session)->records, 103);
	cr_assert_eq(nfp_session_stats(session)->messages, status.messages + 10);
	cr_assert_eq(nfp_session_stats(session)->lost_packets, 1000, "the same ones");
	cr_assert_eq(nfp_session_stats(session)->lost_first, 5);
	cr_assert_eq(nfp_session_stats(session)->not_sent_records, 12);
	cr_assert_eq(nfp_session_stats(session)->not_sent_packets, 22);
	cr_assert_eq(nfp_session_stats(session)->not_sent_octets, 33);
	nfp_delivery_unref(delivery);
}
