/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a record has and says, row by row. */
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "harvest/convert.h"
#include "harvest/rows.h"

static const NfpConvert convert = { .id = { 1000, 2000 }, .domain = 2 };

static struct nfp_value value_of(void)
{
	struct nfp_value v = {
		.packets = 7, .octets = 700, .l2_octets = 798, .first = 1100, .last = 1900,
		.len_min = 40, .len_max = 1500, .ttl_min = 3, .ttl_max = 64, .ecn = 1 << 2,
		.smac = { 2, 0, 0, 0, 0, 1 }, .dmac = { 2, 0, 0, 0, 0, 2 },
	};

	return v;
}

static NfpRecord v4(enum nfp_protocol row, struct nfp_key_meta meta, struct nfp_value value)
{
	struct nfp_key_v4 key = { .saddr = GUINT32_TO_BE(0x0a000001), .daddr = GUINT32_TO_BE(0x0a000002), .meta = meta };
	NfpRecord r;

	nfp_convert_entry(&convert, row, 42, &key, &value, &r);
	return r;
}

static const struct nfp_key_meta plain = { .ifindex = 5 };

Test(convert, tcp)
{
	struct nfp_key_meta meta = { .sport = GUINT16_TO_BE(1234), .dport = GUINT16_TO_BE(80), .ifindex = 5, .dscp = 46 };
	struct nfp_value value = value_of();
	NfpRecord r;

	value.tcp_flags = 0x118; /* NS beside the low 8 bits */
	r = v4(NFP_P_tcp4, meta, value);
	cr_expect_eq(r.flow_id, 42);
	cr_expect_eq(r.have, NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS | NFP_HAVE_TCP |
				     NFP_HAVE_MAC | NFP_HAVE_ETHERTYPE | NFP_HAVE_TIMES);
	cr_expect_eq(r.protocol, 6);
	cr_expect_eq(r.ip_version, 4);
	cr_expect_eq(r.src_port, 1234);
	cr_expect_eq(r.dst_port, 80);
	cr_expect_eq(memcmp(r.src4, "\12\0\0\1", 4), 0);
	cr_expect_eq(memcmp(r.dst4, "\12\0\0\2", 4), 0);
	cr_expect_eq(r.dscp, 46);
	cr_expect_eq(r.tos, 184, "DSCP in its place, ECN left out");
	cr_expect_eq(r.tcp_flags, 0x118);
	cr_expect_eq(r.packets, 7);
	cr_expect_eq(r.octets, 700);
	cr_expect_eq(r.l2_octets, 798);
	cr_expect_eq(r.first_ns, 1100);
	cr_expect_eq(r.last_ns, 1900);
	cr_expect_eq(r.bucket_start_ns, 1000);
	cr_expect_eq(r.bucket_end_ns, 2000);
	cr_expect_eq(r.len_min, 40);
	cr_expect_eq(r.len_max, 1500);
	cr_expect_eq(r.ttl_min, 3);
	cr_expect_eq(r.ttl_max, 64);
	cr_expect_eq(r.ethertype, 0x0800);
	cr_expect_eq(r.domain, 2);
	cr_expect_eq(r.src_mac[5], 1);
	cr_expect_eq(r.dst_mac[5], 2);
	cr_expect_eq(r.end_reason, NFP_END_ACTIVE);
}

Test(convert, end_reason_tells_the_strongest_thing)
{
	NfpConvert forced = convert;
	struct nfp_key_v4 key = { .meta = { .ifindex = 5 } };
	struct nfp_value value = value_of();
	NfpRecord r;

	forced.forced = true;
	nfp_convert_entry(&forced, NFP_P_tcp4, 1, &key, &value, &r);
	cr_expect_eq(r.end_reason, NFP_END_FORCED);
	value.tcp_flags = 0x01;
	nfp_convert_entry(&forced, NFP_P_tcp4, 1, &key, &value, &r);
	cr_expect_eq(r.end_reason, NFP_END_DETECTED, "FIN");
	value.tcp_flags = 0x04;
	cr_expect_eq(v4(NFP_P_tcp4, plain, value).end_reason, NFP_END_DETECTED, "RST");
	cr_expect_eq(v4(NFP_P_udp4, plain, value).end_reason, NFP_END_ACTIVE, "of TCP only");
	value.flags = NFP_V_COARSENED;
	nfp_convert_entry(&forced, NFP_P_tcp4, 1, &key, &value, &r);
	cr_expect_eq(r.end_reason, NFP_END_LACK);
}

Test(convert, icmp_in_the_form_collectors_read)
{
	struct nfp_key_meta meta = { .icmp_type = 8, .icmp_code = 1, .ifindex = 5 };
	NfpRecord r = v4(NFP_P_icmp4, meta, value_of());

	cr_expect_eq(r.protocol, 1);
	cr_expect_eq(r.have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6 | NFP_HAVE_PORTS), NFP_HAVE_ICMP4 | NFP_HAVE_PORTS);
	cr_expect_eq(r.src_port, 0);
	cr_expect_eq(r.dst_port, 8 * 256 + 1);
	cr_expect_eq(r.icmp_type_code, 8 * 256 + 1);
	cr_expect_eq(r.icmp_type, 8);
	cr_expect_eq(r.icmp_code, 1);
}

Test(convert, protocol_numbers)
{
	static const struct {
		enum nfp_protocol row;
		uint8_t flags, protocol;
	} rows[] = {
		{ NFP_P_udp4, 0, 17 },	   { NFP_P_udp4, NFP_KEY_ALT, 136 },  { NFP_P_sctp4, 0, 132 },
		{ NFP_P_sctp4, NFP_KEY_ALT, 33 }, { NFP_P_tcp4, 0, 6 },	      { NFP_P_icmp4, 0, 1 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct nfp_key_meta meta = { .ifindex = 5, .flags = rows[i].flags };

		cr_expect_eq(v4(rows[i].row, meta, value_of()).protocol, rows[i].protocol, "row %u", i);
	}
	cr_expect_eq(v4(NFP_P_ipv4, (struct nfp_key_meta){ .protocol = 47, .ifindex = 5 }, value_of()).protocol, 47);
}

Test(convert, other_ip_has_no_ports)
{
	NfpRecord r = v4(NFP_P_ipv4, (struct nfp_key_meta){ .protocol = 47, .ifindex = 5 }, value_of());

	cr_expect_eq(r.have & NFP_HAVE_PORTS, 0);
	cr_expect_eq(r.src_port | r.dst_port, 0);
}

Test(convert, ipv6)
{
	struct nfp_key_v6 key = { .saddr = { 0x20, 1 }, .daddr = { 0xfe, 0x80 }, .meta = { .icmp_type = 135, .ifindex = 5 } };
	struct nfp_value value = value_of();
	NfpRecord r;

	value.flow_label = GUINT32_TO_BE(0xabcde);
	value.next_hop[0] = 0xfe;
	nfp_convert_entry(&convert, NFP_P_icmp6, 1, &key, &value, &r);
	cr_expect_eq(r.have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6 | NFP_HAVE_ICMP6), NFP_HAVE_IPV6 | NFP_HAVE_ICMP6);
	cr_expect_eq(r.ip_version, 6);
	cr_expect_eq(r.protocol, 58);
	cr_expect_eq(r.src6[1], 1);
	cr_expect_eq(r.dst6[0], 0xfe);
	cr_expect_eq(r.flow_label, 0xabcde);
	cr_expect_eq(r.ethertype, 0x86dd);
	cr_expect(r.have & NFP_HAVE_NEXT_HOP);
	cr_expect_eq(r.next_hop6[0], 0xfe);
}

Test(convert, eth)
{
	struct nfp_key_eth key = { .ethertype = GUINT16_TO_BE(0x0806), .meta = { .ifindex = 5 } };
	struct nfp_value value = value_of();
	NfpRecord r;

	nfp_convert_entry(&convert, NFP_P_eth, 1, &key, &value, &r);
	cr_expect_eq(r.have, NFP_HAVE_ALWAYS | NFP_HAVE_MAC | NFP_HAVE_ETHERTYPE | NFP_HAVE_TIMES);
	cr_expect_eq(r.ethertype, 0x0806);
	cr_expect_eq(r.ip_version, 0);
	key.meta.flags = NFP_KEY_L3;
	nfp_convert_entry(&convert, NFP_P_eth, 1, &key, &value, &r);
	cr_expect_eq(r.have & NFP_HAVE_MAC, 0, "no link header, no MAC addresses");
}

Test(convert, vlan_id_zero_is_a_tag)
{
	struct nfp_key_meta meta = { .ifindex = 5, .vlan = NFP_VLAN_PRESENT, .cvlan = NFP_VLAN_PRESENT | 4095 };
	NfpRecord r = v4(NFP_P_udp4, meta, value_of());

	cr_expect(r.have & NFP_HAVE_VLAN);
	cr_expect(r.have & NFP_HAVE_CVLAN);
	cr_expect_eq(r.vlan_id, 0);
	cr_expect_eq(r.cvlan_id, 4095);
}

Test(convert, interfaces_and_direction)
{
	struct nfp_value value = value_of();
	NfpRecord r = v4(NFP_P_udp4, plain, value);

	cr_expect_eq(r.direction, 0);
	cr_expect_eq(r.ingress_if, 5, "the hook's own");
	cr_expect_eq(r.egress_if, 0);
	value.ingress_if = 3;
	r = v4(NFP_P_udp4, (struct nfp_key_meta){ .ifindex = 5, .flags = NFP_KEY_EGRESS }, value);
	cr_expect_eq(r.direction, 1);
	cr_expect_eq(r.ingress_if, 3);
	cr_expect_eq(r.egress_if, 5);
	cr_expect_eq(r.key_flags, NFP_KEY_EGRESS);
}

Test(convert, cpu_only_when_entries_are_not_merged)
{
	NfpConvert apart = convert;
	struct nfp_key_v4 key = { .meta = { .ifindex = 5, .cpu = 3 } };
	struct nfp_value value = value_of();
	NfpRecord r;

	nfp_convert_entry(&convert, NFP_P_tcp4, 1, &key, &value, &r);
	cr_expect_eq(r.have & NFP_HAVE_CPU, 0);
	cr_expect_eq(r.cpu, 0);
	apart.with_cpu = true;
	nfp_convert_entry(&apart, NFP_P_tcp4, 1, &key, &value, &r);
	cr_expect(r.have & NFP_HAVE_CPU);
	cr_expect_eq(r.cpu, 3);
}

Test(convert, hook_is_the_coarsest_record)
{
	struct nfp_hook_key key = { .ifindex = 9, .flags = NFP_KEY_EGRESS };
	struct nfp_hook_row row = { .packets = 3, .octets = 30, .l2_octets = 72, .first = 1200, .last = 1300 };
	NfpRecord r;

	nfp_convert_hook(&convert, &key, &row, &r);
	cr_expect_eq(r.have, NFP_HAVE_ALWAYS | NFP_HAVE_TIMES);
	cr_expect_eq(r.protocol_row, NFP_P_hook);
	cr_expect_eq(r.packets, 3);
	cr_expect_eq(r.octets, 30);
	cr_expect_eq(r.l2_octets, 72);
	cr_expect_eq(r.egress_if, 9);
	cr_expect_eq(r.end_reason, NFP_END_LACK);
	cr_expect_neq(r.flow_id, 0);
	row.first = 0;
	nfp_convert_hook(&convert, &key, &row, &r);
	cr_expect_eq(r.have & NFP_HAVE_TIMES, 0);
}

Test(convert, tcp_options)
{
	struct nfp_value value = value_of();
	NfpRecord r;

	value.tcp_options = 1 << 2 | 1 << 3;
	value.tcp_mss = 1460;
	value.tcp_wscale = 7;
	r = v4(NFP_P_tcp4, (struct nfp_key_meta){ .ifindex = 5 }, value);
	cr_expect(r.have & NFP_HAVE_TCP_OPTIONS);
	cr_expect_eq(r.tcp_options, 0x0c);
	cr_expect_eq(r.tcp_mss, 1460);
	cr_expect_eq(r.tcp_wscale, 7);
	cr_expect_not(v4(NFP_P_udp4, (struct nfp_key_meta){ .ifindex = 5 }, value).have & NFP_HAVE_TCP_OPTIONS);
	value.tcp_options = 0;
	cr_expect_not(v4(NFP_P_tcp4, (struct nfp_key_meta){ .ifindex = 5 }, value).have & NFP_HAVE_TCP_OPTIONS,
		      "no SYN was seen");
}

Test(convert, inside_tunnels)
{
	const NfpConvert c = { .id = { 10, 20 } };
	struct nfp_key_tunnel key = {
		.saddr = { 10, 0, 0, 1 }, .daddr = { 10, 0, 0, 2 }, .tunnel_saddr = { 0xfd, 1 }, .tunnel_daddr = { 0xfd, 2 },
		.id = { 0xabcdef, 7 }, .type = { NFP_T_vxlan, NFP_T_gre }, .row = NFP_P_tcp4, .tunnel_version = 6,
		.meta = { .sport = GUINT16_TO_BE(1024), .dport = GUINT16_TO_BE(443), .ifindex = 5, .dscp = 46 },
	};
	const struct nfp_value value = value_of();
	const uint32_t want = NFP_HAVE_TUNNEL | NFP_HAVE_TUNNEL6 | NFP_HAVE_TUNNELS | NFP_HAVE_SEGMENT | NFP_HAVE_IPV4 |
			      NFP_HAVE_TCP | NFP_HAVE_PORTS | NFP_HAVE_PROTOCOL;
	NfpRecord r;

	nfp_convert_entry(&c, NFP_P_tunnel, 1, &key, &value, &r);
	cr_expect_eq(r.have & want, want, "%x", r.have);
	cr_expect_not(r.have & (NFP_HAVE_TUNNEL4 | NFP_HAVE_GTPU | NFP_HAVE_IPV6));
	cr_expect_eq(r.protocol_row, NFP_P_tunnel);
	cr_expect_eq(r.inner_row, NFP_P_tcp4);
	cr_expect_eq(r.protocol, 6);
	cr_expect_eq(r.src_port, 1024);
	cr_expect_eq(r.dscp, 46);
	cr_expect(!memcmp(r.src4, "\x0a\0\0\1", 4) && !memcmp(r.dst4, "\x0a\0\0\2", 4));
	cr_expect(!memcmp(r.tunnel_src6, key.tunnel_saddr, 16) && !memcmp(r.tunnel_dst6, key.tunnel_daddr, 16));
	cr_expect_eq(r.tunnel_depth, 2);
	cr_expect_eq(r.tunnel_type[0], NFP_T_vxlan);
	cr_expect_eq(r.tunnel_id[0], 0xabcdef);
	cr_expect_eq(r.last_tunnel_type, NFP_T_gre);
	cr_expect_eq(r.last_tunnel_id, 7);
	cr_expect_eq(r.segment, 0x0100000000abcdefull);

	key.type[0] = NFP_T_gtpu;
	key.type[1] = 0;
	key.row = NFP_P_udp6;
	key.tunnel_version = 4;
	nfp_convert_entry(&c, NFP_P_tunnel, 1, &key, &value, &r);
	cr_expect(r.have & NFP_HAVE_GTPU && r.have & NFP_HAVE_TUNNEL4 && r.have & NFP_HAVE_IPV6);
	cr_expect_not(r.have & (NFP_HAVE_TUNNELS | NFP_HAVE_SEGMENT | NFP_HAVE_TUNNEL6 | NFP_HAVE_TCP));
	cr_expect_eq(r.protocol, 17);
	cr_expect(!memcmp(r.src6, key.saddr, 16));
	cr_expect(!memcmp(r.tunnel_src4, key.tunnel_saddr, 4));
	/* A row that no program writes. */
	key.row = 200;
	nfp_convert_entry(&c, NFP_P_tunnel, 1, &key, &value, &r);
	cr_expect_eq(r.inner_row, NFP_P_eth);
}
