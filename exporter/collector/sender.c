/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sender's thread: one loop that waits for the ring, the transport and the time, whichever is first. */
#include "collector/sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/ring.h"
#include "collector/session.h"
#include "collector/sieve.h"

#define GOODBYE_MAX G_USEC_PER_SEC /* for the peer's close after ours */
#define RUNNING G_MAXINT64
#define DIVERT_LOOK (20 * 1000) /* us */
#define DIVERT 16 /* batches that go to the spool in one go */

typedef enum { PHASE_RUN, PHASE_FLUSH, PHASE_GOODBYE, PHASE_END } Phase;

struct NfpCollector {
	NfpRing *ring;          /* NfpBatch, a reference each */
	int wake_fd;            /* stop() was called, or something was refused */
	GThread *thread;
	char *room;             /* in the log */
	NfpSieve sieve;         /* its filter and its list of prefixes */
	NfpSession *session;    /* the thread's */
	GQueue held;            /* NfpBatch, the thread's: left the ring, and the spool did not take them; DIVERT at most */
	atomic_int_fast64_t stop_by; /* deadline of stop(), or RUNNING */
	atomic_int_fast64_t hurry_until; /* of hurry(), or RUNNING */
	atomic_bool heir;       /* waits for inherit() */
	_Atomic uint64_t lost_packets;
	_Atomic uint64_t refused_records, refused_packets, refused_octets; /* by publish(): the ring was full, or stopped */
	NfpSieveCounts filtered;
	gboolean retiring;      /* set before stop_by: what is left is another's */
	GQueue left;            /* NfpOutboxEntry: the thread's when it ended; then retire()'s, for inherit() */
	NfpEncoderStats told;   /* alike: what options data told last */
	pthread_mutex_t lock;   /* of the next five; held for the time of a copy */
	NfpCollectorStatus before; /* counts of those that this one took over from */
	NfpCollectorStatus status;
	NfpNameTables *tables;  /* for the thread to take; NULL: nothing new */
	GQueue inherited;       /* NfpOutboxEntry, alike */
	NfpEncoderStats *inherited_stats; /* alike */
	/* The thread's: what was logged last. */
	NfpSessionCondition logged;
	uint64_t logged_refused;
	gboolean logged_full;
	gboolean logged_waiting;
};

static uint64_t packets_of(const NfpBatch *batch)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		packets += nfp_record_packets(&batch->records[i]);
	return packets;
}

static uint64_t octets_of(const NfpBatch *batch)
{
	uint64_t octets = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		octets += nfp_record_octets(&batch->records[i]);
	return octets;
}

static void refuse(NfpCollector *collector, NfpBatch *batch)
{
	atomic_fetch_add(&collector->refused_records, batch->n);
	atomic_fetch_add(&collector->refused_packets, packets_of(batch));
	atomic_fetch_add(&collector->refused_octets, octets_of(batch));
	nfp_batch_miss(batch);
	nfp_batch_unref(batch);
}

/* The next batch of the ring, or what the filter leaves of it; NULL: there is none. */
static NfpBatch *next_batch(NfpCollector *collector)
{
	NfpBatch *batch = g_queue_pop_head(&collector->held);

	if (batch)
		return batch;
	while ((batch = nfp_ring_pop(collector->ring))) {
		batch = nfp_sieve(&collector->sieve, batch, &collector->filtered);
		if (batch)
			return batch;
	}
	return NULL;
}

static void wake(NfpCollector *collector)
{
	uint64_t one = 1;
	ssize_t n;

	do {
		n = write(collector->wake_fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
}

void nfp_collector_publish(NfpCollector *collector, NfpBatch *batch)
{
	NfpBatch *reference = nfp_batch_ref(batch);

	if (atomic_load(&collector->stop_by) != RUNNING || !nfp_ring_push(collector->ring, reference)) {
		/* What its filter leaves out is not refused. */
		reference = nfp_sieve(&collector->sieve, reference, &collector->filtered);
		if (reference)
			refuse(collector, reference);
		wake(collector); /* it tells: the peer may keep it waiting for long */
	}
}

void nfp_collector_hurry(NfpCollector *collector, gint64 until)
{
	atomic_store(&collector->hurry_until, until);
	wake(collector);
}

void nfp_collector_set_lost(NfpCollector *collector, uint64_t lost_packets)
{
	atomic_store(&collector->lost_packets, lost_packets);
}

void nfp_collector_set_tables(NfpCollector *collector, NfpNameTables *tables)
{
	NfpNameTables *old;

	pthread_mutex_lock(&collector->lock);
	old = collector->tables;
	collector->tables = nfp_name_tables_ref(tables);
	pthread_mutex_unlock(&collector->lock);
	nfp_name_tables_unref(old);
	wake(collector);
}

static void take_tables(NfpCollector *collector)
{
	g_autoptr(NfpNameTables) tables = NULL;

	pthread_mutex_lock(&collector->lock);
	tables = g_steal_pointer(&collector->tables);
	pthread_mutex_unlock(&collector->lock);
	if (tables)
		nfp_session_set_tables(collector->session, tables);
}

static void take_inherited(NfpCollector *collector)
{
	g_autofree NfpEncoderStats *stats = NULL;
	GQueue entries;
	NfpOutboxEntry *entry;

	pthread_mutex_lock(&collector->lock);
	entries = collector->inherited;
	g_queue_init(&collector->inherited);
	stats = g_steal_pointer(&collector->inherited_stats);
	pthread_mutex_unlock(&collector->lock);
	if (stats)
		nfp_session_add_stats(collector->session, stats);
	while ((entry = g_queue_pop_head(&entries)))
		nfp_session_give_entry(collector->session, entry);
}

static void add_counts(NfpCollectorStatus *to, const NfpCollectorStatus *more)
{
	to->messages += more->messages;
	to->records += more->records;
	to->packets += more->packets;
	to->octets += more->octets;
	to->refused_records += more->refused_records;
	to->refused_packets += more->refused_packets;
	to->filtered_records += more->filtered_records;
	to->filtered_packets += more->filtered_packets;
	to->resent_records += more->resent_records;
	to->unacked_records += more->unacked_records;
	to->cut_records += more->cut_records;
	to->send_errors += more->send_errors;
	to->sessions += more->sessions;
}

void nfp_collector_status(NfpCollector *collector, NfpCollectorStatus *ret_status)
{
	pthread_mutex_lock(&collector->lock);
	*ret_status = collector->status;
	ret_status->queued += collector->inherited.length;
	add_counts(ret_status, &collector->before);
	pthread_mutex_unlock(&collector->lock);
	ret_status->queued += nfp_ring_length(collector->ring);
	ret_status->refused_records += atomic_load(&collector->refused_records);
	ret_status->refused_packets += atomic_load(&collector->refused_packets);
	ret_status->filtered_records += atomic_load(&collector->filtered.records);
	ret_status->filtered_packets += atomic_load(&collector->filtered.packets);
}

static void log_session(NfpCollector *collector, const NfpCollectorStatus *status)
{
	NfpSessionCondition condition = nfp_session_condition(collector->session);

	if (condition == NFP_SESSION_CONNECTING || condition == collector->logged)
		return;
	collector->logged = condition;
	if (condition == NFP_SESSION_UP)
		nfp_log(NFP_LOG_NOTICE, collector->room, "up, %s", status->reason);
	else if (condition == NFP_SESSION_CLOSED)
		nfp_log(NFP_LOG_INFO, collector->room, "closed");
	else
		nfp_log(NFP_LOG_WARNING, collector->room, "%s: %s", status->state, status->reason);
}

/* Batches that the session has not. */
static guint behind(const NfpCollector *collector)
{
	return collector->held.length + nfp_ring_length(collector->ring);
}

static void log_queue(NfpCollector *collector, const NfpSpoolStatus *spool)
{
	uint64_t refused = atomic_load(&collector->refused_records);

	/* What is left at the end is no longer queued, and comes again at the next start. */
	if (atomic_load(&collector->stop_by) != RUNNING)
		return;
	if (refused != collector->logged_refused && !collector->logged_full) {
		collector->logged_full = TRUE;
		nfp_log(NFP_LOG_WARNING, collector->room,
			"the queue is full: new records are refused and counted until it has room; %s",
			!spool->configured ? "a spool would keep them" :
			spool->error[0]    ? "the spool does not take them now" :
					     "they came faster than the spool takes them");
	} else if (collector->logged_full && behind(collector) <= nfp_ring_capacity(collector->ring) / 2 &&
		   nfp_session_wants(collector->session)) { /* not moved on to where it waits again */
		collector->logged_full = FALSE;
		nfp_log(NFP_LOG_NOTICE, collector->room, "the queue has room again: %" G_GUINT64_FORMAT
			" records refused so far", refused);
	}
	collector->logged_refused = refused;
}

static void log_spool(NfpCollector *collector, const NfpSpoolStatus *spool)
{
	g_autofree char *news = nfp_session_news(collector->session);

	if (news)
		nfp_log(NFP_LOG_WARNING, collector->room, "%s", news);
	if (spool->waiting && !collector->logged_waiting)
		nfp_log(NFP_LOG_NOTICE, collector->room, "records wait to be sent again, or for the first time");
	else if (!spool->waiting && collector->logged_waiting)
		nfp_log(NFP_LOG_NOTICE, collector->room, "no record waits any more");
	collector->logged_waiting = spool->waiting != 0;
}

static void report(NfpCollector *collector, gint64 now)
{
	NfpCollectorStatus status;

	nfp_session_status(collector->session, now, &status);
	status.queued += collector->held.length;
	pthread_mutex_lock(&collector->lock);
	collector->status = status;
	pthread_mutex_unlock(&collector->lock);
	log_session(collector, &status);
	log_spool(collector, &status.spool);
	log_queue(collector, &status.spool);
}

/* Up to `most` batches go to the spool; what it does not take is held. */
static void divert_some(NfpCollector *collector, guint most, gint64 now)
{
	GQueue batches = G_QUEUE_INIT;
	NfpBatch *batch;

	while (batches.length < most && (batch = next_batch(collector)))
		g_queue_push_tail(&batches, batch);
	nfp_session_divert(collector->session, &batches, now);
	while ((batch = g_queue_pop_tail(&batches)))
		g_queue_push_head(&collector->held, batch);
}

/* The ring would overflow soon: what is in it goes to the spool, a few batches at a time. */
static void divert(NfpCollector *collector, gint64 now)
{
	while (!nfp_session_wants(collector->session) && behind(collector) > nfp_ring_capacity(collector->ring) / 2 &&
	       nfp_session_can_divert(collector->session, now))
		divert_some(collector, DIVERT, now);
}

static gboolean is_retiring(NfpCollector *collector)
{
	return atomic_load(&collector->stop_by) != RUNNING && collector->retiring;
}

static void tell_loss(NfpCollector *collector)
{
	nfp_session_set_loss(collector->session, atomic_load(&collector->lost_packets),
			     atomic_load(&collector->refused_records),
			     atomic_load(&collector->refused_packets),
			     atomic_load(&collector->refused_octets));
}

static void feed(NfpCollector *collector, gint64 now)
{
	take_inherited(collector);
	while (!is_retiring(collector) && nfp_session_wants(collector->session)) {
		NfpBatch *batch = next_batch(collector);

		if (!batch)
			break;
		nfp_session_give(collector->session, batch);
	}
	divert(collector, now);
	nfp_session_set_behind(collector->session, behind(collector));
	tell_loss(collector);
}

static void refuse_ring(NfpCollector *collector)
{
	NfpBatch *batch;

	while ((batch = next_batch(collector)))
		refuse(collector, batch);
}

static void spool_ring(NfpCollector *collector, gint64 now)
{
	if (nfp_session_can_divert(collector->session, now))
		divert_some(collector, G_MAXUINT, now);
}

/* All is sent, or the time is up, or no attempt comes before it is. */
static gboolean flush_is_over(NfpCollector *collector, gint64 now, gint64 deadline)
{
	if (now >= deadline || nfp_session_next_attempt(collector->session) >= deadline)
		return TRUE;
	/* Datagrams end anywhere; where all of a batch would go again, it is better finished. */
	if (is_retiring(collector))
		return !nfp_session_acknowledges(collector->session) || nfp_session_flushed(collector->session);
	return behind(collector) == 0 && nfp_session_flushed(collector->session);
}

static Phase next_phase(NfpCollector *collector, Phase phase, gint64 now, gint64 *goodbye_by)
{
	gint64 deadline = atomic_load(&collector->stop_by);

	if (phase == PHASE_RUN && deadline != RUNNING) {
		phase = PHASE_FLUSH;
		/* The rest of the time is the disk's and the goodbye's. */
		nfp_session_hurry(collector->session, now + MAX(deadline - now, 0) / 3 * 2);
	}
	if (phase == PHASE_FLUSH && flush_is_over(collector, now, deadline)) {
		if (!is_retiring(collector)) {
			spool_ring(collector, now);
			refuse_ring(collector);
		}
		nfp_session_shutdown(collector->session);
		*goodbye_by = MIN(deadline, now + GOODBYE_MAX);
		phase = PHASE_GOODBYE;
	}
	if (phase == PHASE_GOODBYE && (now >= *goodbye_by || nfp_session_closed(collector->session)))
		phase = PHASE_END;
	return phase;
}

static void wait_for_work(NfpCollector *collector, gint64 until)
{
	struct pollfd pfds[2 + NFP_TRANSPORT_FDS];
	gint64 left = MAX(until - g_get_monotonic_time(), 0);
	struct timespec timeout = { .tv_sec = left / G_USEC_PER_SEC,
				    .tv_nsec = left % G_USEC_PER_SEC * 1000 };
	guint n = 0;

	pfds[n++] = (struct pollfd){ .fd = collector->wake_fd, .events = POLLIN };
	if (!is_retiring(collector) && nfp_session_wants(collector->session))
		pfds[n++] = (struct pollfd){ .fd = nfp_ring_fd(collector->ring), .events = POLLIN };
	n += nfp_session_poll(collector->session, pfds + n);
	/* EINTR is a wake-up like any other. */
	ppoll(pfds, n, until == NFP_TRANSPORT_NEVER ? NULL : &timeout, NULL);
}

static void clear_wake(NfpCollector *collector)
{
	uint64_t count;
	ssize_t n;

	do {
		n = read(collector->wake_fd, &count, sizeof(count));
	} while (n < 0 && errno == EINTR);
}

/* Totals of zero, told before those of the retired one are known, would be a step back. FALSE: stopped before. */
static gboolean wait_for_legacy(NfpCollector *collector)
{
	struct pollfd wake_fd = { .fd = collector->wake_fd, .events = POLLIN };

	while (atomic_load(&collector->heir) && atomic_load(&collector->stop_by) == RUNNING) {
		poll(&wake_fd, 1, -1);
		clear_wake(collector);
	}
	return !atomic_load(&collector->heir);
}

static void run(NfpCollector *collector)
{
	Phase phase = PHASE_RUN;
	gint64 goodbye_by = NFP_TRANSPORT_NEVER;

	for (;;) {
		gint64 now = g_get_monotonic_time();
		gint64 hurry = atomic_load(&collector->hurry_until);
		gint64 until;

		if (hurry != RUNNING)
			nfp_session_hurry(collector->session, hurry);
		feed(collector, now);
		take_tables(collector);
		until = nfp_session_step(collector->session, now);
		report(collector, now);
		phase = next_phase(collector, phase, now, &goodbye_by);
		if (phase == PHASE_END)
			break;
		if (phase == PHASE_FLUSH)
			until = MIN(until, (gint64)atomic_load(&collector->stop_by));
		if (phase == PHASE_GOODBYE)
			until = MIN(until, goodbye_by);
		/* The ring is not polled while there is no room: look whether it has to go to the spool. */
		if (!nfp_session_wants(collector->session) && nfp_session_can_divert(collector->session, now))
			until = MIN(until, now + DIVERT_LOOK);
		/* No fd tells of what is held. */
		if (collector->held.length && nfp_session_wants(collector->session) && !is_retiring(collector))
			until = now;
		wait_for_work(collector, until);
		clear_wake(collector);
	}
}

static void *send_loop(void *data)
{
	NfpCollector *collector = data;

	if (wait_for_legacy(collector))
		run(collector);
	if (is_retiring(collector))
		nfp_session_bequeath(collector->session, g_get_monotonic_time(), &collector->left);
	else
		nfp_session_abandon(collector->session, g_get_monotonic_time());
	report(collector, g_get_monotonic_time());
	return NULL;
}

static gboolean make_sieve(const NfpCollectorOptions *options, NfpSieve *sieve, GError **err)
{
	if (options->filter && !(sieve->filter = nfp_filter_new(options->filter, err))) {
		g_prefix_error(err, "filter \"%.80s\": ", options->filter);
		return FALSE;
	}
	if (options->prefixes)
		sieve->prefixes = nfp_prefixes_ref(options->prefixes);
	return TRUE;
}

NfpCollector *nfp_collector_new_with(const NfpCollectorOptions *options, const NfpTemplateSet *templates,
				     const NfpClock *clock, NfpEncoder *encoder, NfpTransport *transport,
				     gboolean heir, GError **err)
{
	g_autoptr(NfpCollector) collector = g_new0(NfpCollector, 1);

	collector->wake_fd = -1;
	pthread_mutex_init(&collector->lock, NULL);
	atomic_init(&collector->stop_by, RUNNING);
	atomic_init(&collector->hurry_until, RUNNING);
	atomic_init(&collector->heir, heir);
	collector->logged = NFP_SESSION_CLOSED;
	collector->room = g_strdup_printf("collector %s", options->name);
	if (!make_sieve(options, &collector->sieve, err)) {
		nfp_transport_free(transport);
		nfp_encoder_free(encoder);
		return NULL;
	}
	collector->session = nfp_session_new(options, templates, clock, encoder, transport);
	if (!nfp_session_open(collector->session, err))
		return NULL;
	nfp_session_status(collector->session, 0, &collector->status);
	collector->status.state = "connecting";
	collector->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (collector->wake_fd < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an eventfd");
		return NULL;
	}
	collector->ring = nfp_ring_new(options->queue, err);
	if (!collector->ring)
		return NULL;
	collector->thread = g_thread_try_new("nfp-sender", send_loop, collector, err);
	if (!collector->thread)
		return NULL;
	return g_steal_pointer(&collector);
}

void nfp_collector_stop(NfpCollector *collector, gint64 deadline)
{
	if (!collector->thread)
		return;
	atomic_store(&collector->stop_by, MIN(deadline, RUNNING - 1));
	wake(collector);
	g_thread_join(g_steal_pointer(&collector->thread));
	/* What publish() pushed while the thread ended. */
	refuse_ring(collector);
}

void nfp_collector_retire(NfpCollector *collector, gint64 deadline)
{
	NfpBatch *batch;

	if (!collector->thread)
		return;
	collector->retiring = TRUE;
	atomic_store(&collector->stop_by, MIN(deadline, RUNNING - 1));
	wake(collector);
	g_thread_join(g_steal_pointer(&collector->thread));
	while ((batch = next_batch(collector))) {
		NfpOutboxEntry *entry = g_new0(NfpOutboxEntry, 1);

		entry->batch = batch;
		g_queue_push_tail(&collector->left, entry);
	}
	collector->status.queued = 0;
	if (collector->inherited_stats)
		nfp_session_add_stats(collector->session, collector->inherited_stats);
	g_clear_pointer(&collector->inherited_stats, g_free);
	tell_loss(collector);
	collector->told = *nfp_session_stats(collector->session);
	g_clear_pointer(&collector->session, nfp_session_free);
}

gboolean nfp_collector_is_over(const NfpCollector *collector)
{
	return !collector->thread;
}

void nfp_collector_inherit(NfpCollector *collector, NfpCollector *retired)
{
	NfpCollectorStatus counts;
	NfpOutboxEntry *entry;

	nfp_collector_status(retired, &counts);
	pthread_mutex_lock(&collector->lock);
	add_counts(&collector->before, &counts);
	if (!collector->inherited_stats)
		collector->inherited_stats = g_memdup2(&retired->told, sizeof(retired->told));
	while ((entry = g_queue_pop_head(&retired->left)))
		g_queue_push_tail(&collector->inherited, entry);
	pthread_mutex_unlock(&collector->lock);
	atomic_store(&collector->heir, FALSE);
	wake(collector);
}

/* Nobody took it over. */
static void refuse_entries(NfpCollector *collector, GQueue *entries)
{
	NfpOutboxEntry *entry;

	while ((entry = g_queue_pop_head(entries))) {
		refuse(collector, g_steal_pointer(&entry->batch));
		nfp_outbox_entry_free(entry);
	}
}

void nfp_collector_free(NfpCollector *collector)
{
	if (!collector)
		return;
	nfp_collector_stop(collector, 0);
	if (collector->ring)
		refuse_ring(collector);
	refuse_entries(collector, &collector->left);
	refuse_entries(collector, &collector->inherited);
	nfp_session_free(collector->session);
	nfp_filter_free(collector->sieve.filter);
	nfp_prefixes_free(collector->sieve.prefixes);
	nfp_name_tables_unref(collector->tables);
	g_free(collector->inherited_stats);
	nfp_ring_free(collector->ring);
	nfp_fd_clear(&collector->wake_fd);
	pthread_mutex_destroy(&collector->lock);
	g_free(collector->room);
	g_free(collector);
}
