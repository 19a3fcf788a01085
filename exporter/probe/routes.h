/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing tables of a network namespace, as the kernel has them (rtnetlink, linux/rtnetlink.h): all routes at once, and
 * word of changes. Not part of the probe's own work: for who wants to say through what a record went.
 *
 * An object belongs to one thread at a time.
 */
#ifndef NFP_PROBE_ROUTES_H
#define NFP_PROBE_ROUTES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "probe/probe.h"

/* What a look-up can end at: unicast, local, blackhole, ... alike. */
typedef struct {
	uint32_t table;     /* RTA_TABLE: 254 main, 255 local, those of VRFs */
	uint8_t family;     /* 4 or 6 */
	uint8_t length;     /* of the prefix, bits */
	uint8_t prefix[16]; /* as in packets; the first 4 for IPv4 */
	uint8_t origin;     /* rtm_protocol: RTPROT_KERNEL, RTPROT_STATIC, RTPROT_BGP, ... */
	uint32_t metric;    /* RTA_PRIORITY: the lower goes first */
} NfpRoute;

typedef struct NfpRoutes NfpRoutes;

/* In the network namespace of the probe's domain. */
NfpRoutes *nfp_routes_new(NfpProbe *probe, GError **err);
void nfp_routes_free(NfpRoutes *routes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpRoutes, nfp_routes_free)

#define NFP_ROUTES_MAX (1u << 23) /* a limit of ours: more than eight full tables */

/* All of them (NfpRoute), in any order. -E2BIG: more than NFP_ROUTES_MAX. 0 or -errno; ret_routes is empty on errors. */
int nfp_routes_list(NfpRoutes *routes, GArray *ret_routes);
/* The rules that choose a table (ip-rule(8)), as far as they matter here. */
typedef struct {
	bool vrf_first; /* that of VRFs (l3mdev) stands before that of the table local */
	bool policy;    /* there are rules besides those that every system has: what they do is not followed */
} NfpRouteRules;

/* 0 or -errno. */
int nfp_routes_rules(NfpRoutes *routes, NfpRouteRules *ret_rules);
/* Readable when a route or the rules changed; owned by the object. */
int nfp_routes_fd(const NfpRoutes *routes);
/* Reads the word of changes and forgets what it says. */
void nfp_routes_drain(NfpRoutes *routes);

#endif
