// SPDX-License-Identifier: GPL-2.0-or-later
/* Expressions: what is compiled, what is refused and how; records that pass and that do not. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "filter/filter.h"

static NfpFilter *filter_new(const char *text)
{
	g_autoptr(GError) error = NULL;
	NfpFilter *filter = nfp_filter_new(text, &error);

	cr_assert(filter, "%s: %s", text, error ? error->message : "");
	return filter;
}

Test(filter, links_and_tags)
{
	static const struct {
		const char *text;
		gboolean raw, tags;
	} rows[] = {
		{ "port 22", TRUE, FALSE },         { "ether host 02:00:00:00:00:01", FALSE, FALSE },
		{ "vlan 5", FALSE, TRUE },          { "(vlan) and tcp", FALSE, TRUE },
		{ "not vlan and ip", FALSE, TRUE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(NfpFilter) filter = filter_new(rows[i].text);

		cr_expect_not_null(nfp_filter_code(filter, NFP_FILTER_ETHERNET));
		cr_expect_eq(nfp_filter_code(filter, NFP_FILTER_RAW) != NULL, rows[i].raw, "%s", rows[i].text);
		cr_expect_eq(nfp_filter_has_tags(filter), rows[i].tags, "%s", rows[i].text);
	}
}

Test(filter, errors_say_what)
{
	g_autofree char *endless = g_strnfill(NFP_FILTER_TEXT_MAX + 1, ' ');
	const struct {
		const char *text, *error;
	} rows[] = {
		{ "prot 22", "syntax error" },
		{ "port 70000", "70000" },
		{ "host 300.1.2.3", "" },
		{ "net 10.0.0.1/8", "non-network bits set" },
		{ "ip broadcast", "netmask" },
		{ "inbound", "`direction`" },
		{ "outbound and tcp", "`direction`" },
		{ "ifindex 3", "`match`" },
		{ "tcp and udp", "rejects all packets" },
		{ endless, "longer than" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(nfp_filter_new(rows[i].text, &error), "%s", rows[i].text);
		cr_assert(error, "%s", rows[i].text);
		cr_expect_eq(error->domain, NFP_ERROR);
		cr_expect(strstr(error->message, rows[i].error), "%s: %s", rows[i].text, error->message);
	}
}

static const NfpRecord tcp4 = {
	.have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_MAC | NFP_HAVE_VLAN |
		NFP_HAVE_CVLAN,
	.ethertype = 0x0800, .protocol = 6, .src4 = { 10, 0, 0, 1 }, .dst4 = { 192, 0, 2, 7 }, .src_port = 40000,
	.dst_port = 443, .tcp_flags = 0x12, .tos = 0xb8, .ttl_min = 63, .vlan_id = 5, .cvlan_id = 6,
	.src_mac = { 2, 0, 0, 0, 0, 1 }, .dst_mac = { 2, 0, 0, 0, 0, 2 }, .packets = 10, .octets = 1000, .l2_octets = 1220,
};
static const NfpRecord udp6 = {
	.have = NFP_HAVE_IPV6 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS, .protocol = 17, .src6 = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
	.dst6 = { 0x20, 1, 0xd, 0xb8, [15] = 2 }, .src_port = 53, .dst_port = 5353, .packets = 1, .octets = 100, .l2_octets = 114,
};
static const NfpRecord icmp4 = {
	.have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS | NFP_HAVE_ICMP4, .protocol = 1, .src4 = { 10, 0, 0, 1 },
	.dst4 = { 10, 0, 0, 2 }, .icmp_type_code = 8 * 256, .dst_port = 8 * 256, .packets = 1, .octets = 84, .l2_octets = 98,
};
/* Counted without its ports, for want of room. */
static const NfpRecord coarse = {
	.have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL, .protocol = 6, .src4 = { 10, 0, 0, 1 }, .dst4 = { 10, 0, 0, 2 },
	.packets = 7, .octets = 700, .l2_octets = 798,
};
static const NfpRecord arp = { .have = NFP_HAVE_ETHERTYPE | NFP_HAVE_MAC, .ethertype = 0x0806, .src_mac = { 2, 0, 0, 0, 0, 1 },
			       .packets = 1, .octets = 28, .l2_octets = 42 };
static const NfpRecord hook = { .packets = 0 };

Test(filter, records)
{
	static const struct {
		const char *text;
		const NfpRecord *record;
		gboolean passes;
	} rows[] = {
		{ "port 443", &tcp4, TRUE },
		{ "port 40000", &tcp4, TRUE },
		{ "src port 443", &tcp4, FALSE },
		{ "udp port 443", &tcp4, FALSE },
		{ "net 192.0.2.0/24", &tcp4, TRUE },
		{ "src net 192.0.2.0/24", &tcp4, FALSE },
		{ "tcp[tcpflags] & tcp-syn != 0", &tcp4, TRUE },
		{ "tcp[tcpflags] & tcp-fin != 0", &tcp4, FALSE },
		{ "ip[1] = 0xb8 and ip[8] = 63", &tcp4, TRUE },
		{ "ip[2:2] = 100 and len = 122", &tcp4, TRUE },
		{ "ether src 02:00:00:00:00:01", &tcp4, TRUE },
		{ "vlan 5", &tcp4, TRUE },
		{ "vlan 6", &tcp4, FALSE },
		{ "vlan 5 and vlan 6 and port 443", &tcp4, TRUE },
		{ "vlan", &udp6, FALSE },
		{ "not vlan", &udp6, TRUE },
		{ "udp port 53", &udp6, TRUE },
		{ "host 2001:db8::2", &udp6, TRUE },
		{ "ip6 and not tcp", &udp6, TRUE },
		{ "ip6[4:2] = 60", &udp6, TRUE },
		{ "icmp[icmptype] = icmp-echo", &icmp4, TRUE },
		{ "icmp[icmptype] = icmp-echoreply", &icmp4, FALSE },
		{ "port 2048", &icmp4, FALSE },
		{ "port 22", &coarse, FALSE },
		{ "not port 22", &coarse, TRUE },
		{ "tcp", &coarse, TRUE },
		{ "tcp[20:4] = 0x47455420", &tcp4, FALSE },
		{ "arp", &arp, TRUE },
		{ "not ip", &arp, TRUE },
		{ "ip", &hook, FALSE },
		{ "not ip", &hook, TRUE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(NfpFilter) filter = filter_new(rows[i].text);

		cr_expect_eq(nfp_filter_record(filter, rows[i].record), rows[i].passes, "row %u: %s", i, rows[i].text);
	}
}
