// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "encode/encoder.h"
#include "support/encode_reader.h"
#include "support/encode_records.h"

#define NOW 1795390441u

static const NfpEncoderStats stats = { .messages = 1, .records = 2, .octets = 3, .lost_packets = 4,
				       .not_sent_records = 5, .not_sent_packets = 6 };

/* An encoder, the strict reader of what it writes, and the records that should come next. */
typedef struct {
	NfpTemplateSet *set;
	NfpEncoder *encoder;
	NfpReader *reader;
	const NfpRecord *expected;
	gboolean skip_bare; /* records that no template takes */
	uint32_t records;  /* flow records read */
	uint32_t options;  /* options records read */
	guint announced;   /* messages */
	uint8_t out[65535];
} Bench;

static const NfpField *field_by_id(const NfpReaderField *read)
{
	for (guint i = 0; i < nfp_fields_n; i++)
		if (nfp_fields[i].id == read->id && nfp_fields[i].pen == read->pen)
			return &nfp_fields[i];
	return NULL;
}

static void check_record(const NfpReaderTemplate *template, uint32_t domain, const uint8_t *octets,
			 void *data)
{
	Bench *bench = data;

	if (template->scope > 0) {
		bench->options++;
		return;
	}
	cr_assert_not_null(bench->expected, "a record nobody asked for");
	while (bench->skip_bare &&
	       nfp_template_set_choose(bench->set, nfp_record_have(bench->expected)) < 0)
		bench->expected++;
	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = field_by_id(&template->fields[i]);
		uint8_t want[NFP_TEST_OCTETS];
		gsize length;

		cr_assert_not_null(field);
		cr_assert_eq(template->fields[i].length,
			     field->kind == NFP_KIND_TEXT ? NFP_VARIABLE : field->length);
		length = nfp_test_wire(field, bench->expected, want);
		cr_assert(memcmp(want, octets, length) == 0, "record %u, %s", bench->records,
			  field->name);
		octets += length;
	}
	bench->expected++;
	bench->records++;
}

static Bench *bench_new(NfpTemplateSet *set, const NfpEncoderOptions *more)
{
	Bench *bench = g_new0(Bench, 1);
	NfpEncoderOptions options = more ? *more : (NfpEncoderOptions){ .hostname = "edge1" };
	g_autoptr(GError) err = NULL;

	bench->set = set != NULL ? set : nfp_template_set_load(NULL, "standard", &err);
	options.protocol = "ipfix";
	options.templates = bench->set;
	options.domain = 7;
	options.sampling = 1;
	bench->encoder = nfp_encoder_new(&options, &err);
	cr_assert_not_null(bench->encoder, "%s", err ? err->message : "?");
	bench->reader = nfp_reader_new(check_record, bench);
	return bench;
}

static void bench_free(Bench *bench)
{
	nfp_encoder_free(bench->encoder);
	nfp_template_set_free(bench->set);
	nfp_reader_free(bench->reader);
	g_free(bench);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static void read_message(Bench *bench, ssize_t length, gsize size)
{
	cr_assert_leq((gsize)length, size);

	const char *wrong = nfp_reader_read(bench->reader, bench->out, (gsize)length);

	cr_assert_null(wrong, "%s", wrong ? wrong : "");
	cr_assert_eq(GUINT32_FROM_BE(*(uint32_t *)(void *)(bench->out + 4)), NOW);
}

static void announce(Bench *bench, uint32_t domain, gsize size)
{
	ssize_t length;

	while ((length = nfp_encoder_announce(bench->encoder, domain, NOW, &stats, bench->out,
					      size)) > 0) {
		read_message(bench, length, size);
		bench->announced++;
	}
	cr_assert_eq(length, 0);
}

/* All records through the encoder and the reader. */
static void send(Bench *bench, uint32_t domain, const NfpRecord *records, uint32_t n, gsize size,
		 uint32_t *ret_unsendable)
{
	uint32_t done = 0;

	bench->expected = records;
	while (done < n) {
		uint32_t used = 0;
		ssize_t length =
			nfp_encoder_records(bench->encoder, domain, NOW, records + done, n - done,
					    bench->out, size, &used, ret_unsendable);

		cr_assert_geq(length, 0, "message of %zu: %s", size, g_strerror((int)-length));
		cr_assert(length > 0 || used > 0, "no progress");
		if (length > 0)
			read_message(bench, length, size);
		done += used;
	}
	bench->expected = NULL;
}

static void random_records(NfpRecord *records, uint32_t n, uint64_t *seed)
{
	guint kind = 0;

	for (uint32_t i = 0; i < n; i++) {
		/* Runs of one kind, as they come from maps. */
		if (nfp_test_random(seed) % 5 == 0)
			kind = nfp_test_random(seed) % NFP_TEST_KINDS;
		nfp_test_record(&records[i], kind, seed);
	}
}

#define MANY 500

/* Whatever comes, in messages of whatever size, with refreshes in between, and in several domains.
 */
Test(ipfix, random_records_sizes_and_refreshes)
{
	g_autofree NfpRecord *records = g_new(NfpRecord, MANY);
	uint64_t seed = 7;

	for (guint round = 0; round < 60; round++) {
		NfpEncoderOptions options = { .hostname = round % 2 ? "edge1" : NULL,
					      .reliable = round % 3 == 0 };
		g_autoptr(Bench) bench = bench_new(NULL, &options);
		gsize size = 300 + nfp_test_random(&seed) % (round % 4 == 0 ? 65000 : 1200);
		uint32_t sent = 0, unsendable = 0;

		for (uint32_t domain = 0; domain < 3; domain++)
			announce(bench, domain, size);
		for (guint part = 0; part < 6; part++) {
			uint32_t domain = nfp_test_random(&seed) % 3;
			uint32_t n = nfp_test_random(&seed) % MANY;

			random_records(records, n, &seed);
			send(bench, domain, records, n, size, &unsendable);
			sent += n;
			if (part % 2 == 1) {
				nfp_encoder_refresh(bench->encoder, domain);
				announce(bench, domain, size);
			}
		}
		cr_assert_eq(bench->records, sent);
		cr_assert_eq(unsendable, 0, "the standard set takes all");
	}
}

Test(ipfix, announces_all_templates_first)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);

	announce(bench, 0, 1400);
	cr_assert_eq(nfp_reader_templates(bench->reader, 7), bench->set->n + 2,
		     "and sampling, and the name");
	cr_assert_eq(nfp_reader_templates(bench->reader, 0), 3, "the process's options");
	cr_assert_eq(bench->options, 5);
	cr_assert_gt(bench->announced, 3, "more than a message of 1400 octets holds");

	guint before = bench->announced;

	announce(bench, 0, 1400);
	cr_assert_eq(bench->announced, before, "nothing is left");
	announce(bench, 1, 65535);
	cr_assert_eq(bench->announced, before + 1, "one message holds it all");
	cr_assert_eq(nfp_reader_templates(bench->reader, 8), bench->set->n + 2);
}

Test(ipfix, a_refresh_repeats_what_is_in_use_and_the_rest_goes_with_its_records)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	NfpRecord records[2];
	uint64_t seed = 8;
	uint32_t unsendable = 0;

	nfp_test_record(&records[0], 0, &seed);
	nfp_test_record(&records[1], 1, &seed);
	announce(bench, 0, 1400);
	send(bench, 0, records, 1, 1400, &unsendable);

	guint before = nfp_reader_template_records(bench->reader);

	nfp_encoder_refresh(bench->encoder, 0);
	announce(bench, 0, 1400);
	/* One template that was used, two options templates here, three of the process. */
	cr_assert_eq(nfp_reader_template_records(bench->reader), before + 1 + 2 + 3);

	/* A reader that has seen nothing before the refresh understands all that follows. */
	g_autoptr(NfpReader) late = nfp_reader_new(check_record, bench);

	nfp_reader_free(g_steal_pointer(&bench->reader));
	bench->reader = g_steal_pointer(&late);
	nfp_encoder_refresh(bench->encoder, 0);
	nfp_reader_expect(bench->reader, 7, 3);
	nfp_reader_expect(bench->reader, 0, 3);
	announce(bench, 0, 1400);
	bench->records = 0;
	send(bench, 0, records, 2, 1400, &unsendable);
	send(bench, 0, records, 2, 1400, &unsendable);

	guint carried = nfp_reader_template_records(bench->reader);

	send(bench, 0, records, 2, 1400, &unsendable);
	cr_assert_eq(bench->records, 6);
	cr_assert_eq(nfp_reader_template_records(bench->reader), carried,
		     "carried twice, not for ever");
}

Test(ipfix, a_template_that_leaves_no_room_for_its_record_goes_ahead)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	NfpRecord record;
	uint64_t seed = 9;
	uint32_t unsendable = 0, used = 9;

	nfp_test_record(&record, 0, &seed);
	announce(bench, 0, 1400);
	nfp_encoder_refresh(bench->encoder, 0);
	announce(bench, 0, 1400);

	ssize_t length = nfp_encoder_records(bench->encoder, 0, NOW, &record, 1, bench->out, 130,
					     &used, &unsendable);

	cr_assert_gt(length, 0);
	cr_assert_eq(used, 0);
	read_message(bench, length, 130);
	send(bench, 0, &record, 1, 130, &unsendable);
	cr_assert_eq(bench->records, 1);
}

Test(ipfix, over_a_reliable_transport_templates_go_once_a_session)
{
	NfpEncoderOptions options = { .hostname = "edge1", .reliable = TRUE };
	g_autoptr(Bench) bench = bench_new(NULL, &options);
	NfpRecord record;
	uint64_t seed = 10;
	uint32_t unsendable = 0;

	nfp_test_record(&record, 3, &seed);
	announce(bench, 0, 1400);

	guint all = nfp_reader_template_records(bench->reader);

	send(bench, 0, &record, 1, 1400, &unsendable);
	for (guint i = 0; i < 3; i++) {
		nfp_encoder_refresh(bench->encoder, 0);
		announce(bench, 0, 1400);
	}
	send(bench, 0, &record, 1, 1400, &unsendable);
	cr_assert_eq(nfp_reader_template_records(bench->reader), all);

	/* A new session: a new reader, sequence 0, all templates. */
	nfp_encoder_start_session(bench->encoder);
	nfp_reader_free(bench->reader);
	bench->reader = nfp_reader_new(check_record, bench);
	announce(bench, 0, 1400);
	send(bench, 0, &record, 1, 1400, &unsendable);
	cr_assert_eq(nfp_reader_template_records(bench->reader), all);
}

Test(ipfix, an_announcement_cut_short_starts_again)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	ssize_t length = nfp_encoder_announce(bench->encoder, 0, NOW, &stats, bench->out, 1400);

	cr_assert_gt(length, 0);
	read_message(bench, length, 1400);
	nfp_encoder_refresh(bench->encoder, 0);
	announce(bench, 0, 1400);
	cr_assert_eq(nfp_reader_templates(bench->reader, 7), bench->set->n + 2);
}

Test(ipfix, options_data_keep_a_distance)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	static const struct {
		uint32_t now;
		guint options;
	} steps[] = {
		{ 1000, 5 },  { 1000, 5 },  { 1009, 5 },
		{ 1010, 10 }, { 1011, 10 }, { 900, 15 /* clock stepped */ },
	};

	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		ssize_t length;

		nfp_encoder_refresh(bench->encoder, 0);
		while ((length = nfp_encoder_announce(bench->encoder, 0, steps[i].now, &stats,
						      bench->out, 1400)) > 0)
			cr_assert_null(nfp_reader_read(bench->reader, bench->out, (gsize)length));
		cr_assert_eq(bench->options, steps[i].options, "step %u: %u", i, bench->options);
	}
}

Test(ipfix, sequence_wraps)
{
	NfpEncoderOptions options = { .first_sequence = UINT32_MAX - 20 };
	g_autoptr(Bench) bench = bench_new(NULL, &options);
	NfpRecord records[100];
	uint64_t seed = 11;
	uint32_t unsendable = 0;

	random_records(records, G_N_ELEMENTS(records), &seed);
	nfp_reader_expect(bench->reader, 7, UINT32_MAX - 20);
	nfp_reader_expect(bench->reader, 0, UINT32_MAX - 20);
	announce(bench, 0, 500);
	send(bench, 0, records, G_N_ELEMENTS(records), 500, &unsendable);
	cr_assert_eq(bench->records, G_N_ELEMENTS(records));
}

static const guint small[] = { NFP_F_sourceIPv6Address, NFP_F_flowId };

Test(ipfix, messages_too_small)
{
	g_autoptr(Bench) bench = bench_new(nfp_test_set(small, 2), NULL);
	NfpRecord records[2] = { { .have = NFP_HAVE_ALWAYS } };
	uint32_t used = 9, unsendable = 9;

	for (gsize size = 0; size < 32; size++)
		cr_assert_eq(nfp_encoder_announce(bench->encoder, 0, NOW, &stats, bench->out, size),
			     -EMSGSIZE, "%zu", size);
	announce(bench, 0, 100);
	/* Header 16, Set header 4, record 24. */
	for (gsize size = 0; size < 44; size++)
		cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NOW, records, 2, bench->out,
						 size, &used, &unsendable),
			     -EMSGSIZE);
	cr_assert_eq(used, 9, "untouched on errors");
	cr_assert_eq(unsendable, 9);
	bench->expected = records;
	for (gsize size = 44; size < 68; size++) {
		ssize_t length = nfp_encoder_records(bench->encoder, 0, NOW, records, 2, bench->out,
						     size, &used, &unsendable);

		cr_assert_eq(length, 44);
		cr_assert_eq(used, 1);
		read_message(bench, length, size);
		bench->expected = records;
	}
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NOW, records, 2, bench->out, 68, &used,
					 &unsendable),
		     68);
	cr_assert_eq(used, 2);
}

Test(ipfix, nothing_is_written_behind_the_size)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	NfpRecord records[50];
	uint64_t seed = 12;

	random_records(records, G_N_ELEMENTS(records), &seed);
	for (gsize size = 0; size < 2000; size++) {
		uint32_t used, unsendable = 0;

		memset(bench->out, 0xa5, sizeof(bench->out));
		nfp_encoder_start_session(bench->encoder);
		nfp_encoder_announce(bench->encoder, 0, NOW, &stats, bench->out, size);
		nfp_encoder_records(bench->encoder, 0, NOW, records, G_N_ELEMENTS(records),
				    bench->out, size, &used, &unsendable);
		for (gsize i = size; i < size + 500; i++)
			cr_assert_eq(bench->out[i], 0xa5, "size %zu, octet %zu", size, i);
	}
}

Test(ipfix, a_message_has_at_most_65535_octets)
{
	g_autoptr(Bench) bench = bench_new(NULL, NULL);
	g_autofree NfpRecord *records = g_new(NfpRecord, 2000);
	g_autofree uint8_t *out = g_malloc(1 << 20);
	uint64_t seed = 13;
	uint32_t used, unsendable = 0;

	for (guint i = 0; i < 2000; i++)
		nfp_test_record(&records[i], 0, &seed);
	announce(bench, 0, 1400);

	ssize_t length = nfp_encoder_records(bench->encoder, 0, NOW, records, 2000, out, 1 << 20,
					     &used, &unsendable);

	cr_assert_leq(length, 65535);
	cr_assert_gt(length, 65400);
	bench->expected = records;
	cr_assert_null(nfp_reader_read(bench->reader, out, (gsize)length));
	cr_assert_eq(bench->records, used);
}

Test(ipfix, records_that_no_template_takes_are_counted)
{
	static const char text[] =
		"templates: [{name: tcp, need: [tcp], fields: [flowId, sourceTransportPort]}]";
	g_autoptr(Bench) bench = bench_new(nfp_template_set_parse("f", text, NULL), NULL);
	NfpRecord records[60];
	uint64_t seed = 14;
	uint32_t unsendable = 0, tcp = 0, used = 0;

	for (guint i = 0; i < G_N_ELEMENTS(records); i++) {
		nfp_test_record(&records[i], i % NFP_TEST_KINDS, &seed);
		tcp += (records[i].have & NFP_HAVE_TCP) != 0;
	}
	announce(bench, 0, 300);
	bench->skip_bare = TRUE;
	send(bench, 0, records, G_N_ELEMENTS(records), 300, &unsendable);
	cr_assert_eq(bench->records, tcp);
	cr_assert_eq(unsendable, G_N_ELEMENTS(records) - tcp);

	/* Nothing to send at all: no message. */
	nfp_test_record(&records[0], 4, &seed);
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NOW, records, 1, bench->out, 300, &used,
					 &unsendable),
		     0);
	cr_assert_eq(used, 1);
	cr_assert_eq(nfp_encoder_records(bench->encoder, 0, NOW, records, 0, bench->out, 300, &used,
					 &unsendable),
		     0);
	cr_assert_eq(used, 0);
}

Test(ipfix, a_template_of_more_than_sixty_fields)
{
	guint fields[250];

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		fields[i] = i % NFP_F_N;

	g_autoptr(Bench) bench = bench_new(nfp_test_set(fields, G_N_ELEMENTS(fields)), NULL);
	NfpRecord records[20];
	uint64_t seed = 15;
	uint32_t unsendable = 0;

	random_records(records, G_N_ELEMENTS(records), &seed);
	announce(bench, 0, 3000);
	send(bench, 0, records, G_N_ELEMENTS(records), sizeof(bench->out), &unsendable);
	cr_assert_eq(bench->records, G_N_ELEMENTS(records));
}

Test(ipfix, domain_ids_have_limits)
{
	g_autoptr(NfpTemplateSet) set = nfp_test_set(small, 2);
	static const uint32_t bad[] = { 0, UINT32_MAX };

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		NfpEncoderOptions options = { .protocol = "ipfix",
					      .templates = set,
					      .domain = bad[i] };
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_encoder_new(&options, &err));
		cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_USAGE));
	}
}

/* A record that no message can hold loses the ends of its texts, never more than that, and is not lost itself. */
Test(ipfix, texts_are_cut_where_the_message_is_too_short)
{
	guint fields[18] = { NFP_F_flowId };
	uint64_t seed = 31;

	for (guint i = 0; i < 16; i++)
		fields[1 + i] = NFP_F_sourceLabel1 + i;
	fields[17] = NFP_F_packetDeltaCount;
	for (gsize size = 16 + 4 + 16 + 16; size < 1000; size += 7) {
		g_autoptr(Bench) bench = bench_new(nfp_test_set(fields, 18), NULL);
		NfpRecord record;
		uint32_t used = 0, unsendable = 0;
		ssize_t length;

		nfp_test_record(&record, NFP_TEST_KINDS - 1, &seed);
		length = nfp_encoder_records(bench->encoder, 0, NOW, &record, 1, bench->out, size, &used,
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
			cr_assert(g_utf8_validate((const char *)value, got, NULL));
		}
		cr_assert_eq(end - at, 8);
		cr_assert_eq(memcmp(at, &(uint64_t){ GUINT64_TO_BE(record.packets) }, 8), 0);
	}
}
