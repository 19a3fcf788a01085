/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deliveries, books and unpinning. */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/harvest_world.h"

#define S NFP_WORLD_S

Test(finish, undelivered_bucket_keeps_no_other)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	w.receiver.hold = 100;
	for (int i = 0; i < 3; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, 10 * S + 300 * NFP_NS_PER_MS);
	}
	cr_expect_eq(w.receiver.published, 15, "drained although the first is not delivered");
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 0);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 3);
	/* The second is delivered before the first. */
	nfp_receiver_deliver_nth(&w.receiver, 1);
	nfp_world_pass(&w, 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 5);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 2);
	nfp_receiver_deliver_nth(&w.receiver, 0);
	nfp_world_pass(&w, 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.recorded, 10);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 1);
	w.receiver.hold = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(finish, bucket_that_cannot_be_unpinned_is_in_the_books_once)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_REMOVE].error = -EPERM;
	w.fake->fail[NFP_FAKE_REMOVE].times = 3;
	nfp_world_pass(&w, 11 * S);
	for (int i = 0; i < 3; i++) {
		nfp_fake_source_books(w.fake, &sum);
		cr_expect_eq(sum.seen, 5);
		cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 1);
		nfp_world_pass(&w, S);
	}
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 0);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

Test(finish, books_that_cannot_be_written_are_tried_again)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_ADD_BOOKS].error = -ENOMEM;
	w.fake->fail[NFP_FAKE_ADD_BOOKS].times = 4;
	nfp_world_pass(&w, 11 * S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 0);
	for (int i = 0; i < 4; i++)
		nfp_world_pass(&w, S);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 5);
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* A collector that is away for a day: what it refused goes, what waits for it is all that stays. */
Test(finish, refused_buckets_do_not_pile_up)
{
	NfpWorld w;

	nfp_world_init(&w);
	w.receiver.hold = 2;
	for (int i = 0; i < 100; i++) {
		nfp_world_traffic(&w);
		nfp_world_pass(&w, 10 * S + 300 * NFP_NS_PER_MS);
		cr_expect_leq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 3);
	}
	w.receiver.hold = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* It was delivered before it was put into the books: it is not sent again, and waits for no collector. */
Test(finish, bucket_in_the_books_is_not_sent_again)
{
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_REMOVE].error = -EPERM;
	w.fake->fail[NFP_FAKE_REMOVE].times = 1;
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 1);
	nfp_harvester_free(w.harvester);
	w.harvester = nfp_world_harvester(&w);
	w.receiver.hold = 100;
	nfp_world_pass(&w, S);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 0);
	cr_expect_eq(w.receiver.duplicates, 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 5);
	cr_expect_eq(sum.recorded, 5);
	w.receiver.hold = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}

/* More hooks than the books have lines: what they saw is in the sum, and a crash between adding and unpinning adds
 * nothing twice. */
Test(finish, hooks_beyond_the_books_room_share_a_line)
{
	static const struct nfp_books_key others;
	NfpWorld w;
	struct nfp_books_value sum;

	nfp_world_init(&w);
	nfp_world_traffic(&w);
	w.fake->fail[NFP_FAKE_ADD_BOOKS].error = -E2BIG;
	w.fake->fail[NFP_FAKE_ADD_BOOKS].times = 2;
	w.fake->fail[NFP_FAKE_REMOVE].error = -EPERM;
	w.fake->fail[NFP_FAKE_REMOVE].times = 1;
	nfp_world_pass(&w, 11 * S);
	cr_expect_eq(w.fake->source.get_books(&w.fake->source, &others, &sum), 0);
	cr_expect_eq(sum.seen, 5);
	cr_expect_eq(sum.recorded, 5);
	nfp_harvester_free(w.harvester);
	w.harvester = nfp_world_harvester(&w);
	w.fake->fail[NFP_FAKE_ADD_BOOKS].times = 2;
	nfp_world_pass(&w, S);
	cr_expect_eq(nfp_fake_source_buckets(w.fake, NFP_BUCKET_CLOSED), 0);
	nfp_fake_source_books(w.fake, &sum);
	cr_expect_eq(sum.seen, 5);
	w.fake->fail[NFP_FAKE_ADD_BOOKS].times = 0;
	nfp_world_finish(&w);
	nfp_world_clear(&w);
}
