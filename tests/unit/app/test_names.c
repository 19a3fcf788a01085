/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "app/names.h"
#include "probe/probe.h"

static GArray *links_of(const NfpLink *links, guint n)
{
	GArray *array = g_array_new(FALSE, FALSE, sizeof(NfpLink));

	return g_array_append_vals(array, links, n);
}

Test(names, of_interfaces_and_their_vrfs)
{
	static const NfpLink own[] = {
		{ .ifindex = 2, .name = "eth0", .alias = "uplink", .master = 5 },
		{ .ifindex = 3, .name = "eth1", .master = 4 },
		{ .ifindex = 4, .name = "br0" },
		{ .ifindex = 5, .name = "blue", .table = 100 },
	};
	static const NfpLink other[] = { { .ifindex = 2, .name = "veth0" } };
	g_autoptr(GArray) first = links_of(own, 4), second = links_of(other, 1);
	g_autoptr(NfpNames) names = nfp_names_new();
	g_autoptr(NfpNameTables) tables = NULL;
	const NfpTablePort *ports;

	cr_assert(nfp_names_set(names, 2, second), "domain 1 is not told of");
	cr_assert(nfp_names_set(names, 0, first));
	tables = nfp_names_tables(names);
	cr_assert_eq(tables->ports->len, 5);
	ports = (const NfpTablePort *)(const void *)tables->ports->data;
	cr_assert_str_eq(ports[0].label.text, "uplink");
	cr_assert_str_eq(ports[0].port.name.text, "eth0");
	cr_assert_eq(ports[0].port.vrf_id, 100);
	cr_assert_str_eq(ports[0].port.vrf.text, "blue");
	cr_assert_eq(ports[1].port.vrf_id, 0, "a bridge is no VRF");
	cr_assert_str_eq(ports[1].label.text, "eth1");
	cr_assert_eq(ports[3].port.vrf_id, 100);
	cr_assert_eq(ports[4].domain, 2);
	cr_assert_str_eq(ports[4].port.name.text, "veth0");
}

Test(names, a_change_is_noticed)
{
	NfpLink link = { .ifindex = 2, .name = "eth0", .up = false };
	g_autoptr(NfpNames) names = nfp_names_new();

	for (guint i = 0; i < 6; i++) {
		g_autoptr(GArray) links = NULL;

		if (i == 1)
			link.up = true;
		if (i == 2)
			strcpy(link.alias, "x");
		if (i == 3)
			link.master = 3;
		if (i == 4)
			strcpy(link.name, "eth7");
		links = links_of(&link, i == 5 ? 0 : 1);
		cr_assert_eq(nfp_names_set(names, 0, links), i != 1, "step %u", i);
	}
	nfp_names_free(NULL);
}
