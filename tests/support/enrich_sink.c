/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/enrich_sink.h"

#include <string.h>

#include "base/error.h"
#include "enrich/cidr.h"

static bool begin(NfpSink *sink, NfpTableId table, GError **err)
{
	return true;
}

static bool insert(NfpSink *sink, const char *const *values, GError **err)
{
	NfpTestSink *t = (NfpTestSink *)sink;
	const char *blank = "";

	if (sink->rows == t->fail_at) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "refused");
		return false;
	}
	for (guint i = 0; i < nfp_tables[sink->table].n; i++) {
		if (!*values[i])
			continue;
		g_string_append_printf(t->rows, "%s%s=%s", blank, nfp_tables[sink->table].columns[i].name, values[i]);
		blank = " ";
	}
	g_string_append(t->rows, "; ");
	return true;
}

static void reject(NfpSink *sink, uint64_t line, const char *value, const char *why)
{
	g_string_append_printf(((NfpTestSink *)sink)->faults, "%u: %.40s %s; ", (guint)line, value, why);
}

static void note(NfpSink *sink, const char *text)
{
	g_string_append(((NfpTestSink *)sink)->notes, text);
}

static void progress(NfpSink *sink, double done)
{
}

void nfp_test_sink_init(NfpTestSink *t)
{
	*t = (NfpTestSink){
		.sink = { .begin = begin, .insert = insert, .reject = reject, .note = note, .progress = progress },
		.rows = g_string_new(NULL),
		.faults = g_string_new(NULL),
		.notes = g_string_new(NULL),
	};
}

void nfp_test_sink_clear(NfpTestSink *t)
{
	g_string_free(t->rows, TRUE);
	g_string_free(t->faults, TRUE);
	g_string_free(t->notes, TRUE);
}

gboolean nfp_test_sink_read(NfpTestSink *t, const char *format, const char *text, GError **err)
{
	g_autoptr(NfpLines) lines = nfp_lines_of(text, strlen(text));

	return nfp_format_find(format)->read_lines(lines, &t->sink, err);
}

/* ---- MaxMind DB (format specification 2.0) --------------------------------------------------------------- */

#define NONE UINT32_MAX

typedef struct {
	uint32_t child[2]; /* node, NONE, or DATA | offset */
} Node;

#define DATA (1u << 31)

static void put_control(GByteArray *out, guint type, guint size)
{
	guint8 bytes[] = { (guint8)((type < 8 ? type << 5 : 0) | MIN(size, 29)), (guint8)(type - 7), (guint8)(size - 29) };

	g_byte_array_append(out, bytes, 1);
	if (type >= 8)
		g_byte_array_append(out, bytes + 1, 1);
	if (size >= 29)
		g_byte_array_append(out, bytes + 2, 1);
}

static void put_text(GByteArray *out, const char *text)
{
	put_control(out, 2, (guint)strlen(text));
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
}

static void put_number(GByteArray *out, guint type, guint size, guint64 value)
{
	put_control(out, type, size);
	while (size-- > 0) {
		guint8 byte = (guint8)(value >> (8 * size));

		g_byte_array_append(out, &byte, 1);
	}
}

static void put_value(GByteArray *out, const char *value)
{
	if (*value == '#')
		put_number(out, 6, 4, g_ascii_strtoull(value + 1, NULL, 10));
	else
		put_text(out, value);
}

/* "a.b.c=v": maps in maps. */
static void put_pair(GByteArray *out, char *pair)
{
	char *value = strchr(pair, '=');
	g_auto(GStrv) keys = NULL;

	*value++ = '\0';
	keys = g_strsplit(pair, ".", -1);
	for (guint i = 0; keys[i]; i++) {
		if (i)
			put_control(out, 7, 1);
		put_text(out, keys[i]);
	}
	put_value(out, value);
}

static void put_data(GByteArray *out, const char *data)
{
	g_auto(GStrv) pairs = g_strsplit(data, " ", -1);

	put_control(out, 7, g_strv_length(pairs));
	for (guint i = 0; pairs[i]; i++)
		put_pair(out, pairs[i]);
}

static uint32_t node_new(GArray *nodes)
{
	Node node = { { NONE, NONE } };

	g_array_append_val(nodes, node);
	return nodes->len - 1;
}

/* The node of bit `length` of a path. */
static uint32_t *slot(GArray *nodes, NfpAddress first, guint length)
{
	uint32_t at = 0;

	for (guint i = 0; i + 1 < length; i++) {
		guint bit = (guint)(first >> (127 - i)) & 1;

		if (g_array_index(nodes, Node, at).child[bit] == NONE) {
			uint32_t made = node_new(nodes);

			g_array_index(nodes, Node, at).child[bit] = made;
		}
		at = g_array_index(nodes, Node, at).child[bit];
	}
	return &g_array_index(nodes, Node, at).child[(guint)(first >> (128 - length)) & 1];
}

static void put_metadata(GByteArray *out, uint16_t ip_version, guint nodes)
{
	g_byte_array_append(out, (const guint8 *)"\xab\xcd\xefMaxMind.com", 14);
	put_control(out, 7, 9);
	put_text(out, "description");
	put_control(out, 7, 0);
	put_text(out, "node_count");
	put_number(out, 6, 4, nodes);
	put_text(out, "record_size");
	put_number(out, 5, 2, 24);
	put_text(out, "ip_version");
	put_number(out, 5, 2, ip_version);
	put_text(out, "database_type");
	put_text(out, "Test");
	put_text(out, "languages");
	put_control(out, 11, 0);
	put_text(out, "binary_format_major_version");
	put_number(out, 5, 2, 2);
	put_text(out, "binary_format_minor_version");
	put_number(out, 5, 2, 0);
	put_text(out, "build_epoch");
	put_number(out, 9, 8, 1700000000);
}

GByteArray *nfp_test_mmdb(uint16_t ip_version, const NfpTestNetwork *networks, guint n, gboolean aliases)
{
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(Node));
	g_autoptr(GByteArray) data = g_byte_array_new();
	GByteArray *out = g_byte_array_new();

	node_new(nodes);
	for (guint i = 0; i < n; i++) {
		const char *why;
		NfpPrefix prefix;

		if (!nfp_prefix_parse(networks[i].cidr, &prefix, &why))
			g_error("%s %s", networks[i].cidr, why);
		if (prefix.family == 4 && ip_version == 6) {
			prefix.first >>= 96;
			prefix.length = (uint8_t)(prefix.length + 96);
		}
		*slot(nodes, prefix.first, prefix.length) = DATA | data->len;
		put_data(data, networks[i].data);
	}
	if (aliases) {
		uint32_t four = *slot(nodes, 0, 96);

		*slot(nodes, (NfpAddress)0x2002 << 112, 16) = four;
	}
	for (guint i = 0; i < nodes->len; i++) {
		for (guint bit = 0; bit < 2; bit++) {
			uint32_t value = g_array_index(nodes, Node, i).child[bit];
			guint8 bytes[3];

			value = value == NONE ? nodes->len : value & DATA ? nodes->len + 16 + (value & ~DATA) : value;
			bytes[0] = (guint8)(value >> 16);
			bytes[1] = (guint8)(value >> 8);
			bytes[2] = (guint8)value;
			g_byte_array_append(out, bytes, 3);
		}
	}
	g_byte_array_append(out, (const guint8[16]){ 0 }, 16);
	g_byte_array_append(out, data->data, data->len);
	put_metadata(out, ip_version, nodes->len);
	return out;
}
