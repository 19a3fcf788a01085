// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records a second from batch to IPFIX messages of 1420 octets in memory, on one core, and
 * libfixbuf's rate for the same records in the same run. One JSON line. Usage: bench_encode
 * [records]
 */
#include <fixbuf/public.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encode/encoder.h"
#include "record/batch.h"
#include "support/encode_records.h"

#define SIZE 1420
#define TEMPLATE "ipv4-tcp-mac" /* TCP over IPv4 on Ethernet without tags */
#define ROUNDS 7 /* the best counts: noise only ever slows down */

static void fail(const char *what)
{
	fprintf(stderr, "bench_encode: %s\n", what);
	exit(1);
}

/* CPU time: what else the machine does is left out. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static const char *template_of(const NfpTemplateSet *set, const NfpRecord *record)
{
	return set->templates[nfp_template_set_choose(set, nfp_record_have(record))].name;
}

/* The commonest record. */
static void make_records(const NfpTemplateSet *set, NfpRecord *records, uint32_t n)
{
	uint64_t seed = 1;
	guint kind = 0;

	do {
		if (kind == NFP_TEST_KINDS)
			fail("there is no template " TEMPLATE);
		nfp_test_record(&records[0], kind++, &seed);
	} while (!g_str_equal(template_of(set, &records[0]), TEMPLATE));
	for (uint32_t i = 1; i < n; i++)
		nfp_test_record(&records[i], kind - 1, &seed);
}

static double ours(const NfpTemplateSet *set, const NfpRecord *records, uint64_t total)
{
	NfpEncoderOptions options = {
		.protocol = "ipfix", .templates = set, .domain = 1, .sampling = 1
	};
	g_autoptr(NfpEncoder) encoder = nfp_encoder_new(&options, NULL);
	NfpEncoderStats stats = { 0 };
	uint8_t out[SIZE];
	double best = 0;

	if (encoder == NULL)
		fail("no encoder");
	while (nfp_encoder_announce(encoder, 0, 1, &stats, out, SIZE) > 0)
		;
	for (guint round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (uint64_t sent = 0; sent < total; sent += NFP_BATCH_RECORDS) {
			for (uint32_t done = 0; done < NFP_BATCH_RECORDS;) {
				uint32_t used = 0, unsendable = 0;

				if (nfp_encoder_records(encoder, 0, 1, records + done,
							NFP_BATCH_RECORDS - done, out, SIZE, &used,
							&unsendable) <= 0)
					fail("no message");
				done += used;
			}
		}
		best = MAX(best, (double)total / (seconds() - start));
	}
	return best;
}

/* libfixbuf from values that stand in its own layout already: it has no easier way. */
static double theirs(const NfpTemplate *template, uint64_t total)
{
	fbInfoModel_t *model = fbInfoModelAlloc();
	fbSession_t *session = fbSessionAlloc(model);
	fbTemplate_t *made = fbTemplateAlloc(model);
	uint8_t values[512] = { 0 }, out[SIZE];
	size_t length = 0;
	double best = 0;

	for (guint i = 0; i < template->n; i++) {
		fbInfoElementSpec_t spec = { (char *)template->fields[i]->name,
					     template->fields[i]->length, 0 };

		if (!fbTemplateAppendSpec(made, &spec, 0, NULL))
			fail("libfixbuf: element");
		length += template->fields[i]->length;
	}

	GError *err = NULL;

	if (!fbSessionAddTemplate(session, TRUE, 256, made, &err) ||
	    !fbSessionAddTemplate(session, FALSE, 256, made, &err))
		fail("libfixbuf: template");

	fBuf_t *buffer = fBufAllocForExport(session, fbExporterAllocBuffer(out, SIZE));

	fBufSetAutomaticMode(buffer, FALSE);
	if (!fBufSetInternalTemplate(buffer, 256, &err) ||
	    !fBufSetExportTemplate(buffer, 256, &err))
		fail("libfixbuf: template");
	for (guint round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (uint64_t i = 0; i < total; i++) {
			if (fBufAppend(buffer, values, length, &err))
				continue;
			g_clear_error(&err); /* full */
			if (!fBufEmit(buffer, &err) || !fBufAppend(buffer, values, length, &err))
				fail("libfixbuf: record");
		}
		best = MAX(best, (double)total / (seconds() - start));
	}
	fBufFree(buffer);
	fbInfoModelFree(model);
	return best;
}

int main(int argc, char **argv)
{
	uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;
	g_autoptr(NfpTemplateSet) set = nfp_template_set_load(NULL, "standard", NULL);
	g_autofree NfpRecord *records = g_new(NfpRecord, NFP_BATCH_RECORDS);

	if (set == NULL || total == 0)
		fail("usage: bench_encode [records]");
	total = (total + NFP_BATCH_RECORDS - 1) / NFP_BATCH_RECORDS * NFP_BATCH_RECORDS;
	make_records(set, records, NFP_BATCH_RECORDS);

	const NfpTemplate *template =
		&set->templates[nfp_template_set_choose(set, nfp_record_have(&records[0]))];
	double rate = ours(set, records, total), vs = theirs(template, total / 4);

	printf("{\"name\":\"encode_ipfix_records_per_s\",\"value\":%.0f,\"unit\":\"records/"
	       "s\",\"vs\":%.0f,"
	       "\"vs_name\":\"libfixbuf\",\"template\":\"%s\"}\n",
	       rate, vs, template->name);
	return 0;
}
