/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/reload.h"

#include <string.h>

#include "app/members.h"
#include "app/parts.h"
#include "app/reload_collectors.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/diff.h"

#define ROOM "reload"
#define FACTS_WAIT (10 * G_USEC_PER_SEC) /* for another database to be read, so that no record lacks facts in between */

typedef struct {
	NfpDaemon *d;
	NfpConf *before, *conf; /* a reference each */
	NfpExchange *exchange;
	NfpEnrich *enrich;      /* of conf, until the daemon has it */
	gboolean other_enrich;  /* the daemon is to have that one (or none) */
	GPtrArray *changed, *restarted, *kept, *needs_restart, *failed, *warnings; /* char * */
} Reload;

static void reload_clear(Reload *r)
{
	nfp_exchange_free(r->exchange);
	nfp_enrich_free(r->enrich);
	nfp_conf_free(r->before);
	nfp_conf_free(r->conf);
	g_ptr_array_unref(r->changed);
	g_ptr_array_unref(r->restarted);
	g_ptr_array_unref(r->kept);
	g_ptr_array_unref(r->needs_restart);
	g_ptr_array_unref(r->failed);
	g_ptr_array_unref(r->warnings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reload, reload_clear)

static void copy_all(GPtrArray *to, const GPtrArray *from)
{
	for (guint i = 0; i < from->len; i++)
		g_ptr_array_add(to, g_strdup(g_ptr_array_index(from, i)));
}

/* ---- before anything is touched ------------------------------------------------------------------ */

static gboolean load(Reload *r, GError **err)
{
	NfpDaemon *d = r->d;
	g_autoptr(GArray) changes = NULL;

	if (d->stopping) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "nfprobe is stopping");
		return FALSE;
	}
	if (!d->options->load) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "nfprobe runs without a configuration file: there is nothing to load; start it with -c FILE");
		return FALSE;
	}
	r->conf = d->options->load(d->options->data, err);
	if (!r->conf)
		return FALSE;
	changes = nfp_conf_diff(r->before, r->conf);
	for (guint i = 0; i < changes->len; i++) {
		const NfpConfChange *change = &g_array_index(changes, NfpConfChange, i);
		gboolean later = change->table == NFP_CONF_TOP && change->row->part == NFP_CONF_PART_PROCESS;

		g_ptr_array_add(later ? r->needs_restart : r->changed, g_strdup(change->text));
	}
	nfp_conf_keep(r->before, r->conf, NFP_CONF_PART_PROCESS);
	return TRUE;
}

/* The facts of the new configuration, read; or none. */
static gboolean prepare_enrich(Reload *r, GError **err)
{
	g_auto(NfpEnrichStatus) status = { 0 };
	const NfpConf *conf = r->conf;
	gboolean wanted = conf->enrichment || conf->enrichment_routes;

	r->other_enrich = wanted != (r->d->enrich != NULL) || g_strcmp0(conf->enrichment, r->before->enrichment);
	if (!r->other_enrich || !wanted)
		return TRUE;
	r->enrich = nfp_enrich_new(conf->enrichment, err);
	if (!r->enrich) {
		g_prefix_error(err, "enrichment: ");
		return FALSE;
	}
	if (!conf->enrichment)
		return TRUE;
	if (!nfp_enrich_wait(r->enrich, g_get_monotonic_time() + FACTS_WAIT))
		g_ptr_array_add(r->warnings, g_strdup_printf("%s is large: records get their facts when it is read",
							     conf->enrichment));
	nfp_enrich_status(r->enrich, &status);
	if (!status.error)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "enrichment.database: %s", status.error);
	return FALSE;
}

/* A filter that the kernel does not take is found out by asking it. */
static gboolean try_hooks(const Reload *r, GError **err)
{
	for (guint i = 0; i < r->d->meters->len; i++)
		if (!nfp_meter_try(g_ptr_array_index(r->d->meters, i), r->conf, err))
			return FALSE;
	return TRUE;
}

/* Something that the configuration says is not so, for it failed. */
static gboolean is_behind(const NfpDaemon *d)
{
	for (guint i = 0; i < d->meters->len; i++)
		if (nfp_meter_is_behind(g_ptr_array_index(d->meters, i)))
			return TRUE;
	return FALSE;
}

/* The other page has to listen before it is known whether it can. */
static gboolean change_web(Reload *r, GError **err)
{
	NfpDaemon *d = r->d;
	g_autoptr(GError) error = NULL;

	if (!g_strcmp0(r->conf->metrics_listen, r->before->metrics_listen) && (d->web || !r->conf->metrics_listen))
		return TRUE;
	nfp_parts_web_free(d);
	if (!r->conf->metrics_listen || nfp_parts_web(d, r->conf, &error)) {
		g_ptr_array_add(r->restarted, g_strdup(r->conf->metrics_listen ? "page: listens" : "page: closed"));
		return TRUE;
	}
	g_propagate_prefixed_error(err, g_steal_pointer(&error), "metrics.listen: ");
	if (r->before->metrics_listen && !nfp_parts_web(d, r->before, &error))
		nfp_log(NFP_LOG_ERROR, ROOM, "the page is gone: %s", error->message);
	return FALSE;
}

static void restore_web(Reload *r)
{
	NfpDaemon *d = r->d;
	g_autoptr(GError) error = NULL;

	if (d->web_conf != r->conf)
		return;
	nfp_parts_web_free(d);
	if (r->before->metrics_listen && !nfp_parts_web(d, r->before, &error))
		nfp_log(NFP_LOG_ERROR, ROOM, "the page is gone: %s", error->message);
}

/* ---- while the harvester rests ------------------------------------------------------------------- */

static void change_enrich(Reload *r)
{
	NfpDaemon *d = r->d;
	NfpEnrich *old = d->enrich;

	if (!r->other_enrich && r->conf->enrichment_routes == r->before->enrichment_routes)
		return;
	g_ptr_array_set_size(d->routes, 0);
	if (r->other_enrich) {
		d->enrich = g_steal_pointer(&r->enrich);
		nfp_names_set_enrich(d->names, d->enrich);
		for (guint i = 0; i < d->meters->len; i++)
			nfp_meter_set_enrich(g_ptr_array_index(d->meters, i), d->enrich);
		nfp_enrich_free(old);
	}
	nfp_parts_follow_routes(d);
	g_ptr_array_add(r->restarted, g_strdup("enrichment"));
}

static gboolean is_metered(const NfpDaemon *d, const char *netns)
{
	for (guint i = 0; i < d->meters->len; i++)
		if (!g_strcmp0(nfp_meter_domain(g_ptr_array_index(d->meters, i))->netns, netns))
			return TRUE;
	return FALSE;
}

static NfpDomain *domain_of(NfpDaemon *d, const char *netns)
{
	NfpDomain *domain;

	for (guint i = 0; i < d->domains->len; i++) {
		domain = g_ptr_array_index(d->domains, i);
		if (!g_strcmp0(domain->netns, netns))
			return domain;
	}
	domain = nfp_domain_new(d->conf, netns);
	if (netns)
		domain->domain = nfp_identity_domain(d->identity, netns, d->domains);
	g_ptr_array_add(d->domains, domain);
	return domain;
}

static void warn(Reload *r, const char *text)
{
	g_ptr_array_add(r->warnings, g_strdup(text));
	nfp_log(NFP_LOG_WARNING, ROOM, "%s", text);
}

static void add_domain(Reload *r, const char *netns)
{
	NfpDaemon *d = r->d;
	g_autoptr(GError) error = NULL;
	NfpMeter *meter;

	if (is_metered(d, netns))
		return;
	meter = nfp_parts_meter(d, domain_of(d, netns), &error);
	if (!meter) {
		warn(r, error->message);
		return;
	}
	nfp_meter_set_enrich(meter, d->enrich);
	g_ptr_array_add(d->meters, meter);
}

/* Namespaces that are new. Those that nobody wants any more keep their buckets, until they are drained and for good. */
static void add_domains(Reload *r)
{
	NfpDaemon *d = r->d;
	guint known = d->meters->len;
	NfpHarvestOptions options;

	for (guint i = 0; i < d->conf->interfaces->len; i++)
		add_domain(r, g_array_index(d->conf->interfaces, NfpInterfaceOptions, i).netns);
	if (!d->conf->interfaces->len)
		add_domain(r, NULL);
	options = nfp_parts_harvest_options(d);
	nfp_harvester_change(d->harvester, &options);
	for (guint i = known; i < d->meters->len; i++) {
		NfpMeter *meter = g_ptr_array_index(d->meters, i);
		g_autoptr(GError) error = NULL;

		if (!nfp_harvester_add_source(d->harvester, nfp_probe_source(nfp_meter_probe(meter)), &error))
			warn(r, error->message); /* its packets are counted, and exported after a restart */
	}
}

/* FALSE: the daemon is as it was. */
static gboolean exchange(Reload *r, GError **err)
{
	NfpDaemon *d = r->d;

	if (!nfp_exchange_do(r->exchange, err)) {
		nfp_fanout_change(d->fanout, d->collectors, d->conf->collectors, d->conf->groups, d->conf->biflow_memory);
		return FALSE;
	}
	d->conf = nfp_conf_ref(r->conf);
	nfp_conf_free(r->before); /* the daemon's reference: ours keeps it for as long as we look at it */
	nfp_fanout_change(d->fanout, d->collectors, d->conf->collectors, d->conf->groups, d->conf->biflow_memory);
	if (!g_str_equal(r->before->hostname, r->conf->hostname))
		g_clear_pointer(&d->printer, nfp_printer_free);
	change_enrich(r);
	add_domains(r);
	return TRUE;
}

/* ---- when it goes on ----------------------------------------------------------------------------- */

static void change_hooks(Reload *r, guint known)
{
	NfpDaemon *d = r->d;
	NfpMeterChange change = { .done = r->restarted, .failed = r->failed, .warnings = r->warnings };

	for (guint i = 0; i < d->meters->len; i++) {
		NfpMeter *meter = g_ptr_array_index(d->meters, i);
		g_autoptr(GError) error = NULL;

		if (i < known) {
			nfp_meter_change(meter, d->conf, &change);
			continue;
		}
		g_ptr_array_add(r->restarted, g_strdup_printf("namespace %s: %u interface(s)",
							      nfp_meter_domain(meter)->netns ? nfp_meter_domain(meter)->netns
											: "of the daemon",
							      nfp_meter_start(meter, &error)));
		if (error)
			warn(r, error->message);
	}
	if (change.kept)
		g_ptr_array_add(r->kept, g_strdup_printf("%u interface%s", change.kept, change.kept == 1 ? "" : "s"));
}

static gboolean apply(Reload *r, GError **err)
{
	NfpDaemon *d = r->d;
	guint known = d->meters->len;
	g_autoptr(GError) error = NULL;
	gboolean done;

	nfp_harvester_hold(d->harvester);
	done = exchange(r, err);
	if (done && !nfp_parts_printer(d, &error))
		warn(r, error->message);
	nfp_harvester_go(d->harvester);
	if (!done)
		return FALSE;
	if (d->conf->log_level != r->before->log_level)
		nfp_log_init((NfpLogLevel)d->conf->log_level);
	nfp_identity_set_interval(d->identity, d->conf->interval, (uint64_t)g_get_real_time() * 1000);
	copy_all(r->restarted, nfp_exchange_restarted(r->exchange));
	copy_all(r->kept, nfp_exchange_kept(r->exchange));
	for (guint i = 0; i < nfp_exchange_warnings(r->exchange)->len; i++)
		warn(r, g_ptr_array_index(nfp_exchange_warnings(r->exchange), i));
	change_hooks(r, known);
	nfp_parts_tell_names(d);
	nfp_daemon_report_lost(d);
	return TRUE;
}

static gboolean reload(Reload *r, GError **err)
{
	if (!load(r, err))
		return FALSE;
	r->exchange = nfp_exchange_new(r->d, r->conf, err);
	if (!r->exchange)
		return FALSE;
	if (!r->changed->len && nfp_exchange_is_empty(r->exchange) && !is_behind(r->d))
		return TRUE;
	if (!try_hooks(r, err) || !prepare_enrich(r, err) || !change_web(r, err))
		return FALSE;
	if (apply(r, err))
		return TRUE;
	restore_web(r);
	return FALSE;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static void add_list(JsonBuilder *b, const char *name, const GPtrArray *texts)
{
	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
	for (guint i = 0; i < texts->len; i++)
		json_builder_add_string_value(b, g_ptr_array_index(texts, i));
	json_builder_end_array(b);
}

static JsonNode *answer_of(const Reload *r, const GError *error)
{
	g_autoptr(JsonBuilder) b = json_builder_new();

	json_builder_begin_object(b);
	if (error) {
		nfp_json_add_string(b, "error", error->message);
		nfp_json_add_number(b, "code", (uint64_t)nfp_error_exit_code(error));
	} else {
		json_builder_set_member_name(b, "reload");
		json_builder_begin_object(b);
		add_list(b, "changed", r->changed);
		add_list(b, "restarted", r->restarted);
		add_list(b, "kept", r->kept);
		add_list(b, "needs_restart", r->needs_restart);
		add_list(b, "failed", r->failed);
		add_list(b, "warnings", r->warnings);
		json_builder_end_object(b);
	}
	json_builder_end_object(b);
	return json_builder_get_root(b);
}

static char *join(const GPtrArray *texts)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(all, "%s%s", i ? "; " : "", (const char *)g_ptr_array_index(texts, i));
	return g_string_free(g_steal_pointer(&all), FALSE);
}

static void log_result(const Reload *r, const GError *error)
{
	g_autofree char *changed = join(r->changed), *later = join(r->needs_restart), *failed = join(r->failed),
			*restarted = join(r->restarted);

	if (error)
		nfp_log(NFP_LOG_ERROR, ROOM, "nothing was changed, for the new configuration cannot be used: %s",
			error->message);
	else if (!r->changed->len && r->restarted->len)
		nfp_log(NFP_LOG_NOTICE, ROOM, "the file says the same; restarted: %s", restarted);
	else
		nfp_log(NFP_LOG_NOTICE, ROOM, "%s", r->changed->len ? changed : "nothing has changed");
	if (r->failed->len)
		nfp_log(NFP_LOG_ERROR, ROOM, "not all of it could be done, the next reload tries again: %s", failed);
	if (!error && r->needs_restart->len)
		nfp_log(NFP_LOG_WARNING, ROOM, "needs a restart of nfprobe, and is as it was: %s", later);
}

static void tell_manager(NfpDaemon *d, gboolean begins)
{
	/* With the time since systemd 253 (sd_notify(3)); older ones read the first line alone. */
	g_autofree char *text = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());

	nfp_notify_send(d->notify, begins ? text : "READY=1");
}

JsonNode *nfp_reload(NfpDaemon *d)
{
	g_autoptr(GError) error = NULL;
	g_auto(Reload) r = {
		.d = d,
		.before = nfp_conf_ref(d->conf),
		.changed = g_ptr_array_new_with_free_func(g_free),
		.restarted = g_ptr_array_new_with_free_func(g_free),
		.kept = g_ptr_array_new_with_free_func(g_free),
		.needs_restart = g_ptr_array_new_with_free_func(g_free),
		.failed = g_ptr_array_new_with_free_func(g_free),
		.warnings = g_ptr_array_new_with_free_func(g_free),
	};

	tell_manager(d, TRUE);
	reload(&r, &error);
	tell_manager(d, FALSE);
	log_result(&r, error);
	return answer_of(&r, error);
}
