/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A collector for tests: reads messages strictly, one reader a session, and keeps how often each flowId
 * came. Also batches of numbered records to send there. One thread. */
#ifndef NFP_TESTS_SINK_H
#define NFP_TESTS_SINK_H

#include <glib.h>

#include "record/batch.h"
#include "support/encode_reader.h"

typedef struct {
	NfpReader *reader;
	GHashTable *flows;      /* flowId as pointer -> times as pointer */
	GByteArray *stream;     /* the beginning of a message that has not come in full */
	guint sessions;
	guint messages;         /* of this session */
	guint data_messages;    /* ... with a flow record */
	guint announcements;    /* ... without one */
	guint since_announced;  /* data messages since the last of those */
	guint most_between;     /* the most there were */
	guint records;          /* all sessions, repeated ones too */
	uint32_t longest;       /* octets */
	uint32_t last_time;     /* exportTime of the last message */
	guint in_message;       /* private */
} NfpSink;

NfpSink *nfp_sink_new(void);
void nfp_sink_free(NfpSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSink, nfp_sink_free)
/* Numbers from 0, no template known, no half message left over. */
void nfp_sink_new_session(NfpSink *sink);
/* Ends the program with a message where a message is wrong. */
void nfp_sink_message(NfpSink *sink, const uint8_t *message, gsize size);
/* Octets of a stream: whole messages are read. */
void nfp_sink_octets(NfpSink *sink, const uint8_t *octets, gsize size);
/* Different flowIds of [first, first + n) that have come. */
guint nfp_sink_count(const NfpSink *sink, uint64_t first, guint n);

/* Batches: n TCP records with flowIds from `first` on, one packet and 100 octets each. */
NfpBatch *nfp_sink_batch(uint32_t domain, uint64_t first, uint32_t n, NfpDelivery *delivery);

#endif
