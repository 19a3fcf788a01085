/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transport whose peer is the test: it says what open() leads to, how much is taken and acknowledged, and
 * when the session ends. What was taken goes to `take`, message by message. One thread. */
#ifndef NFP_TESTS_FAKE_TRANSPORT_H
#define NFP_TESTS_FAKE_TRANSPORT_H

#include "transport/transport.h"

typedef void (*NfpFakeTake)(uint32_t session, const uint8_t *message, uint32_t length, void *data);

typedef struct {
	NfpTransport base;
	NfpTransportState opens_to; /* what open() leads to */
	guint opens;                /* calls of open() */
	gint64 opened_at;
	guint room;                 /* messages that send() takes before it takes no more */
	guint longest;              /* messages of one send() */
	uint64_t unacked;           /* what unacked() says */
	gboolean ack_all;           /* ... 0 instead */
	NfpFakeTake take;
	void *data;
} NfpFakeTransport;

/* As create() of a row: DOWN. max_message 65535, room without end, everything acknowledged. */
NfpFakeTransport *nfp_fake_transport_new(gboolean stream, NfpFakeTake take, void *data);
void nfp_fake_transport_up(NfpFakeTransport *fake);
void nfp_fake_transport_down(NfpFakeTransport *fake, const char *error);

#endif
