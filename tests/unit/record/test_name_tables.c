// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/name_tables.h"

Test(name_tables, texts_are_copies_of_well_formed_octets)
{
	g_autoptr(NfpNameTables) tables = nfp_name_tables_new();
	char name[] = "eth0", bad[] = "a\xff";
	NfpPort port = { .speed = 1000, .vrf_id = 7, .name = { name, 4 }, .description = { bad, 2 } };

	nfp_name_tables_add_port(tables, 2, 3, &port);
	memset(name, 'x', 4);
	memset(bad, 'x', 2);

	const NfpTablePort *row = &g_array_index(tables->ports, NfpTablePort, 0);

	cr_assert_eq(row->domain, 2);
	cr_assert_eq(row->ifindex, 3);
	cr_assert_eq(row->port.speed, 1000);
	cr_assert_str_eq(row->port.name.text, "eth0");
	cr_assert_str_eq(row->port.description.text, "a\xef\xbf\xbd");
	cr_assert_eq(row->port.description.length, 4);
	cr_assert_eq(row->label.length, 4, "the description");
	cr_assert_str_eq(row->port.role.text, "");
}

Test(name_tables, have_limits)
{
	g_autoptr(NfpNameTables) tables = nfp_name_tables_new();

	for (guint i = 0; i < NFP_TABLE_PORTS + 3; i++)
		nfp_name_tables_add_port(tables, 0, i, &(NfpPort){ .name = { "eth0", 4 } });
	for (guint i = 0; i < NFP_TABLE_APPLICATIONS + 2; i++)
		nfp_name_tables_add_application(tables, &(NfpApplication){ .id = i, .name = { "http", 4 } });
	cr_assert_eq(tables->ports->len, NFP_TABLE_PORTS);
	cr_assert_eq(tables->applications->len, NFP_TABLE_APPLICATIONS);
	cr_assert_eq(tables->left_out, 5);
	cr_assert_str_eq(g_array_index(tables->ports, NfpTablePort, 0).label.text, "eth0");
}

Test(name_tables, references)
{
	NfpNameTables *tables = nfp_name_tables_new();

	cr_assert_eq(nfp_name_tables_ref(tables), tables);
	nfp_name_tables_unref(tables);
	nfp_name_tables_unref(tables);
	cr_assert_null(nfp_name_tables_ref(NULL));
	nfp_name_tables_unref(NULL);
}

Test(name_tables, differences)
{
	static const NfpPort ports[] = {
		{ .name = { "eth0", 4 }, .description = { "a", 1 } },	 { .name = { "eth1", 4 }, .description = { "a", 1 } },
		{ .name = { "eth0", 4 }, .description = { "ab", 2 } },	 { .name = { "eth0", 4 }, .vrf = { "v", 1 } },
		{ .name = { "eth0", 4 }, .role = { "r", 1 } },		 { .name = { "eth0", 4 }, .vrf_id = 1 },
		{ .name = { "eth0", 4 }, .speed = 1 },
	};
	static const NfpApplication applications[] = { { 1, { "a", 1 } }, { 2, { "a", 1 } }, { 1, { "b", 1 } } };

	for (guint i = 0; i < G_N_ELEMENTS(ports) + 2; i++) {
		for (guint j = 0; j < G_N_ELEMENTS(ports) + 2; j++) {
			g_autoptr(NfpNameTables) a = nfp_name_tables_new(), b = nfp_name_tables_new();

			nfp_name_tables_add_port(a, i == 7, i == 8, &ports[i % 7]);
			nfp_name_tables_add_port(b, j == 7, j == 8, &ports[j % 7]);
			cr_expect_eq(nfp_name_tables_same_ports(a, b), i == j, "%u and %u", i, j);
			nfp_name_tables_add_application(a, &applications[i % 3]);
			nfp_name_tables_add_application(b, &applications[j % 3]);
			cr_expect_eq(nfp_name_tables_same_applications(a, b), i % 3 == j % 3);
			nfp_name_tables_add_application(b, &applications[0]);
			cr_expect_not(nfp_name_tables_same_applications(a, b));
			nfp_name_tables_add_port(b, 0, 9, &ports[0]);
			cr_expect_not(nfp_name_tables_same_ports(a, b));
		}
	}
}
