/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/reload_collectors.h"

#include "app/parts.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/diff.h"
#include "store/spool.h"

#define ROOM "reload"
#define GOODBYE (2 * G_USEC_PER_SEC) /* for all sessions that end: a stream's last batch, and the peer's close */
#define NONE G_MAXUINT

typedef struct {
	NfpTemplateSet *templates; /* of the new configuration; NULL once the daemon has it */
	guint old;                 /* place of the one before, or NONE */
	gboolean same;
	NfpCollector *made;
	char *from, *to; /* the file of its spool was moved; or NULL */
} Place;

struct NfpExchange {
	NfpDaemon *d;
	NfpConf *conf;
	GArray *places;  /* Place, in the order of conf */
	gboolean *taken; /* by place of the old ones: it has a successor */
	GPtrArray *restarted, *kept, *warnings;
};

static const NfpCollectorOptions *options_at(const NfpConf *conf, guint n)
{
	return &g_array_index(conf->collectors, NfpCollectorOptions, n);
}

static void place_clear(void *data)
{
	Place *place = data;

	nfp_collector_free(place->made);
	g_free(place->from);
	g_free(place->to);
	nfp_template_set_free(place->templates);
}

/* Of the same name; else one that goes and wrote to the same place: it was given another name. */
static guint find_old(const NfpExchange *x, const NfpCollectorOptions *options, gboolean by_name)
{
	const NfpConf *before = x->d->conf;

	for (guint i = 0; i < before->collectors->len; i++) {
		const NfpCollectorOptions *old = options_at(before, i);

		if (x->taken[i])
			continue;
		if (by_name ? g_str_equal(old->name, options->name) : g_str_equal(old->endpoint, options->endpoint))
			return i;
	}
	return NONE;
}

static void find_all(NfpExchange *x, gboolean by_name)
{
	for (guint i = 0; i < x->places->len; i++) {
		Place *place = &g_array_index(x->places, Place, i);

		if (place->old != NONE)
			continue;
		place->old = find_old(x, options_at(x->conf, i), by_name);
		if (place->old != NONE)
			x->taken[place->old] = TRUE;
	}
}

/* Announced, though the collector's own options say nothing of it. */
static gboolean same_sampling(const NfpCollectorOptions *a, const NfpCollectorOptions *b)
{
	return a->sampling == b->sampling && a->sampled == b->sampled && a->sampled_random == b->sampled_random;
}

static gboolean is_same(const NfpExchange *x, const Place *place, const NfpCollectorOptions *options)
{
	const NfpConf *before = x->d->conf;

	/* One that an earlier reload could not bring back is over. */
	return place->old != NONE && !nfp_collector_is_over(g_ptr_array_index(x->d->collectors, place->old)) &&
	       nfp_conf_same_item(NFP_CONF_COLLECTORS, options, options_at(before, place->old)) &&
	       same_sampling(options, options_at(before, place->old)) &&
	       before->pen == x->conf->pen && g_str_equal(before->hostname, x->conf->hostname) &&
	       nfp_template_set_equal(place->templates, g_ptr_array_index(x->d->templates, place->old));
}

/* A file that hid a built-in set of its name, and has vanished: not what anybody wants. */
static gboolean has_vanished(const NfpExchange *x, const Place *place, GError **err)
{
	const NfpTemplateSet *old = place->old == NONE ? NULL : g_ptr_array_index(x->d->templates, place->old);

	if (!old || !old->file || place->templates->file || !g_str_equal(old->name, place->templates->name) ||
	    !x->conf->templates || g_strcmp0(x->conf->templates, x->d->conf->templates))
		return FALSE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
		    "its template set \"%s\" was %s, which is not there any more; to go on with the built-in one, leave "
		    "`templates` out", old->name, old->file);
	return TRUE;
}

static gboolean prepare(NfpExchange *x, guint n, GError **err)
{
	const NfpCollectorOptions *options = options_at(x->conf, n);
	Place *place = &g_array_index(x->places, Place, n);

	place->templates = nfp_parts_templates(x->conf, options, err);
	if (!place->templates || has_vanished(x, place, err)) {
		g_prefix_error(err, "collector %s: ", options->name);
		return FALSE;
	}
	place->same = is_same(x, place, options);
	return place->same ||
	       nfp_collector_try(options, place->templates, x->conf->hostname, &nfp_clock_system, err);
}

NfpExchange *nfp_exchange_new(NfpDaemon *d, NfpConf *conf, GError **err)
{
	g_autoptr(NfpExchange) x = g_new0(NfpExchange, 1);

	x->d = d;
	x->conf = conf;
	x->taken = g_new0(gboolean, d->conf->collectors->len + 1);
	x->restarted = g_ptr_array_new_with_free_func(g_free);
	x->kept = g_ptr_array_new_with_free_func(g_free);
	x->warnings = g_ptr_array_new_with_free_func(g_free);
	x->places = g_array_new(FALSE, TRUE, sizeof(Place));
	g_array_set_clear_func(x->places, place_clear);
	g_array_set_size(x->places, conf->collectors->len);
	for (guint i = 0; i < x->places->len; i++)
		g_array_index(x->places, Place, i).old = NONE;
	find_all(x, TRUE);
	find_all(x, FALSE);
	for (guint i = 0; i < x->places->len; i++)
		if (!prepare(x, i, err))
			return NULL;
	return g_steal_pointer(&x);
}

void nfp_exchange_free(NfpExchange *x)
{
	if (!x)
		return;
	g_array_unref(x->places);
	g_ptr_array_unref(x->restarted);
	g_ptr_array_unref(x->kept);
	g_ptr_array_unref(x->warnings);
	g_free(x->taken);
	g_free(x);
}

gboolean nfp_exchange_is_empty(const NfpExchange *x)
{
	for (guint i = 0; i < x->places->len; i++)
		if (!g_array_index(x->places, Place, i).same)
			return FALSE;
	return x->places->len == x->d->conf->collectors->len;
}

const GPtrArray *nfp_exchange_restarted(const NfpExchange *x)
{
	return x->restarted;
}

const GPtrArray *nfp_exchange_kept(const NfpExchange *x)
{
	return x->kept;
}

const GPtrArray *nfp_exchange_warnings(const NfpExchange *x)
{
	return x->warnings;
}

/* ---- the exchange -------------------------------------------------------------------------------- */

static void retire_changed(NfpExchange *x)
{
	gint64 deadline = g_get_monotonic_time() + GOODBYE;

	for (guint i = 0; i < x->places->len; i++) {
		const Place *place = &g_array_index(x->places, Place, i);

		if (!place->same && place->old != NONE)
			nfp_collector_retire(g_ptr_array_index(x->d->collectors, place->old), deadline);
	}
}

/* Of a retired one to its successor's place: the name or the folder is another one. */
static void move_spool(NfpExchange *x, Place *place, const NfpCollectorOptions *now)
{
	g_autofree char *from = nfp_collector_spool_file(options_at(x->d->conf, place->old));
	g_autofree char *to = nfp_collector_spool_file(now);
	g_autoptr(GError) error = NULL;
	NfpCollectorStatus status;

	if (!from || !g_strcmp0(from, to))
		return;
	nfp_collector_status(g_ptr_array_index(x->d->collectors, place->old), &status);
	if (to && nfp_spool_move(from, to, &error)) {
		place->from = g_steal_pointer(&from);
		place->to = g_steal_pointer(&to);
	} else if (status.spool.waiting) {
		g_ptr_array_add(x->warnings,
				g_strdup_printf("collector %s: %" G_GUINT64_FORMAT " records stay in %s, which nobody reads: %s",
						now->name, status.spool.waiting, from,
						error ? error->message : "it has no spool any more"));
	}
}

static void move_spools(NfpExchange *x)
{
	for (guint i = 0; i < x->places->len; i++) {
		Place *place = &g_array_index(x->places, Place, i);

		if (!place->same && place->old != NONE)
			move_spool(x, place, options_at(x->conf, i));
	}
}

static void move_spools_back(NfpExchange *x)
{
	for (guint i = x->places->len; i--;) {
		const Place *place = &g_array_index(x->places, Place, i);
		g_autoptr(GError) error = NULL;

		if (place->from && !nfp_spool_move(place->to, place->from, &error))
			nfp_log(NFP_LOG_ERROR, ROOM, "%s: %s", place->to, error->message);
	}
}

static gboolean make_new(NfpExchange *x, GError **err)
{
	for (guint i = 0; i < x->places->len; i++) {
		Place *place = &g_array_index(x->places, Place, i);

		if (place->same)
			continue;
		place->made = nfp_parts_collector(x->conf, i, place->templates, place->old != NONE, err);
		if (!place->made)
			return FALSE;
	}
	return TRUE;
}

/* From here on there is no way back. */
static void hand_over(NfpExchange *x)
{
	for (guint i = 0; i < x->places->len; i++) {
		const Place *place = &g_array_index(x->places, Place, i);

		if (!place->same && place->old != NONE)
			nfp_collector_inherit(place->made, g_ptr_array_index(x->d->collectors, place->old));
	}
}

/* As it was: those that were retired begin anew, and send what they had. */
static void undo(NfpExchange *x)
{
	NfpDaemon *d = x->d;

	for (guint i = 0; i < x->places->len; i++)
		g_clear_pointer(&g_array_index(x->places, Place, i).made, nfp_collector_free);
	move_spools_back(x);
	for (guint i = 0; i < x->places->len; i++) {
		const Place *place = &g_array_index(x->places, Place, i);
		g_autoptr(GError) error = NULL;
		NfpCollector *again, *retired;

		if (place->same || place->old == NONE)
			continue;
		retired = g_ptr_array_index(d->collectors, place->old);
		again = nfp_parts_collector(d->conf, place->old, g_ptr_array_index(d->templates, place->old), TRUE, &error);
		if (!again) {
			/* It refuses and counts, in the place where it was. */
			nfp_log(NFP_LOG_ERROR, ROOM, "%s; it gets nothing until the next reload", error->message);
			continue;
		}
		nfp_collector_inherit(again, retired);
		nfp_collector_set_tables(again, nfp_names_told(d->names));
		g_ptr_array_index(d->collectors, place->old) = again;
		nfp_collector_free(retired);
	}
}

/* Those that nobody takes over from send what they have, all at a time, or leave it in their spool. */
static void stop_removed(NfpExchange *x)
{
	NfpDaemon *d = x->d;
	gint64 deadline = g_get_monotonic_time() + GOODBYE;

	for (guint i = 0; i < d->collectors->len; i++)
		if (!x->taken[i])
			nfp_collector_hurry(g_ptr_array_index(d->collectors, i), deadline);
	for (guint i = 0; i < d->collectors->len; i++) {
		NfpCollector *collector = g_ptr_array_index(d->collectors, i);
		NfpCollectorStatus before, after;

		if (x->taken[i])
			continue;
		nfp_collector_status(collector, &before);
		nfp_collector_stop(collector, deadline);
		nfp_collector_status(collector, &after);
		g_ptr_array_add(x->restarted,
				g_strdup_printf("collector %s: stopped, %" G_GUINT64_FORMAT " records sent by it, %"
						G_GUINT64_FORMAT " refused (%" G_GUINT64_FORMAT " of them now, at its end)%s",
						options_at(d->conf, i)->name, after.records, after.refused_records,
						after.refused_records - before.refused_records,
						after.spool.waiting ? "; the rest waits in its spool" : ""));
	}
}

static void adopt(NfpExchange *x, guint n, GPtrArray *collectors, GPtrArray *templates, GPtrArray *owners)
{
	Place *place = &g_array_index(x->places, Place, n);
	const char *name = options_at(x->conf, n)->name;
	NfpDaemon *d = x->d;
	gboolean templates_differ;

	if (place->same) {
		g_ptr_array_add(collectors, g_steal_pointer(&g_ptr_array_index(d->collectors, place->old)));
		g_ptr_array_add(templates, g_steal_pointer(&g_ptr_array_index(d->templates, place->old)));
		g_ptr_array_add(owners, g_steal_pointer(&g_ptr_array_index(d->owners, place->old)));
		g_ptr_array_add(x->kept, g_strdup_printf("collector %s", name));
		return;
	}
	templates_differ = place->old != NONE &&
			   !nfp_template_set_equal(place->templates, g_ptr_array_index(d->templates, place->old));
	nfp_collector_set_tables(place->made, nfp_names_told(d->names));
	g_ptr_array_add(collectors, g_steal_pointer(&place->made));
	g_ptr_array_add(templates, g_steal_pointer(&place->templates));
	g_ptr_array_add(owners, nfp_conf_ref(x->conf));
	g_ptr_array_add(x->restarted, g_strdup_printf("collector %s: %s%s%s%s", name,
						      place->old == NONE ? "started" : "a new session",
						      templates_differ ? ", its templates have changed" : "",
						      place->to ? ", its spool is now " : "", place->to ? place->to : ""));
}

gboolean nfp_exchange_do(NfpExchange *x, GError **err)
{
	GPtrArray *collectors, *templates, *owners;
	NfpDaemon *d = x->d;

	retire_changed(x);
	move_spools(x);
	if (!make_new(x, err)) {
		undo(x);
		return FALSE;
	}
	hand_over(x);
	stop_removed(x);
	collectors = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_collector_free);
	templates = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_template_set_free);
	owners = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_conf_free);
	for (guint i = 0; i < x->places->len; i++)
		adopt(x, i, collectors, templates, owners);
	/* Collectors before what they borrow. */
	g_ptr_array_unref(d->collectors);
	g_ptr_array_unref(d->templates);
	g_ptr_array_unref(d->owners);
	d->collectors = collectors;
	d->templates = templates;
	d->owners = owners;
	return TRUE;
}
