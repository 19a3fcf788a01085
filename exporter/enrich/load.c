/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/load.h"

#include <string.h>

#include "base/error.h"
#include "enrich/builtin.h"
#include "enrich/tables.h"

#define ROUND 4096 /* rows between looks at limits */
#define INSTRUCTIONS 100000 /* of SQLite's virtual machine between looks at `cancel`: some ms */

typedef struct {
	NfpSnapshot *snapshot;
	NfpLoadReport *report;
	sqlite3_stmt *stmt;
	const char *table;
} Load;

static void left_out(Load *l, const char *column, const char *value, const char *why)
{
	g_autofree char *text = NULL, *line = NULL;

	if (l->report->left_out++ >= NFP_LOAD_TOLD)
		return;
	if (!l->report->told)
		l->report->told = g_string_new(NULL);
	text = g_strdup_printf("%s row %lld: %s \"%.64s\" %s", l->table, (long long)sqlite3_column_int64(l->stmt, 0), column,
			       value ? value : "", why);
	line = nfp_error_line(text);
	g_string_append_printf(l->report->told, "%s%s", l->report->told->len ? "\n" : "", line);
}

/* Texts of the row; NULL and "" are the same. false: told. */
static bool text_at(Load *l, int column, uint32_t *ret)
{
	const char *text = (const char *)sqlite3_column_text(l->stmt, column);
	int length = text ? sqlite3_column_bytes(l->stmt, column) : 0;

	if (length > NFP_TEXT_MAX || !g_utf8_validate_len(text ? text : "", (gsize)length, NULL)) {
		g_autofree char *valid = g_utf8_make_valid(text, length);

		left_out(l, sqlite3_column_name(l->stmt, column), valid,
			 length > NFP_TEXT_MAX ? "is longer than 255 octets" : "is not UTF-8");
		return false;
	}
	*ret = nfp_texts_add(l->snapshot->texts, text ? text : "", (size_t)length);
	return true;
}

static bool texts_at(Load *l, int first, uint32_t *ret, int n)
{
	for (int i = 0; i < n; i++)
		if (sqlite3_column_type(l->stmt, first + i) != SQLITE_NULL && !text_at(l, first + i, &ret[i]))
			return false;
	return true;
}

static bool number_at(Load *l, int column, gint64 least, gint64 most, gint64 *ret)
{
	gint64 value = sqlite3_column_int64(l->stmt, column);

	if (value < least || value > most) {
		left_out(l, sqlite3_column_name(l->stmt, column), (const char *)sqlite3_column_text(l->stmt, column),
			 "is out of range");
		return false;
	}
	*ret = value;
	return true;
}

static bool prefix_at(Load *l, int column, NfpPrefix *ret)
{
	const char *text = (const char *)sqlite3_column_text(l->stmt, column);
	const char *why;

	if (nfp_prefix_parse(text ? text : "", ret, &why))
		return true;
	left_out(l, sqlite3_column_name(l->stmt, column), text ? text : "", why);
	return false;
}

static bool priority_at(Load *l, int column, int32_t *ret)
{
	gint64 value;

	if (!number_at(l, column, -NFP_PRIORITY_MAX, NFP_PRIORITY_MAX, &value))
		return false;
	*ret = (int32_t)value;
	return true;
}

static void load_prefix(Load *l)
{
	NfpFacts facts = { 0 };
	NfpPrefix prefix;
	int32_t priority;
	gint64 as;

	if (!prefix_at(l, 1, &prefix) || !number_at(l, 2, 0, G_MAXUINT32, &as) || !priority_at(l, 16, &priority) ||
	    !texts_at(l, 3, facts.text, NFP_FACT_HOST))
		return;
	facts.as_number = (uint32_t)as;
	nfp_snapshot_add_prefix(l->snapshot, &prefix, &facts, priority);
}

static void load_host(Load *l)
{
	NfpPrefix address;
	int32_t priority;
	uint32_t name = 0;

	if (!prefix_at(l, 1, &address) || !texts_at(l, 2, &name, 1) || !priority_at(l, 3, &priority))
		return;
	if (address.length != nfp_family_bits(address.family)) {
		left_out(l, "address", (const char *)sqlite3_column_text(l->stmt, 1), "is no single host");
		return;
	}
	nfp_snapshot_add_host(l->snapshot, &address, name, priority);
}

static void load_service(Load *l)
{
	const char *protocol = (const char *)sqlite3_column_text(l->stmt, 1);
	NfpServiceRow row = { 0 };
	gint64 first, last, id;

	if (!protocol || !nfp_protocol_parse(protocol, &row.protocol)) {
		left_out(l, "protocol", protocol ? protocol : "", "is no protocol");
		return;
	}
	if (!number_at(l, 2, 0, G_MAXUINT16, &first) || !number_at(l, 3, first, G_MAXUINT16, &last) ||
	    !texts_at(l, 4, &row.name, 1) || !number_at(l, 5, 0, G_MAXUINT32, &id) || !priority_at(l, 6, &row.priority))
		return;
	row.first = (uint16_t)first;
	row.last = (uint16_t)last;
	row.id = (uint32_t)id;
	nfp_snapshot_add_service(l->snapshot, &row);
}

static void load_interface(Load *l)
{
	NfpInterfaceRule rule = { 0 };
	uint32_t texts[4] = { 0 };
	gint64 speed;

	if (!texts_at(l, 1, texts, 4) || !number_at(l, 5, 0, G_MAXUINT32, &speed) || !priority_at(l, 6, &rule.priority))
		return;
	rule.match = (char *)nfp_texts_get(l->snapshot->texts, texts[0]).text;
	rule.alias = texts[1];
	rule.role = texts[2];
	rule.vrf = texts[3];
	rule.speed = (uint32_t)speed;
	nfp_snapshot_add_rule(l->snapshot, &rule);
}

/* Column 0 is the row's id. Later rows go before earlier ones: in the order of their ids. */
static const struct {
	const char *table, *sql;
	void (*load)(Load *load);
} selects[] = {
	{ "prefix",
	  "SELECT rowid, cidr, as_number, as_name, country, city, site, customer, label1, label2, label3, label4, label5,"
	  " label6, label7, label8, priority FROM prefix ORDER BY rowid",
	  load_prefix },
	{ "host", "SELECT rowid, address, name, priority FROM host ORDER BY rowid", load_host },
	{ "service",
	  "SELECT rowid, protocol, port_first, coalesce(port_last, port_first) AS port_last, name,"
	  " coalesce(application_id, 0) AS application_id, priority FROM service ORDER BY rowid",
	  load_service },
	{ "interface",
	  "SELECT rowid, match, alias, role, vrf, coalesce(speed, 0) AS speed, priority FROM interface ORDER BY rowid",
	  load_interface },
};

static gboolean load_table(Load *l, sqlite3 *db, guint i, GError **err)
{
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(db, selects[i].sql, err);
	guint n = 0;
	int rc;

	if (!stmt)
		return FALSE;
	l->stmt = stmt;
	l->table = selects[i].table;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		selects[i].load(l);
		if (++n % ROUND == 0 && !nfp_snapshot_fits(l->snapshot, err))
			return FALSE;
	}
	if (rc == SQLITE_INTERRUPT) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "reading was ended");
		return FALSE;
	}
	return rc == SQLITE_DONE || nfp_database_error(db, "SQLite", err);
}

/* Between rows and within: a view can compute for ever without one. */
static int is_cancelled(void *cancel)
{
	return g_atomic_int_get((const gint *)cancel);
}

static gboolean load_tables(Load *l, sqlite3 *db, GError **err)
{
	for (guint i = 0; i < G_N_ELEMENTS(selects); i++)
		if (!load_table(l, db, i, err))
			return FALSE;
	return TRUE;
}

NfpSnapshot *nfp_load(sqlite3 *db, const gint *cancel, NfpLoadReport *report, GError **err)
{
	g_autoptr(NfpSnapshot) snapshot = nfp_snapshot_new();
	Load l = { .snapshot = snapshot, .report = report };
	gboolean done;

	nfp_builtin_add(snapshot);
	sqlite3_progress_handler(db, INSTRUCTIONS, is_cancelled, (void *)cancel);
	done = load_tables(&l, db, err);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return done && nfp_snapshot_seal(snapshot, err) ? g_steal_pointer(&snapshot) : NULL;
}

NfpSnapshot *nfp_load_file(const char *path, NfpLoadReport *report, GError **err)
{
	static const gint go_on = 0;
	g_autoptr(sqlite3) db = NULL;
	NfpSnapshot *snapshot = NULL;
	gboolean alone;

	db = nfp_database_read(path, FALSE, &alone, err);
	if (db && nfp_database_exec(db, "BEGIN", err))
		snapshot = nfp_load(db, &go_on, report, err);
	if (!snapshot)
		g_prefix_error(err, "%s: ", path);
	return snapshot;
}

void nfp_load_report_clear(NfpLoadReport *report)
{
	if (report->told)
		g_string_free(report->told, TRUE);
	report->told = NULL;
	report->left_out = 0;
}
