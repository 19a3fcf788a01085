// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/packet_build.h"

static void transports(Table *t)
{
	NfpTestPacket *p;

	p = begin(t, "tcp4");
	eth(t, 0x0800), ip4(t, 6, 20 + 7), tcp(t), p->header_len = p->length, fill(t, 7);
	is_ports(t, NFP_P_tcp4, 6, 47);

	p = begin(t, "tcp4 with options and 12 flag bits");
	eth(t, 0x0800), ip4(t, 6, 40), tcp_flags(t, 0xfff, 10);
	is_ports(t, NFP_P_tcp4, 6, 60), p->tcp_flags = 0xfff;

	p = begin(t, "tcp4 padded to 60 bytes");
	eth(t, 0x0800), ip4(t, 6, 20), tcp(t), p->header_len = p->length, fill(t, 6);
	is_ports(t, NFP_P_tcp4, 6, 40);

	p = begin(t, "tcp4 behind IPv4 options");
	eth(t, 0x0800), ip4_full(t, 6, 20, 15, 0), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 80), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "tcp6");
	eth(t, 0x86dd), ip6(t, 6, 20 + 9), tcp(t), p->header_len = p->length, fill(t, 9);
	is_ports(t, NFP_P_tcp6, 6, 69);

	p = begin(t, "udp4");
	eth(t, 0x0800), ip4(t, 17, 13), udp(t, 5), p->header_len = p->length, fill(t, 5);
	is_ports(t, NFP_P_udp4, 17, 33);

	p = begin(t, "udp6");
	eth(t, 0x86dd), ip6(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 48);

	p = begin(t, "udplite4");
	eth(t, 0x0800), ip4(t, 136, 8), udp(t, 0);
	is_ports(t, NFP_P_udp4, 136, 28), p->key_flags = NFP_KEY_ALT;

	p = begin(t, "udplite6");
	eth(t, 0x86dd), ip6(t, 136, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 136, 48), p->key_flags = NFP_KEY_ALT;

	p = begin(t, "sctp4");
	eth(t, 0x0800), ip4(t, 132, 12), udp(t, 0), put32(t, 0);
	is_ports(t, NFP_P_sctp4, 132, 32);

	p = begin(t, "sctp6");
	eth(t, 0x86dd), ip6(t, 132, 12), udp(t, 0), put32(t, 0);
	is_ports(t, NFP_P_sctp6, 132, 52);

	p = begin(t, "dccp4");
	eth(t, 0x0800), ip4(t, 33, 12), udp(t, 0), put32(t, 0);
	is_ports(t, NFP_P_sctp4, 33, 32), p->key_flags = NFP_KEY_ALT;

	p = begin(t, "icmp4 echo");
	eth(t, 0x0800), ip4(t, 1, 8), put16(t, 0x0800), put16(t, 0), p->header_len = p->length;
	put32(t, 1);
	is_ip(t, NFP_P_icmp4, 1, NFP_O_ok, 28), p->sport = 0x0800;

	p = begin(t, "icmp4 port unreachable with a quoted packet");
	eth(t, 0x0800), ip4(t, 1, 36), put16(t, 0x0303), put16(t, 0), p->header_len = p->length;
	put32(t, 0), fill(t, 28);
	is_ip(t, NFP_P_icmp4, 1, NFP_O_ok, 56), p->sport = 0x0303;

	p = begin(t, "icmp6 neighbour solicitation");
	eth(t, 0x86dd), ip6(t, 58, 24), put16(t, 0x8700), put16(t, 0), p->header_len = p->length;
	put32(t, 0), fill(t, 16);
	is_ip(t, NFP_P_icmp6, 58, NFP_O_ok, 64), p->sport = 0x8700;

	p = begin(t, "icmp of the other family");
	eth(t, 0x86dd), ip6(t, 1, 8), p->header_len = p->length, put32(t, 0x08000000), put32(t, 0);
	is_ip(t, NFP_P_ipv6, 1, NFP_O_unknown_l4, 48);
}

/* One row a protocol without a row of its own. */
static void other_protocols(Table *t)
{
	static const struct {
		const char *name4, *name6;
		guint8 protocol;
	} others[] = {
		{ "igmp", "igmp in ipv6", 2 }, { "ipip", "4in6", 4 },       { "6in4", "6in6", 41 },
		{ "gre4", "gre6", 47 },        { "esp4", "esp6", 50 },      { "ospf", "ospf6", 89 },
		{ "vrrp", "vrrp6", 112 },      { "pim", "pim6", 103 },      { "none4", "none6", 59 },
		{ "mobility4", "mobility6", 135 },
		{ "hip4", "hip6", 139 },       { "shim6 in ipv4", "shim6", 140 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		NfpTestPacket *p = begin(t, others[i].name4);

		eth(t, 0x0800), ip4(t, others[i].protocol, 16), p->header_len = p->length;
		fill(t, 16);
		is_ip(t, NFP_P_ipv4, others[i].protocol, NFP_O_unknown_l4, 36);

		p = begin(t, others[i].name6);
		eth(t, 0x86dd), ip6(t, others[i].protocol, 16), p->header_len = p->length;
		fill(t, 16);
		is_ip(t, NFP_P_ipv6, others[i].protocol, NFP_O_unknown_l4, 56);
	}
	begin(t, "ah4 is a protocol");
	eth(t, 0x0800), ip4(t, 51, 24 + 20), t->p->header_len = t->p->length;
	put32(t, 0x06040000), fill(t, 20), tcp(t);
	is_ip(t, NFP_P_ipv4, 51, NFP_O_unknown_l4, 64);
}

static void extensions(Table *t)
{
	NfpTestPacket *p;

	p = begin(t, "ipv6 hop-by-hop, routing, destination, ah, tcp");
	eth(t, 0x86dd), ip6(t, 0, 8 + 24 + 8 + 24 + 20);
	put32(t, 0x2b000000), put32(t, 0x01000000);
	put32(t, 0x3c020402), fill(t, 20); /* segment routing header of 24 bytes */
	put32(t, 0x33000104), put32(t, 0);
	put32(t, 0x06040000), fill(t, 20); /* AH of (4 + 2) * 4 bytes */
	tcp(t);
	is_ports(t, NFP_P_tcp6, 6, 40 + 84), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 atomic fragment, udp");
	eth(t, 0x86dd), ip6(t, 44, 16), put32(t, 0x11000000), put32(t, 7), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 56), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 first fragment, udp");
	eth(t, 0x86dd), ip6(t, 44, 24), put32(t, 0x11000001), put32(t, 7), udp(t, 900);
	p->header_len = p->length, fill(t, 8);
	is_ports(t, NFP_P_udp6, 17, 64), p->value_flags = NFP_V_IP_OPTIONS | NFP_V_FRAG_FIRST;

	p = begin(t, "ipv6 later fragment, udp");
	eth(t, 0x86dd), ip6(t, 44, 24), put32(t, 0x110005a1), put32(t, 7), p->header_len = p->length;
	fill(t, 16);
	is_ip(t, NFP_P_udp6, 17, NFP_O_fragment, 64);
	p->value_flags = NFP_V_IP_OPTIONS | NFP_V_FRAG_LATER;

	p = begin(t, "ipv6 later fragment, icmp6");
	eth(t, 0x86dd), ip6(t, 44, 24), put32(t, 0x3a0005a0), put32(t, 7), p->header_len = p->length;
	fill(t, 16);
	is_ip(t, NFP_P_ipv6, 58, NFP_O_fragment, 64);
	p->value_flags = NFP_V_IP_OPTIONS | NFP_V_FRAG_LATER;

	p = begin(t, "ipv6 later fragment of destination options: no header follows");
	eth(t, 0x86dd), ip6(t, 44, 24), put32(t, 0x3c0005a0), put32(t, 7), p->header_len = p->length;
	fill(t, 16);
	is_ip(t, NFP_P_ipv6, 60, NFP_O_fragment, 64);
	p->value_flags = NFP_V_IP_OPTIONS | NFP_V_FRAG_LATER;

	p = begin(t, "ipv6 chain longer than the parser follows");
	eth(t, 0x86dd), ip6(t, 60, 8 * 12 + 8);
	for (int i = 0; i < 11; i++) {
		if (i == NFP_EXT_MAX)
			p->header_len = p->length;
		put32(t, 0x3c000104), put32(t, 0);
	}
	put32(t, 0x11000104), put32(t, 0), udp(t, 0);
	is_ip(t, NFP_P_ipv6, 60, NFP_O_ext_limit, 40 + 104), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 extension header beyond the length field");
	eth(t, 0x86dd), ip6(t, 60, 4), p->header_len = p->length, put32(t, 0x11000104);
	put32(t, 0), udp(t, 0);
	is_ip(t, NFP_P_ipv6, 60, NFP_O_malformed_l4, 44), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 extension header cut by the frame");
	eth(t, 0x86dd), ip6(t, 60, 80), p->header_len = p->length, put32(t, 0x11000104);
	is_ip(t, NFP_P_ipv6, 60, NFP_O_truncated_l4, 120), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 destination options of 2 kB in front of udp");
	eth(t, 0x86dd), ip6(t, 60, 2048 + 8), put16(t, 0x11ff), fill(t, 2046), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 40 + 2056), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "ipv6 with nothing behind it, padded");
	eth(t, 0x86dd), ip6(t, 59, 0), p->header_len = p->length, fill(t, 6);
	is_ip(t, NFP_P_ipv6, 59, NFP_O_unknown_l4, 40);

	p = begin(t, "ipv6 of payload length 0: nothing more is the packet's");
	eth(t, 0x86dd), ip6(t, 17, 0), udp(t, 12), p->header_len = p->length, fill(t, 12);
	is_ports(t, NFP_P_udp6, 17, 40);
}

static void fragments(Table *t)
{
	static const struct {
		const char *name;
		guint8 protocol, row;
	} later[] = {
		{ "tcp4 later fragment", 6, NFP_P_tcp4 },    { "udp4 later fragment", 17, NFP_P_udp4 },
		{ "sctp4 later fragment", 132, NFP_P_sctp4 }, { "icmp4 later fragment", 1, NFP_P_ipv4 },
		{ "gre4 later fragment", 47, NFP_P_ipv4 },
	};
	NfpTestPacket *p;

	for (gsize i = 0; i < G_N_ELEMENTS(later); i++) {
		p = begin(t, later[i].name);
		eth(t, 0x0800), ip4_full(t, later[i].protocol, 24, 5, 0x2000 | 185);
		p->header_len = p->length, fill(t, 24);
		is_ip(t, later[i].row, later[i].protocol, NFP_O_fragment, 44);
		p->value_flags = NFP_V_FRAG_LATER;
	}
	p = begin(t, "udp4 first fragment");
	eth(t, 0x0800), ip4_full(t, 17, 24, 5, 0x2000), udp(t, 100), p->header_len = p->length;
	fill(t, 16);
	is_ports(t, NFP_P_udp4, 17, 44), p->value_flags = NFP_V_FRAG_FIRST;

	p = begin(t, "tcp4 first fragment of 8 bytes: ports, no flags, not malformed");
	eth(t, 0x0800), ip4_full(t, 6, 8, 5, 0x2000), udp(t, 0), fill(t, 18);
	p->header_len = 14 + 20 + 20;
	is_ports(t, NFP_P_tcp4, 6, 28), p->value_flags = NFP_V_FRAG_FIRST, p->tcp_flags = 0;
}

static void broken(Table *t)
{
	NfpTestPacket *p;

	p = begin(t, "version 5 under 0800");
	eth(t, 0x0800), put8(t, 0x55), fill(t, 40);
	is_eth(t, NFP_O_malformed_l3, 14, 0x0800);

	p = begin(t, "IHL 4");
	eth(t, 0x0800), ip4_full(t, 6, 20, 4, 0), tcp(t);
	is_eth(t, NFP_O_malformed_l3, 14, 0x0800);

	p = begin(t, "total length shorter than the header");
	eth(t, 0x0800), ip4(t, 6, 20), tcp(t), p->bytes[14 + 2] = 0, p->bytes[14 + 3] = 19;
	is_eth(t, NFP_O_malformed_l3, 14, 0x0800);

	p = begin(t, "version 4 under 86dd");
	eth(t, 0x86dd), ip4(t, 6, 40), fill(t, 40);
	is_eth(t, NFP_O_malformed_l3, 14, 0x86dd);

	p = begin(t, "IPv4 header cut");
	eth(t, 0x0800), put8(t, 0x45), fill(t, 18);
	is_eth(t, NFP_O_truncated_l3, 14, 0x0800);

	p = begin(t, "IPv6 header cut");
	eth(t, 0x86dd), put8(t, 0x60), fill(t, 38);
	is_eth(t, NFP_O_truncated_l3, 14, 0x86dd);

	p = begin(t, "IPv4 header cut in a vlan");
	eth(t, 0x8100), tag(t, 7, 0x0800), put8(t, 0x45), fill(t, 18);
	is_eth(t, NFP_O_truncated_l3, 18, 0x0800), p->vlan[0] = 0x1007;

	p = begin(t, "IPv6 header cut in a vlan");
	eth(t, 0x8100), tag(t, 7, 0x86dd), put8(t, 0x60), fill(t, 38);
	is_eth(t, NFP_O_truncated_l3, 18, 0x86dd), p->vlan[0] = 0x1007;

	p = begin(t, "IPv4 options cut: addresses are sound");
	eth(t, 0x0800), ip4_full(t, 6, 20, 15, 0), p->length -= 8;
	p->header_len = 14 + 60 + 20;
	is_ip(t, NFP_P_ipv4, 6, NFP_O_truncated_l4, 80), p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "tcp4 cut before the ports");
	eth(t, 0x0800), ip4(t, 6, 20), p->header_len = p->length + 20, fill(t, 3);
	is_ip(t, NFP_P_ipv4, 6, NFP_O_truncated_l4, 40);

	p = begin(t, "tcp4 cut behind the ports");
	eth(t, 0x0800), ip4(t, 6, 20), tcp(t), p->length -= 10, p->header_len = p->length + 10;
	is_ports(t, NFP_P_tcp4, 6, 40), p->outcome = NFP_O_truncated_l4, p->tcp_flags = 0;

	p = begin(t, "tcp4 cut behind the flags");
	eth(t, 0x0800), ip4(t, 6, 20), tcp(t), p->length -= 6, p->header_len = p->length + 6;
	is_ports(t, NFP_P_tcp4, 6, 40), p->outcome = NFP_O_truncated_l4;

	p = begin(t, "tcp4 beyond the total length");
	eth(t, 0x0800), ip4(t, 6, 16), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 36), p->outcome = NFP_O_malformed_l4;

	p = begin(t, "udp4 without room for ports in the total length");
	eth(t, 0x0800), ip4(t, 17, 2), p->header_len = p->length + 8, udp(t, 0);
	is_ip(t, NFP_P_ipv4, 17, NFP_O_malformed_l4, 22);

	p = begin(t, "tcp4 with data offset 4");
	eth(t, 0x0800), ip4(t, 6, 20), tcp_flags(t, 0x18, 4), p->header_len = p->length;
	is_ports(t, NFP_P_tcp4, 6, 40), p->outcome = NFP_O_malformed_l4;

	p = begin(t, "udp4 with length 7");
	eth(t, 0x0800), ip4(t, 17, 8), udp(t, (guint16)-1);
	is_ports(t, NFP_P_udp4, 17, 28), p->outcome = NFP_O_malformed_l4;

	p = begin(t, "icmp4 of two bytes");
	eth(t, 0x0800), ip4(t, 1, 2), p->header_len = p->length + 4, put16(t, 0x0b01);
	is_ip(t, NFP_P_icmp4, 1, NFP_O_truncated_l4, 22), p->sport = 0x0b01;

	p = begin(t, "icmp4 of one byte");
	eth(t, 0x0800), ip4(t, 1, 1), p->header_len = p->length + 4, put8(t, 0x0b);
	is_ip(t, NFP_P_ipv4, 1, NFP_O_truncated_l4, 21);
}

static void links(Table *t)
{
	NfpTestPacket *p;

	p = begin(t, "arp");
	eth(t, 0x0806), fill(t, 46);
	is_eth(t, NFP_O_unknown_l3, 14, 0x0806);

	p = begin(t, "lldp");
	eth(t, 0x88cc), fill(t, 50);
	is_eth(t, NFP_O_unknown_l3, 14, 0x88cc);

	p = begin(t, "vlan, tcp4");
	eth(t, 0x8100), tag(t, 100, 0x0800), ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40), p->vlan[0] = 0x1000 | 100;

	p = begin(t, "priority tag (id 0), udp6");
	eth(t, 0x8100), tag(t, 0, 0x86dd), ip6(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 48), p->vlan[0] = 0x1000;

	p = begin(t, "802.1ad over 802.1Q, tcp6");
	eth(t, 0x88a8), tag(t, 4095, 0x8100), tag(t, 1, 0x86dd), ip6(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp6, 6, 60), p->vlan[0] = 0x1fff, p->vlan[1] = 0x1001;

	p = begin(t, "four tags of four types, udp4");
	eth(t, 0x9100), tag(t, 1, 0x88a8), tag(t, 2, 0x9200), tag(t, 3, 0x9300), tag(t, 4, 0x0800);
	ip4(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp4, 17, 28), p->vlan[0] = 0x1001, p->vlan[1] = 0x1002;

	p = begin(t, "five tags");
	eth(t, 0x8100), tag(t, 1, 0x8100), tag(t, 2, 0x8100), tag(t, 3, 0x8100), tag(t, 4, 0x8100);
	tag(t, 5, 0x0800), ip4(t, 17, 8), udp(t, 0);
	is_eth(t, NFP_O_ext_limit, 30, 0x8100), p->vlan[0] = 0x1001, p->vlan[1] = 0x1002;

	p = begin(t, "arp in a vlan");
	eth(t, 0x8100), tag(t, 7, 0x0806), fill(t, 42);
	is_eth(t, NFP_O_unknown_l3, 18, 0x0806), p->vlan[0] = 0x1007;

	p = begin(t, "tag cut");
	eth(t, 0x8100), fill(t, 3);
	is_eth(t, NFP_O_truncated_l2, 14, 0x8100);

	p = begin(t, "pppoe session, ipv4");
	eth(t, 0x8864), put32(t, 0x11000001), put16(t, 42), put16(t, 0x0021), ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40);

	p = begin(t, "pppoe session, ipv6, compressed protocol field");
	eth(t, 0x8864), put32(t, 0x11000001), put16(t, 49), put8(t, 0x57), ip6(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 48);

	p = begin(t, "pppoe session, lcp");
	eth(t, 0x8864), put32(t, 0x11000001), put16(t, 10), put16(t, 0xc021), fill(t, 38);
	is_eth(t, NFP_O_unknown_l3, 14, 0x8864);

	p = begin(t, "pppoe cut");
	eth(t, 0x8864), fill(t, 7);
	is_eth(t, NFP_O_truncated_l2, 14, 0x8864);

	p = begin(t, "mpls, two labels, ipv4");
	eth(t, 0x8847), put32(t, 0x00010040), put32(t, 0x00020140), ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40);

	p = begin(t, "mpls multicast, eight labels, ipv6");
	eth(t, 0x8848);
	for (int i = 0; i < 8; i++)
		put32(t, i == 7 ? 0x00010140 : 0x00010040);
	ip6(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 48);

	p = begin(t, "mpls, nine labels");
	eth(t, 0x8847);
	for (int i = 0; i < 9; i++)
		put32(t, i == 8 ? 0x00010140 : 0x00010040);
	ip4(t, 17, 8), udp(t, 0);
	is_eth(t, NFP_O_ext_limit, 14, 0x8847);

	p = begin(t, "mpls pseudowire with a control word");
	eth(t, 0x8847), put32(t, 0x00010140), put32(t, 0), fill(t, 60);
	is_eth(t, NFP_O_unknown_l3, 14, 0x8847);

	p = begin(t, "mpls stack cut");
	eth(t, 0x8847), put32(t, 0x00010040), fill(t, 3);
	is_eth(t, NFP_O_truncated_l2, 14, 0x8847);

	p = begin(t, "mpls with nothing behind the stack");
	eth(t, 0x8847), put32(t, 0x00010140);
	is_eth(t, NFP_O_truncated_l2, 14, 0x8847);

	p = begin(t, "vlan, mpls, ipv4");
	eth(t, 0x8100), tag(t, 9, 0x8847), put32(t, 0x00010140), ip4(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp4, 17, 28), p->vlan[0] = 0x1009;

	p = begin(t, "llc spanning tree");
	eth(t, 38), put(t, "\x42\x42\x03", 3), fill(t, 43);
	is_eth(t, NFP_O_unknown_l3, 14, 0);

	p = begin(t, "llc ipv4");
	eth(t, 43), put(t, "\x06\x06\x03", 3), ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40);

	p = begin(t, "snap ipv4");
	eth(t, 48), put(t, "\xaa\xaa\x03\0\0\0", 6), put16(t, 0x0800), ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40);

	p = begin(t, "snap of another organisation");
	eth(t, 48), put(t, "\xaa\xaa\x03\0\0\x0c", 6), put16(t, 0x2000), fill(t, 40);
	is_eth(t, NFP_O_unknown_l3, 14, 0);

	p = begin(t, "snap aarp in a vlan");
	eth(t, 0x8100), tag(t, 5, 36), put(t, "\xaa\xaa\x03\0\0\0", 6), put16(t, 0x80f3), fill(t, 28);
	is_eth(t, NFP_O_unknown_l3, 26, 0x80f3), p->vlan[0] = 0x1005;

	p = begin(t, "raw ipv4");
	p->link = NFP_LINK_RAW, ip4(t, 6, 20), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 40), p->addr_at = 12;

	p = begin(t, "raw ipv6");
	p->link = NFP_LINK_RAW, ip6(t, 17, 8), udp(t, 0);
	is_ports(t, NFP_P_udp6, 17, 48), p->addr_at = 8;

	p = begin(t, "raw of neither family");
	p->link = NFP_LINK_RAW, put8(t, 0x12), fill(t, 30);
	is_eth(t, NFP_O_unknown_l3, 0, 0);
}

const NfpTestPacket *nfp_test_packets(gsize *count)
{
	static Table *table;

	if (!table) {
		table = g_new0(Table, 1);
		transports(table);
		other_protocols(table);
		extensions(table);
		fragments(table);
		broken(table);
		links(table);
		nfp_test_packets_gso(table);
	}
	*count = table->count;
	return table->rows;
}
