/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/routes.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/error.h"
#include "base/log.h"
#include "probe/routes.h"

#define ROOM "routes"
#define QUIET (G_USEC_PER_SEC)          /* without a change, before they are read again */
#define PATIENCE (10 * G_USEC_PER_SEC)  /* however many changes there are */
#define REST 10                         /* times what the last reading took */
#define RETRY (10 * G_USEC_PER_SEC)     /* after an error */

struct NfpRouteFollower {
	NfpRoutes *routes;
	NfpEnrich *enrich;
	uint32_t domain;
	char *where;
	GThread *thread;
	int stop; /* eventfd */
	gboolean told, policy_told;
	int error_told;
};

static NfpEnrichRoute enrich_route(const NfpRoute *route)
{
	NfpEnrichRoute copy = {
		.table = route->table, .family = route->family, .length = route->length, .origin = route->origin, .metric = route->metric,
	};

	memcpy(copy.prefix, route->prefix, sizeof(copy.prefix));
	return copy;
}

/* 0 or -errno. */
static int read_all(NfpRouteFollower *f)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpRoute));
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	gint64 began = g_get_monotonic_time();
	NfpRouteRules rules = { 0 };
	NfpRouteTables *tables;
	int rc = nfp_routes_list(f->routes, list);

	if (!rc)
		rc = nfp_routes_rules(f->routes, &rules);
	if (rc)
		return rc;
	for (guint i = 0; i < list->len; i++) {
		NfpEnrichRoute route = enrich_route(&g_array_index(list, NfpRoute, i));

		g_array_append_val(routes, route);
	}
	tables = nfp_route_tables_new(routes, rules.vrf_first);
	if (!f->told)
		nfp_log(NFP_LOG_INFO, ROOM, "%s: %u routes, %.1f MiB, read in %.1f s", f->where, routes->len,
			(double)nfp_route_tables_memory(tables) / 1048576,
			(double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
	if (rules.policy && !f->policy_told)
		nfp_log(NFP_LOG_NOTICE, ROOM, "%s: there are rules of policy routing; prefix lengths are those of local, VRF and "
					      "main tables, whatever the rules say", f->where);
	f->told = TRUE;
	f->policy_told |= rules.policy;
	nfp_enrich_set_routes(f->enrich, f->domain, tables);
	return 0;
}

/* Until a change, the end of the time (us; -1: any) or the end of all. Returns whether there was a change; *ret_stop. */
static gboolean wait_for(NfpRouteFollower *f, gint64 us, gboolean listen, gboolean *ret_stop)
{
	struct pollfd fds[] = { { .fd = f->stop, .events = POLLIN },
				{ .fd = listen ? nfp_routes_fd(f->routes) : -1, .events = POLLIN } };
	int rc = poll(fds, G_N_ELEMENTS(fds), us < 0 ? -1 : (int)((us + 999) / 1000));

	*ret_stop = rc > 0 && fds[0].revents;
	if (rc <= 0 || !fds[1].revents)
		return FALSE;
	nfp_routes_drain(f->routes);
	return TRUE;
}

static void settle(NfpRouteFollower *f, gboolean *stop)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;

	while (!*stop && wait_for(f, QUIET, TRUE, stop) && g_get_monotonic_time() < end)
		;
}

static void *follow(void *data)
{
	NfpRouteFollower *f = data;
	gboolean stop = FALSE;

	while (!stop) {
		gint64 began = g_get_monotonic_time();
		int rc = read_all(f);
		gint64 took = g_get_monotonic_time() - began;

		if (rc && rc != f->error_told)
			nfp_log(NFP_LOG_WARNING, ROOM, "%s: cannot read the routes: %s; those read before hold, and it is tried again",
				f->where, rc == -E2BIG ? "there are more than 8 million" : g_strerror(-rc));
		f->error_told = rc;
		wait_for(f, rc ? RETRY : REST * took, FALSE, &stop);
		if (!rc && !stop)
			wait_for(f, -1, TRUE, &stop);
		if (!stop)
			settle(f, &stop);
	}
	return NULL;
}

NfpRouteFollower *nfp_route_follower_new(NfpProbe *probe, NfpEnrich *enrich, uint32_t domain, const char *where, GError **err)
{
	g_autoptr(NfpRouteFollower) f = g_new0(NfpRouteFollower, 1);

	f->stop = -1;
	f->routes = nfp_routes_new(probe, err);
	if (!f->routes)
		return NULL;
	f->enrich = enrich;
	f->domain = domain;
	f->where = g_strdup(where);
	f->stop = eventfd(0, EFD_CLOEXEC);
	if (f->stop < 0) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot make an event");
		return NULL;
	}
	f->thread = g_thread_try_new("routes", follow, f, err);
	return f->thread ? g_steal_pointer(&f) : NULL;
}

void nfp_route_follower_free(NfpRouteFollower *f)
{
	if (!f)
		return;
	if (f->thread) {
		eventfd_write(f->stop, 1);
		g_thread_join(f->thread);
	}
	nfp_fd_clear(&f->stop);
	nfp_routes_free(f->routes);
	g_free(f->where);
	g_free(f);
}
