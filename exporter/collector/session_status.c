/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session tells about itself. */
#include <errno.h>

#include "collector/session_private.h"

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

/* When a total was seen to grow, for the first time and for the last. */
static void note_growth(const NfpSession *session, uint64_t before, uint64_t now, uint32_t *first, uint32_t *last)
{
	if (now == before)
		return;
	*last = nfp_session_export_time(session);
	if (!*first)
		*first = *last;
}

void nfp_session_set_loss(NfpSession *session, uint64_t lost_packets, uint64_t refused_records,
			  uint64_t refused_packets, uint64_t refused_octets)
{
	NfpEncoderStats *stats = &session->stats;
	uint64_t lost = stats->lost_packets, not_sent = stats->not_sent_records;
	NfpSpoolStatus spool;

	nfp_spooler_status(session->spooler, &spool);
	stats->lost_packets = MAX(lost_packets, session->before.lost_packets);
	stats->not_sent_records = session->before.not_sent_records + refused_records +
				  session->outbox.counts.refused_records + spool.dropped_records;
	stats->not_sent_packets = session->before.not_sent_packets + refused_packets +
				  session->outbox.counts.refused_packets + spool.dropped_packets;
	stats->not_sent_octets = session->before.not_sent_octets + refused_octets +
				 session->outbox.counts.refused_octets + spool.dropped_octets;
	note_growth(session, lost, stats->lost_packets, &stats->lost_first, &stats->lost_last);
	note_growth(session, not_sent, stats->not_sent_records, &stats->not_sent_first, &stats->not_sent_last);
}

const NfpEncoderStats *nfp_session_stats(const NfpSession *session)
{
	return &session->stats;
}

void nfp_session_add_stats(NfpSession *session, const NfpEncoderStats *more)
{
	NfpEncoderStats *stats = &session->stats, *before = &session->before;

	stats->messages += more->messages;
	stats->records += more->records;
	stats->octets += more->octets;
	/* The daemon's, not the session's: told again by set_loss(). */
	before->lost_packets = MAX(before->lost_packets, more->lost_packets);
	stats->lost_packets = MAX(stats->lost_packets, more->lost_packets);
	stats->lost_first = more->lost_first ? more->lost_first : stats->lost_first;
	stats->lost_last = MAX(stats->lost_last, more->lost_last);
	before->not_sent_records += more->not_sent_records;
	before->not_sent_packets += more->not_sent_packets;
	before->not_sent_octets += more->not_sent_octets;
	stats->not_sent_records += more->not_sent_records;
	stats->not_sent_packets += more->not_sent_packets;
	stats->not_sent_octets += more->not_sent_octets;
	stats->not_sent_first = more->not_sent_first ? more->not_sent_first : stats->not_sent_first;
	stats->not_sent_last = MAX(stats->not_sent_last, more->not_sent_last);
	nfp_refresh_request(&session->refresh);
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
			   nfp_session_message_size(session));
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

static uint64_t oldest_end(const NfpOutbox *outbox)
{
	const NfpOutboxEntry *oldest = g_queue_peek_head((GQueue *)&outbox->entries);

	return oldest && oldest->batch ? oldest->batch->bucket_end_ns : 0;
}

void nfp_session_status(const NfpSession *session, gint64 now, NfpCollectorStatus *ret_status)
{
	const NfpOutboxCounts *counts = &session->outbox.counts;

	*ret_status = (NfpCollectorStatus){ 0 };
	nfp_spooler_status(session->spooler, &ret_status->spool);
	*ret_status = (NfpCollectorStatus){
		.spool = ret_status->spool,
		.queued = session->outbox.entries.length,
		.oldest_ns = oldest_end(&session->outbox),
		.messages = session->messages,
		.octets = session->octets,
		.records = counts->records,
		.packets = counts->packets,
		.refused_records = counts->refused_records + ret_status->spool.dropped_records,
		.refused_packets = counts->refused_packets + ret_status->spool.dropped_packets,
		.resent_records = counts->resent_records,
		.unacked_records = counts->unacked_records,
		.cut_records = nfp_encoder_cut_records(session->encoder),
		.send_errors = session->transport->errors,
		.sessions = session->transport->session,
	};
	describe(session, now, ret_status);
}

char *nfp_session_news(NfpSession *session)
{
	return nfp_spooler_news(session->spooler);
}
