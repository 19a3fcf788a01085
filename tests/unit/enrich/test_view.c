/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/view.h"

#include <criterion/criterion.h>
#include <string.h>

#include "enrich/builtin.h"

static NfpSnapshot *snapshot_new(void)
{
	NfpSnapshot *s = nfp_snapshot_new();
	const char *why;
	NfpPrefix prefix;

	nfp_builtin_add(s);
	cr_assert(nfp_prefix_parse("192.0.2.0/24", &prefix, &why));
	nfp_snapshot_add_prefix(s, &prefix, &(NfpFacts){ .as_number = 64496 }, 0);
	nfp_snapshot_add_rule(s, &(NfpInterfaceRule){ .match = (char *)"eth*", .role = nfp_snapshot_text(s, "uplink"),
						      .alias = nfp_snapshot_text(s, "to the world"), .speed = 10000 });
	nfp_snapshot_add_rule(s, &(NfpInterfaceRule){ .match = (char *)"*", .role = nfp_snapshot_text(s, "any"),
						      .vrf = nfp_snapshot_text(s, "red") });
	cr_assert(nfp_snapshot_seal(s, NULL));
	return s;
}

static NfpView *view_new(const NfpViewInterface *interfaces, guint n)
{
	g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(NfpViewInterface));
	g_autoptr(NfpSnapshot) snapshot = snapshot_new();

	g_array_append_vals(array, interfaces, n);
	return nfp_view_new(snapshot, array, NULL);
}

Test(view, ports_by_domain_and_index)
{
	const NfpViewInterface interfaces[] = {
		{ 1, { .ifindex = 2, .name = "eth9" } },
		{ 0, { .ifindex = 7, .name = "lan", .alias = "kernel's", .vrf = "blue", .vrf_id = 10, .speed = 1000 } },
		{ 0, { .ifindex = 2, .name = "eth0", .alias = "kernel's", .speed = 1 } },
		{ 0, { .ifindex = 2, .name = "twice" } },
		{ 0, { .ifindex = 3, .name = "bad\xff" } },
	};
	g_autoptr(NfpView) view = view_new(interfaces, G_N_ELEMENTS(interfaces));
	const NfpPort *port = nfp_view_port(view, 0, 2);

	cr_expect_str_eq(port->name.text, "eth0");
	cr_expect_str_eq(port->description.text, "to the world", "the database's word");
	cr_expect_str_eq(port->role.text, "uplink", "of the narrower glob");
	cr_expect_str_eq(port->vrf.text, "red", "of the wider one");
	cr_expect_eq(port->speed, 10000);
	port = nfp_view_port(view, 0, 7);
	cr_expect_str_eq(port->description.text, "kernel's");
	cr_expect_eq(port->speed, 1000);
	cr_expect_eq(port->vrf_id, 10);
	cr_expect_str_eq(nfp_view_port(view, 1, 2)->name.text, "eth9");
	cr_expect_str_eq(nfp_view_port(view, 0, 3)->name.text, "bad\xef\xbf\xbd");
	cr_expect_null(nfp_view_port(view, 1, 7));
	cr_expect_null(nfp_view_port(view, 0, 0));
}

static NfpRecord record(uint32_t have)
{
	return (NfpRecord){ .have = have, .protocol = 6, .src4 = { 192, 0, 2, 1 }, .dst4 = { 10, 0, 0, 1 },
			    .src6 = { 0xfe, 0x80 }, .dst6 = { 0x20 }, .src_port = 50000, .dst_port = 443,
			    .ingress_if = 2, .egress_if = 99 };
}

Test(view, fills_what_a_record_can_have)
{
	const NfpViewInterface interfaces[] = { { 0, { .ifindex = 2, .name = "eth0" } } };
	g_autoptr(NfpView) view = view_new(interfaces, 1);
	NfpRecord records[] = {
		record(NFP_HAVE_IPV4 | NFP_HAVE_PORTS), record(NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_ICMP6), record(0)
	};

	records[1].protocol = 58;
	nfp_view_fill(view, records, G_N_ELEMENTS(records));
	cr_expect_eq(records[0].have, NFP_HAVE_IPV4 | NFP_HAVE_PORTS | NFP_HAVE_PLACES | NFP_HAVE_APPLICATION |
					      NFP_HAVE_INTERFACES);
	cr_expect_eq(records[0].src_place->as_number, 64496);
	cr_expect_str_eq(records[0].dst_place->as_name.text, "Private-Use");
	cr_expect_str_eq(records[0].application->name.text, "https");
	cr_expect_str_eq(records[0].ingress->name.text, "eth0");
	cr_expect_str_eq(records[0].egress->name.text, "", "not known, and there");
	cr_expect_eq(records[1].have, NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_ICMP6 | NFP_HAVE_PLACES |
					      NFP_HAVE_APPLICATION | NFP_HAVE_INTERFACES);
	cr_expect_eq(records[1].application->id, 1u << 24 | 58, "type and code are no ports");
	cr_expect_str_eq(records[1].src_place->as_name.text, "Link-Local Unicast");
	cr_expect_str_eq(records[1].dst_place->as_name.text, "");
	cr_expect_eq(records[2].have, NFP_HAVE_INTERFACES);
}

Test(view, without_interfaces_has_empty_ports)
{
	g_autoptr(NfpView) view = view_new(NULL, 0);
	NfpRecord r = record(NFP_HAVE_IPV4);

	nfp_view_fill(view, &r, 1);
	cr_expect_eq(r.have, NFP_HAVE_IPV4 | NFP_HAVE_PLACES | NFP_HAVE_APPLICATION | NFP_HAVE_INTERFACES, "templates go by it: of a capture, too");
	cr_expect_str_eq(r.ingress->name.text, "");
	cr_expect_eq(r.ingress, r.egress);
	nfp_view_unref(NULL);
}

/* Both families and neither, mixed, in more than one round. */
Test(view, many_records)
{
	g_autoptr(NfpView) view = NULL;
	g_autofree NfpRecord *records = g_new0(NfpRecord, 200);

	view = view_new(NULL, 0);
	for (guint i = 0; i < 200; i++)
		records[i] = record(i % 3 == 0 ? NFP_HAVE_IPV4 : i % 3 == 1 ? NFP_HAVE_IPV6 : 0);
	nfp_view_fill(view, records, 200);
	for (guint i = 0; i < 200; i++) {
		cr_assert_eq(!!(records[i].have & NFP_HAVE_PLACES), i % 3 < 2);
		if (i % 3 == 0)
			cr_assert_eq(records[i].src_place->as_number, 64496);
		if (i % 3 == 1)
			cr_assert_str_eq(records[i].src_place->as_name.text, "Link-Local Unicast");
	}
}

Test(view, tells_names)
{
	const NfpViewInterface interfaces[] = { { 1, { .ifindex = 2, .name = "eth0", .alias = "kernel's" } } };
	NfpRecord record = { .have = NFP_HAVE_IPV4 | NFP_HAVE_PORTS, .protocol = 6, .src_port = 179, .dst_port = 40000 };
	g_autoptr(NfpView) view = view_new(interfaces, 1);
	g_autoptr(NfpNameTables) before = nfp_name_tables_new(), after = nfp_name_tables_new();
	const NfpTablePort *port;

	nfp_view_add_names(view, before);
	cr_expect_eq(before->applications->len, 0, "no record had one");
	cr_assert_eq(before->ports->len, 1);
	port = &g_array_index(before->ports, NfpTablePort, 0);
	cr_expect_eq(port->domain, 1);
	cr_expect_eq(port->ifindex, 2);
	cr_expect_str_eq(port->label.text, "to the world");
	cr_expect_str_eq(port->port.vrf.text, "red");
	nfp_view_fill(view, &record, 1);
	nfp_view_add_names(view, after);
	cr_assert_eq(after->applications->len, 1);
	cr_expect_str_eq(g_array_index(after->applications, NfpApplication, 0).name.text, "bgp");
}
