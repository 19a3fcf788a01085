/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake_transport.h"

void nfp_fake_transport_up(NfpFakeTransport *fake)
{
	fake->base.state = NFP_TRANSPORT_UP;
	fake->base.session++;
}

void nfp_fake_transport_down(NfpFakeTransport *fake, const char *error)
{
	fake->base.state = NFP_TRANSPORT_DOWN;
	fake->base.errors++;
	g_strlcpy(fake->base.error, error, sizeof(fake->base.error));
}

static void fake_open(NfpTransport *transport, gint64 now)
{
	NfpFakeTransport *fake = (NfpFakeTransport *)transport;

	fake->opens++;
	fake->opened_at = now;
	transport->state = NFP_TRANSPORT_CONNECTING;
	if (fake->opens_to == NFP_TRANSPORT_UP)
		nfp_fake_transport_up(fake);
	else if (fake->opens_to == NFP_TRANSPORT_DOWN)
		nfp_fake_transport_down(fake, "refused by the test");
}

static guint fake_poll(const NfpTransport *transport, gboolean want_send, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	return 0;
}

static gint64 fake_deadline(const NfpTransport *transport)
{
	return NFP_TRANSPORT_NEVER;
}

static void fake_step(NfpTransport *transport, gint64 now)
{
}

static guint fake_send(NfpTransport *transport, const NfpMessages *messages, gint64 now)
{
	NfpFakeTransport *fake = (NfpFakeTransport *)transport;
	const uint8_t *data = messages->data;
	guint taken = MIN(messages->n, fake->room);

	g_assert(transport->state == NFP_TRANSPORT_UP);
	fake->longest = MAX(fake->longest, messages->n);
	for (guint i = 0; i < taken; i++) {
		fake->take(transport->session, data, messages->lengths[i], fake->data);
		fake->unacked += messages->lengths[i];
		data += messages->lengths[i];
	}
	if (fake->room != G_MAXUINT)
		fake->room -= taken;
	return taken;
}

static uint64_t fake_unacked(const NfpTransport *transport)
{
	const NfpFakeTransport *fake = (const NfpFakeTransport *)transport;

	return fake->ack_all ? 0 : fake->unacked;
}

static void fake_close(NfpTransport *transport)
{
	transport->state = NFP_TRANSPORT_DOWN;
}

static void fake_destroy(NfpTransport *transport)
{
	g_free(transport);
}

#define FAKE(name, is_stream) \
	static const NfpTransportOps name = { \
		.scheme = #name, .stream = is_stream, .open = fake_open, .poll = fake_poll, \
		.deadline = fake_deadline, .step = fake_step, .send = fake_send, \
		.unacked = fake_unacked, .shutdown = fake_close, .close = fake_close, \
		.destroy = fake_destroy, \
	}
FAKE(fake_stream, TRUE);
FAKE(fake_datagram, FALSE);

NfpFakeTransport *nfp_fake_transport_new(gboolean stream, NfpFakeTake take, void *data)
{
	NfpFakeTransport *fake = g_new0(NfpFakeTransport, 1);

	fake->base.ops = stream ? &fake_stream : &fake_datagram;
	fake->base.max_message = NFP_TRANSPORT_MESSAGE_MAX;
	fake->opens_to = NFP_TRANSPORT_UP;
	fake->room = G_MAXUINT;
	fake->ack_all = TRUE;
	fake->take = take;
	fake->data = data;
	return fake;
}
