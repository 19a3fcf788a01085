/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/harvest_world.h"

#include <criterion/criterion.h>

#include "harvest/account.h"

NfpHarvester *nfp_world_harvester(NfpWorld *w)
{
	NfpHarvester *h = nfp_harvester_new(&w->options, &w->clock.clock, nfp_receiver_publish, NULL, &w->receiver);

	cr_assert(nfp_harvester_add_source(h, &w->fake->source, NULL));
	return h;
}

void nfp_world_init(NfpWorld *w)
{
	nfp_fake_clock_init(&w->clock, 1000 * NFP_WORLD_S, NFP_WORLD_EPOCH - 1000 * NFP_WORLD_S);
	w->fake = nfp_fake_source_new();
	nfp_receiver_init(&w->receiver, w->fake);
	w->options = (NfpHarvestOptions){
		.interval = 10 * NFP_WORLD_S,
		.ahead = 30 * NFP_WORLD_S,
		.grace = 200 * NFP_NS_PER_MS,
		.merge_cpus = TRUE,
		.memory = 64 << 20,
		.hostname = "edge1",
	};
	w->harvester = nfp_world_harvester(w);
}

void nfp_world_clear(NfpWorld *w)
{
	nfp_harvester_free(w->harvester);
	nfp_receiver_clear(&w->receiver);
	nfp_fake_source_free(w->fake);
}

void nfp_world_traffic(NfpWorld *w)
{
	static const NfpFakePacket packets[] = {
		{ .row = NFP_P_tcp4, .ifindex = 2, .cpu = 0, .flow = 1, .packets = 3 },
		{ .row = NFP_P_tcp4, .ifindex = 2, .cpu = 1, .flow = 1, .packets = 1 },
		{ .row = NFP_P_udp6, .ifindex = 3, .cpu = 1, .flow = 2, .packets = 1, .flags = NFP_KEY_EGRESS },
	};

	for (guint i = 0; i < G_N_ELEMENTS(packets); i++)
		nfp_fake_source_packet(w->fake, w->clock.boot, &packets[i]);
}

void nfp_world_pass(NfpWorld *w, int64_t ns)
{
	w->clock.boot += ns;
	nfp_harvester_step(w->harvester);
}

void nfp_world_finish(NfpWorld *w)
{
	struct nfp_books_value sum;

	nfp_receiver_deliver(&w->receiver);
	nfp_harvester_stop(w->harvester, TRUE, 0);
	nfp_receiver_deliver(&w->receiver);
	nfp_harvester_step(w->harvester);
	nfp_fake_source_books(w->fake, &sum);
	cr_expect_eq(nfp_receiver_packets(&w->receiver) + sum.lost[NFP_LOST_filtered] +
			     sum.lost[NFP_LOST_unreadable], w->fake->injected);
	cr_expect_eq(sum.seen, w->fake->injected);
	cr_expect_eq(nfp_books_difference(&sum), 0);
	cr_expect_eq(w->receiver.conflicts, 0);
	cr_expect_eq(nfp_fake_source_buckets(w->fake, NFP_BUCKET_CLOSED), 0);
}
