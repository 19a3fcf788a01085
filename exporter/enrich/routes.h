/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefix lengths and origins by routing table: what the kernel would have found for an address, in a few cache lines and without
 * asking it. Tables are those of VRFs, or local and then main, as the kernel's own rules have it; other rules (policy
 * routing) are not followed. Immutable; any thread; gone with the last reference.
 */
#ifndef NFP_ENRICH_ROUTES_H
#define NFP_ENRICH_ROUTES_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t table;     /* as RTA_TABLE; 0 is taken for main */
	uint8_t family;     /* 4 or 6 */
	uint8_t length;     /* bits */
	uint8_t prefix[16]; /* as in packets; the first 4 for IPv4 */
	uint8_t origin;     /* rtm_protocol (linux/rtnetlink.h, RTPROT_*) */
	uint32_t metric;    /* of several routes to a prefix the one with the lowest counts */
} NfpEnrichRoute;

/* The route to an address. */
typedef struct {
	int16_t length; /* of its prefix, bits; -1: there is none */
	uint8_t origin; /* as above; 0 without a route */
} NfpRouteFound;

typedef struct NfpRouteTables NfpRouteTables;

/* routes: NfpEnrichRoute in any order; of two with one prefix and metric the first counts. vrf_first: the rule of VRFs stands
 * before that of the table local. Takes seconds for a full table: not on the data path. */
NfpRouteTables *nfp_route_tables_new(const GArray *routes, gboolean vrf_first);
NfpRouteTables *nfp_route_tables_ref(NfpRouteTables *tables);
void nfp_route_tables_unref(NfpRouteTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpRouteTables, nfp_route_tables_unref)

guint nfp_route_tables_n(const NfpRouteTables *tables);       /* routes in them */
size_t nfp_route_tables_memory(const NfpRouteTables *tables); /* octets */

/* The route to an address (as in packets). vrf: number of the VRF's table, 0: none. */
NfpRouteFound nfp_route_tables_find4(const NfpRouteTables *tables, uint32_t vrf, const uint8_t address[4]);
NfpRouteFound nfp_route_tables_find6(const NfpRouteTables *tables, uint32_t vrf, const uint8_t address[16]);

#endif
