// SPDX-License-Identifier: GPL-2.0-or-later
/* Records in messages, by both protocols. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/encode_bench.h"

#define EACH_PROTOCOL(test)                                          \
	for (guint p = 0; p < G_N_ELEMENTS(nfp_bench_protocols); p++) \
	test(nfp_bench_protocols[p])

#define MANY 500

static const guint small[] = { NFP_F_sourceIPv6Address, NFP_F_packetDeltaCount };

/* Whatever comes, in messages of whatever size, with refreshes in between, and in several domains.
 */
static void random_records_sizes_and_refreshes_by(const char *protocol)
{
	g_autofree NfpRecord *records = g_new(NfpRecord, MANY);
	uint64_t seed = 7;

	for (guint round = 0; round < 60; round++) {
		NfpEncoderOptions options = { .hostname = round % 2 ? "edge1" : NULL,
					      .reliable = round % 3 == 0 && strcmp(protocol, "ipfix") == 0 };
		g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, &options);
		gsize size = 300 + nfp_test_random(&seed) % (round % 4 == 0 ? 65000 : 1200);
		uint32_t sent = 0, unsendable = 0;

		for (uint32_t domain = 0; domain < 3; domain++)
			nfp_bench_announce(bench, domain, size);
		for (guint part = 0; part < 6; part++) {
			uint32_t domain = nfp_test_random(&seed) % 3;
			uint32_t n = nfp_test_random(&seed) % MANY;

			nfp_bench_random(records, n, &seed);
			nfp_bench_send(bench, domain, records, n, size, &unsendable);
			sent += n;
			if (part % 2 == 1) {
				nfp_encoder_refresh(bench->encoder, domain);
				nfp_bench_announce(bench, domain, size);
			}
		}
		cr_assert_eq(bench->records, sent);
		cr_assert_eq(unsendable, 0, "the standard set takes all");
	}
}

Test(data, random_records_sizes_and_refreshes)
{
	EACH_PROTOCOL(random_records_sizes_and_refreshes_by);
}

static void a_template_that_leaves_no_room_for_its_record_goes_ahead_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	NfpRecord record;
	uint64_t seed = 9;
	uint32_t unsendable = 0, used = 9;

	nfp_test_record(&record, 0, &seed);
	nfp_bench_announce(bench, 0, 1400);
	nfp_encoder_refresh(bench->encoder, 0);
	nfp_bench_announce(bench, 0, 1400);

	ssize_t length = nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, &record, 1, bench->out, 130,
					     &used, &unsendable);

	cr_assert_gt(length, 0);
	cr_assert_eq(used, 0);
	nfp_bench_read(bench, length, 130);
	nfp_bench_send(bench, 0, &record, 1, 130, &unsendable);
	cr_assert_eq(bench->records, 1);
}

Test(data, a_template_that_leaves_no_room_for_its_record_goes_ahead)
{
	EACH_PROTOCOL(a_template_that_leaves_no_room_for_its_record_goes_ahead_by);
}

static void messages_too_small_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, nfp_test_set(small, 2), NULL);
	NfpRecord records[2] = { { .have = NFP_HAVE_ALWAYS } };
	uint32_t used = 9, unsendable = 9;
	gsize header = strcmp(protocol, "ipfix") == 0 ? 16 : 20;
	gsize one = header + 4 + 24, two = one + 24; /* a Set of one record, of two */

	for (gsize size = 0; size < header + 4 + 12; size++)
		cr_assert_eq(nfp_encoder_announce(bench->encoder, 0, NFP_BENCH_NOW, &nfp_bench_stats, bench->out,
						  size),
			     -EMSGSIZE, "%zu", size);
	nfp_bench_announce(bench, 0, 100);
	for (gsize size = 0; size < one; size++)
		cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 2, bench->out,
						 size, &used, &unsendable),
			     -EMSGSIZE);
	cr_assert_eq(used, 9, "untouched on errors");
	cr_assert_eq(unsendable, 9);
	bench->expected = records;
	for (gsize size = one; size < two; size++) {
		ssize_t length = nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 2, bench->out,
						     size, &used, &unsendable);

		cr_assert_eq((gsize)length, one);
		cr_assert_eq(used, 1);
		nfp_bench_read(bench, length, size);
		bench->expected = records;
	}
	cr_assert_eq((gsize)nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 2, bench->out, two, &used,
						&unsendable),
		     two);
	cr_assert_eq(used, 2);
}

Test(data, messages_too_small)
{
	EACH_PROTOCOL(messages_too_small_by);
}

static void nothing_is_written_behind_the_size_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	NfpRecord records[50];
	uint64_t seed = 12;

	nfp_bench_random(records, G_N_ELEMENTS(records), &seed);
	for (gsize size = 0; size < 2000; size++) {
		uint32_t used, unsendable = 0;

		memset(bench->out, 0xa5, sizeof(bench->out));
		nfp_encoder_start_session(bench->encoder);
		nfp_encoder_announce(bench->encoder, 0, NFP_BENCH_NOW, &nfp_bench_stats, bench->out, size);
		nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, G_N_ELEMENTS(records),
				    bench->out, size, &used, &unsendable);
		for (gsize i = size; i < size + 500; i++)
			cr_assert_eq(bench->out[i], 0xa5, "size %zu, octet %zu", size, i);
	}
}

Test(data, nothing_is_written_behind_the_size)
{
	EACH_PROTOCOL(nothing_is_written_behind_the_size_by);
}

static void a_message_has_at_most_65535_octets_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	g_autofree NfpRecord *records = g_new(NfpRecord, 2000);
	g_autofree uint8_t *out = g_malloc(1 << 20);
	uint64_t seed = 13;
	uint32_t used, unsendable = 0;

	for (guint i = 0; i < 2000; i++)
		nfp_test_record(&records[i], 0, &seed);
	nfp_bench_announce(bench, 0, 1400);

	ssize_t length = nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 2000, out, 1 << 20,
					     &used, &unsendable);

	cr_assert_leq(length, 65535);
	cr_assert_gt(length, 65300);
	bench->expected = records;
	cr_assert_null(nfp_reader_read(bench->reader, out, (gsize)length));
	cr_assert_eq(bench->records, used);
}

Test(data, a_message_has_at_most_65535_octets)
{
	EACH_PROTOCOL(a_message_has_at_most_65535_octets_by);
}

static void records_that_no_template_takes_are_counted_by(const char *protocol)
{
	static const char text[] =
		"templates: [{name: tcp, need: [tcp], fields: [packetDeltaCount, sourceTransportPort]}]";
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, nfp_template_set_parse("f", text, NULL), NULL);
	NfpRecord records[60];
	uint64_t seed = 14;
	uint32_t unsendable = 0, tcp = 0, used = 0;

	for (guint i = 0; i < G_N_ELEMENTS(records); i++) {
		nfp_test_record(&records[i], i % NFP_TEST_KINDS, &seed);
		tcp += (records[i].have & NFP_HAVE_TCP) != 0;
	}
	nfp_bench_announce(bench, 0, 300);
	bench->skip_bare = TRUE;
	nfp_bench_send(bench, 0, records, G_N_ELEMENTS(records), 300, &unsendable);
	cr_assert_eq(bench->records, tcp);
	cr_assert_eq(unsendable, G_N_ELEMENTS(records) - tcp);

	/* Nothing to send at all: no message. */
	nfp_test_record(&records[0], 4, &seed);
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 1, bench->out, 300, &used,
					 &unsendable),
		     0);
	cr_assert_eq(used, 1);
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, records, 0, bench->out, 300, &used,
					 &unsendable),
		     0);
	cr_assert_eq(used, 0);
}

Test(data, records_that_no_template_takes_are_counted)
{
	EACH_PROTOCOL(records_that_no_template_takes_are_counted_by);
}

static void a_template_of_more_than_sixty_fields_by(const char *protocol)
{
	guint fields[250];

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		fields[i] = i % NFP_F_N;

	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, nfp_test_set(fields, G_N_ELEMENTS(fields)), NULL);
	NfpRecord records[20];
	uint64_t seed = 15;
	uint32_t unsendable = 0;

	nfp_bench_random(records, G_N_ELEMENTS(records), &seed);
	nfp_bench_announce(bench, 0, 3000);
	nfp_bench_send(bench, 0, records, G_N_ELEMENTS(records), sizeof(bench->out), &unsendable);
	cr_assert_eq(bench->records, G_N_ELEMENTS(records));
}

Test(data, a_template_of_more_than_sixty_fields)
{
	EACH_PROTOCOL(a_template_of_more_than_sixty_fields_by);
}

/* A record that no message can hold loses the ends of its texts, never more than that, and is not lost itself. */
Test(data, texts_are_cut_where_the_message_is_too_short)
{
	const char *protocol = "ipfix";
	guint fields[18] = { NFP_F_flowId };
	uint64_t seed = 31;

	for (guint i = 0; i < 16; i++)
		fields[1 + i] = NFP_F_sourceLabel1 + i;
	fields[17] = NFP_F_packetDeltaCount;
	for (gsize size = 16 + 4 + 16 + 16; size < 1000; size += 7) {
		g_autoptr(NfpBench) bench = nfp_bench_new(protocol, nfp_test_set(fields, 18), NULL);
		NfpRecord record;
		uint32_t used = 0, unsendable = 0;
		uint64_t cut = 0;
		ssize_t length;

		nfp_test_record(&record, NFP_TEST_KINDS - 1, &seed);
		length = nfp_encoder_records(bench->encoder, 0, NFP_BENCH_NOW, &record, 1, bench->out, size, &used,
					     &unsendable);
		cr_assert_gt(length, 0, "%zu", size);
		cr_assert_leq((gsize)length, size);
		cr_assert_eq(used, 1);
		cr_assert_eq(unsendable, 0);

		/* As the reader takes it: a text in front and one at the end of the record, and what stands between. */
		const uint8_t *at = bench->out + 20, *end = bench->out + length;

		cr_assert_eq(GUINT64_FROM_BE(*(const uint64_t *)(const void *)at), record.flow_id);
		at += 8;
		for (guint i = 0; i < 16; i++) {
			const NfpReaderField field = { .id = 1, .length = NFP_VARIABLE };
			const NfpText *text = i < 8 ? &record.src_place->labels[i] :
						      &record.dst_place->labels[i - 8];
			guint got;
			const uint8_t *value = nfp_reader_value(&field, &at, end, &got);

			cr_assert_not_null(value);
			cr_assert(memcmp(value, text->text, got) == 0);
			cut |= got < nfp_test_cut(text, NFP_TEXT_MAX);
			cr_assert(g_utf8_validate((const char *)value, got, NULL));
		}
		cr_assert_eq(nfp_encoder_cut_records(bench->encoder), cut);
		cr_assert_eq(end - at, 8);
		cr_assert_eq(memcmp(at, &(uint64_t){ GUINT64_TO_BE(record.packets) }, 8), 0);
	}
}

