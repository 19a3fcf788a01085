// SPDX-License-Identifier: GPL-2.0-or-later
/* Batches through a filter: what goes on, what is counted, when the bucket is delivered. */
#include <criterion/criterion.h>

#include "collector/sieve.h"

static void delivered(void *data)
{
	++*(guint *)data;
}

static NfpBatch *batch_new(guint *deliveries, uint16_t first_port, uint32_t n)
{
	NfpDelivery *delivery = nfp_delivery_new(delivered, deliveries);
	NfpBatch *batch = nfp_batch_new(n, delivery);

	nfp_delivery_unref(delivery);
	batch->bucket_start_ns = 7;
	batch->domain = 3;
	for (; batch->n < n; batch->n++)
		batch->records[batch->n] = (NfpRecord){ .have = NFP_HAVE_IPV4 | NFP_HAVE_PORTS, .protocol = 17,
							.dst_port = (uint16_t)(first_port + batch->n), .packets = 10,
							.octets = 1000, .l2_octets = 1140 };
	return batch;
}

static void sieve_clear(NfpSieve *sieve)
{
	nfp_filter_free(sieve->filter);
	nfp_prefixes_free(sieve->prefixes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpSieve, sieve_clear)

static NfpSieve sieve_new(const char *text)
{
	NfpSieve sieve = { nfp_filter_new(text, NULL), NULL };

	cr_assert(sieve.filter);
	return sieve;
}

Test(sieve, some_go_on)
{
	g_auto(NfpSieve) sieve = sieve_new("portrange 103-104");
	NfpSieveCounts counts = { 0 };
	guint deliveries = 0;
	NfpBatch *part = nfp_sieve(&sieve, batch_new(&deliveries, 100, 200), &counts);

	cr_assert_eq(part->n, 2);
	cr_expect_eq(part->records[0].dst_port, 103);
	cr_expect_eq(part->records[1].dst_port, 104);
	cr_expect(part->bucket_start_ns == 7 && part->domain == 3);
	cr_expect(counts.records == 198 && counts.packets == 1980);
	cr_expect_eq(deliveries, 0, "it is not delivered before its part is");
	nfp_batch_unref(part);
	cr_expect_eq(deliveries, 1);
}

Test(sieve, all_or_none_go_on)
{
	g_auto(NfpSieve) all = sieve_new("udp"), none = sieve_new("tcp");
	NfpSieveCounts counts = { 0 };
	NfpSieve open = { NULL, NULL };
	guint deliveries = 0;
	NfpBatch *batch = batch_new(&deliveries, 1, 5);

	cr_expect_eq(nfp_sieve(&all, batch, &counts), batch);
	cr_expect_eq(nfp_sieve(&open, batch, &counts), batch);
	cr_expect_eq(counts.records, 0);
	cr_expect_null(nfp_sieve(&none, batch, &counts));
	cr_expect(counts.records == 5 && counts.packets == 50);
	cr_expect_eq(deliveries, 1);
	cr_expect_null(nfp_sieve(&none, NULL, &counts));
}

/* A group sees by the view's mark that a member did not deliver, its part included. */
Test(sieve, a_part_that_is_missed_marks_the_view)
{
	g_auto(NfpSieve) sieve = sieve_new("port 1");
	NfpSieveCounts counts = { 0 };
	guint deliveries = 0, views = 0;
	NfpBatch *batch = batch_new(&deliveries, 1, 2);
	NfpDelivery *delivery = nfp_delivery_new(delivered, &views);
	gint missed = 0;
	NfpBatch *part = nfp_sieve(&sieve, nfp_batch_view(batch, delivery, &missed), &counts);

	nfp_delivery_unref(delivery);
	nfp_batch_miss(part);
	cr_expect_eq(missed, 1);
	nfp_batch_unref(part);
	cr_expect(views == 1 && deliveries == 0);
	nfp_batch_unref(batch);
	cr_expect_eq(deliveries, 1);
}

Test(sieve, both_must_let_it_pass)
{
	g_auto(NfpSieve) sieve = sieve_new("port 5");
	NfpSieveCounts counts = { 0 };
	guint deliveries = 0;
	NfpBatch *batch = batch_new(&deliveries, 4, 3), *part;

	sieve.prefixes = nfp_prefixes_new("10.0.0.0/8", NULL);
	cr_assert(sieve.prefixes);
	batch->records[1].src4[0] = 10;
	batch->records[2].dst4[0] = 10;
	part = nfp_sieve(&sieve, batch, &counts);
	cr_assert_eq(part->n, 1);
	cr_expect_eq(part->records[0].dst_port, 5);
	nfp_batch_unref(part);
}
