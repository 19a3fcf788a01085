// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encode_bench.h"

#include <criterion/criterion.h>
#include <string.h>

const char *const nfp_bench_protocols[2] = { "ipfix", "netflow9" };

const NfpEncoderStats nfp_bench_stats = { .messages = 1, .records = 2, .octets = 3, .lost_packets = 4,
					  .not_sent_records = 5, .not_sent_packets = 6 };

static const NfpField *field_of(const NfpReaderField *read, gboolean netflow9)
{
	for (guint i = 0; i < nfp_fields_n; i++)
		if (netflow9 ? nfp_fields[i].v9 == read->id :
			       nfp_fields[i].id == read->id && nfp_fields[i].pen == read->pen)
			return &nfp_fields[i];
	return NULL;
}

/* A text of fixed length: cut, and zeros behind it. */
static void fixed_text(const NfpField *field, const NfpRecord *record, uint8_t *want)
{
	const NfpText *text = (const NfpText *)(const void *)nfp_field_member(field, record);
	guint n = nfp_test_cut(text, field->length);

	memcpy(want, text->text, n);
	memset(want + n, 0, field->length - n);
}

static void check_record(const NfpReaderTemplate *template, uint32_t domain, const uint8_t *octets,
			 void *data)
{
	NfpBench *bench = data;
	gboolean fixed = template->netflow9 || bench->fixed_texts;

	if (template->scope > 0) {
		bench->options++;
		return;
	}
	cr_assert_not_null(bench->expected, "a record nobody asked for");
	while (bench->skip_bare &&
	       nfp_template_set_choose(bench->set, nfp_record_have(bench->expected)) < 0)
		bench->expected++;
	for (guint i = 0; i < template->n; i++) {
		const NfpField *field = field_of(&template->fields[i], template->netflow9);
		uint8_t want[NFP_TEST_OCTETS];
		gsize length;

		cr_assert_not_null(field, "%u", template->fields[i].id);
		cr_assert_eq(template->fields[i].length,
			     field->kind == NFP_KIND_TEXT && !fixed ? NFP_VARIABLE : field->length);
		length = nfp_test_wire(field, bench->expected, want);
		if (field->kind == NFP_KIND_TEXT && fixed) {
			fixed_text(field, bench->expected, want);
			length = field->length;
		}
		cr_assert(memcmp(want, octets, length) == 0, "record %u, %s", bench->records,
			  field->name);
		octets += length;
	}
	bench->expected++;
	bench->records++;
}

NfpBench *nfp_bench_new(const char *protocol, NfpTemplateSet *set, const NfpEncoderOptions *more)
{
	NfpBench *bench = g_new0(NfpBench, 1);
	NfpEncoderOptions options = more ? *more : (NfpEncoderOptions){ .hostname = "edge1" };
	g_autoptr(GError) err = NULL;

	bench->set = set != NULL ? set : nfp_template_set_load(NULL, "standard", &err);
	bench->fixed_texts = nfp_peer_fixed_texts(options.peer);
	options.protocol = protocol;
	options.templates = bench->set;
	options.domain = NFP_BENCH_DOMAIN;
	options.sampling = 1;
	options.boot_ms = NFP_TEST_BOOT_MS;
	bench->encoder = nfp_encoder_new(&options, &err);
	cr_assert_not_null(bench->encoder, "%s", err ? err->message : "?");
	bench->reader = nfp_reader_new(check_record, bench);
	return bench;
}

void nfp_bench_free(NfpBench *bench)
{
	nfp_encoder_free(bench->encoder);
	nfp_template_set_free(bench->set);
	nfp_reader_free(bench->reader);
	g_free(bench);
}

void nfp_bench_new_reader(NfpBench *bench)
{
	nfp_reader_free(bench->reader);
	bench->reader = nfp_reader_new(check_record, bench);
}

void nfp_bench_read(NfpBench *bench, ssize_t length, gsize size)
{
	cr_assert_leq((gsize)length, size);

	const char *wrong = nfp_reader_read(bench->reader, bench->out, (gsize)length);
	guint time = bench->out[1] == 9 ? 8 : 4;

	cr_assert_null(wrong, "%s", wrong ? wrong : "");
	cr_assert_eq(GUINT32_FROM_BE(*(uint32_t *)(void *)(bench->out + time)), NFP_BENCH_NOW);
}

void nfp_bench_announce(NfpBench *bench, uint32_t domain, gsize size)
{
	ssize_t length;

	while ((length = nfp_encoder_announce(bench->encoder, domain, NFP_BENCH_NOW, &nfp_bench_stats,
					      bench->out, size)) > 0) {
		nfp_bench_read(bench, length, size);
		bench->announced++;
	}
	cr_assert_eq(length, 0);
}

void nfp_bench_send(NfpBench *bench, uint32_t domain, const NfpRecord *records, uint32_t n, gsize size,
		    uint32_t *ret_unsendable)
{
	uint32_t done = 0;

	bench->expected = records;
	while (done < n) {
		uint32_t used = 0;
		ssize_t length = nfp_encoder_records(bench->encoder, domain, NFP_BENCH_NOW, records + done,
						     n - done, bench->out, size, &used, ret_unsendable);

		cr_assert_geq(length, 0, "message of %zu: %s", size, g_strerror((int)-length));
		cr_assert(length > 0 || used > 0, "no progress");
		if (length > 0)
			nfp_bench_read(bench, length, size);
		done += used;
	}
	bench->expected = NULL;
}

void nfp_bench_random(NfpRecord *records, uint32_t n, uint64_t *seed)
{
	guint kind = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (nfp_test_random(seed) % 5 == 0)
			kind = nfp_test_random(seed) % NFP_TEST_KINDS;
		nfp_test_record(&records[i], kind, seed);
	}
}

guint nfp_bench_types(const NfpBench *bench)
{
	gboolean seen[NFP_F_N] = { FALSE };
	guint n = 0;

	for (guint t = 0; t < bench->set->n; t++) {
		for (guint i = 0; i < bench->set->templates[t].n; i++) {
			const NfpField *field = bench->set->templates[t].fields[i];

			n += field->pen != 0 && !seen[field - nfp_fields];
			seen[field - nfp_fields] = TRUE;
		}
	}
	return n;
}
