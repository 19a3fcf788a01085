/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/enrich.h"

#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "enrich/builtin.h"
#include "enrich/source.h"

#define ROOM "enrich"
#define POLL (G_USEC_PER_SEC / 5) /* two system calls or so: a commit is seen before the next bucket ends */

struct NfpEnrich {
	char *database;
	GThread *thread;
	gint stop; /* atomic */

	NfpView *current; /* the harvester's alone */
	NfpView *next;    /* atomic: made by whoever holds the lock, taken by the harvester; NULL: nothing new */

	pthread_mutex_t lock; /* all below; never taken on the data path */
	pthread_cond_t changed;
	NfpSnapshot *snapshot;
	NfpView *newest;    /* as `next` was when it was made */
	uint64_t views;     /* made so far */
	GArray *interfaces; /* NfpViewInterface */
	GArray *routes;     /* NfpViewRoutes */
	gboolean tried;
	uint64_t generation, failures, left_out;
	gint64 loaded; /* monotonic us */
	char *error;
};

static void interface_clear(void *data)
{
	NfpEnrichInterface *i = &((NfpViewInterface *)data)->interface;

	g_free((char *)i->name);
	g_free((char *)i->alias);
	g_free((char *)i->vrf);
}

static void routes_clear(void *data)
{
	nfp_route_tables_unref(((NfpViewRoutes *)data)->tables);
}

/* The lock is held. */
static void publish(NfpEnrich *e)
{
	NfpView *view = nfp_view_new(e->snapshot, e->interfaces, e->routes);

	nfp_view_unref(e->newest);
	e->newest = nfp_view_ref(view);
	e->views++;
	/* What the harvester did not take is nobody's. */
	nfp_view_unref(__atomic_exchange_n(&e->next, view, __ATOMIC_ACQ_REL));
}

static void adopt(NfpEnrich *e, NfpSnapshot *snapshot, const NfpLoadReport *report, gint64 began)
{
	gint64 now = g_get_monotonic_time();
	NfpSnapshot *old;

	nfp_log(NFP_LOG_INFO, ROOM, "%s: read in %.1f s: %u prefixes, %u hosts, %u services, %u interfaces, %.1f MiB",
		e->database, (double)(now - began) / G_USEC_PER_SEC, snapshot->prefixes, snapshot->hosts,
		nfp_services_n(snapshot->services), snapshot->rules->len, (double)snapshot->memory / 1048576);
	if (report->left_out)
		nfp_log(NFP_LOG_WARNING, ROOM, "%s: %u row%s left out, the first: %s", e->database, report->left_out,
			report->left_out == 1 ? "" : "s", report->told->str);
	pthread_mutex_lock(&e->lock);
	old = e->snapshot;
	nfp_services_mark_as(snapshot->services, old->services);
	e->snapshot = snapshot;
	e->generation++;
	e->loaded = now;
	e->left_out = report->left_out;
	g_clear_pointer(&e->error, g_free);
	publish(e);
	pthread_mutex_unlock(&e->lock);
	nfp_snapshot_unref(old);
}

/* Told once, not at each attempt. */
static void failed(NfpEnrich *e, const GError *error)
{
	pthread_mutex_lock(&e->lock);
	e->failures++;
	if (g_strcmp0(e->error, error->message)) {
		nfp_log(NFP_LOG_WARNING, ROOM, "%s: %s; %s, and it is tried again", e->database, error->message,
			e->generation ? "what was read before holds" : "records have built-in facts alone");
		g_free(e->error);
		e->error = g_strdup(error->message);
	}
	pthread_mutex_unlock(&e->lock);
}

static void follow(NfpEnrich *e, NfpEnrichSource *source)
{
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) error = NULL;
	NfpSnapshot *snapshot = NULL;
	gint64 now = g_get_monotonic_time();

	switch (nfp_enrich_source_poll(source, now, &e->stop, &snapshot, &report, &error)) {
	case NFP_SOURCE_LOADED:
		adopt(e, snapshot, &report, now);
		break;
	case NFP_SOURCE_FAILED:
		if (!g_atomic_int_get(&e->stop))
			failed(e, error);
		break;
	case NFP_SOURCE_SAME:
		break;
	}
}

/* The lock is held. FALSE: it is that late (g_get_monotonic_time). */
static gboolean wait_until(NfpEnrich *e, gint64 then)
{
	struct timespec at = { .tv_sec = then / G_USEC_PER_SEC, .tv_nsec = then % G_USEC_PER_SEC * 1000 };

	return pthread_cond_timedwait(&e->changed, &e->lock, &at) == 0;
}

static void *run(void *data)
{
	NfpEnrich *e = data;
	g_autoptr(NfpEnrichSource) source = nfp_enrich_source_new(e->database);

	while (!g_atomic_int_get(&e->stop)) {
		gint64 until;

		follow(e, source);
		pthread_mutex_lock(&e->lock);
		e->tried = TRUE;
		pthread_cond_broadcast(&e->changed);
		until = g_get_monotonic_time() + POLL;
		while (!g_atomic_int_get(&e->stop) && wait_until(e, until))
			;
		pthread_mutex_unlock(&e->lock);
	}
	return NULL;
}

NfpEnrich *nfp_enrich_new(const char *database, GError **err)
{
	g_autoptr(NfpSnapshot) snapshot = nfp_snapshot_new();
	g_autoptr(NfpEnrich) e = NULL;
	pthread_condattr_t monotonic;

	nfp_builtin_add(snapshot);
	if (!nfp_snapshot_seal(snapshot, err))
		return NULL;
	e = g_new0(NfpEnrich, 1);
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	e->database = g_strdup(database);
	e->interfaces = g_array_new(FALSE, FALSE, sizeof(NfpViewInterface));
	g_array_set_clear_func(e->interfaces, interface_clear);
	e->routes = g_array_new(FALSE, FALSE, sizeof(NfpViewRoutes));
	g_array_set_clear_func(e->routes, routes_clear);
	e->snapshot = g_steal_pointer(&snapshot);
	e->current = nfp_view_new(e->snapshot, e->interfaces, e->routes);
	e->newest = nfp_view_ref(e->current);
	e->tried = !database;
	if (database) {
		e->thread = g_thread_try_new("enrich", run, e, err);
		if (!e->thread)
			return NULL;
	}
	return g_steal_pointer(&e);
}

gboolean nfp_enrich_wait(NfpEnrich *e, gint64 deadline)
{
	gboolean tried;

	pthread_mutex_lock(&e->lock);
	while (!e->tried && wait_until(e, deadline))
		;
	tried = e->tried;
	pthread_mutex_unlock(&e->lock);
	return tried;
}

void nfp_enrich_set_interfaces(NfpEnrich *e, uint32_t domain, const NfpEnrichInterface *interfaces, guint n)
{
	pthread_mutex_lock(&e->lock);
	for (guint i = e->interfaces->len; i-- > 0;)
		if (g_array_index(e->interfaces, NfpViewInterface, i).domain == domain)
			g_array_remove_index_fast(e->interfaces, i);
	for (guint i = 0; i < n; i++) {
		NfpViewInterface copy = { domain, interfaces[i] };

		copy.interface.name = g_strdup(interfaces[i].name);
		copy.interface.alias = g_strdup(interfaces[i].alias);
		copy.interface.vrf = g_strdup(interfaces[i].vrf);
		g_array_append_val(e->interfaces, copy);
	}
	publish(e);
	pthread_mutex_unlock(&e->lock);
}

void nfp_enrich_set_routes(NfpEnrich *e, uint32_t domain, NfpRouteTables *tables)
{
	NfpViewRoutes fresh = { domain, tables };

	pthread_mutex_lock(&e->lock);
	for (guint i = e->routes->len; i-- > 0;)
		if (g_array_index(e->routes, NfpViewRoutes, i).domain == domain)
			g_array_remove_index_fast(e->routes, i);
	g_array_append_val(e->routes, fresh);
	publish(e);
	pthread_mutex_unlock(&e->lock);
}

static uint64_t routes_n(const NfpEnrich *e)
{
	uint64_t n = 0;

	for (guint i = 0; i < e->routes->len; i++)
		n += nfp_route_tables_n(g_array_index(e->routes, NfpViewRoutes, i).tables);
	return n;
}

uint64_t nfp_enrich_names_version(NfpEnrich *e)
{
	uint64_t version;

	pthread_mutex_lock(&e->lock);
	version = e->views << 32 | nfp_services_marked_n(e->snapshot->services);
	pthread_mutex_unlock(&e->lock);
	return version;
}

void nfp_enrich_add_names(NfpEnrich *e, NfpNameTables *tables)
{
	g_autoptr(NfpView) view = NULL;

	pthread_mutex_lock(&e->lock);
	view = nfp_view_ref(e->newest);
	pthread_mutex_unlock(&e->lock);
	nfp_view_add_names(view, tables);
}

void nfp_enrich_turn(NfpEnrich *e)
{
	NfpView *next = __atomic_exchange_n(&e->next, NULL, __ATOMIC_ACQ_REL);

	if (!next)
		return;
	nfp_view_unref(e->current);
	e->current = next;
}

static void facts_free(void *view)
{
	nfp_view_unref(view);
}

void nfp_enrich_fill(NfpEnrich *e, NfpBatch *batch, uint32_t first)
{
	nfp_view_fill(e->current, batch->records + first, batch->n - first);
	if (batch->facts)
		return;
	batch->facts = nfp_view_ref(e->current);
	batch->facts_free = facts_free;
}

void nfp_enrich_status(NfpEnrich *e, NfpEnrichStatus *ret)
{
	pthread_mutex_lock(&e->lock);
	*ret = (NfpEnrichStatus){
		.database = g_strdup(e->database),
		.generation = e->generation,
		.prefixes = e->snapshot->prefixes,
		.hosts = e->snapshot->hosts,
		.services = nfp_services_n(e->snapshot->services),
		.interfaces = e->snapshot->rules->len,
		.left_out = e->left_out,
		.memory = e->snapshot->memory,
		.routes = routes_n(e),
		.failures = e->failures,
		.age = e->generation ? g_get_monotonic_time() - e->loaded : -1,
		.error = g_strdup(e->error),
	};
	pthread_mutex_unlock(&e->lock);
}

void nfp_enrich_status_clear(NfpEnrichStatus *status)
{
	g_clear_pointer(&status->database, g_free);
	g_clear_pointer(&status->error, g_free);
}

void nfp_enrich_free(NfpEnrich *e)
{
	if (!e)
		return;
	g_atomic_int_set(&e->stop, 1);
	if (e->thread) {
		pthread_mutex_lock(&e->lock);
		pthread_cond_broadcast(&e->changed);
		pthread_mutex_unlock(&e->lock);
		g_thread_join(e->thread);
	}
	nfp_view_unref(e->current);
	nfp_view_unref(e->next);
	nfp_view_unref(e->newest);
	nfp_snapshot_unref(e->snapshot);
	g_array_unref(e->interfaces);
	g_array_unref(e->routes);
	g_free(e->database);
	g_free(e->error);
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->lock);
	g_free(e);
}
