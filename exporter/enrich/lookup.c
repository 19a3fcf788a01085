/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "enrich/export.h"
#include "enrich/load.h"
#include "enrich/tables.h"

/* A row whose prefix the address is in. */
typedef struct {
	uint8_t length;
	gint64 priority;
	gint64 rowid;
	char *text;
} Row;

static void row_clear(void *data)
{
	g_free(((Row *)data)->text);
}

static int in_order(gconstpointer a, gconstpointer b)
{
	const Row *x = a, *y = b;

	if (x->length != y->length)
		return x->length > y->length ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->rowid < y->rowid) - (x->rowid > y->rowid);
}

static GArray *rows_of(sqlite3 *db, NfpAddress address, uint8_t family, GError **err)
{
	g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(
		db, "SELECT rowid, cidr, source, priority, 'prefix' FROM prefix UNION ALL "
		    "SELECT rowid, address, source, priority, 'host' FROM host", err);
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
	int rc;

	g_array_set_clear_func(rows, row_clear);
	if (!stmt)
		return NULL;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *cidr = (const char *)sqlite3_column_text(stmt, 1), *why;
		Row row = { .rowid = sqlite3_column_int64(stmt, 0), .priority = sqlite3_column_int64(stmt, 3) };
		NfpPrefix prefix;

		if (!nfp_prefix_parse(cidr ? cidr : "", &prefix, &why) || prefix.family != family ||
		    (address & nfp_prefix_mask(prefix.length)) != prefix.first)
			continue;
		row.length = prefix.length;
		row.text = g_strdup_printf("%s row %" G_GINT64_FORMAT ": %s, source %s, priority %" G_GINT64_FORMAT,
					   sqlite3_column_text(stmt, 4), row.rowid, cidr, sqlite3_column_text(stmt, 2),
					   row.priority);
		g_array_append_val(rows, row);
	}
	if (rc != SQLITE_DONE) {
		nfp_database_error(db, "SQLite", err);
		return NULL;
	}
	g_array_sort(rows, in_order);
	return g_steal_pointer(&rows);
}

/* Texts of the database may hold anything. */
static void append_value(GString *out, gboolean json, const char *name, const char *value, gboolean text)
{
	g_autofree char *escaped = NULL;

	if (!*value)
		return;
	if (!json) {
		g_string_append_printf(out, "%-10s %s\n", name, value);
		return;
	}
	g_string_append_printf(out, "%s\"%s\": ", out->len > 1 ? ", " : "", name);
	/* g_strescape() writes octal escapes, which are none of JSON's: what is below a blank is left out. */
	escaped = g_strdup(value);
	for (char *c = escaped; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	g_string_append(out, text ? "\"" : "");
	for (const char *c = escaped; *c; c++)
		g_string_append_printf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	g_string_append(out, text ? "\"" : "");
}

static void append_place(GString *out, gboolean json, const NfpPlace *place)
{
	char number[16];

	g_snprintf(number, sizeof(number), "%u", place->as_number);
	append_value(out, json, "as_number", place->as_number ? number : "", FALSE);
	append_value(out, json, "as_name", place->as_name.text, TRUE);
	append_value(out, json, "country", place->country.text, TRUE);
	append_value(out, json, "city", place->city.text, TRUE);
	append_value(out, json, "site", place->site.text, TRUE);
	append_value(out, json, "customer", place->customer.text, TRUE);
	append_value(out, json, "host", place->host.text, TRUE);
	for (guint i = 0; i < NFP_LABELS; i++) {
		char name[] = "label1";

		name[5] = (char)('1' + i);
		append_value(out, json, name, place->labels[i].text, TRUE);
	}
}

static const NfpPlace *place_of(const NfpSnapshot *s, NfpAddress address, uint8_t family)
{
	return &s->places[family == 4 ? nfp_table4_find(s->table4, (uint32_t)(address >> 96))
				      : nfp_table6_find(s->table6, (uint64_t)(address >> 64), (uint64_t)address)];
}

static bool is_known(const NfpPlace *place)
{
	return place->as_number || *place->as_name.text || *place->country.text;
}

static gboolean look(sqlite3 *db, NfpAddress address, uint8_t family, gboolean json, GString *out, GError **err)
{
	static const gint go_on = 0;
	g_auto(NfpLoadReport) report = { 0 };
	g_autoptr(NfpSnapshot) snapshot = nfp_load(db, &go_on, &report, err);
	g_autoptr(GArray) rows = snapshot ? rows_of(db, address, family, err) : NULL;
	const NfpPlace *place;
	char text[NFP_PREFIX_TEXT];

	if (!rows)
		return FALSE;
	place = place_of(snapshot, address, family);
	g_string_append(out, json ? "{" : "");
	append_value(out, json, "address", nfp_address_print(address, family, text), TRUE);
	append_place(out, json, place);
	if (json) {
		g_string_append(out, "}\n");
		return TRUE;
	}
	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(out, "%-10s %s\n", i ? "" : "from", g_array_index(rows, Row, i).text);
	if (!rows->len)
		g_string_append_printf(out, "%-10s %s\n", "from",
				       is_known(place) ? "built-in facts; no row of the database has this address"
						       : "nothing: no row of the database has this address");
	return TRUE;
}

gboolean nfp_enrich_lookup(const char *database, const char *address, gboolean json, NfpWrite write, void *data,
			   GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(sqlite3) db = NULL;
	gboolean alone;
	NfpAddress value;
	uint8_t family;

	if (!nfp_address_parse(address, &value, &family)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE, "\"%.64s\" is no address; allowed: IPv4 or IPv6, as 192.0.2.1",
			    address);
		return FALSE;
	}
	db = nfp_database_read(database, FALSE, &alone, err);
	if (!db || !nfp_database_exec(db, "BEGIN", err) || !look(db, value, family, json, out, err)) {
		g_prefix_error(err, "%s: ", database);
		return FALSE;
	}
	write(out->str, data);
	return TRUE;
}
