/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/diff.h"

#include "base/error.h"
#include <string.h>

#include "filter/prefixes.h"

#define TEXT_MAX 60 /* of a value, for people */

static gboolean is_wide(const NfpConfRow *row)
{
	return row->type == NFP_CONF_DURATION || row->type == NFP_CONF_SIZE;
}

static uint64_t number_of(const NfpConfRow *row, const void *base)
{
	const char *member = (const char *)base + row->offset;

	return is_wide(row) ? *(const uint64_t *)member : *(const uint32_t *)member;
}

static const char *string_of(const NfpConfRow *row, const void *base)
{
	return *(char *const *)((const char *)base + row->offset);
}

static const NfpPrefixes *prefixes_of(const NfpConfRow *row, const void *base)
{
	return *(NfpPrefixes *const *)((const char *)base + row->offset);
}

static gboolean same_value(const NfpConfRow *row, const void *a, const void *b)
{
	if (row->type == NFP_CONF_PREFIXES)
		return nfp_prefixes_same(prefixes_of(row, a), prefixes_of(row, b));
	if (nfp_conf_types[row->type].is_string)
		return !g_strcmp0(string_of(row, a), string_of(row, b));
	return number_of(row, a) == number_of(row, b);
}

gboolean nfp_conf_same_item(NfpConfTable table, const void *a, const void *b)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++)
		if (nfp_conf_rows[i].table == table && !same_value(&nfp_conf_rows[i], a, b))
			return FALSE;
	return TRUE;
}

gboolean nfp_conf_same_part(NfpConfTable table, NfpConfPart part, const void *a, const void *b)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];

		if (row->table == table && row->part == part && !same_value(row, a, b))
			return FALSE;
	}
	return TRUE;
}

void nfp_conf_keep(const NfpConf *from, NfpConf *to, NfpConfPart part)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		char *member = (char *)to + row->offset;

		if (row->table != NFP_CONF_TOP || row->part != part)
			continue;
		if (nfp_conf_types[row->type].is_string) {
			g_free(*(char **)member);
			*(char **)member = g_strdup(string_of(row, from));
		} else {
			memcpy(member, (const char *)from + row->offset, is_wide(row) ? 8 : 4);
		}
	}
}

/* ---- for people ---------------------------------------------------------------------------------- */

static void print_choice(const NfpConfRow *row, uint64_t value, GString *out)
{
	for (const NfpConfChoice *choice = row->choices; choice->text; choice++)
		if ((uint64_t)choice->value == value) {
			g_string_append(out, choice->text);
			return;
		}
}

static void print_string(const char *text, GString *out)
{
	if (!text)
		g_string_append(out, "none");
	else
		g_string_append_printf(out, "%.*s%s", TEXT_MAX, text, strlen(text) > TEXT_MAX ? "..." : "");
}

static void print_value(const NfpConfRow *row, const void *base, GString *out)
{
	uint64_t value;

	if (row->type == NFP_CONF_PREFIXES) {
		const NfpPrefixes *prefixes = prefixes_of(row, base);

		print_string(prefixes ? nfp_prefixes_text(prefixes) : NULL, out);
		return;
	}
	if (nfp_conf_types[row->type].is_string) {
		print_string(string_of(row, base), out);
		return;
	}
	value = number_of(row, base);
	if (row->type == NFP_CONF_CHOICE)
		print_choice(row, value, out);
	else if (row->type == NFP_CONF_BOOL)
		g_string_append(out, value ? "true" : "false");
	else if (row->type == NFP_CONF_AUTO_UINT && !value)
		g_string_append(out, "auto");
	else if (nfp_conf_types[row->type].print)
		nfp_conf_types[row->type].print(value, out);
	else
		g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

static void change_clear(void *data)
{
	NfpConfChange *change = data;

	g_free(change->item);
	g_free(change->text);
}

static void add(GArray *changes, NfpConfTable table, const NfpConfRow *row, const char *item, GString *text)
{
	NfpConfChange change = { table, row, g_strdup(item), nfp_error_line(text->str) };

	g_string_free(text, TRUE);
	g_array_append_val(changes, change);
}

static GString *begin(NfpConfTable table, const char *item)
{
	GString *text = g_string_new(NULL);

	if (item)
		g_string_append_printf(text, "%s %s: ", nfp_conf_lists[table].item, item);
	return text;
}

/* The same file, and somebody has changed it. */
static gboolean other_content(const NfpConfRow *row, const void *from, const void *to)
{
	const NfpPrefixes *a, *b;

	if (row->type != NFP_CONF_PREFIXES)
		return FALSE;
	a = prefixes_of(row, from);
	b = prefixes_of(row, to);
	return a && b && g_str_equal(nfp_prefixes_text(a), nfp_prefixes_text(b));
}

static void compare_rows(GArray *changes, NfpConfTable table, const char *item, const void *from, const void *to)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		GString *text;

		if (row->table != table || same_value(row, from, to))
			continue;
		text = begin(table, item);
		g_string_append_printf(text, "%s: ", row->path);
		/* A set of tunnels has no short form. */
		if (row->type == NFP_CONF_TUNNELS) {
			g_string_append(text, "changed");
		} else if (other_content(row, from, to)) {
			print_value(row, to, text);
			g_string_append(text, " has other prefixes");
		} else {
			print_value(row, from, text);
			g_string_append(text, " -> ");
			print_value(row, to, text);
		}
		add(changes, table, row, item, text);
	}
}

/* ---- lists --------------------------------------------------------------------------------------- */

static const void *item_at(NfpConfTable table, const GArray *array, guint n)
{
	return array->data + (size_t)n * nfp_conf_lists[table].size;
}

/* What makes an item the same one. Caller frees. */
static char *name_of(NfpConfTable table, const void *item)
{
	if (table == NFP_CONF_INTERFACES) {
		const NfpInterfaceOptions *o = item;

		return o->netns ? g_strdup_printf("%s in %s", o->match, o->netns) : g_strdup(o->match);
	}
	return g_strdup(string_of(nfp_conf_row_find(table, "name"), item));
}

static GPtrArray *names_of(NfpConfTable table, const GArray *array)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < array->len; i++)
		g_ptr_array_add(names, name_of(table, item_at(table, array, i)));
	return names;
}

static int place_of(const GPtrArray *names, const char *name)
{
	for (guint i = 0; i < names->len; i++)
		if (!g_strcmp0(g_ptr_array_index(names, i), name))
			return (int)i;
	return -1;
}

static void note(GArray *changes, NfpConfTable table, const char *item, const char *what)
{
	GString *text = begin(table, item);

	g_string_append(text, what);
	add(changes, table, NULL, item, text);
}

static void compare_list(GArray *changes, NfpConfTable table, const NfpConf *from, const NfpConf *to)
{
	const GArray *before = *(GArray *const *)((const char *)from + nfp_conf_lists[table].offset);
	const GArray *after = *(GArray *const *)((const char *)to + nfp_conf_lists[table].offset);
	g_autoptr(GPtrArray) old = names_of(table, before), new = names_of(table, after);
	int last = -1;

	for (guint i = 0; i < old->len; i++)
		if (place_of(new, g_ptr_array_index(old, i)) < 0)
			note(changes, table, g_ptr_array_index(old, i), "removed");
	for (guint i = 0; i < new->len; i++) {
		const char *name = g_ptr_array_index(new, i);
		int place = place_of(old, name);

		if (place < 0) {
			note(changes, table, name, "added");
			continue;
		}
		compare_rows(changes, table, name, item_at(table, before, (guint)place), item_at(table, after, i));
		/* The first rule that matches an interface counts. */
		if (table == NFP_CONF_INTERFACES && place < last)
			note(changes, table, name, "moved down");
		last = MAX(last, place);
	}
}

GArray *nfp_conf_diff(const NfpConf *from, const NfpConf *to)
{
	GArray *changes = g_array_new(FALSE, TRUE, sizeof(NfpConfChange));

	g_array_set_clear_func(changes, change_clear);
	compare_rows(changes, NFP_CONF_TOP, NULL, from, to);
	for (guint table = NFP_CONF_TOP + 1; table < NFP_CONF_TABLES_N; table++)
		compare_list(changes, table, from, to);
	return changes;
}
