/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts for records: a synthetic table of the size and the lengths of the Internet's (1 M IPv4 and 250 k IPv6 prefixes),
 * through the whole way: rows, flattening, look-ups with random addresses, filling of records; and from a database. In CPU
 * time of one core: what else the machine does is left out. A JSON line each. Usage: bench_enrich [IPv4 prefixes]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/support/full_table.h"
#include "enrich/load.h"
#include "enrich/view.h"

#define ADDRESSES (1u << 20)
#define BATCH 64 /* records, as the harvester fills them */
#define ROUNDS 7 /* the best counts: noise only ever slows down */

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	return seconds(CLOCK_THREAD_CPUTIME_ID);
}

static void report(const char *name, double value, const char *unit)
{
	printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"vs\": \"CPU time\"}\n", name, value, unit);
	fflush(stdout);
}

static void add_to_snapshot(const NfpPrefix *prefix, const NfpBenchOrigin *origin, void *data)
{
	NfpSnapshot *s = data;
	NfpFacts facts = { .as_number = origin->as_number };

	facts.text[NFP_FACT_AS_NAME] = nfp_snapshot_text(s, origin->name);
	facts.text[NFP_FACT_COUNTRY] = nfp_snapshot_text(s, origin->country);
	nfp_snapshot_add_prefix(s, prefix, &facts, 0);
}

static void octets_of(NfpAddress address, uint8_t octets[16])
{
	for (guint i = 0; i < 16; i++)
		octets[i] = (uint8_t)(address >> (120 - 8 * i));
}

/* Look-ups alone: addresses come by in order, what they mean is all over the table. */
static void bench_find(const NfpSnapshot *s)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	g_autofree uint32_t *four = g_new(uint32_t, ADDRESSES);
	g_autofree uint64_t *six = g_new(uint64_t, 2 * ADDRESSES);
	double best4 = 0, best6 = 0;
	uint64_t sum = 0;

	for (guint i = 0; i < ADDRESSES; i++) {
		NfpAddress address = nfp_bench_address6(random);

		four[i] = (uint32_t)(nfp_bench_address4(random) >> 96);
		six[2 * i] = (uint64_t)(address >> 64);
		six[2 * i + 1] = (uint64_t)address;
	}
	for (guint round = 0; round < ROUNDS; round++) {
		double start = cpu();

		for (guint i = 0; i < ADDRESSES; i++)
			sum += nfp_table4_find(s->table4, four[i]);
		best4 = MAX(best4, ADDRESSES / (cpu() - start));
		start = cpu();
		for (guint i = 0; i < ADDRESSES; i++)
			sum += nfp_table6_find(s->table6, six[2 * i], six[2 * i + 1]);
		best6 = MAX(best6, ADDRESSES / (cpu() - start));
	}
	if (!sum)
		exit(1); /* and the compiler cannot leave the look-ups out */
	report("enrich_lookups_ipv4", best4, "1/s");
	report("enrich_lookups_ipv6", best6, "1/s");
}

/* Records: two places, an application, two ports each. */
static void bench_fill(NfpSnapshot *s, gboolean six)
{
	g_autoptr(GArray) interfaces = g_array_new(FALSE, FALSE, sizeof(NfpViewInterface));
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	g_autofree NfpRecord *records = g_new0(NfpRecord, ADDRESSES);
	g_autoptr(NfpView) view = NULL;
	double best = 0;

	for (guint i = 0; i < 8; i++) {
		NfpViewInterface entry = { 0, { .ifindex = i + 1, .name = "eth" } };

		g_array_append_val(interfaces, entry);
	}
	view = nfp_view_new(s, interfaces, NULL);
	for (guint i = 0; i < ADDRESSES; i++) {
		NfpRecord *r = &records[i];
		uint8_t octets[16];

		octets_of(six ? nfp_bench_address6(random) : nfp_bench_address4(random), octets);
		memcpy(six ? r->src6 : r->src4, octets, six ? 16 : 4);
		octets_of(six ? nfp_bench_address6(random) : nfp_bench_address4(random), octets);
		memcpy(six ? r->dst6 : r->dst4, octets, six ? 16 : 4);
		r->protocol = 6;
		r->src_port = (uint16_t)g_rand_int(random);
		r->dst_port = 443;
		r->ingress_if = 1 + i % 4;
		r->egress_if = 5 + i % 4;
	}
	for (guint round = 0; round < ROUNDS; round++) {
		double start;

		for (guint i = 0; i < ADDRESSES; i++)
			records[i].have = NFP_HAVE_PORTS | (six ? NFP_HAVE_IPV6 : NFP_HAVE_IPV4);
		start = cpu();
		for (guint i = 0; i < ADDRESSES; i += BATCH)
			nfp_view_fill(view, records + i, BATCH);
		best = MAX(best, ADDRESSES / (cpu() - start));
	}
	report(six ? "enrich_records_ipv6" : "enrich_records_ipv4", best, "1/s");
	report(six ? "enrich_record_ns_ipv6" : "enrich_record_ns_ipv4", 1e9 / best, "ns");
}

static void bench_database(guint n4, guint n6)
{
	static const gint go_on = 0;
	g_auto(NfpLoadReport) loaded = { 0 };
	g_autoptr(NfpSnapshot) snapshot = NULL;
	NfpTestDb test;
	double start = cpu();

	nfp_bench_full_database(n4, n6, &test);
	report("enrich_database_write", cpu() - start, "s");
	start = cpu();
	snapshot = nfp_load(test.db, &go_on, &loaded, NULL);
	report("enrich_database_load", cpu() - start, "s");
	report("enrich_database_rows", snapshot ? snapshot->prefixes : 0, "rows");
	nfp_test_db_clear(&test);
}

int main(int argc, char **argv)
{
	guint n4 = argc > 1 ? (guint)strtoul(argv[1], NULL, 10) : 1000000, n6 = n4 / 4;
	g_autoptr(NfpSnapshot) s = nfp_snapshot_new();
	g_autoptr(GError) err = NULL;
	double start = cpu();

	nfp_bench_full_table(n4, n6, add_to_snapshot, s);
	if (!nfp_snapshot_seal(s, &err)) {
		fprintf(stderr, "bench_enrich: %s\n", err->message);
		return 1;
	}
	report("enrich_build", cpu() - start, "s");
	report("enrich_prefixes", s->prefixes, "rows");
	report("enrich_ranges_ipv4", s->table4->n, "ranges");
	report("enrich_ranges_ipv6", s->table6->sizes[0], "ranges");
	report("enrich_places", s->places_n, "places");
	report("enrich_memory", (double)s->memory / 1048576, "MiB");
	report("enrich_memory_ipv4", (double)nfp_table4_memory(s->table4) / 1048576, "MiB");
	report("enrich_memory_ipv6", (double)nfp_table6_memory(s->table6) / 1048576, "MiB");
	bench_find(s);
	bench_fill(s, FALSE);
	bench_fill(s, TRUE);
	bench_database(n4, n6);
	return 0;
}
