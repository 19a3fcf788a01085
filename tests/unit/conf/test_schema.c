/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table itself: rows that contradict themselves or each other. */
#include "conf/schema.h"

#include <criterion/criterion.h>
#include <string.h>

#include "conf/conf.h"

static size_t table_size(NfpConfTable table)
{
	return table == NFP_CONF_TOP ? sizeof(NfpConf) : nfp_conf_lists[table].size;
}

Test(conf_schema, rows_are_whole)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];

		cr_assert(row->help && strlen(row->help) > 10, "%s has no help", row->path);
		cr_assert_lt(row->offset, table_size(row->table),
			     "%s: member outside of its struct", row->path);
		cr_assert_eq(nfp_conf_row_find(row->table, row->path), row, "%s stands twice",
			     row->path);
		cr_assert((row->value != NULL) + (row->absent != NULL) + !!row->required == 1,
			  "%s: a default, or what happens without, or required: one of them",
			  row->path);
		cr_assert(row->value || row->example, "%s: nothing to write in the sample",
			  row->path);
		cr_assert((row->type == NFP_CONF_CHOICE) == (row->choices != NULL), "%s",
			  row->path);
		cr_assert_not(nfp_conf_is_later(row->table, row->path),
			      "%s is here and in the future", row->path);
		cr_assert_not(nfp_conf_is_section(row->table, row->path),
			      "%s is a row and a section", row->path);
		cr_assert_not_null(nfp_conf_part_names[row->part]);
	}
}

Test(conf_schema, no_two_rows_share_a_member)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++)
		for (guint j = 0; j < i; j++)
			cr_assert(nfp_conf_rows[i].table != nfp_conf_rows[j].table ||
					  nfp_conf_rows[i].offset != nfp_conf_rows[j].offset,
				  "%s and %s", nfp_conf_rows[i].path, nfp_conf_rows[j].path);
}

/* Reading an example writes the row's member and nothing beside it. */
Test(conf_schema, each_row_writes_its_member_only)
{
	static const size_t sizes[NFP_CONF_TYPES_N] = {
		[NFP_CONF_BOOL] = 4,   [NFP_CONF_UINT] = 4,	[NFP_CONF_AUTO_UINT] = 4,
		[NFP_CONF_CHOICE] = 4, [NFP_CONF_DURATION] = 8, [NFP_CONF_SIZE] = 8,
		[NFP_CONF_TUNNELS] = 4, [NFP_CONF_PREFIXES] = sizeof(NfpPrefixes *),
	};

	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		size_t size = table_size(row->table);
		size_t member =
			nfp_conf_types[row->type].is_string ? sizeof(char *) : sizes[row->type];
		const char *text = row->example ? row->example : row->value;
		g_autofree char *why = NULL;
		g_autofree guint8 *base = g_malloc(size);

		cr_assert_gt(member, 0, "size of the type of %s", row->path);
		memset(base, 0xa5, size);
		memset(base + row->offset, 0, member);
		cr_assert(nfp_conf_value_parse(row, text, base, &why), "%s: %s", row->path, why);
		for (size_t j = 0; j < size; j++)
			cr_assert(base[j] == 0xa5 || (j >= row->offset && j < row->offset + member),
				  "%s writes octet %zu", row->path, j);
		if (nfp_conf_types[row->type].is_string)
			g_free(*(char **)(base + row->offset));
		else if (row->type == NFP_CONF_PREFIXES)
			nfp_prefixes_free(*(NfpPrefixes **)(base + row->offset));
	}
}

Test(conf_schema, defaults_and_clearing)
{
	NfpCollectorOptions options = { 0 };

	nfp_conf_set_defaults(NFP_CONF_COLLECTORS, &options);
	cr_assert_str_eq(options.template_set, "standard");
	cr_assert_null(options.protocol);
	cr_assert_eq(options.refresh_interval, 60000000000ull);
	cr_assert_eq(options.refresh_messages, 20);
	cr_assert_eq(options.domain, 1);
	cr_assert_eq(options.mtu, 0);
	cr_assert_eq(options.retry, 60000000000ull);
	cr_assert_null(options.source);
	nfp_conf_clear_strings(NFP_CONF_COLLECTORS, &options);
	cr_assert_null(options.template_set);
	cr_assert_eq(options.domain, 1);
}

Test(conf_schema, keys_and_sections)
{
	g_autoptr(GPtrArray) top = nfp_conf_keys(NFP_CONF_TOP, NULL);
	g_autoptr(GPtrArray) maps = nfp_conf_keys(NFP_CONF_TOP, "maps");

	cr_assert_str_eq(g_ptr_array_index(top, 0), "hostname");
	cr_assert(g_ptr_array_find_with_equal_func(top, "maps", g_str_equal, NULL));
	cr_assert(g_ptr_array_find_with_equal_func(top, "collectors", g_str_equal, NULL));
	cr_assert_eq(maps->len, 3);
	cr_assert_str_eq(g_ptr_array_index(maps, 1), "flows");
	cr_assert(nfp_conf_is_section(NFP_CONF_TOP, "maps"));
	cr_assert_not(nfp_conf_is_section(NFP_CONF_TOP, "map"));
	cr_assert_not(nfp_conf_is_section(NFP_CONF_INTERFACES, "maps"));
	cr_assert_eq(nfp_conf_list_find("collectors"), NFP_CONF_COLLECTORS);
	cr_assert_eq(nfp_conf_list_find("maps"), NFP_CONF_TOP);
	cr_assert(nfp_conf_is_later(NFP_CONF_TOP, "keys"));
	cr_assert_not(nfp_conf_is_later(NFP_CONF_COLLECTORS, "keys"));
}
