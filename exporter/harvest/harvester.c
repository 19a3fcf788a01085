/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/harvester.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "harvest/shelf.h"

#define REFRESH NFP_NS_PER_S /* the clock's offset, and whether packets were spilled */

struct NfpHarvester {
	NfpHarvestOptions options;
	char *hostname;
	const NfpClock *clock;
	NfpDrain drain;
	GPtrArray *shelves; /* NfpShelf */
	NfpWakeup *wakeup;  /* a bucket was delivered, or stop */
	NfpHarvestStatus status; /* members read and written atomically, one by one */
	GThread *thread;
	int clock_fd; /* readable (ECANCELED) when CLOCK_REALTIME is set or the machine resumes */
	int due_fd;   /* the next thing is due */
	gint stop, hurry;
	bool stopped, flush;
	gint64 deadline;
	gint held;
	pthread_mutex_t lock; /* of the next two */
	pthread_cond_t turn;  /* it rests, or it may go on */
	bool resting;
};

static void take_options(NfpHarvester *h, const NfpHarvestOptions *options)
{
	char *hostname = g_strdup(options->hostname);

	g_free(h->hostname);
	h->hostname = hostname;
	h->options = *options;
	h->options.hostname = hostname;
}

NfpHarvester *nfp_harvester_new(const NfpHarvestOptions *options, const NfpClock *clock, NfpPublish publish,
				NfpBucketDone done, void *data)
{
	NfpHarvester *h = g_new0(NfpHarvester, 1);

	take_options(h, options);
	h->clock = clock;
	h->drain = (NfpDrain){
		.options = &h->options,
		.publish = publish,
		.done = done,
		.data = data,
		.merge = nfp_merge_new(),
		.pool = nfp_batch_pool_new(NFP_HARVEST_POOL),
	};
	h->shelves = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_shelf_free);
	h->clock_fd = -1;
	h->due_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->turn, NULL);
	return h;
}

static void store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static void update_status(NfpHarvester *h)
{
	NfpHarvestStatus s = { .records = h->drain.records, .packets = h->drain.packets };

	for (guint i = 0; i < h->shelves->len; i++) {
		const NfpShelf *shelf = g_ptr_array_index(h->shelves, i);

		s.buckets_open += shelf->open->len;
		s.buckets_draining += shelf->closed.length;
		s.drain_errors += shelf->errors;
		s.clock_steps += shelf->steps;
		s.late += shelf->late;
	}
	store(&h->status.buckets_open, s.buckets_open);
	store(&h->status.buckets_draining, s.buckets_draining);
	store(&h->status.records, s.records);
	store(&h->status.packets, s.packets);
	store(&h->status.drain_errors, s.drain_errors);
	store(&h->status.clock_steps, s.clock_steps);
	store(&h->status.late, s.late);
	store(&h->status.turns, h->status.turns + 1);
}

void nfp_harvester_status(NfpHarvester *h, NfpHarvestStatus *ret_status)
{
	NfpHarvestStatus s = {
		.buckets_open = __atomic_load_n(&h->status.buckets_open, __ATOMIC_RELAXED),
		.buckets_draining = __atomic_load_n(&h->status.buckets_draining, __ATOMIC_RELAXED),
		.records = __atomic_load_n(&h->status.records, __ATOMIC_RELAXED),
		.packets = __atomic_load_n(&h->status.packets, __ATOMIC_RELAXED),
		.drain_errors = __atomic_load_n(&h->status.drain_errors, __ATOMIC_RELAXED),
		.clock_steps = __atomic_load_n(&h->status.clock_steps, __ATOMIC_RELAXED),
		.late = __atomic_load_n(&h->status.late, __ATOMIC_RELAXED),
		.turns = __atomic_load_n(&h->status.turns, __ATOMIC_RELAXED),
	};

	*ret_status = s;
}

gboolean nfp_harvester_add_source(NfpHarvester *h, NfpSource *source, GError **err)
{
	int64_t boot = h->clock->boottime(h->clock);
	NfpShelf *shelf;

	if (!h->wakeup)
		h->wakeup = nfp_wakeup_new(err);
	if (!h->wakeup)
		return FALSE;
	shelf = nfp_shelf_new(source, &h->options, h->wakeup, boot, err);
	if (!shelf)
		return FALSE;
	g_ptr_array_add(h->shelves, shelf);
	/* Buckets and clock are there before the first hook is. */
	nfp_shelf_create(shelf, nfp_shelf_turn(shelf, boot, nfp_clock_offset(h->clock)));
	update_status(h);
	return TRUE;
}

/* Everything that needs the clock to be right comes before what takes long. */
uint64_t nfp_harvester_step(NfpHarvester *h)
{
	int64_t offset = nfp_clock_offset(h->clock);
	uint64_t next = REFRESH;

	for (guint i = 0; i < h->shelves->len; i++) {
		NfpShelf *shelf = g_ptr_array_index(h->shelves, i);
		int64_t boot = h->clock->boottime(h->clock);
		uint64_t now = nfp_shelf_turn(shelf, boot, offset);

		nfp_shelf_create(shelf, now);
		if (shelf->source->adapt) {
			int64_t later = h->clock->boottime(h->clock); /* making buckets takes time */
			uint64_t pause = shelf->source->adapt(shelf->source, later + shelf->clock.offset);

			next = MIN(next, pause);
		}
		nfp_shelf_retire(shelf, now);
		nfp_shelf_spill(shelf, boot, now, false);
	}
	for (guint i = 0; i < h->shelves->len; i++) {
		NfpShelf *shelf = g_ptr_array_index(h->shelves, i);
		int64_t boot = h->clock->boottime(h->clock);

		nfp_shelf_drain(shelf, &h->drain, boot);
		nfp_shelf_finish(shelf, boot);
		next = MIN(next, nfp_shelf_next(shelf, boot, boot + shelf->clock.offset));
	}
	update_status(h);
	return MAX(next, 1);
}

static void flush(NfpHarvester *h)
{
	for (guint i = 0; i < h->shelves->len; i++) {
		NfpShelf *shelf = g_ptr_array_index(h->shelves, i);
		int64_t boot = h->clock->boottime(h->clock);

		nfp_shelf_flush(shelf, boot, boot + shelf->clock.offset);
		nfp_shelf_drain(shelf, &h->drain, boot);
	}
}

/* Closed buckets that are not unpinned yet. */
static bool undelivered(NfpHarvester *h)
{
	for (guint i = 0; i < h->shelves->len; i++)
		if (((NfpShelf *)g_ptr_array_index(h->shelves, i))->closed.length)
			return true;
	return false;
}

/* waited: ns that have passed though the clock may stand (that of captures does), so that what failed comes due again. */
static void finish(NfpHarvester *h, int64_t waited)
{
	for (guint i = 0; i < h->shelves->len; i++) {
		NfpShelf *shelf = g_ptr_array_index(h->shelves, i);
		int64_t boot = h->clock->boottime(h->clock) + waited;

		nfp_shelf_drain(shelf, &h->drain, boot);
		nfp_shelf_finish(shelf, boot);
	}
	update_status(h);
}

gboolean nfp_harvester_settle(NfpHarvester *h, gint64 deadline)
{
	gint64 begun = g_get_monotonic_time();

	for (;;) {
		struct pollfd fd = { .fd = nfp_wakeup_fd(h->wakeup), .events = POLLIN };
		gint64 left;

		nfp_wakeup_clear(h->wakeup);
		finish(h, (g_get_monotonic_time() - begun) * 1000);
		if (!undelivered(h))
			return TRUE;
		left = deadline - g_get_monotonic_time();
		if (left <= 0 || g_atomic_int_get(&h->hurry))
			return FALSE;
		/* No longer than it takes for a retry to come due. */
		poll(&fd, 1, (int)MIN(left / 1000 + 1, 1000));
	}
}

static void wind_up(NfpHarvester *h)
{
	if (!h->shelves->len)
		return;
	nfp_harvester_step(h);
	if (h->flush)
		flush(h);
	nfp_harvester_settle(h, h->deadline);
}

static void arm_clock(NfpHarvester *h)
{
	/* Never meant to expire: it is cancelled when somebody sets the clock. */
	struct itimerspec never = { .it_value.tv_sec = INT32_MAX };

	timerfd_settime(h->clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void wait_due(NfpHarvester *h, uint64_t ns)
{
	struct itimerspec due = {
		.it_value = { .tv_sec = (time_t)(ns / NFP_NS_PER_S), .tv_nsec = (long)(ns % NFP_NS_PER_S) },
	};
	struct pollfd fds[] = {
		{ .fd = h->clock_fd, .events = POLLIN },
		{ .fd = h->due_fd, .events = POLLIN },
		{ .fd = nfp_wakeup_fd(h->wakeup), .events = POLLIN },
	};
	uint64_t n;

	timerfd_settime(h->due_fd, 0, &due, NULL);
	poll(fds, G_N_ELEMENTS(fds), -1);
	if (fds[0].revents && read(h->clock_fd, &n, sizeof(n)) < 0 && errno == ECANCELED)
		arm_clock(h);
	nfp_wakeup_clear(h->wakeup);
}

static void log_complaints(NfpHarvester *h)
{
	for (guint i = 0; i < h->shelves->len; i++) {
		NfpShelf *shelf = g_ptr_array_index(h->shelves, i);
		g_autofree char *complaint = g_steal_pointer(&shelf->complaint);

		if (complaint)
			nfp_log(NFP_LOG_WARNING, "harvest", "domain %u: %s, will try again",
				shelf->source->domain, complaint);
	}
}

/* Some of a bucket's records have gone out, the rest is to be read again. */
static bool half_published(NfpHarvester *h)
{
	for (guint i = 0; i < h->shelves->len; i++) {
		const NfpShelf *shelf = g_ptr_array_index(h->shelves, i);

		for (const GList *l = shelf->closed.head; l; l = l->next) {
			const NfpBucket *bucket = l->data;

			if (bucket->drain.account && !bucket->published)
				return true;
		}
	}
	return false;
}

/* While it is held. */
static bool rest(NfpHarvester *h)
{
	if (!g_atomic_int_get(&h->held) || half_published(h))
		return false;
	pthread_mutex_lock(&h->lock);
	h->resting = true;
	pthread_cond_broadcast(&h->turn);
	while (g_atomic_int_get(&h->held))
		pthread_cond_wait(&h->turn, &h->lock);
	h->resting = false;
	pthread_mutex_unlock(&h->lock);
	return true;
}

void nfp_harvester_hold(NfpHarvester *h)
{
	g_atomic_int_set(&h->held, 1);
	if (!h->thread)
		return;
	nfp_wakeup_raise(h->wakeup);
	pthread_mutex_lock(&h->lock);
	while (!h->resting)
		pthread_cond_wait(&h->turn, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

void nfp_harvester_go(NfpHarvester *h)
{
	pthread_mutex_lock(&h->lock);
	g_atomic_int_set(&h->held, 0);
	pthread_cond_broadcast(&h->turn);
	pthread_mutex_unlock(&h->lock);
}

void nfp_harvester_change(NfpHarvester *h, const NfpHarvestOptions *options)
{
	bool resize = options->flows != h->options.flows || options->first_flows != h->options.first_flows;

	take_options(h, options);
	for (guint i = 0; resize && i < h->shelves->len; i++)
		nfp_sizes_init(&((NfpShelf *)g_ptr_array_index(h->shelves, i))->sizes, options->flows,
			       options->first_flows);
}

static void *run(void *data)
{
	NfpHarvester *h = data;

	while (!g_atomic_int_get(&h->stop)) {
		uint64_t next = nfp_harvester_step(h);

		log_complaints(h);
		if (!rest(h))
			wait_due(h, next);
	}
	wind_up(h);
	log_complaints(h);
	return NULL;
}

gboolean nfp_harvester_start(NfpHarvester *h, GError **err)
{
	if (!h->wakeup) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "the harvester has nothing to read from");
		return FALSE;
	}
	h->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	h->due_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (h->clock_fd < 0 || h->due_fd < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make the harvester's timers");
	arm_clock(h);
	h->thread = g_thread_try_new("harvest", run, h, err);
	return h->thread != NULL;
}

void nfp_harvester_stop(NfpHarvester *h, gboolean with_flush, gint64 deadline)
{
	if (h->stopped)
		return;
	h->stopped = true;
	h->flush = with_flush;
	h->deadline = deadline;
	if (!h->thread) {
		wind_up(h);
		return;
	}
	g_atomic_int_set(&h->stop, 1);
	nfp_wakeup_raise(h->wakeup);
	g_thread_join(g_steal_pointer(&h->thread));
}

void nfp_harvester_hurry(NfpHarvester *h)
{
	g_atomic_int_set(&h->hurry, 1);
	if (h->wakeup)
		nfp_wakeup_raise(h->wakeup);
}

void nfp_harvester_free(NfpHarvester *h)
{
	if (!h)
		return;
	if (h->thread)
		nfp_harvester_stop(h, FALSE, 0);
	nfp_fd_clear(&h->clock_fd);
	nfp_fd_clear(&h->due_fd);
	g_ptr_array_unref(h->shelves);
	nfp_wakeup_unref(h->wakeup);
	nfp_merge_free(h->drain.merge);
	nfp_batch_pool_free(h->drain.pool);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->turn);
	g_free(h->hostname);
	g_free(h);
}
