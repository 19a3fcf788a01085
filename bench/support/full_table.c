/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/support/full_table.h"

/* Shares of lengths in per mille, as of the route collectors' tables of 2024: most are /24, and /48. */
typedef struct {
	uint8_t length;
	guint share;
} Share;

static const Share shares4[] = { { 24, 595 }, { 23, 98 }, { 22, 108 }, { 21, 51 }, { 20, 43 }, { 19, 25 }, { 18, 14 },
				 { 17, 8 },   { 16, 14 }, { 15, 2 },   { 14, 1 },  { 13, 1 },  { 12, 1 },  { 25, 14 },
				 { 28, 8 },   { 30, 8 },  { 32, 9 } };
static const Share shares6[] = { { 48, 470 }, { 44, 105 }, { 40, 95 }, { 32, 110 }, { 46, 40 }, { 47, 35 }, { 36, 40 },
				 { 42, 30 },  { 29, 25 },  { 33, 20 }, { 64, 12 },  { 45, 12 }, { 128, 6 } };
/* Where addresses are given out: the first octets of IPv4 that are unicast, and blocks of IPv6 by their upper 16 bits. */
static const uint16_t blocks6[] = { 0x2001, 0x2400, 0x2401, 0x2402, 0x2403, 0x2404, 0x2405, 0x2406, 0x2407, 0x2409, 0x240e,
				    0x2600, 0x2601, 0x2602, 0x2603, 0x2604, 0x2605, 0x2606, 0x2607, 0x2610, 0x2620, 0x2800,
				    0x2801, 0x2803, 0x2804, 0x2806, 0x2a00, 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06,
				    0x2a07, 0x2a09, 0x2a0a, 0x2a0b, 0x2a0c, 0x2a0d, 0x2a0e, 0x2a0f, 0x2a10, 0x2c0f };

NfpAddress nfp_bench_address4(GRand *random)
{
	return (NfpAddress)(uint32_t)((uint32_t)g_rand_int_range(random, 1, 224) << 24 | g_rand_int(random) >> 8) << 96;
}

NfpAddress nfp_bench_address6(GRand *random)
{
	uint64_t block = blocks6[g_rand_int_range(random, 0, G_N_ELEMENTS(blocks6))];
	uint64_t high = block << 48 | (uint64_t)(g_rand_int(random) & 0xffffff) << 24 | g_rand_int(random) >> 8;

	return (NfpAddress)high << 64 | (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
}

static uint8_t length_of(GRand *random, const Share *shares, guint n)
{
	gint at = g_rand_int_range(random, 0, 1000);

	for (guint i = 0; i < n; i++) {
		at -= (gint)shares[i].share;
		if (at < 0)
			return shares[i].length;
	}
	return shares[0].length;
}

static NfpBenchOrigin origin_of(GRand *random)
{
	NfpBenchOrigin o = { .as_number = (uint32_t)g_rand_int_range(random, 1, 80001) };

	g_snprintf(o.name, sizeof(o.name), "NETWORK-%u Example", o.as_number);
	o.country[0] = (char)('A' + o.as_number % 10);
	o.country[1] = (char)('A' + o.as_number % 25);
	return o;
}

void nfp_bench_full_table(guint n4, guint n6, NfpBenchRow add, void *data)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (guint i = 0; i < n4 + n6; i++) {
		NfpPrefix prefix = { .family = i < n4 ? 4 : 6 };
		NfpBenchOrigin origin = origin_of(random);

		prefix.length = i < n4 ? length_of(random, shares4, G_N_ELEMENTS(shares4))
				       : length_of(random, shares6, G_N_ELEMENTS(shares6));
		prefix.first = (i < n4 ? nfp_bench_address4(random) : nfp_bench_address6(random)) & nfp_prefix_mask(prefix.length);
		add(&prefix, &origin, data);
	}
}

static void add_to_database(const NfpPrefix *prefix, const NfpBenchOrigin *origin, void *data)
{
	sqlite3_stmt *stmt = data;
	char cidr[NFP_PREFIX_TEXT];

	nfp_prefix_print(prefix, cidr);
	sqlite3_bind_text(stmt, 1, cidr, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(stmt, 2, origin->as_number);
	sqlite3_bind_text(stmt, 3, origin->name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 4, origin->country, -1, SQLITE_TRANSIENT);
	sqlite3_step(stmt);
	sqlite3_reset(stmt);
}

void nfp_bench_full_database(guint n4, guint n6, NfpTestDb *test)
{
	sqlite3_stmt *stmt;

	nfp_test_db_init(test);
	nfp_test_db_exec(test, "BEGIN");
	stmt = nfp_database_prepare(test->db, "INSERT OR IGNORE INTO prefix(cidr, as_number, as_name, country, source)"
					      "VALUES(?, ?, ?, ?, 'bench')", NULL);
	nfp_bench_full_table(n4, n6, add_to_database, stmt);
	sqlite3_finalize(stmt);
	nfp_test_db_exec(test, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}
