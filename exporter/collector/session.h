/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sender does, without its thread: connects and connects again, announces templates when they are due,
 * encodes batches, hands messages to the transport, drops what has arrived. Nothing here blocks, waits or logs; times
 * (us, monotonic) are given, so that tests run it on a clock of theirs.
 */
#ifndef NFP_COLLECTOR_SESSION_H
#define NFP_COLLECTOR_SESSION_H

#include <glib.h>
#include <poll.h>

#include "base/clock.h"
#include "collector/collector.h"
#include "collector/outbox.h"
#include "encode/encoder.h"
#include "transport/transport.h"

typedef struct NfpSession NfpSession;

typedef enum {
	NFP_SESSION_DOWN,
	NFP_SESSION_CONNECTING,
	NFP_SESSION_UP,
	NFP_SESSION_TROUBLED, /* sending, but the path or the peer answers with errors (UDP) */
	NFP_SESSION_UNABLE,   /* connected, but no message can be made */
	NFP_SESSION_CLOSED,   /* shut down */
} NfpSessionCondition;

/* options, templates, clock are borrowed; encoder and transport become the session's. */
NfpSession *nfp_session_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
			    const NfpClock *clock, NfpEncoder *encoder, NfpTransport *transport);
/* Opens the spool, where one is configured. Before the first step. Errors: nfp_spooler_open(). */
gboolean nfp_session_open(NfpSession *session, GError **err);
/* Drops what is inside without counting it: refuse first. */
void nfp_session_free(NfpSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSession, nfp_session_free)

/* There is room for one more batch. */
gboolean nfp_session_wants(const NfpSession *session);
/* Takes the reference. */
void nfp_session_give(NfpSession *session, NfpBatch *batch);
/* There is a spool that batches can go to directly. */
gboolean nfp_session_can_divert(const NfpSession *session, gint64 now);
/* NfpBatch: they go to the spool, for there is no room here. Those that got there leave the queue, with their
 * references. */
void nfp_session_divert(NfpSession *session, GQueue *batches, gint64 now);
/* Batches that wait to be given, for the pace. */
void nfp_session_set_behind(NfpSession *session, guint batches);
/* All should be sent by then; what is not goes to the spool. */
void nfp_session_hurry(NfpSession *session, gint64 until);
/* Does what is due at `now`. Returns when to come again at the latest, if no fd of poll() is ready before. */
gint64 nfp_session_step(NfpSession *session, gint64 now);
guint nfp_session_poll(const NfpSession *session, struct pollfd pfds[NFP_TRANSPORT_FDS]);
/* Totals that only others know, for the options data. */
void nfp_session_set_loss(NfpSession *session, uint64_t lost_packets, uint64_t refused_records,
			  uint64_t refused_packets, uint64_t refused_octets);

/* What is told in options data: totals since the exporter started (RFC 7011 4.1). */
const NfpEncoderStats *nfp_session_stats(const NfpSession *session);
/* They go on behind those of a session that is over, and are announced soon. */
void nfp_session_add_stats(NfpSession *session, const NfpEncoderStats *stats);

/* Names for the options data that follow. */
void nfp_session_set_tables(NfpSession *session, NfpNameTables *tables);

/* Everything given was handed to the socket. */
gboolean nfp_session_flushed(NfpSession *session);
/* No attempt is under way, and the next one starts at the time returned; 0 = up or trying. */
gint64 nfp_session_next_attempt(const NfpSession *session);
/* No more messages; ends the transport session in order, with steps until closed() says so. */
void nfp_session_shutdown(NfpSession *session);
gboolean nfp_session_closed(const NfpSession *session);
/* Ends what is left of the transport session. What was not delivered goes to the spool; without one, what was not
 * handed over is counted as refused. */
void nfp_session_abandon(NfpSession *session, gint64 now);
/* The same, but all that was not delivered, and is not in the spool already, is appended to ret_entries (NfpOutboxEntry,
 * in order), for another session to give: none of it is counted as refused. */
void nfp_session_bequeath(NfpSession *session, gint64 now, GQueue *ret_entries);
/* Before all that is given after it. Takes the entry. */
void nfp_session_give_entry(NfpSession *session, NfpOutboxEntry *entry);
/* What the socket took and nobody acknowledged goes again in another session. */
gboolean nfp_session_acknowledges(const NfpSession *session);
/* What the log should say of the spool, a sentence; or NULL. The caller's. */
char *nfp_session_news(NfpSession *session);
NfpSessionCondition nfp_session_condition(const NfpSession *session);
/* What the session knows; the ring's batches and refusals are to be added. */
void nfp_session_status(const NfpSession *session, gint64 now, NfpCollectorStatus *ret_status);

#endif
