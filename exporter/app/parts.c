/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/parts.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define ROOM "run"
#define GRACE (200 * NFP_NS_PER_MS)

/* ---- collectors ---------------------------------------------------------------------------------- */

NfpCollector *nfp_parts_collector(const NfpConf *conf, guint n, NfpTemplateSet *templates, gboolean heir, GError **err)
{
	const NfpCollectorOptions *options = &g_array_index(conf->collectors, NfpCollectorOptions, n);

	return (heir ? nfp_collector_new_heir : nfp_collector_new)(options, templates, conf->hostname, &nfp_clock_system, err);
}

NfpTemplateSet *nfp_parts_templates(const NfpConf *conf, const NfpCollectorOptions *options, GError **err)
{
	NfpTemplateSet *set = nfp_template_set_load(conf->templates, options->template_set, err);

	if (set && nfp_collector_tells_rate(options))
		nfp_template_set_add(set, &nfp_fields[NFP_F_samplingInterval]);
	return set;
}

gboolean nfp_parts_add_collector(NfpDaemon *d, guint n, GError **err)
{
	const NfpCollectorOptions *o = &g_array_index(d->conf->collectors, NfpCollectorOptions, n);
	NfpTemplateSet *set = nfp_parts_templates(d->conf, o, err);
	NfpCollector *collector;

	if (!set) {
		g_prefix_error(err, "collector %s: ", o->name);
		return FALSE;
	}
	g_ptr_array_add(d->templates, set);
	collector = nfp_parts_collector(d->conf, n, set, FALSE, err);
	if (!collector)
		return FALSE;
	g_ptr_array_add(d->collectors, collector);
	g_ptr_array_add(d->owners, nfp_conf_ref(d->conf));
	return TRUE;
}

/* On the printer's thread: there is nobody left to print for, or no room. */
static void reader_gone(void *data)
{
	NfpDaemon *d = data;

	g_atomic_int_set(&d->reader_gone, 1);
	g_idle_add(nfp_daemon_quit, d);
}

gboolean nfp_parts_printer(NfpDaemon *d, GError **err)
{
	gboolean wanted = !d->conf->collectors->len || d->options->json || d->options->table;

	if (!wanted)
		g_clear_pointer(&d->printer, nfp_printer_free);
	if (!wanted || d->printer)
		return TRUE;
	d->printer = nfp_printer_new(STDOUT_FILENO, d->options->json ? NFP_PRINT_JSON : NFP_PRINT_TABLE,
				     d->conf->hostname, reader_gone, d, err);
	return d->printer != NULL;
}

/* ---- names, facts, routes ------------------------------------------------------------------------ */

void nfp_parts_tell_names(NfpDaemon *d)
{
	g_autoptr(NfpNameTables) tables = nfp_names_news(d->names, g_get_monotonic_time());

	for (guint i = 0; tables && i < d->collectors->len; i++)
		nfp_collector_set_tables(g_ptr_array_index(d->collectors, i), tables);
}

/* A meter's interfaces have changed: what they are called goes to the collectors. */
static void links_told(uint32_t domain, const GArray *links, void *data)
{
	NfpDaemon *d = data;

	nfp_names_set(d->names, domain, links);
	nfp_parts_tell_names(d);
}

NfpMeter *nfp_parts_meter(NfpDaemon *d, const NfpDomain *domain, GError **err)
{
	NfpMeter *meter = nfp_meter_new(d->conf, domain, err);

	if (meter)
		nfp_meter_set_told(meter, links_told, d);
	return meter;
}

/* Without them records lack prefix lengths, and nothing else. */
static void follow_routes(NfpDaemon *d, NfpMeter *meter)
{
	const NfpDomain *domain = nfp_meter_domain(meter);
	g_autofree char *where = domain->netns ? g_strdup_printf("namespace %s", domain->netns) : g_strdup("this namespace");
	g_autoptr(GError) error = NULL;
	NfpRouteFollower *follower =
		nfp_route_follower_new(nfp_meter_probe(meter), d->enrich, domain->domain, where, &error);

	if (follower)
		g_ptr_array_add(d->routes, follower);
	else
		nfp_log(NFP_LOG_WARNING, ROOM, "%s: no prefix lengths: %s, ignoring", where, error->message);
}

void nfp_parts_follow_routes(NfpDaemon *d)
{
	g_ptr_array_set_size(d->routes, 0);
	for (guint i = 0; d->conf->enrichment_routes && i < d->meters->len; i++)
		follow_routes(d, g_ptr_array_index(d->meters, i));
}

/* ---- the rest ------------------------------------------------------------------------------------ */

/* Asked for only where labels begin anew: where nothing is pinned, after a reboot or `detach`. */
static uint64_t first_step(NfpDaemon *d)
{
	for (guint i = 0; i < d->meters->len; i++) {
		NfpSource *source = nfp_probe_source(nfp_meter_probe(g_ptr_array_index(d->meters, i)));
		struct nfp_clock clock = { 0 };

		if (!source->get_clock(source, &clock) && !clock.length)
			return nfp_identity_step(d->identity);
	}
	return 0;
}

NfpHarvestOptions nfp_parts_harvest_options(NfpDaemon *d)
{
	return (NfpHarvestOptions){
		.interval = d->conf->interval,
		.ahead = NFP_PARTS_AHEAD,
		.grace = GRACE,
		.merge_cpus = d->conf->merge_cpus,
		.memory = d->conf->maps_memory / d->meters->len,
		.flows = d->conf->maps_flows,
		.first_step = first_step(d),
		.hostname = d->conf->hostname,
		.enrich = d->enrich,
	};
}

gboolean nfp_parts_web(NfpDaemon *d, NfpConf *conf, GError **err)
{
	if (!d->talkers)
		d->talkers = nfp_talkers_new();
	d->web = nfp_web_new(conf, d->talkers, err);
	if (!d->web)
		return FALSE;
	d->web_conf = nfp_conf_ref(conf);
	nfp_log(NFP_LOG_INFO, ROOM, "page and metrics: http://%s%s/",
		strpbrk(conf->metrics_listen, ".:") ? "" : "127.0.0.1:", conf->metrics_listen);
	return TRUE;
}

void nfp_parts_web_free(NfpDaemon *d)
{
	g_clear_pointer(&d->web, nfp_web_free);
	g_clear_pointer(&d->web_conf, nfp_conf_free);
}
