/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routing tables of the kernel, compared with what it answers itself (`ip route get ... fibmatch`). */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/routes.h"
#include "probe/routes.h"
#include "support/metered.h"
#include "support/netns.h"

#define WAIT_MS 60000

static NfpRouteTables *tables_of(NfpRoutes *routes)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpRoute));
	g_autoptr(GArray) copies = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	NfpRouteRules rules;

	cr_assert_eq(nfp_routes_list(routes, list), 0);
	cr_assert_eq(nfp_routes_rules(routes, &rules), 0);
	for (guint i = 0; i < list->len; i++) {
		const NfpRoute *route = &g_array_index(list, NfpRoute, i);
		NfpEnrichRoute copy = { .table = route->table, .family = route->family, .length = route->length,
					.origin = route->origin, .metric = route->metric };

		memcpy(copy.prefix, route->prefix, sizeof(copy.prefix));
		g_array_append_val(copies, copy);
	}
	return nfp_route_tables_new(copies, rules.vrf_first);
}

static NfpRouteFound found(const NfpRouteTables *tables, const char *address)
{
	uint8_t octets[16];

	if (strchr(address, ':')) {
		cr_assert_eq(inet_pton(AF_INET6, address, octets), 1);
		return nfp_route_tables_find6(tables, 0, octets);
	}
	cr_assert_eq(inet_pton(AF_INET, address, octets), 1);
	return nfp_route_tables_find4(tables, 0, octets);
}

static int ours(const NfpRouteTables *tables, const char *address)
{
	return found(tables, address).length;
}

/* "unicast 10.0.0.0/8 via ... proto 4 ..."; 0: unreachable. */
static int kernels_origin(const char *address)
{
	g_autofree char *text = NULL;
	const char *proto;

	if (nfpt_try("ip route get fibmatch %s >/dev/null 2>&1", address))
		return 0;
	text = nfpt_output("ip -details -Numeric route get fibmatch %s", address);
	proto = strstr(text, " proto ");
	cr_assert_not_null(proto, "%s", text);
	return atoi(proto + strlen(" proto "));
}

/* "unicast 10.0.0.0/8 via ..." or "10.0.0.1 dev ..." or "default via ..."; -1: unreachable. */
static int kernels(const char *address)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) words = NULL;
	const char *slash;
	guint i = 0;

	if (nfpt_try("ip route get fibmatch %s >/dev/null 2>&1", address))
		return -1;
	text = nfpt_output("ip route get fibmatch %s", address);
	words = g_strsplit_set(g_strstrip(text), " \t", -1);
	/* A type may stand in front. */
	while (words[i] && !strpbrk(words[i], ".:") && strcmp(words[i], "default"))
		i++;
	cr_assert_not_null(words[i], "%s", text);
	if (!strcmp(words[i], "default"))
		return 0;
	slash = strchr(words[i], '/');
	if (slash)
		return atoi(slash + 1);
	return strchr(words[i], ':') ? 128 : 32;
}

Test(probe_routes, as_the_kernel_answers)
{
	static const char *const addresses[] = {
		"10.9.0.2",	"10.9.0.1",	 "10.9.1.1", "10.20.1.1", "10.20.30.1", "10.20.30.40", "10.20.30.41",
		"172.16.5.5",	"198.51.100.9",	 "192.0.2.1", "127.0.0.1", "127.9.9.9",	 "203.0.113.7", "10.9.0.255",
		"2001:db8::1",	"2001:db8:1::1", "2001:db8:1:2::3", "2001:db8:1:2::4", "fd00::1", "::1", "2001:db9::1",
	};
	NfpProbe *probe;
	NfpRoutes *routes;
	NfpRouteTables *tables;
	GError *error = NULL;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("sysctl -qw net.ipv6.conf.a0.disable_ipv6=0");
	nfpt_run("ip addr add 2001:db8:1:2::99/64 dev a0 nodad");
	nfpt_run("ip route add 10.20.0.0/16 via 10.9.0.2 proto bgp");
	nfpt_run("ip route add 10.20.30.0/24 via 10.9.0.2 proto ospf metric 30");
	nfpt_run("ip route add 10.20.30.0/24 via 10.9.0.2 proto isis metric 20");
	nfpt_run("ip route add 10.20.30.40/32 via 10.9.0.2 proto 200");
	nfpt_run("ip route add 10.20.30.40/32 via 10.9.0.2 proto 201 tos 0x10");
	nfpt_run("ip route add blackhole 172.16.0.0/12");
	nfpt_run("ip route add 198.51.100.0/24 dev a0 table 100");
	nfpt_run("ip -6 route add 2001:db8::/32 dev a0 proto static");
	nfpt_run("ip -6 route add 2001:db8:1::/48 dev a0 proto bgp metric 30");
	nfpt_run("ip -6 route add 2001:db8:1::/48 dev a0 proto babel metric 20");
	nfpt_run("ip -6 route add 2001:db8:1:2::3/128 dev a0");
	nfpt_run("ip route add default via 10.9.0.2 proto dhcp");
	probe = nfpt_open("routes", NULL, false);
	routes = nfp_routes_new(probe, &error);
	cr_assert_not_null(routes, "%s", error ? error->message : "");
	tables = tables_of(routes);
	for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
		/* The kernel answers an error for what is dropped; the prefix is there all the same. */
		int wanted = !strcmp(addresses[i], "172.16.5.5") ? 12 : kernels(addresses[i]);

		cr_expect_eq(ours(tables, addresses[i]), wanted, "%s: %d, the kernel says %d", addresses[i],
			     ours(tables, addresses[i]), wanted);
		if (!strcmp(addresses[i], "172.16.5.5"))
			continue;
		cr_expect_eq(found(tables, addresses[i]).origin, kernels_origin(addresses[i]), "%s: origin %d, the kernel says %d",
			     addresses[i], found(tables, addresses[i]).origin, kernels_origin(addresses[i]));
	}
	nfp_route_tables_unref(tables);
	nfp_routes_free(routes);
	nfp_probe_free(probe);
}

static void await(NfpRoutes *routes)
{
	struct pollfd fd = { .fd = nfp_routes_fd(routes), .events = POLLIN };

	cr_assert_eq(poll(&fd, 1, WAIT_MS), 1);
	nfp_routes_drain(routes);
}

Test(probe_routes, changes_are_told)
{
	NfpProbe *probe;
	NfpRoutes *routes;
	NfpRouteTables *before, *after;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("sysctl -qw net.ipv6.conf.a0.disable_ipv6=0");
	probe = nfpt_open("routes", NULL, false);
	routes = nfp_routes_new(probe, NULL);
	cr_assert_not_null(routes);
	before = tables_of(routes);
	cr_expect_eq(ours(before, "10.77.0.1"), -1);
	nfpt_run("ip route add 10.77.0.0/20 via 10.9.0.2");
	await(routes);
	after = tables_of(routes);
	cr_expect_eq(ours(after, "10.77.0.1"), 20);
	nfpt_run("ip -6 route add fd77::/40 dev a0");
	await(routes);
	nfp_route_tables_unref(before);
	nfp_route_tables_unref(after);
	nfp_routes_free(routes);
	nfp_probe_free(probe);
}

Test(probe_routes, rules)
{
	NfpRouteRules rules;
	NfpProbe *probe;
	NfpRoutes *routes;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("routes", NULL, false);
	routes = nfp_routes_new(probe, NULL);
	cr_assert_not_null(routes);
	cr_assert_eq(nfp_routes_rules(routes, &rules), 0);
	cr_expect_not(rules.policy);
	cr_expect_not(rules.vrf_first);
	nfpt_run("ip rule add from 10.9.0.0/24 lookup 100");
	cr_assert_eq(nfp_routes_rules(routes, &rules), 0);
	cr_expect(rules.policy);
	nfpt_run("ip rule del from 10.9.0.0/24 lookup 100");
	cr_assert_eq(nfp_routes_rules(routes, &rules), 0);
	cr_expect_not(rules.policy);
	nfp_routes_free(routes);
	nfp_probe_free(probe);
}
