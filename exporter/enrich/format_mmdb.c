/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MaxMind DB files (libmaxminddb): the layouts of ASN, Country and City databases, and the flat ones that others publish
 * (asn, as_name, country_code, city as texts of the top). The tree is walked as it stands in the file; the second ways to
 * the IPv4 part of an IPv6 tree (::ffff:0:0/96, 2002::/16, 2001::/32) are not taken.
 */
#include <maxminddb.h>
#include <string.h>

#include "base/error.h"
#include "enrich/cidr.h"
#include "enrich/format.h"
#include "enrich/mmdb_check.h"

#define STEPS_MAX (1u << 26) /* nodes that are looked at: a tree that is a knot has no end */

typedef struct {
	MMDB_s db;
	NfpSink *sink;
	GError **err;
	uint64_t steps;
	uint64_t records; /* with data, as lines of a text */
} Walk;

/* A text of the data; NULL: there is none. Caller frees. */
static char *text_at(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING || !data.data_size)
		return NULL;
	return g_strndup(data.utf8_string, data.data_size);
}

static uint32_t number_at(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data)
		return 0;
	switch (data.type) {
	case MMDB_DATA_TYPE_UINT16:
		return data.uint16;
	case MMDB_DATA_TYPE_UINT32:
		return data.uint32;
	case MMDB_DATA_TYPE_UTF8_STRING: {
		char text[16] = "";

		/* No NUL ends it: what lies behind it may be the end of the file. */
		memcpy(text, data.utf8_string, MIN(sizeof(text) - 1, data.data_size));
		return (uint32_t)g_ascii_strtoull(g_ascii_strncasecmp(text, "as", 2) ? text : text + 2, NULL, 10);
	}
	default:
		return 0;
	}
}

/* The first of several places that has a text. Rows end with NULL, the list with an empty row. */
static char *first_text(MMDB_entry_s *entry, const char *const places[][5])
{
	char *text = NULL;

	for (guint i = 0; !text && places[i][0]; i++)
		text = text_at(entry, places[i]);
	return text;
}

static uint32_t first_number(MMDB_entry_s *entry, const char *const places[][5])
{
	uint32_t number = 0;

	for (guint i = 0; !number && places[i][0]; i++)
		number = number_at(entry, places[i]);
	return number;
}

static bool add(Walk *w, NfpAddress first, uint8_t length, MMDB_entry_s *entry)
{
	static const char *const numbers[][5] = { { "autonomous_system_number" }, { "asn" }, { "as_number" }, { NULL } };
	static const char *const names[][5] = { { "autonomous_system_organization" }, { "as_name" }, { "name" },
						{ "as_organization" }, { NULL } };
	static const char *const countries[][5] = { { "country", "iso_code" }, { "country_code" }, { "country_iso_code" },
						    { "registered_country", "iso_code" }, { "country" }, { NULL } };
	static const char *const cities[][5] = { { "city", "names", "en" }, { "city" }, { "city_name" }, { NULL } };
	g_autofree char *name = first_text(entry, names);
	g_autofree char *country = first_text(entry, countries);
	g_autofree char *city = first_text(entry, cities);
	uint32_t number = first_number(entry, numbers);
	NfpPrefix prefix = { first, 6, length };
	char cidr[NFP_PREFIX_TEXT];

	w->records++;
	if (w->db.metadata.ip_version == 4) {
		prefix.family = 4;
	} else if (length >= 96 && !(first >> 32)) {
		prefix = (NfpPrefix){ first << 96, 4, (uint8_t)(length - 96) };
	}
	if (!number && !name && !country && !city) {
		w->sink->skipped++;
		return true;
	}
	return nfp_sink_prefix(w->sink, nfp_prefix_print(&prefix, cidr), number, name, country, city, w->records, w->err);
}

static bool fault(Walk *w, const char *why)
{
	g_set_error(w->err, NFP_ERROR, NFP_ERROR_FAILED, "%s", why);
	return false;
}

static bool walk(Walk *w, uint32_t node, NfpAddress first, uint8_t length);

static bool record(Walk *w, uint64_t value, uint8_t type, MMDB_entry_s *entry, NfpAddress first, uint8_t length)
{
	switch (type) {
	case MMDB_RECORD_TYPE_EMPTY:
		return true;
	case MMDB_RECORD_TYPE_DATA:
		return add(w, first, length, entry);
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return walk(w, (uint32_t)value, first, length);
	default:
		return fault(w, "its tree is damaged");
	}
}

static bool walk(Walk *w, uint32_t node, NfpAddress first, uint8_t length)
{
	MMDB_search_node_s n;

	if (length >= (w->db.metadata.ip_version == 4 ? 32 : 128))
		return fault(w, "its tree is deeper than addresses are long");
	/* The part that IPv4 addresses are in is reached by ::/96; other ways lead there, too. */
	if (w->db.metadata.ip_version == 6 && w->db.ipv4_start_node.node_value &&
	    node == w->db.ipv4_start_node.node_value && first >> 32)
		return true;
	if (++w->steps > STEPS_MAX)
		return fault(w, "its tree has more than 67108864 nodes");
	if (MMDB_read_node(&w->db, node, &n) != MMDB_SUCCESS)
		return fault(w, "its tree is damaged");
	if (!(w->steps % 4096))
		w->sink->progress(w->sink, MIN(1, (double)w->steps / w->db.metadata.node_count));
	return record(w, n.left_record, n.left_record_type, &n.left_record_entry, first, length + 1) &&
	       record(w, n.right_record, n.right_record_type, &n.right_record_entry,
		      first | (NfpAddress)1 << (127 - length), length + 1);
}

static gboolean check_file(const char *path, GError **err)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, err);
	const char *why;

	if (!file)
		return FALSE;
	/* Of an empty file there are no contents. */
	why = nfp_mmdb_check(g_mapped_file_get_length(file) ? (const uint8_t *)g_mapped_file_get_contents(file)
							    : (const uint8_t *)"",
			     g_mapped_file_get_length(file));
	if (why)
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s: %s", path, why);
	return !why;
}

gboolean nfp_format_mmdb(const char *path, NfpSink *sink, GError **err)
{
	Walk w = { .sink = sink, .err = err };
	gboolean done;
	int rc;

	if (!check_file(path, err))
		return FALSE;
	rc = MMDB_open(path, MMDB_MODE_MMAP, &w.db);
	if (rc != MMDB_SUCCESS) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s cannot be read: %s", path, MMDB_strerror(rc));
		return FALSE;
	}
	if (w.db.metadata.ip_version != 4 && w.db.metadata.ip_version != 6)
		done = fault(&w, "its addresses are neither IPv4 nor IPv6");
	else
		done = nfp_sink_begin(sink, NFP_TABLE_PREFIX, err) && walk(&w, 0, 0, 0);
	MMDB_close(&w.db);
	if (!done)
		g_prefix_error(err, "%s: ", path);
	return done;
}
