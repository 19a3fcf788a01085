/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/transient.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#define ROOM "flows"
#define BUCKET (1ull << 60) /* ns: one bucket, whatever the time */
#define FLOWS 65536         /* entries a protocol; what finds no room is counted coarser */

typedef struct {
	NfpConf conf; /* a shallow copy; with an instance of its own if we attached */
	const NfpWatchOptions *options;
	NfpFlowsOptions flows;
	NfpProbe *probe; /* ours; NULL: somebody else meters */
	GMainLoop *loop;
	gint64 started;  /* monotonic us */
	gboolean screen; /* stdout is a terminal and gets tables */
	guint pictures;  /* printed elsewhere */
	GError *error;
} Watch;

/* ---- a hook of our own --------------------------------------------------------------------------- */

static gboolean make_bucket(Watch *w, GError **err)
{
	NfpSource *source = nfp_probe_source(w->probe);
	const NfpClock *system = &nfp_clock_system;
	struct nfp_clock clock = { .offset = nfp_clock_offset(system), .length = BUCKET };
	uint64_t now = (uint64_t)(system->boottime(system) + clock.offset), start = now - now % BUCKET;
	uint32_t entries[NFP_P_N];
	int rc = source->set_clock(source, &clock, true);

	for (int i = 0; i < NFP_P_N; i++)
		entries[i] = w->conf.maps_flows ? w->conf.maps_flows : FLOWS;
	if (!rc)
		rc = source->create(source, (struct nfp_bucket){ start, start + BUCKET }, entries);
	w->flows.since = now;
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot make the maps");
}

static gboolean attach(Watch *w, GError **err)
{
	NfpProbeOptions options = { .pin_root = w->conf.pin_root, .instance = w->conf.instance,
				    .no_table = !w->conf.maps_table, .exact_clock = w->conf.clock_exact };
	NfpHookKind kind = w->flows.hook == NFP_FLOWS_XDP ? NFP_HOOK_XDP : NFP_HOOK_TC;
	const char *note;

	w->probe = nfp_probe_open(&options, err);
	if (!w->probe || !make_bucket(w, err) ||
	    !nfp_probe_attach(w->probe, w->flows.ifname, NFP_DIRECTION_INGRESS, kind, err))
		return FALSE;
	note = nfp_probe_note(w->probe);
	if (note)
		nfp_log(NFP_LOG_NOTICE, ROOM, "%s: %s", w->flows.ifname, note);
	return TRUE;
}

gboolean nfp_watch_is_metered(const NfpConf *conf, const NfpFlowsOptions *flows)
{
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	gboolean found = FALSE;

	for (guint i = 0; i < domains->len && !found; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);
		NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
		g_autofree char *pins = nfp_domain_pins(conf, domain);
		g_autoptr(NfpProbe) probe = NULL;
		g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHookInfo));

		/* Names of interfaces are those of our own namespace. */
		if ((flows->ifname && domain->netns) || !g_file_test(pins, G_FILE_TEST_IS_DIR))
			continue;
		probe = nfp_probe_open_readonly(&options, NULL);
		if (!probe || nfp_probe_hooks(probe, hooks))
			continue;
		for (guint j = 0; j < hooks->len; j++) {
			const NfpHookInfo *info = &g_array_index(hooks, NfpHookInfo, j);

			found |= nfp_flows_wants(flows, info->flags) &&
				 (!flows->ifname || !strcmp(info->ifname, flows->ifname));
		}
	}
	return found;
}

/* ---- looking ------------------------------------------------------------------------------------- */

static gint64 seconds_so_far(const Watch *w)
{
	return (g_get_monotonic_time() - w->started) / G_USEC_PER_SEC;
}

/* A reader that has gone ends it. */
static void put(Watch *w, const GString *out)
{
	for (gsize done = 0; done < out->len;) {
		ssize_t n = write(STDOUT_FILENO, out->str + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			g_main_loop_quit(w->loop);
			return;
		}
		done += (gsize)n;
	}
}

static void show(Watch *w)
{
	g_autoptr(GString) out = g_string_new(w->screen ? "\033[H\033[2J" : NULL); /* home, clear (ECMA-48) */

	if (w->screen)
		g_string_append_printf(out, "flows%s%s, %" G_GINT64_FORMAT " s; Ctrl-C ends it\n",
				       w->flows.ifname ? " of " : "", w->flows.ifname ? w->flows.ifname : "",
				       seconds_so_far(w));
	else if (w->pictures++ && !w->flows.json)
		g_string_append_c(out, '\n');
	if (!w->error && nfp_flows_print(&w->conf, &w->flows, out, &w->error))
		put(w, out);
	else
		g_main_loop_quit(w->loop);
}

static gboolean again(gpointer data)
{
	show(data);
	return G_SOURCE_CONTINUE;
}

static gboolean told_to_end(gpointer data)
{
	g_main_loop_quit(((Watch *)data)->loop);
	return G_SOURCE_CONTINUE;
}

static void look(Watch *w)
{
	gboolean often = w->screen || w->options->every;
	guint sources[] = {
		g_unix_signal_add(SIGINT, told_to_end, w),
		g_unix_signal_add(SIGTERM, told_to_end, w),
		g_unix_signal_add(SIGHUP, told_to_end, w),
		w->options->seconds ? g_timeout_add_seconds(w->options->seconds, told_to_end, w) : 0,
		often ? g_timeout_add_seconds(MAX(w->options->every, 1), again, w) : 0,
	};

	w->started = g_get_monotonic_time();
	if (often)
		show(w);
	g_main_loop_run(w->loop);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		if (sources[i])
			g_source_remove(sources[i]);
	if (!often && !w->error)
		show(w);
}

int nfp_watch_run(const NfpConf *conf, const NfpWatchOptions *options)
{
	g_autofree char *instance = NULL;
	Watch w = { .conf = *conf, .options = options, .flows = options->flows };
	int code = 0;

	signal(SIGPIPE, SIG_IGN); /* the hook has to be removed, whoever reads */
	w.screen = !options->flows.json && isatty(STDOUT_FILENO);
	w.loop = g_main_loop_new(NULL, FALSE);
	if (!nfp_watch_is_metered(conf, &options->flows)) {
		instance = nfp_transient_begin(conf, "flows");
		w.conf.instance = instance;
		attach(&w, &w.error);
	}
	if (!w.error)
		look(&w);
	if (w.error) {
		code = nfp_error_exit_code(w.error);
		nfp_log(NFP_LOG_ERROR, ROOM, "%s", w.error->message);
	}
	nfp_probe_free(w.probe);
	if (instance)
		nfp_transient_end(conf, instance);
	g_clear_error(&w.error);
	g_main_loop_unref(w.loop);
	return code;
}
