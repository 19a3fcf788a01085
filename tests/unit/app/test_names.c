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
	g_autoptr(NfpNames) names = nfp_names_new(NULL);
	g_autoptr(NfpNameTables) tables = NULL;
	const NfpTablePort *ports;

	nfp_names_set(names, 2, second); /* domain 1 is not told of */
	nfp_names_set(names, 0, first);
	tables = nfp_names_news(names, 0);
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
	g_autoptr(NfpNames) names = nfp_names_new(NULL);

	for (guint i = 0; i < 6; i++) {
		g_autoptr(GArray) links = NULL;
		g_autoptr(NfpNameTables) tables = NULL;

		if (i == 1)
			link.up = true;
		if (i == 2)
			strcpy(link.alias, "x");
		if (i == 3)
			link.master = 3;
		if (i == 4)
			strcpy(link.name, "eth7");
		links = links_of(&link, i == 5 ? 0 : 1);
		nfp_names_set(names, 0, links);
		tables = nfp_names_news(names, i);
		/* Up or down, and a master that is no VRF, are nothing to tell. */
		cr_assert_eq(tables != NULL, i != 1 && i != 3, "step %u", i);
		cr_assert_null(nfp_names_news(names, i), "it was told");
	}
	nfp_names_free(NULL);
}

static void see(NfpEnrich *enrich, uint16_t port)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);

	batch->records[0] = (NfpRecord){ .have = NFP_HAVE_IPV4 | NFP_HAVE_PORTS, .protocol = 6, .src_port = 50000,
					     .dst_port = port };
	batch->n = 1;
	nfp_enrich_turn(enrich);
	nfp_enrich_fill(enrich, batch, 0);
}

/* What the operator calls an interface goes before the kernel's word; applications are told when records have them, not
 * each one at once. */
Test(names, as_records_have_them)
{
	static const NfpEnrichInterface eth0 = { .ifindex = 2, .name = "eth0", .alias = "kernel's" };
	static const NfpLink link = { .ifindex = 3, .name = "other" };
	g_autoptr(NfpEnrich) enrich = nfp_enrich_new(NULL, NULL);
	g_autoptr(NfpNames) names = nfp_names_new(enrich);
	g_autoptr(GArray) links = links_of(&link, 1);
	g_autoptr(NfpNameTables) ports = NULL, first = NULL, second = NULL;

	nfp_enrich_set_interfaces(enrich, 0, &eth0, 1);
	nfp_names_set(names, 0, links);
	ports = nfp_names_news(names, 0);
	cr_assert_eq(ports->ports->len, 1);
	cr_assert_str_eq(g_array_index(ports->ports, NfpTablePort, 0).label.text, "kernel's", "of enrich");
	cr_assert_eq(ports->applications->len, 0);
	see(enrich, 443);
	first = nfp_names_news(names, 1);
	cr_assert_eq(first->applications->len, 1);
	cr_assert_eq(g_array_index(first->applications, NfpApplication, 0).id, 3u << 24 | 443);
	cr_assert_str_eq(g_array_index(first->applications, NfpApplication, 0).name.text, "https");
	see(enrich, 53);
	cr_assert_null(nfp_names_news(names, NFP_NAMES_SPACING));
	second = nfp_names_news(names, 1 + NFP_NAMES_SPACING);
	cr_assert_eq(second->applications->len, 2);
	cr_assert_null(nfp_names_news(names, 3 * NFP_NAMES_SPACING));
}
