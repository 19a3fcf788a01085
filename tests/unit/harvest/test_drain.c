/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of a closed bucket, and what is said of that which does not. */
#include <criterion/criterion.h>
#include <errno.h>

#include "harvest/account.h"
#include "support/harvest_world.h"

#define S NFP_WORLD_S

Test(drain, drains_every_row)
{
	NfpWorld w;

	nfp_world_init(&w);
	for (int row = 0; row <= NFP_P_N; row++)
		for (int flow = 1; flow <= 3; flow++)
			nfp_fake_source_packet(w.fake, w.clock.boot, &(NfpFakePacket){
				.row = row, .ifindex = 2, .cpu = flow & 1, .flow = flow, .packets = 1 << flow });
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 3 * NFP_P_N + 1);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(drain, keeps_cpus_apart_when_told)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_harvester_free(w.harvester);
	w.options.merge_cpus = FALSE;
	w.harvester = nfp_world_harvester(&w);
	nfp_world_traffic(&w);
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 3);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(drain, reads_that_fail_are_tried_again)
{
	NfpWorld w;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_READ].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_READ].times = 3;
	w.fake->fail_row = NFP_P_udp6;
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 4, "what could be read goes out");
	for (int i = 0; i < 4; i++)
		nfp_world_pass(&w, S);
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 5);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(drain, what_cannot_be_read_is_counted_as_unreadable)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_READ].error = -EIO;
	w.fake->fail[NFP_FAKE_READ].times = 5;
	w.fake->fail_row = NFP_P_tcp4;
	nfp_world_pass(&w, 11 * S);
	for (int i = 0; i < 4; i++)
		nfp_world_pass(&w, S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.lost[NFP_LOST_unreadable], 4);
	cr_expect_eq(sum.recorded, 1);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(drain, an_entry_left_out_breaks_the_identity)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->omit = 1;
	nfp_world_pass(&w, 11 * S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 5);
	cr_expect_neq(nfp_books_difference(&sum), 0, "the books are sums of two sides, neither made of the other");
	nfp_world_clear(&w);
}

Test(drain, last_resort_and_lost_packets_are_in_the_books)
{
	NfpWorld w;
	struct nfp_books_value sum;
	const NfpFakePacket hook[] = {
		{ .row = NFP_P_hook, .ifindex = 2, .cpu = 0, .packets = 7 },
		{ .row = NFP_P_hook, .ifindex = 2, .cpu = 1, .packets = 2 },
		{ .row = NFP_P_eth, .ifindex = 2, .cpu = 1, .packets = 4, .lost = true },
	};

	nfp_world_init(&w);
	for (guint i = 0; i < G_N_ELEMENTS(hook); i++)
		nfp_fake_source_packet(w.fake, w.clock.boot, &hook[i]);
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(g_hash_table_size(w.receiver.records), 1, "one a hook, of all CPUs");
	cr_expect_eq(nfp_receiver_packets(&w.receiver), 9);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 13);
	cr_expect_eq(sum.recorded, 9);
	cr_expect_eq(sum.lost[NFP_LOST_filtered], 4);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}
