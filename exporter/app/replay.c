/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/capture.h"
#include "app/fanout.h"
#include "app/ledger.h"
#include "app/printer.h"
#include "app/transient.h"
#include "base/error.h"
#include "base/log.h"
#include "harvest/harvester.h"
#include "probe/testrun.h"

#define ROOM "replay"
#define QUEUE 65536                     /* batches: a bucket of 268 million flows */
/* Nobody knows the first bucket's flows beforehand, and a capture does not come a second time: room for all that the
 * memory allows, and more of it than on a router, since entries take it only when they are made. */
#define FIRST_FLOWS (1u << 20)
#define MEMORY (4ull << 30)
#define PATIENCE (60 * G_USEC_PER_SEC)  /* for the deliveries of one bucket */
#define UNREAD_MAX 10                   /* attempts to read a bucket: what fails that often will not come right */

typedef struct {
	NfpClock clock; /* first: nfp_clock_offset() gets a pointer to it */
	uint64_t now;   /* ns since 1970: the latest frame */
} CaptureClock;

typedef struct {
	NfpConf conf; /* a shallow copy with an instance of its own */
	const NfpReplayOptions *options;
	NfpCapture *capture;
	NfpProbe *probe;
	NfpTestRun *run;
	NfpEnrich *enrich;
	NfpHarvester *harvester;
	NfpPrinter *printer;
	GPtrArray *templates;  /* NfpTemplateSet */
	GPtrArray *collectors; /* NfpCollector */
	NfpFanout *fanout;
	GArray *queues;        /* NfpCollectorOptions, with room for a whole bucket */
	CaptureClock clock;
	uint64_t due;          /* the harvester has something to do */
	uint64_t frames, bytes, cut; /* cut: captured short of the wire */
	gboolean undelivered;
	uint64_t unread; /* attempts to read a bucket that failed, until now */
	gboolean damaged;
} Replay;

static int64_t capture_time(const NfpClock *clock)
{
	return (int64_t)((const CaptureClock *)clock)->now;
}

/* ---- building ------------------------------------------------------------------------------------ */

static void publish(NfpBatch *batch, void *data)
{
	Replay *r = data;

	nfp_fanout_publish(r->fanout, batch);
	if (r->printer)
		nfp_printer_publish(r->printer, batch);
}

static void bucket_done(uint32_t domain, struct nfp_bucket id, uint64_t records, void *data)
{
	Replay *r = data;

	nfp_fanout_bucket_done(r->fanout, domain, id.start_ts, id.end_ts);
	if (r->printer)
		nfp_printer_bucket_done(r->printer, domain, id);
}

static void reader_gone(void *data)
{
	nfp_harvester_hurry(((Replay *)data)->harvester);
}

static gboolean make_collectors(Replay *r, GError **err)
{
	for (guint i = 0; i < r->conf.collectors->len; i++) {
		NfpCollectorOptions o = g_array_index(r->conf.collectors, NfpCollectorOptions, i);

		o.queue = QUEUE;
		/* The file is the daemon's; a capture is there to be sent again. */
		o.spool_path = NULL;
		o.resend = 0;
		if (!o.rate)
			o.rate = NFP_RATE_NONE;
		g_array_append_val(r->queues, o);
	}
	for (guint i = 0; i < r->queues->len; i++) {
		const NfpCollectorOptions *o = &g_array_index(r->queues, NfpCollectorOptions, i);
		NfpTemplateSet *set = nfp_template_set_load(r->conf.templates, o->template_set, err);
		NfpCollector *collector;

		if (!set)
			return FALSE;
		g_ptr_array_add(r->templates, set);
		collector = nfp_collector_new(o, set, r->conf.hostname, &nfp_clock_system, err);
		if (!collector)
			return FALSE;
		g_ptr_array_add(r->collectors, collector);
	}
	r->fanout = nfp_fanout_new(r->collectors, r->queues, r->conf.groups, r->conf.biflow_memory);
	if (r->collectors->len && !r->options->json)
		return TRUE;
	r->printer = nfp_printer_new(STDOUT_FILENO, r->options->json ? NFP_PRINT_JSON : NFP_PRINT_TABLE,
				     r->conf.hostname, reader_gone, r, err);
	return r->printer != NULL;
}

static gboolean make_probe(Replay *r, GError **err)
{
	NfpProbeOptions options = { .pin_root = r->conf.pin_root, .instance = r->conf.instance,
				    .no_table = !r->conf.maps_table };

	r->probe = nfp_probe_open(&options, err);
	if (!r->probe)
		return FALSE;
	nfp_probe_set_parse(r->probe,
			    (NfpParseOptions){ .decapsulate = r->conf.decapsulate, .fragments = r->conf.fragments });
	r->run = nfp_testrun_new(r->probe, nfp_capture_is_ethernet(r->capture), err);
	return r->run != NULL;
}

/* A capture has all its records at once: they wait for the facts. */
static gboolean make_enrich(Replay *r, GError **err)
{
	if (!r->conf.enrichment)
		return TRUE;
	r->enrich = nfp_enrich_new(r->conf.enrichment, err);
	if (!r->enrich)
		return FALSE;
	nfp_enrich_wait(r->enrich, g_get_monotonic_time() + PATIENCE);
	return TRUE;
}

/* The first frame tells what time it is. */
static gboolean make_harvester(Replay *r, GError **err)
{
	const NfpHarvestOptions options = {
		.interval = r->conf.interval,
		.grace = r->conf.interval, /* frames of a capture may stand out of order */
		.merge_cpus = r->conf.merge_cpus,
		.memory = MAX(r->conf.maps_memory, MEMORY),
		.flows = r->conf.maps_flows,
		.first_flows = FIRST_FLOWS,
		.hostname = r->conf.hostname,
		.enrich = r->enrich,
	};

	r->harvester = nfp_harvester_new(&options, &r->clock.clock, publish, bucket_done, r);
	return nfp_harvester_add_source(r->harvester, nfp_probe_source(r->probe), err);
}

/* ---- feeding ------------------------------------------------------------------------------------- */

/* errno of a failed write to standard output; 0: none failed. */
static int broken_by(const Replay *r)
{
	NfpPrinterStatus status = { 0 };

	if (r->printer)
		nfp_printer_status(r->printer, &status);
	return status.broken_by;
}

static gboolean settle(Replay *r, GError **err)
{
	gboolean settled = nfp_harvester_settle(r->harvester, g_get_monotonic_time() + PATIENCE);
	uint64_t before = r->unread;
	NfpHarvestStatus status;

	nfp_harvester_status(r->harvester, &status);
	r->unread = status.drain_errors;
	if (settled && r->unread - before < UNREAD_MAX)
		return TRUE;
	r->undelivered = TRUE;
	if (broken_by(r))
		return nfp_error_errno(err, NFP_ERROR_FAILED, broken_by(r), "standard output cannot be written");
	if (r->unread > before)
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "buckets cannot be read: %" G_GUINT64_FORMAT " attempts failed: is memory short?",
			    (guint64)(r->unread - before));
	else
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "records were not taken within %d s: is the receiver there?",
			    (int)(PATIENCE / G_USEC_PER_SEC));
	return FALSE;
}

/* Buckets of the time before are drained, those of the frame's time are made. */
static gboolean turn(Replay *r, uint64_t time, GError **err)
{
	r->clock.now = time;
	r->due = time + nfp_harvester_step(r->harvester);
	return settle(r, err);
}

static gboolean feed(Replay *r, const NfpFrame *frame, GError **err)
{
	int rc;

	if (frame->time >= r->due && !turn(r, frame->time, err))
		return FALSE;
	rc = nfp_testrun_feed(r->run, frame->data, frame->captured, frame->wire, frame->time);
	if (rc)
		return nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "the kernel refuses frame %" PRIu64 " of %s",
				       r->frames + 1, r->options->path);
	r->frames++;
	r->bytes += frame->wire;
	if (frame->cut)
		r->cut++;
	return TRUE;
}

/* Beyond the last bucket and its grace, so that everything closes in the ordinary way. */
static gboolean close_all(Replay *r, GError **err)
{
	uint64_t interval = r->conf.interval;

	return turn(r, r->clock.now - r->clock.now % interval + 3 * interval, err);
}

static gboolean play(Replay *r, GError **err)
{
	g_autoptr(GError) damage = NULL;
	NfpFrame frame;
	int rc = nfp_capture_next(r->capture, &frame, &damage);

	if (rc > 0) {
		r->clock.now = frame.time;
		if (!make_harvester(r, err))
			return FALSE;
	}
	for (; rc > 0; rc = nfp_capture_next(r->capture, &frame, &damage))
		if (!feed(r, &frame, err))
			return FALSE;
	if (r->harvester && !close_all(r, err))
		return FALSE;
	/* What came before is in the records and the books: those are told all the same. */
	if (damage) {
		nfp_log(NFP_LOG_ERROR, ROOM, "%s", damage->message);
		r->damaged = TRUE;
	}
	return TRUE;
}

/* ---- the end ------------------------------------------------------------------------------------- */

static gboolean summary(Replay *r, double seconds, GError **err)
{
	g_autoptr(NfpLedger) ledger = nfp_ledger_read(&r->conf, err);
	uint64_t lost = 0;

	if (!ledger)
		return FALSE;
	for (guint i = 0; i < NFP_LOST_N; i++)
		lost += ledger->total.lost[i];
	nfp_log(NFP_LOG_INFO, ROOM,
		"%" PRIu64 " frames (%" PRIu64 " cut short), %" PRIu64 " bytes, in %.2f s: %.0f frames/s",
		r->frames, r->cut, r->bytes, seconds, seconds > 0 ? (double)r->frames / seconds : 0);
	nfp_log(NFP_LOG_INFO, ROOM,
		"books: seen %" PRIu64 " = recorded %" PRIu64 " + open %" PRIu64 " + lost %" PRIu64 ": %s, %" PRIu64
		" coarsened", ledger->total.seen, ledger->total.recorded, ledger->total.open, lost,
		ledger->balanced ? "closed" : "NOT CLOSED", ledger->total.coarsened);
	if (ledger->balanced && ledger->total.seen == r->frames)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "the books do not close: please report this capture");
	return FALSE;
}

static gboolean check_refused(const Replay *r, GError **err)
{
	for (guint i = 0; i < r->collectors->len; i++) {
		NfpCollectorStatus status;

		nfp_collector_status(g_ptr_array_index(r->collectors, i), &status);
		if (!status.refused_records && !status.send_errors)
			continue;
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "collector %s: %" PRIu64 " records refused, %" PRIu64 " send errors: %s",
			    g_array_index(r->queues, NfpCollectorOptions, i).name, status.refused_records,
			    status.send_errors, status.reason);
		return FALSE;
	}
	return TRUE;
}

static void clear(Replay *r)
{
	gint64 deadline = g_get_monotonic_time() + (r->undelivered ? 0 : PATIENCE);

	for (guint i = 0; i < r->collectors->len; i++)
		nfp_collector_stop(g_ptr_array_index(r->collectors, i), deadline);
	nfp_harvester_free(r->harvester);
	nfp_enrich_free(r->enrich);
	nfp_testrun_free(r->run);
	if (r->probe) {
		nfp_probe_free(r->probe);
		nfp_transient_end(&r->conf, r->conf.instance);
	}
}

static gboolean run(Replay *r, GError **err)
{
	gint64 start;

	r->capture = nfp_capture_open(r->options->path, err);
	if (!r->capture || !make_collectors(r, err) || !make_enrich(r, err) ||
	    !make_probe(r, err))
		return FALSE;
	start = g_get_monotonic_time();
	return play(r, err) && summary(r, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC, err) &&
	       check_refused(r, err);
}

int nfp_app_replay(const NfpConf *conf, const NfpReplayOptions *options)
{
	g_autofree char *instance = nfp_transient_begin(conf, "replay");
	Replay r = {
		.conf = *conf,
		.options = options,
		.templates = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_template_set_free),
		.collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free),
		.queues = g_array_new(FALSE, FALSE, sizeof(NfpCollectorOptions)),
		.clock = { .clock = { .realtime = capture_time, .boottime = capture_time } },
	};
	g_autoptr(GError) error = NULL;
	int code = 0;

	r.conf.instance = instance;
	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of write(), not our end */
	/* Who closes the pipe (`| head`) has enough. */
	if (!run(&r, &error) && broken_by(&r) != EPIPE) {
		code = nfp_error_exit_code(error);
		nfp_log(NFP_LOG_ERROR, ROOM, "%s", error->message);
	} else if (r.damaged) {
		code = NFP_ERROR_FAILED;
	}
	clear(&r);
	g_ptr_array_unref(r.collectors);
	nfp_fanout_free(r.fanout);
	nfp_printer_free(r.printer);
	g_ptr_array_unref(r.templates);
	g_array_unref(r.queues);
	nfp_capture_close(r.capture);
	return code;
}
