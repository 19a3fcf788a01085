/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change of the kernel's routes shows in the records of a later batch. */
#include <criterion/criterion.h>

#include "app/routes.h"
#include "support/metered.h"
#include "support/netns.h"

#define WAIT (60 * G_USEC_PER_SEC)

static uint8_t prefix_of(NfpEnrich *enrich)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);

	batch->n = 1;
	batch->records[0] = (NfpRecord){ .have = NFP_HAVE_IPV4, .src4 = { 10, 9, 0, 2 }, .dst4 = { 10, 77, 0, 1 } };
	nfp_enrich_turn(enrich);
	nfp_enrich_fill(enrich, batch, 0);
	return batch->records[0].have & NFP_HAVE_PREFIXES ? batch->records[0].dst_prefix : 255;
}

static void await(NfpEnrich *enrich, uint8_t length)
{
	gint64 end = g_get_monotonic_time() + WAIT;

	while (prefix_of(enrich) != length) {
		cr_assert_lt(g_get_monotonic_time(), end, "no /%u", length);
		g_usleep(20000);
	}
}

Test(app_routes, followed_live)
{
	g_autoptr(GError) error = NULL;
	g_auto(NfpEnrichStatus) status = { 0 };
	NfpRouteFollower *follower;
	NfpEnrich *enrich;
	NfpProbe *probe;

	nfpt_sandbox();
	nfpt_wire("a0", "peer", "b0");
	probe = nfpt_open("routes", NULL, false);
	enrich = nfp_enrich_new(NULL, &error);
	cr_assert_not_null(enrich, "%s", error ? error->message : "");
	cr_expect_eq(prefix_of(enrich), 255, "nobody has told any route");
	follower = nfp_route_follower_new(probe, enrich, 0, "the sandbox", &error);
	cr_assert_not_null(follower, "%s", error ? error->message : "");
	await(enrich, 0);
	nfpt_run("ip route add 10.77.0.0/20 via 10.9.0.2");
	await(enrich, 20);
	nfpt_run("ip route add 10.77.0.0/24 via 10.9.0.2");
	await(enrich, 24);
	nfpt_run("ip route del 10.77.0.0/24");
	await(enrich, 20);
	nfp_enrich_status(enrich, &status);
	cr_expect_gt(status.routes, 3);
	nfp_route_follower_free(follower);
	nfp_enrich_free(enrich);
	nfp_probe_free(probe);
}
