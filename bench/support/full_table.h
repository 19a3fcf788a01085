/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A synthetic routing table with the lengths of the Internet's, origins with names and countries, and addresses out of what
 * is given out. The same at each run. One thread.
 */
#ifndef NFP_BENCH_FULL_TABLE_H
#define NFP_BENCH_FULL_TABLE_H

#include "enrich/cidr.h"
#include "support/enrich_db.h"

typedef struct {
	uint32_t as_number; /* of 80000, with names, in 250 countries */
	char name[32], country[3];
} NfpBenchOrigin;

/* Any of them, as likely as any other. */
NfpAddress nfp_bench_address4(GRand *random);
NfpAddress nfp_bench_address6(GRand *random);

typedef void (*NfpBenchRow)(const NfpPrefix *prefix, const NfpBenchOrigin *origin, void *data);
void nfp_bench_full_table(guint n4, guint n6, NfpBenchRow add, void *data);
/* In a database; nfp_test_db_clear() ends it. */
void nfp_bench_full_database(guint n4, guint n6, NfpTestDb *ret_test);

#endif
