/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's inside, between session.c and session_status.c. */
#ifndef NFP_COLLECTOR_SESSION_PRIVATE_H
#define NFP_COLLECTOR_SESSION_PRIVATE_H

#include "collector/backoff.h"
#include "collector/pace.h"
#include "collector/refresh.h"
#include "collector/session.h"
#include "collector/spooler.h"
#include "collector/stage.h"

struct NfpSession {
	const NfpTemplateSet *templates;
	const NfpClock *clock;
	NfpEncoder *encoder;
	NfpTransport *transport;
	NfpOutbox outbox;
	NfpRefresh refresh;
	NfpBackoff backoff;
	uint32_t mtu;          /* octets, as configured */
	gboolean stopping;     /* shut down: no session is started any more */
	gint64 attempt_at;     /* next connection attempt, while down */
	uint32_t session;      /* the transport's session that all below belongs to */
	uint32_t trouble;
	gboolean up;
	uint64_t offset;       /* octets taken in this session */
	gboolean announcing;   /* the encoder has messages of `announced` left to make */
	uint32_t announced;
	int unable;            /* errno of the last announcement */
	uint64_t errors;       /* the transport's, when it was shut down */
	gint64 ack_at;
	gint64 ack_delay;
	int64_t clock_offset;  /* realtime - boottime, ns */
	NfpSpooler *spooler;
	gboolean acknowledges; /* the transport tells what has arrived, and a new session has the rest again */
	gboolean open;         /* a session began, and its end was not noted */
	gboolean on_icmp;      /* datagrams: trouble is absence; what was sent less than QUIET ago may be lost */
	gboolean finished;     /* to stop: no more records in this session, they go to the spool */
	uint64_t safe;         /* on_icmp: offset before which no error can be heard of */
	uint64_t mark;         /* ... and the one that is safe when QUIET has passed since mark_at */
	gint64 mark_at;
	gint64 probe_at;       /* on_icmp, away: when to ask whether somebody is there */
	gint64 hurry_until;    /* 0: no hurry */
	NfpPace pace;
	gint64 pace_at;        /* when more may leave, if the pace stopped us */
	uint32_t replay_rate;  /* records/s; 0 = as it is taken */
	gint64 replay_at;
	uint64_t behind;       /* records in the ring, at most */
	uint64_t came_start, came_end; /* bucket of the last batch given; 0: none since the last step */
	NfpEncoderStats stats; /* all sessions */
	NfpEncoderStats before; /* ... of those that this one took over from: what set_loss() adds */
	uint64_t messages, octets; /* all sessions */
	NfpStage stage;
};

static inline uint32_t nfp_session_message_size(const NfpSession *session)
{
	return MIN(session->mtu, session->transport->max_message);
}

/* s since 1970 */
static inline uint32_t nfp_session_export_time(const NfpSession *session)
{
	return (uint32_t)(session->clock->realtime(session->clock) / (int64_t)NFP_NS_PER_S);
}

/* With a spool: nobody is there, so that batches go there at once. */
static inline gboolean nfp_session_is_away(const NfpSession *session)
{
	return session->transport->state != NFP_TRANSPORT_UP || (session->on_icmp && session->transport->troubled);
}

#endif
