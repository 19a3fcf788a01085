/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routing tables against a naive search, and the order in which tables are asked. */
#include "enrich/routes.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#define LOCAL 255
#define MAIN 254

static void add(GArray *routes, uint32_t table, const char *prefix, uint8_t length)
{
	NfpEnrichRoute route = { .table = table, .length = length, .family = strchr(prefix, ':') ? 6 : 4 };

	cr_assert_eq(inet_pton(route.family == 4 ? AF_INET : AF_INET6, prefix, route.prefix), 1);
	g_array_append_val(routes, route);
}

static NfpRouteFound route_of(const NfpRouteTables *tables, uint32_t vrf, const char *address)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, address, octets) == 1)
		return nfp_route_tables_find4(tables, vrf, octets);
	cr_assert_eq(inet_pton(AF_INET6, address, octets), 1);
	return nfp_route_tables_find6(tables, vrf, octets);
}

static int find(const NfpRouteTables *tables, uint32_t vrf, const char *address)
{
	return route_of(tables, vrf, address).length;
}

Test(routes, longest_prefix_of_local_and_then_main)
{
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	g_autoptr(NfpRouteTables) tables = NULL;

	add(routes, MAIN, "0.0.0.0", 0);
	add(routes, MAIN, "10.0.0.0", 8);
	add(routes, 0, "10.1.0.0", 16);
	add(routes, LOCAL, "10.1.2.3", 32);
	add(routes, MAIN, "2001:db8::", 32);
	add(routes, LOCAL, "2001:db8::1", 128);
	tables = nfp_route_tables_new(routes, FALSE);
	cr_expect_eq(nfp_route_tables_n(tables), 6);
	cr_expect_eq(find(tables, 0, "10.9.9.9"), 8);
	cr_expect_eq(find(tables, 0, "10.1.9.9"), 16);
	cr_expect_eq(find(tables, 0, "10.1.2.3"), 32);
	cr_expect_eq(find(tables, 0, "192.0.2.1"), 0);
	cr_expect_eq(find(tables, 0, "2001:db8::2"), 32);
	cr_expect_eq(find(tables, 0, "2001:db8::1"), 128);
	cr_expect_eq(find(tables, 0, "2001:db9::1"), -1, "no default route");
}

Test(routes, vrfs)
{
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	g_autoptr(NfpRouteTables) usual = NULL, moved = NULL;

	add(routes, MAIN, "10.0.0.0", 8);
	add(routes, LOCAL, "10.0.0.1", 32);
	add(routes, 100, "10.0.0.0", 24);
	add(routes, 200, "10.0.0.0", 16);
	usual = nfp_route_tables_new(routes, FALSE);
	moved = nfp_route_tables_new(routes, TRUE);
	cr_expect_eq(find(usual, 0, "10.0.0.7"), 8);
	cr_expect_eq(find(usual, 100, "10.0.0.7"), 24);
	cr_expect_eq(find(usual, 200, "10.0.0.7"), 16);
	cr_expect_eq(find(usual, 100, "10.3.0.7"), 8, "what the VRF does not know goes on to main");
	cr_expect_eq(find(usual, 300, "10.0.0.7"), 8, "a VRF without a route");
	cr_expect_eq(find(usual, 100, "10.0.0.1"), 32, "by default the table local goes first");
	cr_expect_eq(find(moved, 100, "10.0.0.1"), 24, "unless its rule was moved behind that of VRFs");
}

Test(routes, no_routes)
{
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	g_autoptr(NfpRouteTables) tables = nfp_route_tables_new(routes, FALSE);

	cr_expect_eq(find(tables, 0, "10.0.0.1"), -1);
	cr_expect_eq(find(tables, 7, "::1"), -1);
}

static void add_made(GArray *routes, uint32_t table, const char *prefix, uint8_t length, uint8_t origin, uint32_t metric)
{
	add(routes, table, prefix, length);
	g_array_index(routes, NfpEnrichRoute, routes->len - 1).origin = origin;
	g_array_index(routes, NfpEnrichRoute, routes->len - 1).metric = metric;
}

/* Of the longest prefix, there of the lowest metric, and of equals of the first. */
Test(routes, origins)
{
	static const char *const addresses[] = { "10.1.2.3", "2001:db8::1" };
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	g_autoptr(NfpRouteTables) tables = NULL;

	add_made(routes, MAIN, "0.0.0.0", 0, 16, 0);
	add_made(routes, MAIN, "10.0.0.0", 8, 4, 0);
	add_made(routes, MAIN, "10.1.0.0", 16, 186, G_MAXUINT32);
	add_made(routes, MAIN, "10.1.0.0", 16, 188, 20);
	add_made(routes, MAIN, "10.1.0.0", 16, 189, 20);
	add_made(routes, MAIN, "10.1.0.0", 16, 3, 1u << 31);
	add_made(routes, MAIN, "2001:db8::", 32, 255, 1024);
	add_made(routes, MAIN, "2001:db8::", 32, 9, 1023);
	add_made(routes, 100, "10.1.2.0", 24, 200, 0);
	tables = nfp_route_tables_new(routes, FALSE);
	cr_expect_eq(route_of(tables, 0, addresses[0]).origin, 188);
	cr_expect_eq(route_of(tables, 100, addresses[0]).origin, 200);
	cr_expect_eq(route_of(tables, 0, "10.9.9.9").origin, 4);
	cr_expect_eq(route_of(tables, 0, "192.0.2.1").origin, 16, "a default route has a maker");
	cr_expect_eq(route_of(tables, 0, "192.0.2.1").length, 0);
	cr_expect_eq(route_of(tables, 0, addresses[1]).origin, 9);
	cr_expect_eq(route_of(tables, 0, "2001:db9::1").origin, 0, "no route, nobody");
	cr_expect_eq(route_of(tables, 0, "2001:db9::1").length, -1);
}

static gboolean covers(const NfpEnrichRoute *route, const uint8_t *address)
{
	for (guint bit = 0; bit < route->length; bit++)
		if ((route->prefix[bit / 8] ^ address[bit / 8]) & (0x80 >> bit % 8))
			return FALSE;
	return TRUE;
}

static NfpRouteFound naive(const GArray *routes, uint8_t family, const uint8_t *address)
{
	NfpRouteFound best = { .length = -1 };
	uint32_t metric = 0;

	for (guint i = 0; i < routes->len; i++) {
		const NfpEnrichRoute *route = &g_array_index(routes, NfpEnrichRoute, i);

		if (route->family != family || route->length < best.length || !covers(route, address) ||
		    (route->length == best.length && route->metric >= metric))
			continue;
		best = (NfpRouteFound){ route->length, route->origin };
		metric = route->metric;
	}
	return best;
}

static void expect_same(NfpRouteFound found, NfpRouteFound wanted)
{
	cr_assert_eq(found.length, wanted.length);
	cr_assert_eq(found.origin, wanted.origin);
}

/* Prefixes close to one another, so that they nest; enough of them for both forms of a table. */
static void compare(guint n, guint32 seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NfpEnrichRoute));
	g_autoptr(NfpRouteTables) tables = NULL;

	for (guint i = 0; i < n; i++) {
		NfpEnrichRoute route = { .table = MAIN, .family = g_rand_boolean(rand) ? 4 : 6,
					 .origin = (uint8_t)g_rand_int(rand), .metric = g_rand_int(rand) };

		route.length = (uint8_t)g_rand_int_range(rand, 0, route.family == 4 ? 33 : 129);
		for (guint octet = 0; octet < route.length / 8u; octet++)
			route.prefix[octet] = (uint8_t)g_rand_int_range(rand, 0, n > 1000 ? 40 : 3);
		g_array_append_val(routes, route);
	}
	tables = nfp_route_tables_new(routes, FALSE);
	for (guint i = 0; i < 2000; i++) {
		uint8_t address[16];

		for (guint octet = 0; octet < 16; octet++)
			address[octet] = (uint8_t)g_rand_int_range(rand, 0, n > 1000 ? 41 : 4);
		expect_same(nfp_route_tables_find4(tables, 0, address), naive(routes, 4, address));
		expect_same(nfp_route_tables_find6(tables, 0, address), naive(routes, 6, address));
	}
}

Test(routes, random_tables_against_a_naive_search)
{
	for (guint32 seed = 1; seed <= 10; seed++)
		compare(50, seed);
	compare(20000, 11);
}
