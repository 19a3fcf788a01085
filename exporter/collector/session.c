/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/session.h"

#include <errno.h>

#include "collector/backoff.h"
#include "collector/refresh.h"
#include "collector/stage.h"

#define US(ns) ((gint64)((ns) / 1000))
#define ROUNDS_MAX 16 /* stages filled in one step, so that stop and the peer's close are seen in between */
#define QUICK_ATTEMPT G_USEC_PER_SEC /* between look-ups of a name that fails, doubling up to `retry` */
/* No event tells that octets were acknowledged: look again after so long. */
#define ACK_FIRST (5 * 1000)
#define ACK_LAST (200 * 1000)
#define CLOCK_STEP_NS ((int64_t)NFP_NS_PER_S)

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
	NfpEncoderStats stats; /* of this session; loss in total */
	uint64_t messages, octets; /* all sessions */
	NfpStage stage;
};

NfpSession *nfp_session_new(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
			    const NfpClock *clock, NfpEncoder *encoder, NfpTransport *transport)
{
	NfpSession *session = g_new0(NfpSession, 1);
	gboolean stream = transport->ops->stream;
	/* What refuses for good (RFC 7011 10.4.4), or what can come back at any time. */
	gboolean patient = stream && !transport->ops->kept;
	gint64 retry = US(options->retry);
	uint64_t beat = nfp_encoder_beat(encoder) * NFP_NS_PER_S;

	session->templates = templates;
	session->clock = clock;
	session->encoder = encoder;
	session->transport = transport;
	session->mtu = options->mtu                    ? options->mtu
		       : nfp_encoder_message(encoder) ? nfp_encoder_message(encoder)
						      : transport->ops->message;
	nfp_outbox_init(&session->outbox, options->queue, nfp_encoder_has_templates(encoder) ? templates : NULL);
	nfp_refresh_init(&session->refresh, US(beat ? beat : options->refresh_interval),
			 stream ? 0 : options->refresh_messages, !stream);
	nfp_backoff_init(&session->backoff, patient ? retry : MIN(retry, QUICK_ATTEMPT), retry);
	session->clock_offset = nfp_clock_offset(clock);
	return session;
}

void nfp_session_free(NfpSession *session)
{
	if (!session)
		return;
	nfp_outbox_clear(&session->outbox);
	nfp_refresh_clear(&session->refresh);
	nfp_backoff_clear(&session->backoff);
	nfp_encoder_free(session->encoder);
	nfp_transport_free(session->transport);
	g_free(session);
}

gboolean nfp_session_wants(const NfpSession *session)
{
	return nfp_outbox_has_room(&session->outbox);
}

void nfp_session_give(NfpSession *session, NfpBatch *batch)
{
	nfp_outbox_add(&session->outbox, batch);
}

void nfp_session_set_loss(NfpSession *session, uint64_t lost_packets, uint64_t refused_records,
			  uint64_t refused_packets)
{
	session->stats.lost_packets = lost_packets;
	session->stats.not_sent_records = refused_records + session->outbox.counts.refused_records;
	session->stats.not_sent_packets = refused_packets + session->outbox.counts.refused_packets;
}

static uint32_t message_size(const NfpSession *session)
{
	return MIN(session->mtu, session->transport->max_message);
}

/* Numbers from 0, templates first (RFC 7011 3.1, 8); what the last session left open comes again. */
static void begin_session(NfpSession *session)
{
	session->session = session->transport->session;
	session->trouble = session->transport->trouble;
	session->up = TRUE;
	session->offset = 0;
	session->announcing = FALSE;
	session->unable = 0;
	session->ack_delay = ACK_FIRST;
	session->stats.messages = session->stats.records = session->stats.octets = 0;
	nfp_stage_reset(&session->stage);
	nfp_outbox_restart(&session->outbox, session->transport->ops->stream && !session->transport->ops->kept);
	nfp_refresh_forget(&session->refresh);
	nfp_encoder_start_session(session->encoder);
	/* The exporter's own domain is announced before there are data. */
	nfp_encoder_refresh(session->encoder, 0);
	session->announcing = TRUE;
	session->announced = 0;
}

/* The session has ended, or an attempt has failed: when is the next one? */
static void note_down(NfpSession *session, gint64 now)
{
	if (session->transport->state != NFP_TRANSPORT_DOWN || session->attempt_at != NFP_TRANSPORT_NEVER)
		return;
	session->attempt_at = nfp_backoff_next(&session->backoff, now, session->up);
	session->up = FALSE;
}

static void connect_step(NfpSession *session, gint64 now)
{
	NfpTransport *transport = session->transport;

	transport->ops->step(transport, now);
	note_down(session, now);
	if (transport->state == NFP_TRANSPORT_DOWN && now >= session->attempt_at) {
		nfp_backoff_started(&session->backoff, now);
		session->attempt_at = NFP_TRANSPORT_NEVER;
		transport->ops->open(transport, now);
		note_down(session, now);
	}
	if (transport->state == NFP_TRANSPORT_UP && transport->session != session->session)
		begin_session(session);
}

static void look_at_clock(NfpSession *session, gint64 now)
{
	int64_t offset = session->clock->realtime(session->clock) - session->clock->boottime(session->clock);

	if (ABS(offset - session->clock_offset) >= CLOCK_STEP_NS)
		nfp_refresh_hurry(&session->refresh, now);
	session->clock_offset = offset;
}

static uint32_t export_time(const NfpSession *session)
{
	return (uint32_t)(session->clock->realtime(session->clock) / (int64_t)NFP_NS_PER_S);
}

/* FALSE: the stage is full. */
static gboolean stage_announcement(NfpSession *session, gint64 now)
{
	static const NfpOutboxPart no_records = { 0 };
	uint32_t size = message_size(session);
	ssize_t length;

	do {
		uint8_t *out = nfp_stage_space(&session->stage, size);

		if (!out)
			return FALSE;
		length = nfp_encoder_announce(session->encoder, session->announced, export_time(session),
					      &session->stats, out, size);
		if (length > 0)
			nfp_stage_add(&session->stage, (uint32_t)length, &no_records);
	} while (length > 0);

	session->announcing = FALSE;
	session->unable = (int)-length;
	nfp_refresh_done(&session->refresh, session->announced, now, length == 0);
	return TRUE;
}

static void announce(NfpSession *session, uint32_t domain)
{
	nfp_encoder_refresh(session->encoder, domain);
	session->announcing = TRUE;
	session->announced = domain;
}

/* FALSE: the stage is full. */
static gboolean stage_records(NfpSession *session, NfpOutboxEntry *entry)
{
	const NfpBatch *batch = entry->batch;
	uint32_t size = message_size(session);
	uint8_t *out = nfp_stage_space(&session->stage, size);
	uint32_t used = 0;
	uint32_t unsendable = 0;
	NfpOutboxPart part;
	ssize_t length;

	if (!out)
		return FALSE;
	length = nfp_encoder_records(session->encoder, batch->domain, export_time(session),
				     batch->records + entry->next, batch->n - entry->next, out, size, &used,
				     &unsendable);
	if (length < 0 || (length == 0 && used == 0)) {
		nfp_outbox_refuse_one(&session->outbox);
		return TRUE;
	}
	nfp_outbox_encoded(&session->outbox, used, unsendable, length > 0, &part);
	if (length > 0) {
		nfp_stage_add(&session->stage, (uint32_t)length, &part);
		nfp_refresh_count(&session->refresh, batch->domain);
	}
	return TRUE;
}

static void fill_stage(NfpSession *session, gint64 now)
{
	for (;;) {
		NfpOutboxEntry *entry;
		uint32_t domain;

		if (session->announcing && !stage_announcement(session, now))
			return;
		if (nfp_refresh_due(&session->refresh, now, &domain)) {
			announce(session, domain);
			continue;
		}
		entry = nfp_outbox_current(&session->outbox);
		if (!entry)
			return;
		domain = entry->batch->domain;
		if (nfp_refresh_before_data(&session->refresh, domain)) {
			announce(session, domain);
			if (!stage_announcement(session, now))
				return;
			/* Records that nothing describes cannot be read: this batch is the loss. */
			if (session->unable)
				nfp_outbox_refuse_rest(&session->outbox);
			continue;
		}
		if (!stage_records(session, entry))
			return;
	}
}

/* FALSE: the transport takes no more now. */
static gboolean empty_stage(NfpSession *session, gint64 now)
{
	NfpTransport *transport = session->transport;
	NfpMessages messages = nfp_stage_messages(&session->stage);
	guint taken;

	if (messages.n == 0)
		return TRUE;
	taken = transport->ops->send(transport, &messages, now);
	for (guint i = 0; i < taken; i++) {
		NfpOutboxPart part;
		uint32_t length;

		nfp_stage_take(&session->stage, &length, &part);
		session->offset += length;
		session->messages++;
		session->octets += length;
		session->stats.messages++;
		session->stats.octets += length;
		if (!part.entry)
			continue;
		session->stats.records += part.fresh_records + part.again_records;
		nfp_outbox_taken(&session->outbox, &part, session->offset);
	}
	if (taken > 0)
		session->ack_delay = ACK_FIRST;
	return taken == messages.n;
}

static void take_acks(NfpSession *session, gint64 now)
{
	const NfpTransport *transport = session->transport;
	uint64_t unacked = transport->ops->unacked(transport);

	session->ack_at = NFP_TRANSPORT_NEVER;
	if (unacked <= session->offset)
		nfp_outbox_acked(&session->outbox, session->offset - unacked);
	if (!nfp_outbox_awaits_ack(&session->outbox))
		return;
	session->ack_at = now + session->ack_delay;
	session->ack_delay = MIN(session->ack_delay * 2, ACK_LAST);
}

/* TRUE: there is more to do at once. */
static gboolean send_step(NfpSession *session, gint64 now)
{
	gboolean more = TRUE;

	if (session->trouble != session->transport->trouble) {
		session->trouble = session->transport->trouble;
		nfp_refresh_request(&session->refresh);
	}
	for (int i = 0; i < ROUNDS_MAX && more; i++) {
		fill_stage(session, now);
		if (nfp_stage_is_empty(&session->stage) || !empty_stage(session, now))
			more = FALSE;
		/* Down, or the path has changed: the rest of the stage belongs to a session that is over. */
		if (session->transport->state != NFP_TRANSPORT_UP ||
		    session->transport->session != session->session) {
			note_down(session, now);
			return TRUE;
		}
	}
	take_acks(session, now);
	return more;
}

gint64 nfp_session_step(NfpSession *session, gint64 now)
{
	NfpTransport *transport = session->transport;
	gint64 deadline;

	if (session->stopping) {
		take_acks(session, now);
		transport->ops->step(transport, now);
		return MIN(transport->ops->deadline(transport), session->ack_at);
	}
	connect_step(session, now);
	if (transport->state == NFP_TRANSPORT_UP) {
		look_at_clock(session, now);
		if (send_step(session, now))
			return now;
	}
	deadline = transport->ops->deadline(transport);
	if (transport->state == NFP_TRANSPORT_DOWN)
		return MIN(deadline, session->attempt_at);
	if (transport->state != NFP_TRANSPORT_UP)
		return deadline;
	if (nfp_stage_is_empty(&session->stage))
		deadline = MIN(deadline, nfp_refresh_deadline(&session->refresh));
	return MIN(deadline, session->ack_at);
}

guint nfp_session_poll(const NfpSession *session, struct pollfd pfds[NFP_TRANSPORT_FDS])
{
	return session->transport->ops->poll(session->transport, !nfp_stage_is_empty(&session->stage), pfds);
}

gboolean nfp_session_flushed(NfpSession *session)
{
	return nfp_stage_is_empty(&session->stage) && !nfp_outbox_current(&session->outbox);
}

gint64 nfp_session_next_attempt(const NfpSession *session)
{
	return session->transport->state == NFP_TRANSPORT_DOWN ? session->attempt_at : 0;
}

void nfp_session_shutdown(NfpSession *session)
{
	session->stopping = TRUE;
	session->errors = session->transport->errors;
	session->transport->ops->shutdown(session->transport);
}

gboolean nfp_session_closed(const NfpSession *session)
{
	return session->transport->state == NFP_TRANSPORT_DOWN;
}

void nfp_session_abandon(NfpSession *session)
{
	/* A peer that closes after our end has read, or at least acknowledged, all that came before it. */
	if (session->stopping && session->up && nfp_session_closed(session) &&
	    session->errors == session->transport->errors)
		nfp_outbox_acked(&session->outbox, session->offset);
	session->transport->ops->close(session->transport);
	nfp_stage_reset(&session->stage);
	nfp_outbox_refuse(&session->outbox);
}

NfpSessionCondition nfp_session_condition(const NfpSession *session)
{
	switch (session->transport->state) {
	case NFP_TRANSPORT_UP:
		if (session->unable)
			return NFP_SESSION_UNABLE;
		return session->transport->troubled ? NFP_SESSION_TROUBLED : NFP_SESSION_UP;
	case NFP_TRANSPORT_CONNECTING:
		return NFP_SESSION_CONNECTING;
	default:
		return session->stopping ? NFP_SESSION_CLOSED : NFP_SESSION_DOWN;
	}
}

/* Rounded up; 0 when it is past or not known. */
static gint64 seconds_until(gint64 then, gint64 now)
{
	if (then <= now || then == NFP_TRANSPORT_NEVER)
		return 0;
	return (then - now + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
}

static void describe(const NfpSession *session, gint64 now, NfpCollectorStatus *status)
{
	const NfpTransport *transport = session->transport;
	char *out = status->reason;
	gsize size = sizeof(status->reason);

	switch (nfp_session_condition(session)) {
	case NFP_SESSION_UP:
		status->state = "up";
		status->up = TRUE;
		g_snprintf(out, size, "sending to %s", transport->peer);
		break;
	case NFP_SESSION_TROUBLED:
		status->state = "down";
		g_snprintf(out, size, "%s: %s; sending goes on", transport->peer, transport->error);
		break;
	case NFP_SESSION_UNABLE:
		status->state = "down";
		g_snprintf(out, size, session->unable == EMSGSIZE
			   ? "messages of %u octets are too short for the templates"
			   : "the encoder takes no more observation domains (messages of %u octets)",
			   message_size(session));
		break;
	case NFP_SESSION_CONNECTING:
		status->state = "connecting";
		g_strlcpy(out, transport->error, size);
		break;
	case NFP_SESSION_CLOSED:
		status->state = "stopped";
		break;
	case NFP_SESSION_DOWN:
		status->state = "down";
		g_snprintf(out, size, "%s, next attempt in %" G_GINT64_FORMAT " s", transport->error,
			   seconds_until(session->attempt_at, now));
		break;
	}
}

void nfp_session_status(const NfpSession *session, gint64 now, NfpCollectorStatus *ret_status)
{
	const NfpOutboxCounts *counts = &session->outbox.counts;

	*ret_status = (NfpCollectorStatus){
		.queued = session->outbox.entries.length,
		.messages = session->messages,
		.octets = session->octets,
		.records = counts->records,
		.packets = counts->packets,
		.refused_records = counts->refused_records,
		.refused_packets = counts->refused_packets,
		.resent_records = counts->resent_records,
		.unacked_records = counts->unacked_records,
		.send_errors = session->transport->errors,
		.sessions = session->transport->session,
	};
	describe(session, now, ret_status);
}
