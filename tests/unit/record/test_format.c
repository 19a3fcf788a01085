// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/format.h"
#include "record/templates.h"
#include "record/text.h"

static const NfpRecord tcp4 = {
	.flow_id = 18446744073709551615ull,
	.packets = 3,
	.octets = 180,
	.l2_octets = 222,
	.first_ns = 1795390441123456789ull,
	.last_ns = 1795390442999999999ull,
	.bucket_start_ns = 1795390440000000000ull,
	.bucket_end_ns = 1795390500000000000ull,
	.have = NFP_HAVE_ALWAYS | NFP_HAVE_TIMES | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL |
		NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_MAC | NFP_HAVE_VLAN,
	.protocol_row = 3,
	.src4 = { 192, 0, 2, 1 },
	.dst4 = { 198, 51, 100, 255 },
	.src_mac = { 0x02, 0, 0, 0, 0xab, 0x01 },
	.dst_mac = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	.src_port = 443,
	.dst_port = 51000,
	.vlan_id = 10,
	.ifindex = 2,
	.ingress_if = 2,
	.len_min = 60,
	.len_max = 60,
	.tcp_flags = 0x1b2,
	.protocol = 6,
	.tos = 184,
	.dscp = 46,
	.ttl_min = 63,
	.ttl_max = 64,
	.ip_version = 4,
	.end_reason = 2,
};

Test(format, json)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_format_json(out, "edge1", &tcp4);
	cr_assert_str_eq(
		out->str,
		"{\"uid\":\"edge1/1795390440000000000-1795390500000000000/tcp4/"
		"d0.if2.in.f00.v10.q46/"
		"192.0.2.1:443>198.51.100.255:51000\""
		",\"flowStartMilliseconds\":1795390441123,\"flowEndMilliseconds\":1795390442999"
		",\"flowStartNanoseconds\":1795390441123456789"
		",\"flowEndNanoseconds\":1795390442999999999"
		",\"sourceIPv4Address\":\"192.0.2.1\",\"destinationIPv4Address\":\"198.51.100.255\""
		",\"sourceTransportPort\":443,\"destinationTransportPort\":51000"
		",\"protocolIdentifier\":6,\"packetDeltaCount\":3,\"octetDeltaCount\":180"
		",\"layer2OctetDeltaCount\":222,\"tcpControlBits\":178,\"ipClassOfService\":184"
		",\"ipDiffServCodePoint\":46,\"ipVersion\":4,\"ingressInterface\":2"
		",\"egressInterface\":0,\"flowDirection\":0,\"flowEndReason\":2,\"vlanId\":10"
		",\"dot1qVlanId\":10,\"sourceMacAddress\":\"02:00:00:00:ab:01\""
		",\"destinationMacAddress\":\"ff:ff:ff:ff:ff:ff\",\"minimumTTL\":63,\"maximumTTL\":"
		"64"
		",\"minimumIpTotalLength\":60,\"maximumIpTotalLength\":60"
		",\"flowId\":18446744073709551615"
		",\"monitoringIntervalStartMilliSeconds\":1795390440000"
		",\"monitoringIntervalEndMilliSeconds\":1795390500000}\n");
}

Test(format, json_stays_json_whatever_the_host_is_called)
{
	g_autoptr(GString) out = g_string_new(NULL);

	nfp_format_json(out, "a\"b\\c\n\xff\xc3\xa4", &tcp4);
	cr_assert(g_str_has_prefix(out->str, "{\"uid\":\"a\\\"b\\\\c\\u000a\xef\xbf\xbd\xc3\xa4/"),
		  "%s", out->str);
	cr_assert(g_utf8_validate(out->str, -1, NULL));
}

static void expect_uid(NfpRecord record, const char *rest)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *want = g_strdup_printf("h/1-2/%s", rest);

	record.bucket_start_ns = 1;
	record.bucket_end_ns = 2;
	nfp_format_uid(out, "h", &record);
	cr_assert_str_eq(out->str, want);
}

Test(format, uids)
{
	NfpRecord v6 = { .have = NFP_HAVE_IPV6 | NFP_HAVE_PROTOCOL,
			 .protocol_row = 2,
			 .protocol = 89,
			 .src6 = { 0xfe, 0x80, [15] = 1 },
			 .dst6 = { 0xff, 2, [15] = 5 },
			 .ifindex = 7,
			 .direction = 1,
			 .domain = 3,
			 .key_flags = 0x2b };
	NfpRecord eth = { .have = NFP_HAVE_ETHERTYPE | NFP_HAVE_MAC | NFP_HAVE_VLAN |
				  NFP_HAVE_CVLAN,
			  .src_mac = { 2 },
			  .dst_mac = { 1, [5] = 9 },
			  .ethertype = 0x0806,
			  .ifindex = 1,
			  .cvlan_id = 4094 };
	NfpRecord hook = { .have = NFP_HAVE_TIMES | NFP_HAVE_CPU,
			   .protocol_row = 12,
			   .ifindex = 4294967295u,
			   .cpu = 12 };

	expect_uid(v6, "ipv6/d3.if7.out.f2b/[fe80::1]>[ff02::5]:p89");
	expect_uid(eth, "eth/d0.if1.in.f00.v0.c4094/02:00:00:00:00:00>01:00:00:00:00:09:0x0806");
	expect_uid(hook, "hook/d0.if4294967295.in.f00.cpu12");

	NfpRecord icmp = { .have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS |
				   NFP_HAVE_ICMP4,
			   .protocol_row = 7,
			   .dst_port = 0x0301,
			   .icmp_type = 3,
			   .icmp_code = 1,
			   .src4 = { 10, 0, 0, 1 },
			   .dst4 = { 10, 0, 0, 2 },
			   .ifindex = 1 };

	expect_uid(icmp, "icmp4/d0.if1.in.f00/10.0.0.1>10.0.0.2:3.1");

	NfpRecord udp6 = { .have = NFP_HAVE_IPV6 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS,
			   .protocol_row = 6,
			   .src_port = 0,
			   .dst_port = 65535,
			   .ifindex = 1 };

	expect_uid(udp6, "udp6/d0.if1.in.f00/[::]:0>[::]:65535");
}

Test(format, every_field_has_a_text)
{
	const NfpText text = { "text", 4 };
	const NfpPlace place = { 0, text, text, text, text, text, text, { text, text, text, text, text, text, text, text } };
	const NfpPort port = { .name = text, .description = text, .role = text, .vrf = text };
	const NfpApplication application = { .name = text };
	NfpRecord record = tcp4;

	record.src_place = record.dst_place = &place;
	record.ingress = record.egress = &port;
	record.application = &application;
	for (guint i = 0; i < nfp_fields_n; i++) {
		g_autoptr(GString) out = g_string_new("x");

		nfp_format_field(out, &record, i);
		cr_assert_gt(out->len, 1, "%s", nfp_fields[i].name);
	}
}

Test(format, next_hops_go_by_family)
{
	NfpRecord record = tcp4;
	g_autoptr(GString) out = g_string_new(NULL);

	record.have |= NFP_HAVE_NEXT_HOP;
	nfp_format_json(out, "h", &record);
	cr_assert_not_null(strstr(out->str, "\"ipNextHopIPv4Address\":\"0.0.0.0\""));
	cr_assert_null(strstr(out->str, "ipNextHopIPv6Address"));
}

/* Facts that are not known have no key; texts are escaped. */
Test(format, facts)
{
	const NfpPlace known = { .as_number = 64500, .as_name = { "E\"X\n", 4 }, .country = { "DE", 2 },
				 .labels = { [7] = { "\xff", 1 } } };
	const NfpPlace unknown = { 0 };
	NfpRecord record = tcp4;
	g_autoptr(GString) out = g_string_new(NULL);

	record.have |= NFP_HAVE_PLACES | NFP_HAVE_PREFIXES;
	record.src_place = &known;
	record.dst_place = &unknown;
	record.src_prefix = 24;
	record.src_origin = 186;
	nfp_format_json(out, "edge1", &record);
	cr_assert_not_null(strstr(out->str, ",\"sourceIPv4PrefixLength\":24,\"destinationIPv4PrefixLength\":0"
					    ",\"sourceRouteOrigin\":186,\"destinationRouteOrigin\":0"
					    ",\"bgpSourceAsNumber\":64500,\"bgpDestinationAsNumber\":0"
					    ",\"sourceAsName\":\"E\\\"X\\u000a\",\"sourceCountry\":\"DE\""
					    ",\"sourceLabel8\":\"\xef\xbf\xbd\"}"),
			   "%s", out->str);
}
