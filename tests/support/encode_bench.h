/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An encoder, the strict reader of what it writes, and the records that should come next. For Criterion tests. */
#ifndef NFP_TESTS_ENCODE_BENCH_H
#define NFP_TESTS_ENCODE_BENCH_H

#include "encode/encoder.h"
#include "support/encode_reader.h"
#include "support/encode_records.h"

#define NFP_BENCH_NOW 2100000000u /* after all times of test records */
#define NFP_BENCH_DOMAIN 7u

typedef struct {
	NfpTemplateSet *set;
	NfpEncoder *encoder;
	NfpReader *reader;
	const NfpRecord *expected;
	gboolean skip_bare; /* records that no template takes */
	gboolean fixed_texts;
	uint32_t records;  /* flow records read */
	uint32_t options;  /* options records read */
	guint announced;   /* messages */
	uint8_t out[65535];
} NfpBench;

/* The protocols that are messages of Sets. */
extern const char *const nfp_bench_protocols[2];
extern const NfpEncoderStats nfp_bench_stats;

/* set becomes the bench's; NULL: the standard one. more: options beside protocol, templates, domain; or NULL. */
NfpBench *nfp_bench_new(const char *protocol, NfpTemplateSet *set, const NfpEncoderOptions *more);
void nfp_bench_free(NfpBench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBench, nfp_bench_free)

/* A reader that knows nothing yet. */
void nfp_bench_new_reader(NfpBench *bench);
void nfp_bench_read(NfpBench *bench, ssize_t length, gsize size);
void nfp_bench_announce(NfpBench *bench, uint32_t domain, gsize size);
/* All records through the encoder and the reader, which compares them field by field. */
void nfp_bench_send(NfpBench *bench, uint32_t domain, const NfpRecord *records, uint32_t n, gsize size,
		    uint32_t *ret_unsendable);
/* Runs of one kind, as they come from maps. */
void nfp_bench_random(NfpRecord *records, uint32_t n, uint64_t *seed);
/* Enterprise elements of the set, each once: records of type information. */
guint nfp_bench_types(const NfpBench *bench);

#endif
