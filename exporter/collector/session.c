/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/session.h"

#include <errno.h>

#include "collector/session_private.h"

#define US(ns) ((gint64)((ns) / 1000))
#define ROUNDS_MAX 16 /* stages filled in one step, so that stop and the peer's close are seen in between */
#define QUICK_ATTEMPT G_USEC_PER_SEC /* between look-ups of a name that fails, doubling up to `retry` */
/* No event tells that octets were acknowledged: look again after so long. */
#define ACK_FIRST (5 * 1000)
#define ACK_LAST (200 * 1000)
#define QUIET G_USEC_PER_SEC       /* no ICMP error so long after a datagram: none comes */
#define PROBE (5 * G_USEC_PER_SEC) /* templates to a collector that answered with ICMP errors */
#define CLOCK_STEP_NS ((int64_t)NFP_NS_PER_S)

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
	session->acknowledges = stream && !transport->ops->kept;
	session->on_icmp = !stream && options->spool_path && options->spool_on_icmp;
	session->spooler = nfp_spooler_new(options, session->acknowledges,
					   !session->acknowledges && !session->on_icmp);
	session->replay_rate = options->spool_rate ? options->spool_rate : stream ? NFP_RATE_NONE : NFP_PACE_FLOOR;
	/* A stream that is full says so, and nothing is lost: it needs no pace unless somebody wants one. */
	nfp_pace_init(&session->pace,
		      options->rate == NFP_RATE_NONE || (stream && !options->rate) ? NFP_PACE_NONE :
		      options->rate ? NFP_PACE_FIXED : NFP_PACE_ADAPTIVE, options->rate, 0);
	session->clock_offset = nfp_clock_offset(clock);
	return session;
}

gboolean nfp_session_open(NfpSession *session, GError **err)
{
	return nfp_spooler_open(session->spooler, err);
}

void nfp_session_free(NfpSession *session)
{
	if (!session)
		return;
	nfp_spooler_free(session->spooler);
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
	if (batch->n) {
		session->came_start = batch->bucket_start_ns;
		session->came_end = batch->bucket_end_ns;
	}
	nfp_outbox_add(&session->outbox, batch);
}

gboolean nfp_session_can_divert(const NfpSession *session, gint64 now)
{
	return nfp_spooler_is_usable(session->spooler, now);
}

void nfp_session_divert(NfpSession *session, GQueue *batches, gint64 now)
{
	GQueue entries = G_QUEUE_INIT;
	NfpBatch *batch;
	NfpOutboxEntry *entry;

	while ((batch = g_queue_pop_head(batches))) {
		entry = g_new0(NfpOutboxEntry, 1);
		entry->batch = batch;
		g_queue_push_tail(&entries, entry);
	}
	nfp_spooler_store(session->spooler, &session->outbox, &entries, now);
	while ((entry = g_queue_pop_head(&entries))) {
		g_queue_push_tail(batches, g_steal_pointer(&entry->batch));
		nfp_outbox_entry_free(entry);
	}
}

void nfp_session_set_behind(NfpSession *session, guint batches)
{
	session->behind = (uint64_t)batches * NFP_BATCH_RECORDS;
}

void nfp_session_hurry(NfpSession *session, gint64 until)
{
	if (session->hurry_until && session->hurry_until <= until)
		return;
	session->hurry_until = until;
	nfp_pace_hurry(&session->pace, until);
}

void nfp_session_set_tables(NfpSession *session, NfpNameTables *tables)
{
	nfp_encoder_set_tables(session->encoder, tables);
	nfp_refresh_request(&session->refresh);
}

/* What came from the spool is there still. No message may be staged. */
static void leave_in_spool(NfpSession *session)
{
	for (const GList *link = session->outbox.entries.head; link; link = link->next)
		nfp_spooler_note(session->spooler, &session->outbox, link->data);
	nfp_outbox_drop_stored(&session->outbox);
}

/* What the session had on its way comes again, from the outbox or from the spool. */
static void end_session(NfpSession *session)
{
	if (!session->open)
		return;
	session->open = FALSE;
	nfp_stage_reset(&session->stage);
	if (session->acknowledges) {
		leave_in_spool(session);
		nfp_spooler_ended(session->spooler, FALSE);
	}
	nfp_outbox_restart(&session->outbox, session->acknowledges);
}

/* Numbers from 0, templates first (RFC 7011 3.1, 8); what the last session left open comes again. */
static void begin_session(NfpSession *session)
{
	end_session(session);
	session->open = TRUE;
	session->session = session->transport->session;
	session->trouble = session->transport->trouble;
	session->up = TRUE;
	session->safe = session->mark = 0;
	session->offset = 0;
	session->announcing = FALSE;
	session->unable = 0;
	session->ack_delay = ACK_FIRST;
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
	end_session(session);
}

/* All that is not delivered goes to the spool, so that it holds up no bucket. No message may be staged. */
static void shelter(NfpSession *session, gint64 now)
{
	GQueue entries = session->outbox.entries;

	if (entries.length == 0 || !nfp_spooler_is_usable(session->spooler, now))
		return;
	g_queue_init(&session->outbox.entries);
	nfp_spooler_store(session->spooler, &session->outbox, &entries, now);
	session->outbox.entries = entries;
	/* What found no place goes again when somebody is there: it would have, from the spool. */
	nfp_outbox_restart(&session->outbox, session->acknowledges || session->on_icmp);
}

static void shelter_step(NfpSession *session, gint64 now)
{
	if (session->hurry_until && now >= session->hurry_until && !session->finished &&
	    nfp_spooler_is_usable(session->spooler, now)) {
		/* What is staged never leaves: the session is about to end. */
		session->finished = TRUE;
		nfp_stage_reset(&session->stage);
		nfp_outbox_restart(&session->outbox, session->acknowledges);
	}
	if (session->finished || (nfp_session_is_away(session) && nfp_stage_is_empty(&session->stage)))
		shelter(session, now);
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

/* FALSE: the stage is full. */
static gboolean stage_announcement(NfpSession *session, gint64 now)
{
	static const NfpOutboxPart no_records = { 0 };
	uint32_t size = nfp_session_message_size(session);
	ssize_t length;

	do {
		uint8_t *out = nfp_stage_space(&session->stage, size);

		if (!out)
			return FALSE;
		length = nfp_encoder_announce(session->encoder, session->announced, nfp_session_export_time(session),
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

/* FALSE: the stage is full, or it is not time yet. */
static gboolean stage_records(NfpSession *session, NfpOutboxEntry *entry, uint64_t *unsent, gint64 now)
{
	const NfpBatch *batch = entry->batch;
	uint32_t size = nfp_session_message_size(session);
	uint8_t *out = nfp_stage_space(&session->stage, size);
	uint32_t used = 0;
	uint32_t unsendable = 0;
	uint32_t allowed;
	NfpOutboxPart part;
	ssize_t length;

	if (!out)
		return FALSE;
	allowed = nfp_pace_allowed(&session->pace, *unsent + session->behind, now);
	if (allowed == 0) {
		session->pace_at = nfp_pace_next(&session->pace);
		return FALSE;
	}
	length = nfp_encoder_records(session->encoder, batch->domain, nfp_session_export_time(session),
				     batch->records + entry->next, MIN(batch->n - entry->next, allowed), out, size,
				     &used, &unsendable);
	if (length < 0 || (length == 0 && used == 0)) {
		nfp_outbox_refuse_one(&session->outbox);
		*unsent -= 1;
		return TRUE;
	}
	nfp_pace_spent(&session->pace, used);
	*unsent -= used;
	nfp_outbox_encoded(&session->outbox, used, unsendable, length > 0, &part);
	if (length > 0) {
		nfp_stage_add(&session->stage, (uint32_t)length, &part);
		nfp_refresh_count(&session->refresh, batch->domain);
	}
	return TRUE;
}

static gboolean may_replay(const NfpSession *session, gint64 now)
{
	const NfpOutbox *outbox = &session->outbox;

	return now >= session->replay_at && !session->hurry_until && !session->behind &&
	       outbox->entries.length < MAX(outbox->capacity / 2, 1) && nfp_spooler_waits(session->spooler, now);
}

/* Something that waits, when nothing else does: so it delays no batch by more than the time of one. */
static NfpOutboxEntry *replay(NfpSession *session, gint64 now)
{
	NfpOutboxEntry *entry;

	if (!may_replay(session, now))
		return NULL;
	entry = nfp_spooler_next(session->spooler, now);
	if (!entry)
		return NULL;
	if (session->replay_rate != NFP_RATE_NONE)
		session->replay_at = now + (gint64)entry->batch->n * G_USEC_PER_SEC / session->replay_rate;
	nfp_pace_came(&session->pace, entry->batch->bucket_start_ns, entry->batch->bucket_end_ns, now);
	nfp_outbox_add_entry(&session->outbox, entry);
	return nfp_outbox_current(&session->outbox);
}

static void probe(NfpSession *session, gint64 now)
{
	if (now < session->probe_at)
		return;
	session->probe_at = now + PROBE;
	announce(session, 0);
	stage_announcement(session, now);
}

static void fill_stage(NfpSession *session, gint64 now)
{
	uint64_t unsent = nfp_outbox_unsent(&session->outbox); /* counted once a stage, not once a message */

	for (;;) {
		NfpOutboxEntry *entry;
		uint32_t domain;

		if (session->announcing && !stage_announcement(session, now))
			return;
		if (nfp_refresh_due(&session->refresh, now, &domain)) {
			announce(session, domain);
			continue;
		}
		if (nfp_session_is_away(session)) {
			probe(session, now);
			return;
		}
		if (session->finished)
			return;
		entry = nfp_outbox_current(&session->outbox);
		if (!entry) {
			entry = replay(session, now);
			unsent = nfp_outbox_unsent(&session->outbox);
		}
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
			unsent = nfp_outbox_unsent(&session->outbox);
			continue;
		}
		if (!stage_records(session, entry, &unsent, now))
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

/* Octets of the session that have arrived, as far as anybody can know. */
static uint64_t arrived(NfpSession *session, gint64 now)
{
	uint64_t unacked = session->transport->ops->unacked(session->transport);

	if (!session->on_icmp)
		return session->offset - MIN(unacked, session->offset);
	if (!session->transport->troubled && now - session->mark_at >= QUIET) {
		session->safe = session->mark;
		session->mark = session->offset;
		session->mark_at = now;
	}
	return session->safe;
}

static void drop_arrived(NfpSession *session, uint64_t offset, gint64 now)
{
	NfpOutboxEntry *entry;

	while ((entry = nfp_outbox_take_acked(&session->outbox, offset)))
		nfp_spooler_arrived(session->spooler, entry, now);
	nfp_spooler_passed(session->spooler, offset);
}

static void take_acks(NfpSession *session, gint64 now)
{
	session->ack_at = NFP_TRANSPORT_NEVER;
	drop_arrived(session, arrived(session, now), now);
	if (!nfp_outbox_awaits_ack(&session->outbox))
		return;
	if (session->on_icmp && session->transport->troubled)
		return; /* nothing becomes safe before the trouble ends, which step() or send() sees */
	session->ack_at = session->on_icmp ? session->mark_at + QUIET : now + session->ack_delay;
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

/* When to come again, if nothing happens before. */
static gint64 next_step(NfpSession *session, gint64 now)
{
	const NfpTransport *transport = session->transport;
	gint64 deadline = MIN(transport->ops->deadline(transport), nfp_spooler_flush(session->spooler, now));

	if (session->hurry_until > now)
		deadline = MIN(deadline, session->hurry_until);
	if (transport->state == NFP_TRANSPORT_DOWN)
		return MIN(deadline, session->attempt_at);
	if (transport->state != NFP_TRANSPORT_UP)
		return deadline;
	if (nfp_stage_is_empty(&session->stage)) {
		deadline = MIN(deadline, nfp_refresh_deadline(&session->refresh));
		/* Acknowledgements have just made room. */
		if (may_replay(session, now) && !nfp_session_is_away(session) &&
		    !nfp_outbox_current(&session->outbox))
			return now;
	}
	deadline = MIN(deadline, session->pace_at);
	if (session->replay_at > now)
		deadline = MIN(deadline, session->replay_at);
	if (nfp_session_is_away(session))
		deadline = MIN(deadline, session->probe_at);
	return MIN(deadline, session->ack_at);
}

gint64 nfp_session_step(NfpSession *session, gint64 now)
{
	NfpTransport *transport = session->transport;

	session->pace_at = NFP_PACE_NEVER;
	if (session->came_end) {
		nfp_pace_came(&session->pace, session->came_start, session->came_end, now);
		session->came_end = 0;
	}
	if (session->stopping) {
		take_acks(session, now);
		nfp_spooler_flush(session->spooler, now);
		transport->ops->step(transport, now);
		return MIN(transport->ops->deadline(transport), session->ack_at);
	}
	connect_step(session, now);
	shelter_step(session, now);
	if (transport->state == NFP_TRANSPORT_UP) {
		look_at_clock(session, now);
		if (send_step(session, now))
			return now;
	}
	return next_step(session, now);
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

static void end_transport(NfpSession *session, gint64 now)
{
	/* A peer that closes after our end has read, or at least acknowledged, all that came before it. */
	gboolean in_order = session->stopping && session->up && nfp_session_closed(session) &&
			    session->errors == session->transport->errors;

	if (in_order) {
		drop_arrived(session, session->offset, now);
		nfp_spooler_ended(session->spooler, TRUE);
		session->open = FALSE;
	}
	end_session(session);
	session->transport->ops->close(session->transport);
	nfp_stage_reset(&session->stage);
	nfp_outbox_restart(&session->outbox, session->acknowledges);
}

void nfp_session_abandon(NfpSession *session, gint64 now)
{
	end_transport(session, now);
	shelter(session, now);
	nfp_spooler_flush(session->spooler, now);
	nfp_outbox_refuse(&session->outbox);
}

void nfp_session_bequeath(NfpSession *session, gint64 now, GQueue *ret_entries)
{
	NfpOutboxEntry *entry;

	end_transport(session, now);
	leave_in_spool(session);
	while ((entry = g_queue_pop_head(&session->outbox.entries)))
		g_queue_push_tail(ret_entries, entry);
	nfp_spooler_flush(session->spooler, now);
}

void nfp_session_give_entry(NfpSession *session, NfpOutboxEntry *entry)
{
	session->came_start = entry->batch->bucket_start_ns;
	session->came_end = entry->batch->bucket_end_ns;
	nfp_outbox_add_entry(&session->outbox, entry);
}

gboolean nfp_session_acknowledges(const NfpSession *session)
{
	return session->acknowledges;
}
