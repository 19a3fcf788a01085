/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "probe/probe.h"

/* ifindex, master, lower, kind, loopback; the table ends at ifindex 0. */
typedef struct {
	uint32_t ifindex, master, lower;
	const char *kind;
	bool loopback;
} Row;

typedef struct {
	const char *name;
	Row rows[8];
	const char *kept; /* ifindexes, in the table's order */
} Case;

static const Case cases[] = {
	{ "loopback beside a NIC", { { 1, .kind = "", .loopback = true }, { 2, .kind = "" } }, "2 " },
	{ "bond over its members",
	  { { 2, 4, 0, "", 0 }, { 3, 4, 0, "", 0 }, { 4, 0, 0, "bond", 0 } }, "4 " },
	{ "team over its members", { { 2, 4, 0, "", 0 }, { 4, 0, 0, "team", 0 } }, "4 " },
	{ "NIC rather than its bridge", { { 2, 3, 0, "", 0 }, { 3, 0, 0, "bridge", 0 } }, "2 " },
	{ "bridge without members", { { 3, 0, 0, "bridge", 0 } }, "3 " },
	{ "VRF over a NIC", { { 2, 3, 0, "", 0 }, { 3, 0, 0, "vrf", 0 } }, "2 " },
	{ "NIC rather than its VLANs",
	  { { 2, 0, 0, "", 0 }, { 3, 0, 2, "vlan", 0 }, { 4, 0, 2, "vlan", 0 } }, "2 " },
	{ "bridge on a VLAN of a bond of two NICs",
	  { { 2, 4, 0, "", 0 }, { 3, 4, 0, "", 0 }, { 4, 0, 0, "bond", 0 }, { 5, 6, 4, "vlan", 0 },
	    { 6, 0, 0, "bridge", 0 } }, "4 " },
	{ "bond inside a bridge",
	  { { 2, 4, 0, "", 0 }, { 4, 5, 0, "bond", 0 }, { 5, 0, 0, "bridge", 0 } }, "4 " },
	{ "VLAN on a bridge with a member",
	  { { 2, 3, 0, "", 0 }, { 3, 0, 0, "bridge", 0 }, { 4, 0, 3, "vlan", 0 } }, "2 " },
	{ "both ends of a veth, no lower device", { { 2, 0, 0, "veth", 0 }, { 3, 0, 0, "veth", 0 } }, "2 3 " },
	{ "veths of containers in a bridge",
	  { { 2, 0, 0, "", 0 }, { 3, 0, 0, "bridge", 0 }, { 4, 3, 0, "veth", 0 }, { 5, 3, 0, "veth", 0 } },
	  "2 4 5 " },
	{ "macvlan beside its NIC", { { 2, 0, 0, "", 0 }, { 3, 0, 2, "macvlan", 0 } }, "2 " },
	{ "macvlan whose NIC is in another namespace", { { 3, 0, 0, "macvlan", 0 } }, "3 " },
	{ "lower device that is not in the table", { { 3, 0, 9, "vlan", 0 } }, "3 " },
	{ "tunnel over a NIC", { { 2, 0, 0, "", 0 }, { 3, 0, 2, "vxlan", 0 } }, "2 " },
	{ "WireGuard has no lower device", { { 2, 0, 0, "", 0 }, { 3, 0, 0, "wireguard", 0 } }, "2 3 " },
	{ "ifb sees what another has seen", { { 2, 0, 0, "", 0 }, { 3, 0, 0, "ifb", 0 } }, "2 " },
	{ "IPoIB beside a NIC", { { 2, .kind = "ipoib" }, { 3, .kind = "" } }, "3 " },
	{ "device that names itself", { { 2, 0, 2, "", 0 } }, "2 " },
	{ "nothing", { { 0 } }, "" },
};

Test(nearest, table)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NfpLink));
		g_autoptr(GString) kept = g_string_new(NULL);

		for (size_t j = 0; j < G_N_ELEMENTS(cases[i].rows) && cases[i].rows[j].ifindex; j++) {
			const Row *row = &cases[i].rows[j];
			NfpLink link = { .ifindex = row->ifindex, .up = true, .loopback = row->loopback,
					 .foreign = !strcmp(row->kind, "ipoib"),
					 .ethernet = true, .master = row->master, .lower = row->lower };

			g_strlcpy(link.kind, row->kind, sizeof(link.kind));
			g_array_append_val(links, link);
		}
		nfp_links_nearest_wire(links);
		for (guint j = 0; j < links->len; j++)
			g_string_append_printf(kept, "%u ", g_array_index(links, NfpLink, j).ifindex);
		cr_expect_str_eq(kept->str, cases[i].kept, "%s: kept %s", cases[i].name, kept->str);
	}
}
