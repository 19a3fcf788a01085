/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/app.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/confine.h"
#include "app/daemon.h"
#include "app/parts.h"
#include "app/reload.h"
#include "base/error.h"
#include "base/log.h"

#define ROOM "run"
#define STOP_HARVESTER (5 * G_USEC_PER_SEC)  /* at most, for deliveries */
#define STOP_COLLECTORS (3 * G_USEC_PER_SEC)
#define STOP_SPOOL (3 * G_USEC_PER_SEC)      /* what is not delivered by then goes to the spools */
#define REPORT_S 10

/* ---- the data's way, on the harvester's thread --------------------------------------------------- */

static void publish(NfpBatch *batch, void *data)
{
	NfpDaemon *d = data;

	g_atomic_int_inc(&d->published);
	nfp_fanout_publish(d->fanout, batch);
	if (d->printer)
		nfp_printer_publish(d->printer, batch);
	if (d->talkers)
		nfp_talkers_publish(d->talkers, batch);
}

static void bucket_done(uint32_t domain, struct nfp_bucket id, uint64_t records, void *data)
{
	NfpDaemon *d = data;

	nfp_fanout_bucket_done(d->fanout, domain, id.start_ts, id.end_ts);
	if (d->printer)
		nfp_printer_bucket_done(d->printer, domain, id);
	if (d->talkers)
		nfp_talkers_bucket_done(d->talkers, domain, id);
}

/* ---- building ------------------------------------------------------------------------------------ */

static gboolean make_collectors(NfpDaemon *d, GError **err)
{
	for (guint i = 0; i < d->conf->collectors->len; i++)
		if (!nfp_parts_add_collector(d, i, err))
			return FALSE;
	d->fanout = nfp_fanout_new(d->collectors, d->conf->collectors, d->conf->groups,
				   d->conf->biflow_memory);
	return nfp_parts_printer(d, err);
}

/* Threads begin with what the one that makes them has. Nobody needs a privilege to stand back. */
static void stand_back(const NfpConf *conf)
{
	/* A service manager's word stands. */
	if (!getpriority(PRIO_PROCESS, 0) && setpriority(PRIO_PROCESS, 0, (int)conf->nice))
		nfp_log(NFP_LOG_WARNING, ROOM, "cannot set nice to %u: %s, ignoring", conf->nice, g_strerror(errno));
}

/* What cannot be opened is left out, unless nothing else is there. */
static gboolean make_meters(NfpDaemon *d, GError **err)
{
	g_autoptr(GError) first = NULL;

	for (guint i = 0; i < d->domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(d->domains, i);
		g_autoptr(GError) error = NULL;
		NfpMeter *meter = nfp_parts_meter(d, domain, &error);

		if (meter) {
			g_ptr_array_add(d->meters, meter);
			continue;
		}
		if (d->domains->len > 1)
			nfp_log(NFP_LOG_WARNING, ROOM, "%s; left out until the next start", error->message);
		if (!first)
			first = g_steal_pointer(&error);
	}
	if (d->meters->len)
		return TRUE;
	g_propagate_error(err, g_steal_pointer(&first));
	return FALSE;
}

/* What the interfaces are called is told before the first bucket ends, what the database holds when it is read. */
static gboolean make_enrich(NfpDaemon *d, GError **err)
{
	if (!d->conf->enrichment && !d->conf->enrichment_routes)
		return TRUE;
	d->enrich = nfp_enrich_new(d->conf->enrichment, err);
	if (!d->enrich) {
		g_prefix_error(err, "enrichment: ");
		return FALSE;
	}
	for (guint i = 0; i < d->meters->len; i++)
		nfp_meter_set_enrich(g_ptr_array_index(d->meters, i), d->enrich);
	nfp_parts_follow_routes(d);
	return TRUE;
}

static gboolean make_harvester(NfpDaemon *d, GError **err)
{
	const NfpHarvestOptions options = nfp_parts_harvest_options(d);

	d->harvester = nfp_harvester_new(&options, &nfp_clock_system, publish, bucket_done, d);
	for (guint i = 0; i < d->meters->len; i++) {
		NfpSource *source = nfp_probe_source(nfp_meter_probe(g_ptr_array_index(d->meters, i)));

		if (!nfp_harvester_add_source(d->harvester, source, err))
			return FALSE;
	}
	return TRUE;
}

/* An unwritable place costs `status` its collectors; a second daemon on the same pins would be worse. */
static gboolean make_control(NfpDaemon *d, GError **err)
{
	g_autoptr(GError) error = NULL;
	gboolean taken = FALSE;

	d->control = nfp_control_new(d->conf, nfp_daemon_answer, d, &taken, &error);
	if (d->control)
		return TRUE;
	if (taken) {
		g_propagate_error(err, g_steal_pointer(&error));
		return FALSE;
	}
	nfp_log(NFP_LOG_WARNING, ROOM, "no control socket, `nfprobe status` will not show collectors: %s, ignoring",
		error->message);
	return TRUE;
}

/* A port that is taken costs the page, and nothing else. */
static void make_web(NfpDaemon *d)
{
	g_autoptr(GError) error = NULL;

	if (!d->conf->metrics_listen)
		return;
	if (!nfp_parts_web(d, d->conf, &error))
		nfp_log(NFP_LOG_WARNING, ROOM, "no page and no metrics: %s, ignoring", error->message);
}

/* Hooks last: buckets, clock and receivers are there before the first packet. */
static gboolean start_meters(NfpDaemon *d, GError **err)
{
	g_autoptr(GError) first = NULL;
	guint hooks = 0;

	for (guint i = 0; i < d->meters->len; i++) {
		g_autoptr(GError) error = NULL;

		hooks += nfp_meter_start(g_ptr_array_index(d->meters, i), &error);
		if (error && !first)
			first = g_steal_pointer(&error);
	}
	if (!hooks && first) {
		g_propagate_error(err, g_steal_pointer(&first));
		return FALSE;
	}
	if (!hooks && !d->conf->interfaces->len)
		nfp_log(NFP_LOG_WARNING, ROOM, "no interface to meter yet: waiting for one that is up");
	return TRUE;
}

/* The harvester first: a thousand hooks take longer to attach than buckets are made ahead. */
static gboolean start(NfpDaemon *d, GError **err)
{
	if (!nfp_harvester_start(d->harvester, err))
		return FALSE;
	if (start_meters(d, err))
		return TRUE;
	/* While there are collectors: what it publishes to none would count as refused, and be unpinned. */
	nfp_harvester_stop(d->harvester, FALSE, 0);
	return FALSE;
}

static gboolean build(NfpDaemon *d, GError **err)
{
	stand_back(d->conf);
	if (!nfp_confine_check(d->conf, d->domains, err) || !make_meters(d, err))
		return FALSE;
	/* Before there are threads (GIO has its own): they have what the one that makes them has. */
	if (d->options->confine && !nfp_confine(d->conf, d->meters, err))
		return FALSE;
	if (!make_control(d, err))
		return FALSE;
	make_web(d);
	if (!make_collectors(d, err))
		return FALSE;
	if (!make_enrich(d, err))
		return FALSE;
	d->names = nfp_names_new(d->enrich);
	return make_harvester(d, err) && start(d, err);
}

/* ---- running and stopping ------------------------------------------------------------------------ */

static gboolean stopped(gpointer data)
{
	g_main_loop_quit(((NfpDaemon *)data)->loop);
	return G_SOURCE_REMOVE;
}

/* A thread, so that the main loop can still hear the second signal. */
static gpointer stop_harvester(gpointer data)
{
	NfpDaemon *d = data;

	nfp_harvester_stop(d->harvester, d->options->flush, g_get_monotonic_time() + STOP_HARVESTER);
	g_idle_add(stopped, d);
	return NULL;
}

gboolean nfp_daemon_quit(gpointer data)
{
	NfpDaemon *d = data;
	gboolean gone = g_atomic_int_get(&d->reader_gone);
	GThread *thread;

	if (d->stopping)
		d->hurried = TRUE;
	/* What was not read stays pinned: waiting for it would be waiting for nothing. */
	if (d->hurried || gone)
		nfp_harvester_hurry(d->harvester);
	if (d->stopping)
		return G_SOURCE_REMOVE;
	d->stopping = TRUE;
	nfp_notify_send(d->notify, "STOPPING=1\nSTATUS=stopping: records on their way are sent");
	for (guint i = 0; i < d->collectors->len; i++)
		nfp_collector_hurry(g_ptr_array_index(d->collectors, i), g_get_monotonic_time() + STOP_SPOOL);
	thread = g_thread_try_new("stop", stop_harvester, d, NULL);
	if (thread)
		g_thread_unref(thread);
	else
		stop_harvester(d); /* that signal is then heard late */
	return G_SOURCE_REMOVE;
}

static gboolean on_signal(gpointer data)
{
	NfpDaemon *d = data;

	if (d->stopping)
		nfp_log(NFP_LOG_INFO, ROOM, "stopping at once: what was not delivered stays pinned for the next start");
	else
		nfp_log(NFP_LOG_INFO, ROOM, "stopping: %s%s",
			d->options->flush ? "exporting what is counted up to now"
					  : "what is counted and not exported stays pinned for the next start",
			d->collectors->len ? "; a collector that is away is waited for a few seconds, a second "
					     "signal (^C) ends that"
					   : "");
	nfp_daemon_quit(d);
	return G_SOURCE_CONTINUE;
}

/* Both threads are alive: this one is here, and the harvester has done something since the last time. */
static void tell_alive(NfpDaemon *d)
{
	NfpHarvestStatus s;

	nfp_harvester_status(d->harvester, &s);
	nfp_notify_alive(d->notify, s.turns + (guint)g_atomic_int_get(&d->published));
}

static void tell_summary(NfpDaemon *d)
{
	g_autofree char *summary = d->stopping ? NULL : nfp_daemon_summary(d);

	if (summary)
		nfp_notify_status(d->notify, summary);
}

static void tell_ready(NfpDaemon *d)
{
	int rc = nfp_notify_send(d->notify, "READY=1");

	if (rc)
		nfp_log(NFP_LOG_WARNING, ROOM, "cannot tell the service manager at %s that all is up: %s, %s",
			g_getenv("NOTIFY_SOCKET"), g_strerror(-rc), rc == -EINVAL ? "ignoring" : "will try again");
}

/* Of the file, or of the terminal. */
static gboolean on_hangup(gpointer data)
{
	NfpDaemon *d = data;

	if (!d->options->load || isatty(STDIN_FILENO))
		return on_signal(d);
	nfp_reload(d);
	return G_SOURCE_CONTINUE;
}

static gboolean on_report(gpointer data)
{
	nfp_daemon_report_lost(data);
	tell_summary(data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_renew(gpointer data)
{
	nfp_identity_renew(((NfpDaemon *)data)->identity, (uint64_t)g_get_real_time() * 1000);
	return G_SOURCE_CONTINUE;
}

static gboolean on_second(gpointer data)
{
	NfpDaemon *d = data;

	tell_alive(d);
	nfp_outputs_step(nfp_fanout_outputs(d->fanout));
	nfp_parts_tell_names(d); /* of applications, too, which come with the records */
	nfp_log_flush(FALSE);
	return G_SOURCE_CONTINUE;
}

static void run_loop(NfpDaemon *d)
{
	guint sources[] = {
		g_unix_signal_add(SIGTERM, on_signal, d),
		g_unix_signal_add(SIGINT, on_signal, d),
		g_unix_signal_add(SIGHUP, on_hangup, d),
		g_timeout_add_seconds(REPORT_S, on_report, d),
		g_timeout_add_seconds(1, on_second, d),
		g_timeout_add_seconds(NFP_IDENTITY_RENEW_S, on_renew, d),
	};

	nfp_daemon_report_lost(d);
	nfp_log(NFP_LOG_INFO, ROOM, "running: buckets of %g s, %u collector%s%s", (double)d->conf->interval / 1e9,
		d->collectors->len, d->collectors->len == 1 ? "" : "s", d->printer ? ", standard output" : "");
	tell_ready(d);
	tell_summary(d);
	g_main_loop_run(d->loop);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
}

/* Who closes the pipe (`| head`) has enough; any other failure is one. */
static gboolean check_printer(const NfpDaemon *d, GError **err)
{
	NfpPrinterStatus status = { 0 };

	if (d->printer)
		nfp_printer_status(d->printer, &status);
	return !status.broken_by || status.broken_by == EPIPE ||
	       nfp_error_errno(err, NFP_ERROR_FAILED, status.broken_by,
			       "standard output cannot be written (what was not stays pinned for the next start)");
}

static void stop_collectors(NfpDaemon *d)
{
	gint64 deadline = g_get_monotonic_time() + (d->hurried ? 0 : STOP_COLLECTORS);

	if (d->fanout)
		nfp_outputs_close(nfp_fanout_outputs(d->fanout));
	for (guint i = 0; i < d->collectors->len; i++)
		nfp_collector_stop(g_ptr_array_index(d->collectors, i), deadline);
}

/* Down the data's way. */
static void clear(NfpDaemon *d)
{
	stop_collectors(d);
	nfp_control_free(d->control);
	nfp_parts_web_free(d);
	nfp_harvester_free(d->harvester);
	g_ptr_array_unref(d->routes);
	nfp_identity_free(d->identity);
	nfp_notify_free(d->notify);
	nfp_enrich_free(d->enrich);
	nfp_talkers_free(d->talkers);
	g_ptr_array_unref(d->collectors);
	nfp_fanout_free(d->fanout);
	nfp_printer_free(d->printer);
	g_ptr_array_unref(d->templates);
	g_ptr_array_unref(d->owners);
	g_ptr_array_unref(d->meters);
	nfp_names_free(d->names);
	g_ptr_array_unref(d->domains);
	g_main_loop_unref(d->loop);
	nfp_conf_free(d->conf);
}

int nfp_app_run(NfpConf *conf, const NfpRunOptions *options)
{
	NfpDaemon d = {
		.conf = nfp_conf_ref(conf),
		.options = options,
		.loop = g_main_loop_new(NULL, FALSE),
		.domains = nfp_domains_list(conf),
		.meters = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_meter_free),
		.templates = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_template_set_free),
		.owners = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_conf_free),
		.collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free),
		.routes = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_route_follower_free),
		.notify = nfp_notify_new(g_getenv("NOTIFY_SOCKET")),
		.started = g_get_monotonic_time(),
	};
	g_autoptr(GError) error = NULL;
	int code = 0;

	if (options->confine)
		nfp_confine_begin();
	d.identity = nfp_identity_new(conf, d.domains, (uint64_t)g_get_real_time() * 1000);
	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of write(), not our end */
	signal(SIGXFSZ, SIG_IGN); /* nor is a limit on the size of files (setrlimit(2)) */
	if (build(&d, &error))
		run_loop(&d);
	if (error || !check_printer(&d, &error)) {
		code = nfp_error_exit_code(error);
		nfp_log(NFP_LOG_ERROR, ROOM, "%s", error->message);
		nfp_notify_status(d.notify, error->message);
	}
	clear(&d);
	nfp_log_flush(TRUE);
	return code;
}
