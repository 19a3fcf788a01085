// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/routes.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "probe/domain.h"
#include "probe/netlink.h"

struct NfpRoutes {
	NfpNetlink *requests, *changes;
};

typedef struct {
	NfpRoutes *routes;
	GError **err;
} Open;

/* In the namespace: a socket belongs to the one that it was made in. */
static int open_sockets(void *data)
{
	Open *open = data;

	open->routes->requests = nfp_netlink_new(0, open->err);
	if (open->routes->requests)
		open->routes->changes = nfp_netlink_new(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE, open->err);
	return open->routes->changes ? 0 : -1;
}

NfpRoutes *nfp_routes_new(NfpProbe *probe, GError **err)
{
	g_autoptr(NfpRoutes) routes = g_new0(NfpRoutes, 1);
	Open open = { routes, err };

	if (nfp_netns_call(probe->netns, open_sockets, &open))
		return NULL;
	return g_steal_pointer(&routes);
}

void nfp_routes_free(NfpRoutes *routes)
{
	if (!routes)
		return;
	nfp_netlink_free(routes->requests);
	nfp_netlink_free(routes->changes);
	g_free(routes);
}

typedef struct {
	GArray *routes;
	gboolean full;
} Dump;

static void add_route(const struct nlmsghdr *message, void *data)
{
	NfpNetlinkAttr attrs[RTA_MAX + 1];
	const struct rtmsg *header = NLMSG_DATA(message);
	NfpRoute route = { .length = header->rtm_dst_len, .origin = header->rtm_protocol };
	Dump *dump = data;

	if (message->nlmsg_type != RTM_NEWROUTE || header->rtm_flags & RTM_F_CLONED)
		return;
	if (header->rtm_family == AF_INET && header->rtm_dst_len <= 32)
		route.family = 4;
	else if (header->rtm_family == AF_INET6 && header->rtm_dst_len <= 128)
		route.family = 6;
	else
		return;
	if (dump->routes->len == NFP_ROUTES_MAX) {
		dump->full = TRUE;
		return;
	}
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	/* The header has room for eight bits of the number. */
	route.table = attrs[RTA_TABLE].data ? nfp_netlink_u32(attrs[RTA_TABLE]) : header->rtm_table;
	/* A route for one TOS alone stands behind those for all. */
	route.metric = header->rtm_tos ? G_MAXUINT32 : nfp_netlink_u32(attrs[RTA_PRIORITY]);
	if (attrs[RTA_DST].data)
		memcpy(route.prefix, attrs[RTA_DST].data, MIN(attrs[RTA_DST].size, route.family == 4 ? 4u : 16u));
	g_array_append_val(dump->routes, route);
}

static void again(void *data)
{
	Dump *dump = data;

	g_array_set_size(dump->routes, 0);
	dump->full = FALSE;
}

int nfp_routes_list(NfpRoutes *routes, GArray *ret_routes)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(NfpRoute));
	int rc = 0;

	g_array_set_size(ret_routes, 0);
	for (guint i = 0; i < G_N_ELEMENTS(families) && !rc; i++) {
		g_autoptr(GArray) part = g_array_new(FALSE, FALSE, sizeof(NfpRoute));
		struct rtmsg header = { .rtm_family = families[i] };
		Dump dump = { .routes = part };
		NfpNetlinkRequest request;

		nfp_netlink_begin(&request, RTM_GETROUTE, 0, &header, sizeof(header));
		rc = nfp_netlink_dump(routes->requests, &request, add_route, again, &dump);
		/* A kernel without IPv6. */
		if (rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT)
			rc = 0;
		if (!rc && (dump.full || all->len + part->len > NFP_ROUTES_MAX))
			rc = -E2BIG;
		if (!rc && part->len)
			g_array_append_vals(all, part->data, part->len);
	}
	if (!rc && all->len)
		g_array_append_vals(ret_routes, all->data, all->len);
	return rc;
}

typedef struct {
	uint32_t local, vrf; /* preferences: the lower goes first */
	bool policy;
} Rules;

static void add_rule(const struct nlmsghdr *message, void *data)
{
	NfpNetlinkAttr attrs[FRA_MAX + 1];
	const struct fib_rule_hdr *header = NLMSG_DATA(message);
	uint32_t preference, table;
	Rules *rules = data;

	if (message->nlmsg_type != RTM_NEWRULE)
		return;
	nfp_netlink_attrs(message, sizeof(*header), attrs, G_N_ELEMENTS(attrs));
	preference = nfp_netlink_u32(attrs[FRA_PRIORITY]);
	table = attrs[FRA_TABLE].data ? nfp_netlink_u32(attrs[FRA_TABLE]) : header->table;
	if (attrs[FRA_L3MDEV].data && *(const uint8_t *)attrs[FRA_L3MDEV].data)
		rules->vrf = MIN(rules->vrf, preference);
	else if (table == RT_TABLE_LOCAL && !header->src_len && !header->dst_len)
		rules->local = MIN(rules->local, preference);
	else if (header->action != FR_ACT_TO_TBL || (table != RT_TABLE_MAIN && table != RT_TABLE_DEFAULT) ||
		 header->src_len || header->dst_len)
		rules->policy = true;
}

static void again_rules(void *data)
{
	*(Rules *)data = (Rules){ .local = G_MAXUINT32, .vrf = G_MAXUINT32 };
}

int nfp_routes_rules(NfpRoutes *routes, NfpRouteRules *ret_rules)
{
	struct fib_rule_hdr header = { .family = AF_UNSPEC };
	NfpNetlinkRequest request;
	Rules rules;
	int rc;

	again_rules(&rules);
	nfp_netlink_begin(&request, RTM_GETRULE, 0, &header, sizeof(header));
	rc = nfp_netlink_dump(routes->requests, &request, add_rule, again_rules, &rules);
	if (!rc)
		*ret_rules = (NfpRouteRules){ .vrf_first = rules.vrf < rules.local, .policy = rules.policy };
	return rc;
}

int nfp_routes_fd(const NfpRoutes *routes)
{
	return nfp_netlink_fd(routes->changes);
}

static void forget(const struct nlmsghdr *message, void *data)
{
}

void nfp_routes_drain(NfpRoutes *routes)
{
	/* What did not fit says the same as what did. */
	while (nfp_netlink_listen(routes->changes, forget, NULL) == -ENOBUFS)
		;
}
