/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "collector/outbox.h"
#include "support/sink.h"

static void count_delivery(void *data)
{
	(*(guint *)data)++;
}

typedef struct {
	NfpTemplate template;
	NfpTemplateSet set;
	NfpOutbox outbox;
	guint delivered;
} Box;

/* A set that carries IPv4 alone. */
static void box_init(Box *box, guint capacity)
{
	*box = (Box){ .template = { .need = NFP_HAVE_IPV4 } };
	box->set = (NfpTemplateSet){ .n = 1, .templates = &box->template };
	nfp_outbox_init(&box->outbox, capacity, &box->set);
}

static void add(Box *box, uint32_t n, uint32_t unsendable_from)
{
	g_autoptr(NfpDelivery) delivery = nfp_delivery_new(count_delivery, &box->delivered);
	NfpBatch *batch = nfp_sink_batch(0, 1, n, delivery);

	for (uint32_t i = unsendable_from; i < n; i++)
		batch->records[i].have = NFP_HAVE_ALWAYS;
	for (uint32_t i = 0; i < n; i++)
		batch->records[i].octets = 60;
	nfp_outbox_add(&box->outbox, batch);
}

static NfpOutboxPart encode(Box *box, uint32_t used, uint32_t unsendable, gboolean message)
{
	NfpOutboxPart part;

	cr_assert_not_null(nfp_outbox_current(&box->outbox));
	nfp_outbox_encoded(&box->outbox, used, unsendable, message, &part);
	return part;
}

static void expect(const Box *box, NfpOutboxCounts want)
{
	const NfpOutboxCounts *got = &box->outbox.counts;

	cr_assert_eq(got->records, want.records);
	cr_assert_eq(got->packets, want.packets);
	cr_assert_eq(got->refused_records, want.refused_records);
	cr_assert_eq(got->refused_packets, want.refused_packets);
	cr_assert_eq(got->refused_octets, want.refused_records * 60);
	cr_assert_eq(got->resent_records, want.resent_records);
	cr_assert_eq(got->unacked_records, want.unacked_records);
}

Test(outbox, reference_is_dropped_when_acknowledged)
{
	Box box;
	NfpOutboxPart first;
	NfpOutboxPart second;

	box_init(&box, 4);
	add(&box, 10, 10);
	first = encode(&box, 6, 0, TRUE);
	second = encode(&box, 4, 0, TRUE);
	cr_assert_null(nfp_outbox_current(&box.outbox));
	nfp_outbox_taken(&box.outbox, &first, 100);
	nfp_outbox_acked(&box.outbox, 100);
	cr_assert_eq(box.delivered, 0);
	nfp_outbox_taken(&box.outbox, &second, 180);
	cr_assert(nfp_outbox_awaits_ack(&box.outbox));
	nfp_outbox_acked(&box.outbox, 179);
	cr_assert_eq(box.delivered, 0);
	nfp_outbox_acked(&box.outbox, 180);
	cr_assert_eq(box.delivered, 1);
	expect(&box, (NfpOutboxCounts){ .records = 10, .packets = 10 });
}

Test(outbox, capacity)
{
	Box box;

	box_init(&box, 2);
	add(&box, 1, 1);
	cr_assert(nfp_outbox_has_room(&box.outbox));
	add(&box, 1, 1);
	cr_assert_not(nfp_outbox_has_room(&box.outbox));
	nfp_outbox_refuse(&box.outbox);
	cr_assert(nfp_outbox_has_room(&box.outbox));
	cr_assert_eq(box.delivered, 2);
	expect(&box, (NfpOutboxCounts){ .refused_records = 2, .refused_packets = 2 });
}

/* What is not acknowledged comes again, in order, and is counted once as sent. */
Test(outbox, new_session_with_acknowledgements)
{
	Box box;
	NfpOutboxPart part;

	box_init(&box, 4);
	add(&box, 10, 10);
	add(&box, 5, 5);
	part = encode(&box, 10, 0, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 100);
	part = encode(&box, 3, 0, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 130);
	encode(&box, 2, 0, TRUE); /* never taken */
	nfp_outbox_restart(&box.outbox, TRUE);
	nfp_outbox_acked(&box.outbox, 0);
	cr_assert_eq(box.delivered, 0);
	part = encode(&box, 10, 0, TRUE);
	cr_assert_eq(part.from, 0);
	nfp_outbox_taken(&box.outbox, &part, 100);
	part = encode(&box, 5, 0, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 150);
	nfp_outbox_acked(&box.outbox, 150);
	cr_assert_eq(box.delivered, 2);
	expect(&box, (NfpOutboxCounts){ .records = 15, .packets = 15, .resent_records = 13 });
}

Test(outbox, new_session_without_acknowledgements)
{
	Box box;
	NfpOutboxPart part;

	box_init(&box, 4);
	add(&box, 10, 10);
	part = encode(&box, 4, 0, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 40);
	encode(&box, 4, 0, TRUE); /* never taken */
	nfp_outbox_restart(&box.outbox, FALSE);
	part = encode(&box, 6, 0, TRUE);
	cr_assert_eq(part.from, 4);
	nfp_outbox_taken(&box.outbox, &part, 60);
	nfp_outbox_acked(&box.outbox, 60);
	cr_assert_eq(box.delivered, 1);
	expect(&box, (NfpOutboxCounts){ .records = 10, .packets = 10 });
}

Test(outbox, unsendable_records_are_refused_once)
{
	Box box;
	NfpOutboxPart part;

	box_init(&box, 4);
	add(&box, 10, 7);
	part = encode(&box, 8, 1, TRUE);
	encode(&box, 2, 2, FALSE);
	nfp_outbox_restart(&box.outbox, TRUE);
	part = encode(&box, 10, 3, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 70);
	nfp_outbox_acked(&box.outbox, 70);
	cr_assert_eq(box.delivered, 1);
	expect(&box, (NfpOutboxCounts){ .records = 7, .packets = 7, .refused_records = 3, .refused_packets = 3 });
}

Test(outbox, batch_that_holds_nothing_to_send_is_dropped)
{
	Box box;

	box_init(&box, 4);
	add(&box, 0, 0);
	add(&box, 3, 0);
	encode(&box, 3, 3, FALSE);
	nfp_outbox_acked(&box.outbox, 0);
	cr_assert_eq(box.delivered, 2);
	expect(&box, (NfpOutboxCounts){ .refused_records = 3, .refused_packets = 3 });
}

Test(outbox, giving_up_counts_each_record_once)
{
	Box box;
	NfpOutboxPart part;

	box_init(&box, 4);
	add(&box, 10, 9);
	part = encode(&box, 4, 0, TRUE);
	nfp_outbox_taken(&box.outbox, &part, 40);
	encode(&box, 6, 1, TRUE); /* judged, not taken */
	nfp_outbox_refuse(&box.outbox);
	cr_assert_eq(box.delivered, 1);
	expect(&box, (NfpOutboxCounts){ .records = 4, .packets = 4, .refused_records = 6,
					.refused_packets = 6, .unacked_records = 4 });
}

Test(outbox, refusing_one_and_the_rest)
{
	Box box;
	NfpOutboxPart part;

	box_init(&box, 4);
	add(&box, 5, 5);
	add(&box, 1, 1);
	nfp_outbox_current(&box.outbox);
	nfp_outbox_refuse_one(&box.outbox);
	part = encode(&box, 2, 0, TRUE);
	nfp_outbox_refuse_rest(&box.outbox);
	nfp_outbox_taken(&box.outbox, &part, 10);
	nfp_outbox_acked(&box.outbox, 10);
	cr_assert_eq(box.delivered, 1);
	expect(&box, (NfpOutboxCounts){ .records = 2, .packets = 2, .refused_records = 3, .refused_packets = 3 });
	cr_assert_not_null(nfp_outbox_current(&box.outbox));
	nfp_outbox_refuse(&box.outbox);
}
