/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the routing tables of one domain on a thread of its own, and hands them to enrichment: at the start and when they
 * have changed. A change is waited out for a second, and for at most ten; then the thread rests ten times as long as the last
 * reading took, so that a flapping full table costs a tenth of a CPU at most.
 */
#ifndef NFP_APP_ROUTES_H
#define NFP_APP_ROUTES_H

#include "enrich/enrich.h"
#include "probe/probe.h"

typedef struct NfpRouteFollower NfpRouteFollower;

/* where: for the log. probe is used during the call only; enrich outlives the object. */
NfpRouteFollower *nfp_route_follower_new(NfpProbe *probe, NfpEnrich *enrich, uint32_t domain, const char *where, GError **err);
void nfp_route_follower_free(NfpRouteFollower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpRouteFollower, nfp_route_follower_free)

#endif
