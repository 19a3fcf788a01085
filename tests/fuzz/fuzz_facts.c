/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any rows of a database that somebody else made are facts, or left out and told; the AS of an address is that of the longest
 * prefix that says one, then of the higher priority, then of the later row. A row: the table, then its values; a value: its type,
 * then a number, or a length and octets.
 */
#include <stdlib.h>
#include <string.h>

#include "enrich/load.h"
#include "enrich/tables.h"

#define ROWS 60

static void check(gboolean sound)
{
	if (!sound)
		abort();
}

/* ---- input: zeros behind its end ---------------------------------------------------------------- */

typedef struct {
	const uint8_t *at, *end;
} Input;

static uint8_t next8(Input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static gint64 next_number(Input *in, guint octets)
{
	guint64 n = 0;

	while (octets-- > 0)
		n = n << 8 | next8(in);
	return (gint64)n;
}

/* ---- rows -------------------------------------------------------------------------------------------- */

typedef struct {
	NfpPrefix prefix;
	uint32_t as_number;
	gint64 priority;
} Row;

/* Without the types and checks that our own tables have. */
static sqlite3 *make_database(void)
{
	sqlite3 *db;

	check(!sqlite3_open(":memory:", &db));
	for (guint t = 0; t < NFP_TABLES_N; t++) {
		g_autoptr(GString) sql = g_string_new("CREATE TABLE ");

		g_string_append_printf(sql, "%s(", nfp_tables[t].name);
		for (guint i = 0; i < nfp_tables[t].n; i++)
			g_string_append_printf(sql, "%s%s", i ? ", " : "", nfp_tables[t].columns[i].name);
		g_string_append(sql, ")");
		check(!sqlite3_exec(db, sql->str, NULL, NULL, NULL));
	}
	return db;
}

static void bind(Input *in, sqlite3_stmt *stmt, int column)
{
	static const char *const texts[] = { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "2001:db8::/32", "2001:db8::1",
					     "0.0.0.0/0", "255.255.255.255", "tcp", "eth*", "DE", "" };
	uint8_t type = next8(in) % 8;

	if (type < 2) {
		sqlite3_bind_text(stmt, column, texts[next8(in) % G_N_ELEMENTS(texts)], -1, SQLITE_STATIC);
	} else if (type < 4) {
		guint length = next8(in) * (type == 3 ? 4 : 1), there = MIN(length, (guint)(in->end - in->at));

		sqlite3_bind_text(stmt, column, (const char *)in->at, (int)there, SQLITE_TRANSIENT);
		in->at += there;
	} else if (type == 4) {
		guint length = next8(in), there = MIN(length, (guint)(in->end - in->at));

		sqlite3_bind_blob(stmt, column, in->at, (int)there, SQLITE_TRANSIENT);
		in->at += there;
	} else if (type == 5) {
		sqlite3_bind_int64(stmt, column, next_number(in, 8));
	} else if (type == 6) {
		sqlite3_bind_int(stmt, column, next8(in) - 1);
	} else {
		sqlite3_bind_null(stmt, column);
	}
}

static void insert(Input *in, sqlite3 *db)
{
	const NfpTable *table = &nfp_tables[next8(in) % NFP_TABLES_N];
	g_autoptr(GString) sql = g_string_new("INSERT INTO ");
	sqlite3_stmt *stmt;

	g_string_append_printf(sql, "%s VALUES(?", table->name);
	for (guint i = 1; i < table->n; i++)
		g_string_append(sql, ",?");
	g_string_append(sql, ")");
	check(!sqlite3_prepare_v2(db, sql->str, -1, &stmt, NULL));
	for (guint i = 0; i < table->n; i++)
		bind(in, stmt, (int)i + 1);
	check(sqlite3_step(stmt) == SQLITE_DONE);
	sqlite3_finalize(stmt);
}

/* ---- what must hold -------------------------------------------------------------------------------- */

static void check_text(NfpText text)
{
	check(text.text && strlen(text.text) == text.length && text.length <= NFP_TEXT_MAX &&
	      g_utf8_validate(text.text, text.length, NULL));
}

static void check_place(const NfpPlace *place)
{
	check_text(place->as_name);
	check_text(place->country);
	check_text(place->city);
	check_text(place->site);
	check_text(place->customer);
	check_text(place->host);
	for (guint i = 0; i < NFP_LABELS; i++)
		check_text(place->labels[i]);
}

static const NfpPlace *place_of(const NfpSnapshot *snapshot, NfpAddress address, uint8_t family)
{
	uint8_t octets[16];

	for (guint i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(address >> (120 - 8 * i));
	return family == 4 ? nfp_snapshot_place4(snapshot, octets) : nfp_snapshot_place6(snapshot, octets);
}

/* Rows that are not left out; those that say no AS say nothing here. */
static GArray *rows_of(sqlite3 *db)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(Row));
	sqlite3_stmt *stmt;

	check(!sqlite3_prepare_v2(db, "SELECT * FROM prefix ORDER BY rowid", -1, &stmt, NULL));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int last = sqlite3_column_count(stmt) - 1;
		const char *cidr = (const char *)sqlite3_column_text(stmt, 0), *why;
		gint64 as = sqlite3_column_int64(stmt, 1);
		Row row = { .as_number = (uint32_t)as, .priority = sqlite3_column_int64(stmt, last) };
		gboolean good = nfp_prefix_parse(cidr ? cidr : "", &row.prefix, &why) && as >= 0 && as <= G_MAXUINT32 &&
				row.priority >= -NFP_PRIORITY_MAX && row.priority <= NFP_PRIORITY_MAX;

		for (int i = 2; good && i < last; i++) {
			const char *text = (const char *)sqlite3_column_text(stmt, i);
			gsize length = (gsize)sqlite3_column_bytes(stmt, i);

			good = !text || (length <= NFP_TEXT_MAX && g_utf8_validate_len(text, length, NULL));
		}
		if (good && as)
			g_array_append_val(rows, row);
	}
	sqlite3_finalize(stmt);
	return rows;
}

static uint32_t as_of(const GArray *rows, NfpAddress address, uint8_t family)
{
	const Row *best = NULL;

	for (guint i = 0; i < rows->len; i++) {
		const Row *row = &g_array_index(rows, Row, i);

		if (row->prefix.family != family || (address & nfp_prefix_mask(row->prefix.length)) != row->prefix.first)
			continue;
		if (!best || row->prefix.length > best->prefix.length ||
		    (row->prefix.length == best->prefix.length && row->priority >= best->priority))
			best = row;
	}
	return best ? best->as_number : 0;
}

static void try_address(const NfpSnapshot *snapshot, const GArray *rows, NfpAddress address, uint8_t family)
{
	const NfpPlace *place;

	if (family == 4)
		address &= nfp_prefix_mask(32);
	place = place_of(snapshot, address, family);
	check_place(place);
	check(place->as_number == as_of(rows, address, family));
}

static void check_snapshot(const NfpSnapshot *snapshot, const GArray *rows)
{
	for (guint i = 0; i < rows->len; i++) {
		const NfpPrefix *prefix = &g_array_index(rows, Row, i).prefix;
		NfpAddress one = prefix->family == 4 ? (NfpAddress)1 << 96 : 1;

		try_address(snapshot, rows, prefix->first, prefix->family);
		try_address(snapshot, rows, prefix->first - one, prefix->family);
		try_address(snapshot, rows, nfp_prefix_last(prefix), prefix->family);
		try_address(snapshot, rows, nfp_prefix_last(prefix) + 1, prefix->family);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const gint go_on = 0;
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(GError) err = NULL;
	g_autoptr(sqlite3) db = make_database();
	g_autoptr(NfpSnapshot) snapshot = NULL;
	g_autoptr(GArray) rows = NULL;
	Input in = { data, data + size };

	check(!sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
	for (guint i = 0; i < ROWS && in.at < in.end; i++)
		insert(&in, db);
	snapshot = nfp_load(db, &go_on, &report, &err);
	check(snapshot && !err);
	check((report.left_out > 0) == (report.told != NULL));
	check(!report.told || g_utf8_validate(report.told->str, -1, NULL));
	rows = rows_of(db);
	check_snapshot(snapshot, rows);
	return 0;
}
