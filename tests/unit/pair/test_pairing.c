// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "pair/match.h"
#include "pair/pairing.h"
#include "support/encode_records.h"
#include "support/pair_records.h"

#define START 1795390440000000000ull
#define END 1795390500000000000ull
#define PLENTY ((NfpPairingOptions){ .memory = 1ull << 30, .remembered = 1 << 16 })

typedef struct {
	uint64_t packets, octets, l2_octets, records, biflows;
	GHashTable *flow_ids; /* of the records that went out; NULL: not wanted */
	NfpRecord last;
	GPtrArray *kept;      /* NfpBatch */
} Sum;

static void add_out(NfpBatch *batch, void *data)
{
	Sum *sum = data;

	cr_assert(batch->n > 0 && batch->n <= NFP_BATCH_RECORDS);
	cr_assert_eq(batch->bucket_start_ns, START);
	for (uint32_t i = 0; i < batch->n; i++) {
		const NfpRecord *r = &batch->records[i];

		cr_assert(r->have & NFP_HAVE_BIFLOW);
		sum->records++;
		sum->packets += nfp_record_packets(r);
		sum->octets += r->octets;
		sum->l2_octets += r->l2_octets;
		if (sum->flow_ids)
			cr_assert(g_hash_table_add(sum->flow_ids, g_memdup2(&r->flow_id, sizeof(r->flow_id))),
				  "a record went out twice");
		if (!(r->have & NFP_HAVE_REVERSE))
			continue;
		sum->biflows++;
		sum->octets += r->rev_octets;
		sum->l2_octets += r->rev_l2_octets;
	}
	sum->last = batch->records[batch->n - 1];
	if (sum->kept)
		g_ptr_array_add(sum->kept, nfp_batch_ref(batch));
}

static void delivered(void *data)
{
	g_atomic_int_inc((gint *)data);
}

static NfpBatch *batch_new(const NfpRecord *records, uint32_t n, NfpDelivery *delivery)
{
	NfpBatch *batch = nfp_batch_new(n, delivery);

	memcpy(batch->records, records, n * sizeof(*records));
	batch->n = n;
	batch->bucket_start_ns = START;
	batch->bucket_end_ns = END;
	return batch;
}

static void give(NfpPairing *pairing, const NfpRecord *records, uint32_t n, NfpDelivery *delivery)
{
	g_autoptr(NfpBatch) batch = batch_new(records, n, delivery);

	nfp_pairing_add(pairing, batch);
}

Test(pairing, a_biflow_has_both_directions)
{
	Sum sum = { 0 };
	g_autoptr(NfpPairing) pairing = nfp_pairing_new(&PLENTY, add_out, &sum);
	NfpRecord back = {
		.packets = 5, .octets = 500, .l2_octets = 570, .first_ns = START + 7, .last_ns = START + 9,
		.ingress_if = 4, .egress_if = 3, .tcp_flags = 0x12, .tos = 0x20, .ttl_min = 60, .ttl_max = 61,
		.direction = 0, .end_reason = NFP_END_DETECTED, .flow_id = 77,
	};
	NfpRecord there = nfp_test_flow(NFP_TEST_TCP, 1, 40000, 2, 443, START + 5), wire;

	there.tcp_flags = 0x1a;
	there.flow_id = 42;
	wire = nfp_test_back(&there);
	memcpy(back.src4, wire.src4, 4);
	memcpy(back.dst4, wire.dst4, 4);
	back.have = wire.have;
	back.protocol = wire.protocol;
	back.src_port = wire.src_port;
	back.dst_port = wire.dst_port;
	give(pairing, &back, 1, NULL);
	give(pairing, &there, 1, NULL);
	cr_assert_eq(sum.records, 0, "nothing goes out before the bucket is done");
	nfp_pairing_done(pairing, 0, START, END);
	cr_assert_eq(sum.records, 1);
	cr_assert(sum.last.have & NFP_HAVE_REVERSE);
	cr_assert_eq(sum.last.biflow_direction, NFP_BIFLOW_INITIATOR);
	cr_assert_eq(sum.last.flow_id, 42, "the forward record's");
	cr_assert_eq(sum.last.src_port, 40000);
	cr_assert_eq(sum.last.packets, 1);
	cr_assert_eq(sum.last.rev_packets, 5);
	cr_assert_eq(sum.last.rev_octets, 500);
	cr_assert_eq(sum.last.rev_l2_octets, 570);
	cr_assert_eq(sum.last.rev_first_ns, START + 7);
	cr_assert_eq(sum.last.rev_last_ns, START + 9);
	cr_assert_eq(sum.last.rev_ingress_if, 4);
	cr_assert_eq(sum.last.rev_egress_if, 3);
	cr_assert_eq(sum.last.rev_tcp_flags, 0x12);
	cr_assert_eq(sum.last.rev_tos, 0x20);
	cr_assert_eq(sum.last.rev_ttl_min, 60);
	cr_assert_eq(sum.last.rev_ttl_max, 61);
	cr_assert_eq(sum.last.rev_direction, 0);
	cr_assert_eq(sum.last.rev_end_reason, NFP_END_DETECTED);
	nfp_pairing_done(pairing, 0, START, END);
	cr_assert_eq(sum.records, 1, "a bucket is done once");
	nfp_pairing_free(NULL);
}

/* Few ends, so that flows meet; all that can keep records apart. */
static NfpRecord random_record(uint64_t *seed, uint64_t flow_id)
{
	uint64_t r = nfp_test_random(seed), s = nfp_test_random(seed);
	NfpRecord record = r % 16 == 0 ? nfp_test_icmp(s & 1 ? 8 : s & 2 ? 0 : 3, (r >> 8) % 12, (r >> 16) % 12) :
					 nfp_test_flow(r & 32 ? NFP_TEST_TCP : NFP_TEST_UDP, (r >> 8) % 12,
						       (uint16_t)((r >> 24) % 40), (r >> 16) % 12,
						       (uint16_t)((r >> 32) % 40), START + s % 1000000);

	if (r % 16 == 1)
		nfp_test_in_tunnel(&record, 1 + s % 14, (s >> 8) % 2, 1 + (s >> 16) % 2, 1 + (s >> 24) % 2);
	if (r % 16 == 2)
		record.have = NFP_HAVE_ALWAYS | NFP_HAVE_ETHERTYPE | NFP_HAVE_TIMES;
	if (r % 16 == 3)
		record.end_reason = NFP_END_LACK;
	if (r % 16 == 4)
		record.have |= NFP_HAVE_VLAN;
	record.vlan_id = (s >> 32) % 3;
	record.dscp = (s >> 36) % 2 * 46;
	record.direction = (s >> 40) & 1;
	record.ifindex = 1 + (s >> 41) % 3;
	record.tcp_flags = record.have & NFP_HAVE_TCP ? (s >> 44) & 0x1f : 0;
	record.packets = 1 + (s >> 50) % 1000;
	record.octets = record.packets * 100;
	record.l2_octets = record.packets * 114;
	record.flow_id = flow_id;
	return record;
}

static void add_in(Sum *sum, const NfpRecord *record)
{
	sum->records++;
	sum->packets += record->packets;
	sum->octets += record->octets;
	sum->l2_octets += record->l2_octets;
}

/* Random records in batches of random sizes: every packet and octet goes out exactly once, whatever the room. */
static void property(uint64_t seed, uint64_t memory, uint32_t total)
{
	Sum in = { 0 }, out = { .flow_ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL) };
	NfpPairingOptions options = { .memory = memory, .remembered = 4096 };
	g_autoptr(NfpPairing) pairing = nfp_pairing_new(&options, add_out, &out);
	gint done = 0;
	NfpDelivery *delivery = nfp_delivery_new(delivered, &done);
	g_autofree NfpRecord *records = g_new(NfpRecord, NFP_BATCH_RECORDS);
	NfpPairingStatus status;

	for (uint32_t made = 0; made < total;) {
		uint32_t n = (uint32_t)MIN(1 + nfp_test_random(&seed) % NFP_BATCH_RECORDS, total - made);

		for (uint32_t i = 0; i < n; i++) {
			records[i] = random_record(&seed, made + i);
			add_in(&in, &records[i]);
		}
		give(pairing, records, n, delivery);
		made += n;
	}
	nfp_delivery_unref(delivery);
	cr_assert_eq(done, memory ? 0 : 1, "what waits is not delivered");
	nfp_pairing_done(pairing, 0, START, END);
	nfp_pairing_status(pairing, &status);
	cr_assert_eq(out.packets, in.packets);
	cr_assert_eq(out.octets, in.octets);
	cr_assert_eq(out.l2_octets, in.l2_octets);
	cr_assert_eq(out.records + out.biflows, in.records, "each in one record");
	cr_assert_eq(status.biflows, out.biflows);
	cr_assert_eq(status.uniflows, out.records - out.biflows);
	cr_assert_eq(done, 1, "nobody has any of it any more");
	if (!memory)
		cr_assert(status.crowded == in.records && out.biflows == 0);
	else if (memory >= PLENTY.memory)
		cr_assert(status.crowded == 0 && out.biflows > 0);
	else
		cr_assert(status.crowded > 0 && out.biflows > 0);
	g_hash_table_unref(out.flow_ids);
}

Test(pairing, every_packet_goes_out_once, .timeout = 100)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		property(seed, PLENTY.memory, 1 + (uint32_t)(seed * 6000));
}

Test(pairing, beyond_the_memory_records_go_out_alone, .timeout = 100)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		property(seed, 8000 * (sizeof(NfpRecord) + sizeof(NfpPairEntry)), 30000);
		property(seed, 0, 10000);
	}
}

Test(pairing, buckets_and_domains_do_not_mix)
{
	Sum sum = { 0 };
	g_autoptr(NfpPairing) pairing = nfp_pairing_new(&PLENTY, add_out, &sum);
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, START), back = nfp_test_back(&there);
	g_autoptr(NfpBatch) other = batch_new(&back, 1, NULL);

	give(pairing, &there, 1, NULL);
	other->domain = 1;
	nfp_pairing_add(pairing, other);
	nfp_pairing_done(pairing, 0, START, END);
	cr_assert(sum.records == 1 && sum.biflows == 0);
	nfp_pairing_done(pairing, 2, START, END);
	nfp_pairing_done(pairing, 1, START, END + 1);
	cr_assert_eq(sum.records, 1);
	nfp_pairing_done(pairing, 1, START, END);
	cr_assert(sum.records == 2 && sum.biflows == 0);
}

static void facts_gone(void *data)
{
	*(gboolean *)data = TRUE;
}

/* What a record points to is there as long as the record, also of a batch that was given up. */
Test(pairing, facts_live_as_long_as_the_records)
{
	Sum sum = { .kept = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref) };
	g_autoptr(NfpPairing) pairing = nfp_pairing_new(&PLENTY, add_out, &sum);
	gboolean gone[2] = { FALSE, FALSE };
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, START), back = nfp_test_back(&there);

	for (guint i = 0; i < 2; i++) {
		g_autoptr(NfpBatch) batch = batch_new(i ? &there : &back, 1, NULL);

		batch->facts = &gone[i];
		batch->facts_free = facts_gone;
		nfp_pairing_add(pairing, batch);
	}
	nfp_pairing_done(pairing, 0, START, END);
	cr_assert_eq(sum.biflows, 1);
	cr_assert(gone[0], "of the reverse direction only counts are left");
	cr_assert_not(gone[1]);
	g_ptr_array_unref(sum.kept);
	cr_assert(gone[1]);
}

Test(pairing, what_is_not_done_is_given_up_unsent)
{
	Sum sum = { 0 };
	NfpPairing *pairing = nfp_pairing_new(&PLENTY, add_out, &sum);
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, START);
	gint done = 0;
	NfpDelivery *delivery = nfp_delivery_new(delivered, &done);

	give(pairing, &there, 1, delivery);
	nfp_pairing_free(pairing);
	cr_assert(sum.records == 0 && done == 0);
	nfp_delivery_unref(delivery);
	cr_assert_eq(done, 1);
}
