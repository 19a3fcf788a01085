/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/meter.h"

#include <errno.h>
#include <fnmatch.h>
#include <glib-unix.h>
#include <string.h>

#include "app/events.h"
#include "app/ports.h"
#include "app/rules.h"
#include "base/error.h"
#include "base/log.h"
#include "filter/filter.h"
#include "filter/prefixes.h"

#define ROOM "interfaces"

struct NfpMeter {
	const NfpConf *conf;
	const NfpDomain *domain;
	NfpProbe *probe;
	NfpEvents *events;
	NfpEnrich *enrich;    /* NULL: not configured */
	NfpMeterLinks told;   /* or NULL */
	void *told_data;
	GHashTable *names;    /* ifindex -> name, of those that are metered */
	GHashTable *failures; /* ifindex -> why it is not metered, as it was told */
	GHashTable *behind;   /* set of ifindexes, metered: by what an earlier configuration said, for the new was refused */
	GError *first_error;
	guint watch;
	NfpMeterChange *change; /* NULL: nobody wants to know */
	GHashTable *known;    /* failures before that change */
	const NfpConf *before; /* of that change */
};

/* "eth0", "eth0 in namespace blue" */
static char *where(const NfpMeter *meter, const char *ifname)
{
	return meter->domain->netns ? g_strdup_printf("%s in namespace %s", ifname, meter->domain->netns)
				    : g_strdup(ifname);
}

NfpMeter *nfp_meter_new(const NfpConf *conf, const NfpDomain *domain, GError **err)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
	NfpProbe *probe;
	NfpMeter *meter;

	options.set_aside = true;
	probe = nfp_probe_open(&options, err);
	if (!probe)
		return NULL;
	if (nfp_probe_set_aside(probe))
		nfp_log(NFP_LOG_WARNING, ROOM, "the maps of instance \"%s\" were made by another build of nfprobe: metering begins "
			"anew, and what they hold is kept as instance \"%s\": export it with that build, or give it up with "
			"`nfprobe detach --instance %s`", conf->instance, nfp_probe_set_aside(probe), nfp_probe_set_aside(probe));
	/* Two that drain the same pins would each finish what the other began, and count it twice. */
	if (!nfp_probe_claim(probe, err)) {
		nfp_probe_free(probe);
		return NULL;
	}
	meter = g_new0(NfpMeter, 1);
	meter->conf = conf;
	meter->domain = domain;
	meter->probe = probe;
	meter->names = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	meter->failures = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	meter->behind = g_hash_table_new(g_direct_hash, g_direct_equal);
	return meter;
}

NfpProbe *nfp_meter_probe(NfpMeter *meter)
{
	return meter->probe;
}

static void tell_enrich(const NfpMeter *meter, const GArray *links)
{
	g_autofree NfpEnrichInterface *interfaces = g_new0(NfpEnrichInterface, links->len + 1);

	if (!meter->enrich)
		return;
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);

		interfaces[i] = nfp_ports_interface(links, link, nfp_probe_link_speed(meter->probe, link->name));
	}
	nfp_enrich_set_interfaces(meter->enrich, meter->domain->domain, interfaces, links->len);
}

void nfp_meter_set_enrich(NfpMeter *meter, NfpEnrich *enrich)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));

	meter->enrich = enrich;
	if (meter->events && enrich && !nfp_probe_links(meter->probe, links))
		tell_enrich(meter, links);
}

const NfpDomain *nfp_meter_domain(const NfpMeter *meter)
{
	return meter->domain;
}

void nfp_meter_set_told(NfpMeter *meter, NfpMeterLinks told, void *data)
{
	meter->told = told;
	meter->told_data = data;
}

void nfp_meter_free(NfpMeter *meter)
{
	if (!meter)
		return;
	if (meter->watch)
		g_source_remove(meter->watch);
	nfp_events_free(meter->events);
	nfp_probe_free(meter->probe);
	g_hash_table_unref(meter->names);
	g_hash_table_unref(meter->failures);
	g_hash_table_unref(meter->behind);
	g_clear_error(&meter->first_error);
	g_free(meter);
}

/* One that is not news for those who ask for changes is a warning. Metered as before, by a rule that is new, is news. */
static void tell_failed(NfpMeter *meter, const NfpLink *link, char *text, const char *why)
{
	void *index = GUINT_TO_POINTER(link->ifindex);
	gboolean known = meter->change && !g_strcmp0(g_hash_table_lookup(meter->known, index), why) &&
			 (!g_hash_table_contains(meter->behind, index) || nfp_rules_same(meter->before, meter->conf, meter->domain->netns, link));

	if (g_strcmp0(g_hash_table_lookup(meter->failures, index), why)) {
		g_hash_table_insert(meter->failures, index, g_strdup(why));
		nfp_log(NFP_LOG_WARNING, ROOM, "%s, ignoring", text);
	}
	if (meter->change)
		g_ptr_array_add(known ? meter->change->warnings : meter->change->failed, text);
	else
		g_free(text);
}

static void failed(NfpMeter *meter, const NfpLink *link, GError *error)
{
	g_autofree char *name = where(meter, link->name);
	void *index = GUINT_TO_POINTER(link->ifindex);

	if (g_hash_table_contains(meter->names, index)) {
		g_hash_table_add(meter->behind, index);
		tell_failed(meter, link, g_strdup_printf("%s is metered as before: %s", name, error->message), error->message);
	} else {
		tell_failed(meter, link, g_strdup_printf("%s is not metered: %s", name, error->message), error->message);
	}
	if (!meter->first_error)
		meter->first_error = error;
	else
		g_error_free(error);
}

/* After something failed for it: it went, or got another name, since it was listed. That is no failure, for the watch
 * tells of it. */
static gboolean went(const NfpMeter *meter, const NfpLink *link)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));

	if (nfp_probe_links(meter->probe, links))
		return FALSE;
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *now = &g_array_index(links, NfpLink, i);

		if (now->ifindex == link->ifindex && !strcmp(now->name, link->name))
			return FALSE;
	}
	return TRUE;
}

static void tell_done(NfpMeter *meter, const char *name, const char *what)
{
	if (meter->change)
		g_ptr_array_add(meter->change->done, g_strdup_printf("%s: %s", name, what));
}

/* The probe takes its own references to the filter. */
static gboolean set_parse(NfpMeter *meter, const NfpInterfaceOptions *o, GError **err)
{
	NfpParseOptions parse = { .decapsulate = o->decapsulate, .fragments = meter->conf->fragments,
				  .routes = meter->conf->enrichment_routes, .sampling = nfp_rules_sampling(o) };
	g_autoptr(NfpFilter) filter = o->filter ? nfp_filter_new(o->filter, err) : NULL;

	if (o->filter && !filter) {
		g_prefix_error(err, "filter \"%.80s\": ", o->filter);
		return FALSE;
	}
	if (filter)
		parse.filter = (NfpPacketFilter){ .ethernet = nfp_filter_code(filter, NFP_FILTER_ETHERNET),
						  .raw = nfp_filter_code(filter, NFP_FILTER_RAW),
						  .tags = nfp_filter_has_tags(filter) };
	if (o->prefixes) {
		parse.filter.prefixes4 = nfp_prefixes_v4(o->prefixes);
		parse.filter.prefixes6 = nfp_prefixes_v6(o->prefixes);
	}
	nfp_probe_set_parse(meter->probe, parse);
	return TRUE;
}

/* FALSE: it is as it was. */
static gboolean attach(NfpMeter *meter, const NfpLink *link, const NfpInterfaceOptions *o)
{
	static const char *const ways[] = { "ingress", "egress", "ingress and egress" };
	g_autofree char *name = where(meter, link->name);
	GError *error = NULL;

	if (!set_parse(meter, o, &error) ||
	    !nfp_probe_attach(meter->probe, link->name, o->direction, o->hook, &error)) {
		if (went(meter, link))
			g_error_free(error);
		else
			failed(meter, link, error);
		return FALSE;
	}
	tell_done(meter, name, "attached");
	nfp_log(NFP_LOG_INFO, ROOM, "%s: metering %s%s%s", name, ways[o->direction],
		o->hook != NFP_HOOK_XDP ? "" : o->direction == NFP_DIRECTION_BOTH ? " (in by XDP, out by tc)" : " by XDP",
		o->filter || o->prefixes ? ", filtered" : "");
	if (nfp_probe_note(meter->probe))
		nfp_log(NFP_LOG_NOTICE, ROOM, "%s: %s", name, nfp_probe_note(meter->probe));
	g_hash_table_remove(meter->failures, GUINT_TO_POINTER(link->ifindex));
	g_hash_table_remove(meter->behind, GUINT_TO_POINTER(link->ifindex));
	g_hash_table_insert(meter->names, GUINT_TO_POINTER(link->ifindex), g_strdup(link->name));
	return TRUE;
}

static const NfpInterfaceOptions *wanted(const NfpMeter *meter, const NfpLink *link)
{
	return nfp_rules_match(meter->conf, meter->domain->netns, link->name);
}

/* With its program already replaced: a direction that is wanted no more. */
static void narrow(NfpMeter *meter, const char *ifname, NfpDirection wanted)
{
	NfpDirection other = wanted == NFP_DIRECTION_INGRESS ? NFP_DIRECTION_EGRESS : NFP_DIRECTION_INGRESS;
	g_autofree char *name = where(meter, ifname);
	g_autoptr(GError) error = NULL;

	if (wanted != NFP_DIRECTION_BOTH && !nfp_probe_detach_direction(meter->probe, ifname, other, &error))
		nfp_log(NFP_LOG_WARNING, ROOM, "%s: its other direction is metered still: %s", name, error->message);
}

/* One that is metered, by another rule. */
static void follow_rule(NfpMeter *meter, const NfpLink *link, const NfpInterfaceOptions *o)
{
	if (attach(meter, link, o))
		narrow(meter, link->name, o->direction);
}

static void leave(NfpMeter *meter, const NfpLink *link, const char *why)
{
	g_autofree char *name = where(meter, link->name);
	g_autoptr(GError) error = NULL;

	if (!nfp_probe_detach(meter->probe, link->name, &error)) {
		if (!went(meter, link))
			nfp_log(NFP_LOG_WARNING, ROOM, "%s: cannot be detached, and is metered still: %s", name,
				error->message);
		return;
	}
	g_hash_table_remove(meter->names, GUINT_TO_POINTER(link->ifindex));
	g_hash_table_remove(meter->behind, GUINT_TO_POINTER(link->ifindex));
	tell_done(meter, name, "detached");
	nfp_log(NFP_LOG_NOTICE, ROOM, "%s: not metered any more, %s", name, why);
}

/* An interface that is metered and has another name now: another rule may mean it, or none. */
static void follow_name(NfpMeter *meter, const NfpLink *link, const char *old)
{
	const NfpInterfaceOptions *before = nfp_rules_match(meter->conf, meter->domain->netns, old), *now = wanted(meter, link);
	g_autofree char *name = where(meter, link->name);

	nfp_log(NFP_LOG_NOTICE, ROOM, "%s was called %s", name, old);
	g_hash_table_insert(meter->names, GUINT_TO_POINTER(link->ifindex), g_strdup(link->name));
	if (!meter->conf->interfaces->len)
		return;
	if (!now) {
		leave(meter, link, "no interface of the configuration has that name");
	} else if (!before || !nfp_rules_same_hooks(before, now) ||
		   g_hash_table_contains(meter->behind, GUINT_TO_POINTER(link->ifindex))) {
		follow_rule(meter, link, now);
	}
}

static void follow_names(NfpMeter *meter, const GArray *links)
{
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		g_autofree char *old = g_strdup(g_hash_table_lookup(meter->names, GUINT_TO_POINTER(link->ifindex)));

		if (old && strcmp(old, link->name) != 0)
			follow_name(meter, link, old);
	}
}

static void attach_configured(NfpMeter *meter, const GArray *links)
{
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		const NfpInterfaceOptions *o = wanted(meter, link);

		if (o && !g_hash_table_contains(meter->names, GUINT_TO_POINTER(link->ifindex)))
			attach(meter, link, o);
	}
}

static gboolean is_there(const GArray *links, uint32_t ifindex)
{
	for (guint i = 0; i < links->len; i++)
		if (g_array_index(links, NfpLink, i).ifindex == ifindex)
			return TRUE;
	return FALSE;
}

/* A bridge that was up before its first member came: now they meter what it would. */
static void leave_stacked(NfpMeter *meter, const GArray *links, const GArray *nearest)
{
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		g_autofree char *name = where(meter, link->name);
		g_autoptr(GError) error = NULL;

		if (!link->up || is_there(nearest, link->ifindex) ||
		    !g_hash_table_remove(meter->names, GUINT_TO_POINTER(link->ifindex)))
			continue;
		g_hash_table_remove(meter->behind, GUINT_TO_POINTER(link->ifindex));
		if (nfp_probe_detach(meter->probe, link->name, &error))
			nfp_log(NFP_LOG_NOTICE, ROOM, "%s: not metered any more, its stack has a device nearer the wire",
				name);
		else
			nfp_log(NFP_LOG_WARNING, ROOM, "%s: its stack is counted twice, as it cannot be detached: %s",
				name, error->message);
	}
}

/* Without a list: all that are up, one device of each stack. */
static void attach_default(NfpMeter *meter, const GArray *links)
{
	const NfpInterfaceOptions unlisted = nfp_rules_default(meter->conf);
	g_autoptr(GArray) up = g_array_new(FALSE, TRUE, sizeof(NfpLink));

	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);

		if (link->up && !link->loopback && !link->foreign)
			g_array_append_vals(up, link, 1);
	}
	if (!meter->conf->stacked) {
		nfp_links_nearest_wire(up);
		leave_stacked(meter, links, up);
	}
	for (guint i = 0; i < up->len; i++) {
		const NfpLink *link = &g_array_index(up, NfpLink, i);

		if (!g_hash_table_contains(meter->names, GUINT_TO_POINTER(link->ifindex)))
			attach(meter, link, &unlisted);
	}
}

static gboolean is_gone(const GArray *gone, uint32_t ifindex)
{
	for (guint i = 0; i < gone->len; i++)
		if (g_array_index(gone, uint32_t, i) == ifindex)
			return TRUE;
	return FALSE;
}

/* gone: those that went, though one may have come back with the same number since. */
static void forget_gone(NfpMeter *meter, const GArray *links, const GArray *gone)
{
	GHashTableIter iter;
	void *ifindex, *name;

	g_hash_table_iter_init(&iter, meter->failures);
	while (g_hash_table_iter_next(&iter, &ifindex, NULL))
		if (!is_there(links, GPOINTER_TO_UINT(ifindex)))
			g_hash_table_iter_remove(&iter);
	g_hash_table_iter_init(&iter, meter->names);
	while (g_hash_table_iter_next(&iter, &ifindex, &name)) {
		g_autofree char *place = NULL;

		if (is_there(links, GPOINTER_TO_UINT(ifindex)) && !is_gone(gone, GPOINTER_TO_UINT(ifindex)))
			continue;
		place = where(meter, name);
		nfp_log(NFP_LOG_NOTICE, ROOM, "%s has gone; it is metered again when it comes back", place);
		g_hash_table_remove(meter->behind, ifindex);
		g_hash_table_iter_remove(&iter);
	}
}

static void scan(NfpMeter *meter, const GArray *gone)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	int rc = nfp_probe_links(meter->probe, links);

	if (rc) {
		nfp_log(NFP_LOG_WARNING, ROOM, "cannot list the interfaces: %s, ignoring", g_strerror(-rc));
		return;
	}
	forget_gone(meter, links, gone);
	follow_names(meter, links);
	if (meter->conf->interfaces->len)
		attach_configured(meter, links);
	else if (!meter->domain->netns)
		attach_default(meter, links);
	nfp_events_names(meter->events, meter->names);
	tell_enrich(meter, links);
	if (meter->told)
		meter->told(meter->domain->domain, links, meter->told_data);
}

static gboolean changed(gint fd, GIOCondition condition, gpointer data)
{
	NfpMeter *meter = data;
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	nfp_probe_watch_drain(meter->probe, gone);
	scan(meter, gone);
	return G_SOURCE_CONTINUE;
}

/* Its other direction stands before it. */
static gboolean is_told(const GArray *hooks, guint n)
{
	for (guint i = 0; i < n; i++)
		if (g_array_index(hooks, NfpHookInfo, i).ifindex == g_array_index(hooks, NfpHookInfo, n).ifindex)
			return TRUE;
	return FALSE;
}

/* Attached by hand or by an earlier configuration: metered as well. */
static void tell_others(NfpMeter *meter)
{
	g_autoptr(GArray) hooks = g_array_new(FALSE, TRUE, sizeof(NfpHookInfo));

	if (nfp_probe_hooks(meter->probe, hooks))
		return;
	for (guint i = 0; i < hooks->len; i++) {
		const NfpHookInfo *info = &g_array_index(hooks, NfpHookInfo, i);

		if (*info->ifname && !is_told(hooks, i) &&
		    !g_hash_table_contains(meter->names, GUINT_TO_POINTER(info->ifindex)))
			nfp_log(NFP_LOG_NOTICE, ROOM,
				"%s: still attached (by hand or by an earlier start), metered too; `nfprobe detach "
				"%s` ends it", info->ifname, info->ifname);
	}
}

/* A name that is typed wrong looks like one that comes later. */
static void tell_unmatched(const NfpMeter *meter)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	g_autofree char *names = NULL;

	if (nfp_probe_links(meter->probe, links))
		return;
	names = nfp_rules_names(links);
	for (guint i = 0; i < meter->conf->interfaces->len; i++) {
		const NfpInterfaceOptions *o = &g_array_index(meter->conf->interfaces, NfpInterfaceOptions, i);
		g_autofree char *match = g_strdup_printf("\"%s\"", o->match);
		g_autofree char *place = where(meter, match);
		guint n = 0;

		if (g_strcmp0(o->netns, meter->domain->netns))
			continue;
		for (guint j = 0; j < links->len; j++)
			n += !fnmatch(o->match, g_array_index(links, NfpLink, j).name, 0);
		if (!n)
			nfp_log(NFP_LOG_WARNING, ROOM, "there is no %s yet: waiting for it; there are: %s", place,
				names);
	}
}

guint nfp_meter_start(NfpMeter *meter, GError **err)
{
	g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	int fd = nfp_probe_watch_fd(meter->probe);

	meter->events = nfp_events_new(meter->probe);
	if (fd >= 0)
		meter->watch = g_unix_fd_add(fd, G_IO_IN, changed, meter);
	else
		nfp_log(NFP_LOG_WARNING, ROOM, "interfaces that come later are not noticed: %s, ignoring",
			g_strerror(-fd));
	scan(meter, none);
	tell_unmatched(meter);
	tell_others(meter);
	if (meter->first_error && err)
		*err = g_error_copy(meter->first_error);
	return g_hash_table_size(meter->names);
}

/* ---- another configuration ----------------------------------------------------------------------- */

/* Whether it has to be attached again for what the configuration says, if that says anything: *ret_now. */
static gboolean is_other(const NfpMeter *meter, const NfpConf *before, const NfpConf *conf, const NfpLink *link,
			 NfpInterfaceOptions *ret_now)
{
	return nfp_rules_of(conf, meter->domain->netns, link, ret_now) &&
	       (g_hash_table_contains(meter->behind, GUINT_TO_POINTER(link->ifindex)) ||
		!nfp_rules_same(before, conf, meter->domain->netns, link));
}

static gboolean try_one(NfpMeter *meter, const NfpLink *link, const NfpInterfaceOptions *o, GError **err)
{
	g_autofree char *name = where(meter, link->name);
	GError *error = NULL;

	if (set_parse(meter, o, &error) && nfp_probe_try(meter->probe, link->name, o->direction, o->hook, &error))
		return TRUE;
	if (went(meter, link)) {
		g_error_free(error);
		return TRUE;
	}
	g_propagate_prefixed_error(err, error, "interface %s: ", name);
	return FALSE;
}

gboolean nfp_meter_try(NfpMeter *meter, const NfpConf *conf, GError **err)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	const NfpConf *before = meter->conf;
	gboolean fine = TRUE;

	nfp_probe_forget_programs(meter->probe); /* filters of earlier configurations would add up */
	nfp_probe_links(meter->probe, links);
	meter->conf = conf;
	for (guint i = 0; fine && i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);
		NfpInterfaceOptions now;

		if (link->foreign) /* no configuration can help */
			continue;
		/* Without a list it is found out later which of those that are not metered will be. */
		if ((conf->interfaces->len || g_hash_table_contains(meter->names, GUINT_TO_POINTER(link->ifindex))) &&
		    is_other(meter, before, conf, link, &now))
			fine = try_one(meter, link, &now, err);
	}
	meter->conf = before;
	return fine;
}

gboolean nfp_meter_is_behind(const NfpMeter *meter)
{
	return g_hash_table_size(meter->behind) || g_hash_table_size(meter->failures);
}

/* One that is metered. FALSE: it is left as it is. */
static gboolean change_one(NfpMeter *meter, const NfpConf *before, const NfpLink *link)
{
	NfpInterfaceOptions now;

	if (!nfp_rules_of(meter->conf, meter->domain->netns, link, &now))
		leave(meter, link, "the configuration has it no more");
	else if (is_other(meter, before, meter->conf, link, &now))
		follow_rule(meter, link, &now);
	else
		return FALSE;
	return TRUE;
}

void nfp_meter_change(NfpMeter *meter, const NfpConf *conf, NfpMeterChange *change)
{
	g_autoptr(GArray) links = g_array_new(FALSE, TRUE, sizeof(NfpLink));
	g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autoptr(GHashTable) known = g_steal_pointer(&meter->failures);
	const NfpConf *before = meter->conf;

	meter->conf = conf;
	meter->change = change;
	meter->known = known;
	meter->before = before;
	meter->failures = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free); /* to be told again */
	nfp_probe_links(meter->probe, links);
	for (guint i = 0; i < links->len; i++) {
		const NfpLink *link = &g_array_index(links, NfpLink, i);

		if (g_hash_table_contains(meter->names, GUINT_TO_POINTER(link->ifindex)))
			change->kept += !change_one(meter, before, link);
	}
	scan(meter, none);
	tell_unmatched(meter);
	meter->change = NULL;
	meter->known = NULL;
	meter->before = NULL;
}
