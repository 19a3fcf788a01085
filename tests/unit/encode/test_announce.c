// SPDX-License-Identifier: GPL-2.0-or-later
/* Templates and options data: what goes out when, by both protocols. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/encode_bench.h"

/* Options templates of the process: three statistics, and type information, which NetFlow v9 has not. */
static guint of_the_process(const char *protocol)
{
	return strcmp(protocol, "ipfix") == 0 ? 4 : 3;
}

/* Options templates of a domain: sampling, the name; by IPFIX the selector and flow keys, too. */
static guint of_a_domain(const char *protocol)
{
	return strcmp(protocol, "ipfix") == 0 ? 4 : 2;
}

/* Records of statistics, sampling and name, and of the selector. */
static guint plain_options(const char *protocol)
{
	return 3 + of_a_domain(protocol) - (strcmp(protocol, "ipfix") == 0);
}

/* Records of options data: those, and types. */
static guint options_of(const NfpBench *bench, const char *protocol)
{
	return plain_options(protocol) + (strcmp(protocol, "ipfix") == 0 ? nfp_bench_types(bench) : 0);
}

#define EACH_PROTOCOL(test)                                          \
	for (guint p = 0; p < G_N_ELEMENTS(nfp_bench_protocols); p++) \
	test(nfp_bench_protocols[p])

static void announces_all_templates_first_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);

	nfp_bench_announce(bench, 0, 1400);
	cr_assert_eq(nfp_reader_templates(bench->reader, 7), bench->set->n + of_a_domain(protocol),
		     "and those of options");
	cr_assert_eq(nfp_reader_templates(bench->reader, 0), of_the_process(protocol));
	cr_assert_eq(bench->options, options_of(bench, protocol));
	cr_assert_gt(bench->announced, 3, "more than a message of 1400 octets holds");

	guint before = bench->announced;

	nfp_bench_announce(bench, 0, 1400);
	cr_assert_eq(bench->announced, before, "nothing is left");
	nfp_bench_announce(bench, 1, 65535);
	cr_assert_eq(bench->announced, before + 1, "one message holds it all");
	cr_assert_eq(nfp_reader_templates(bench->reader, 8), bench->set->n + of_a_domain(protocol));
}

Test(announce, announces_all_templates_first)
{
	EACH_PROTOCOL(announces_all_templates_first_by);
}

static void a_refresh_repeats_what_is_in_use_and_the_rest_goes_with_its_records_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	NfpRecord records[2];
	uint64_t seed = 8;
	uint32_t unsendable = 0;

	nfp_test_record(&records[0], 0, &seed);
	nfp_test_record(&records[1], 1, &seed);
	nfp_bench_announce(bench, 0, 1400);
	nfp_bench_send(bench, 0, records, 1, 1400, &unsendable);

	guint before = nfp_reader_template_records(bench->reader);

	nfp_encoder_refresh(bench->encoder, 0);
	nfp_bench_announce(bench, 0, 1400);
	/* One template that was used, the options templates here, and those of the process. */
	cr_assert_eq(nfp_reader_template_records(bench->reader), before + 1 + of_a_domain(protocol) + of_the_process(protocol));

	/* A reader that has seen nothing before the refresh understands all that follows. */
	nfp_reader_forget(bench->reader);
	nfp_encoder_refresh(bench->encoder, 0);
	nfp_bench_announce(bench, 0, 1400);
	bench->records = 0;
	nfp_bench_send(bench, 0, records, 2, 1400, &unsendable);
	nfp_bench_send(bench, 0, records, 2, 1400, &unsendable);

	guint carried = nfp_reader_template_records(bench->reader);

	nfp_bench_send(bench, 0, records, 2, 1400, &unsendable);
	cr_assert_eq(bench->records, 6);
	cr_assert_eq(nfp_reader_template_records(bench->reader), carried,
		     "carried twice, not for ever");
}

Test(announce, a_refresh_repeats_what_is_in_use_and_the_rest_goes_with_its_records)
{
	EACH_PROTOCOL(a_refresh_repeats_what_is_in_use_and_the_rest_goes_with_its_records_by);
}

Test(announce, over_a_reliable_transport_templates_go_once_a_session)
{
	const char *protocol = "ipfix";
	NfpEncoderOptions options = { .hostname = "edge1", .reliable = TRUE };
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, &options);
	NfpRecord record;
	uint64_t seed = 10;
	uint32_t unsendable = 0;

	nfp_test_record(&record, 3, &seed);
	nfp_bench_announce(bench, 0, 1400);

	guint all = nfp_reader_template_records(bench->reader);

	nfp_bench_send(bench, 0, &record, 1, 1400, &unsendable);
	for (guint i = 0; i < 3; i++) {
		nfp_encoder_refresh(bench->encoder, 0);
		nfp_bench_announce(bench, 0, 1400);
	}
	nfp_bench_send(bench, 0, &record, 1, 1400, &unsendable);
	cr_assert_eq(nfp_reader_template_records(bench->reader), all);

	/* A new session: a new reader, sequence 0, all templates. */
	nfp_encoder_start_session(bench->encoder);
	nfp_bench_new_reader(bench);
	nfp_bench_announce(bench, 0, 1400);
	nfp_bench_send(bench, 0, &record, 1, 1400, &unsendable);
	cr_assert_eq(nfp_reader_template_records(bench->reader), all);
}

static void an_announcement_cut_short_starts_again_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	ssize_t length = nfp_encoder_announce(bench->encoder, 0, NFP_BENCH_NOW, &nfp_bench_stats, bench->out, 1400);

	cr_assert_gt(length, 0);
	nfp_bench_read(bench, length, 1400);
	nfp_encoder_refresh(bench->encoder, 0);
	nfp_bench_announce(bench, 0, 1400);
	cr_assert_eq(nfp_reader_templates(bench->reader, 7), bench->set->n + of_a_domain(protocol));
}

Test(announce, an_announcement_cut_short_starts_again)
{
	EACH_PROTOCOL(an_announcement_cut_short_starts_again_by);
}

/* Type information keeps a longer one: it never changes. */
static void options_data_keep_a_distance_by(const char *protocol)
{
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, NULL, NULL);
	guint plain = plain_options(protocol), types = options_of(bench, protocol) - plain;
	const struct {
		uint32_t now;
		guint options, types; /* times that they were told */
	} steps[] = {
		{ 1000, 1, 1 }, { 1000, 1, 1 }, { 1009, 1, 1 }, { 1010, 2, 1 },
		{ 1011, 2, 1 }, { 1600, 3, 2 }, { 900, 4, 3 /* clock stepped */ },
	};

	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		ssize_t length;

		nfp_encoder_refresh(bench->encoder, 0);
		while ((length = nfp_encoder_announce(bench->encoder, 0, steps[i].now, &nfp_bench_stats,
						      bench->out, 1400)) > 0)
			cr_assert_null(nfp_reader_read(bench->reader, bench->out, (gsize)length));
		cr_assert_eq(bench->options, steps[i].options * plain + steps[i].types * types, "step %u: %u", i,
			     bench->options);
	}
}

Test(announce, options_data_keep_a_distance)
{
	EACH_PROTOCOL(options_data_keep_a_distance_by);
}

/* Names that come to be known later are told with the next refresh, template first; over TCP once. */
static void names_that_come_later_by(const char *protocol)
{
	gboolean ipfix = strcmp(protocol, "ipfix") == 0;
	NfpEncoderOptions options = { .hostname = "edge1", .reliable = ipfix };
	g_autoptr(NfpBench) bench = nfp_bench_new(protocol, nfp_template_set_load(NULL, "enriched", NULL), &options);
	g_autoptr(NfpNameTables) tables = nfp_name_tables_new();

	nfp_bench_announce(bench, 0, 1400);

	guint templates = nfp_reader_templates(bench->reader, NFP_BENCH_DOMAIN), told = bench->options, domain = of_a_domain(protocol) - ipfix;

	for (guint i = 0; i < 100; i++)
		nfp_name_tables_add_port(tables, i % 2, i + 1, &(NfpPort){ .name = { "eth0", 4 }, .vrf_id = 1 + i / 50,
									   .vrf = { "blue", 4 } });
	nfp_name_tables_add_application(tables, &(NfpApplication){ .id = 80, .name = { "http", 4 } });
	nfp_encoder_set_tables(bench->encoder, tables);
	nfp_encoder_start_session(bench->encoder);
	nfp_bench_new_reader(bench);
	nfp_encoder_set_tables(bench->encoder, NULL);
	nfp_bench_announce(bench, 0, 1400);
	nfp_encoder_set_tables(bench->encoder, tables);
	bench->options = 0;
	for (guint i = 0; i < 3; i++) {
		nfp_encoder_refresh(bench->encoder, 0);
		nfp_bench_announce(bench, 0, 1400);
	}
	cr_assert_eq(nfp_reader_templates(bench->reader, NFP_BENCH_DOMAIN), templates + 3);
	/* At once, not when the next options data would have been due, and once. */
	cr_assert_eq(bench->options, domain + 50 + 2 + 1, "%u", bench->options);
	bench->options = 0;
	nfp_encoder_start_session(bench->encoder);
	nfp_bench_new_reader(bench);
	nfp_bench_announce(bench, 0, 700);
	cr_assert_eq(bench->options, told + 50 + 2 + 1, "%u", bench->options);
	bench->options = 0;
	nfp_bench_announce(bench, 1, 1400);
	cr_assert_eq(bench->options, domain + 50 + 2 + 1, "of the other domain");
}

Test(announce, names_that_come_later)
{
	EACH_PROTOCOL(names_that_come_later_by);
}

/* Flow keys are told of templates that carried records, from the next options data on; the template goes with the others. */
Test(announce, flow_keys_of_what_is_in_use)
{
	g_autoptr(NfpBench) bench = nfp_bench_new("ipfix", NULL, &(NfpEncoderOptions){ .hostname = "edge1", .reliable = TRUE });
	NfpRecord records[2];
	uint64_t seed = 12;
	uint32_t unsendable = 0;
	ssize_t length;
	guint before, templates;

	nfp_test_record(&records[0], 0, &seed);
	nfp_test_record(&records[1], 1, &seed);
	while ((length = nfp_encoder_announce(bench->encoder, 0, NFP_BENCH_NOW - 10, &nfp_bench_stats, bench->out, 1400)) > 0)
		cr_assert_null(nfp_reader_read(bench->reader, bench->out, (gsize)length));
	nfp_bench_send(bench, 0, records, 2, 1400, &unsendable);
	before = bench->options;
	templates = nfp_reader_template_records(bench->reader);
	nfp_encoder_refresh(bench->encoder, 0);
	nfp_bench_announce(bench, 0, 1400);
	cr_assert_eq(bench->options, before + plain_options("ipfix") + 2, "%u", bench->options - before);
	cr_assert_eq(nfp_reader_template_records(bench->reader), templates);
}
