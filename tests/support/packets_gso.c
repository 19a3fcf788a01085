// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers that stand for several packets on the wire. */
#include "support/packet_build.h"

/* GSO: header, n segments of `size` payload bytes and a last one of `last`; jumbo: header bytes that
 * are not on the wire. */
static void is_gso(Table *t, guint32 l3, guint32 n, guint32 size, guint32 last, guint32 jumbo)
{
	NfpTestPacket *p = t->p;
	guint32 header = p->length;

	fill(t, (gsize)n * size + last);
	p->gso_size = size;
	p->packets = n + !!last;
	p->header_len = header;
	p->l2_octets = p->packets * (header - jumbo) + n * size + last;
	p->octets = p->packets * (header - jumbo - l3) + n * size + last;
	p->len_max = header - jumbo - l3 + size;
	p->len_min = header - jumbo - l3 + (last ? last : size);
}

static void plain_segments(Table *t)
{
	NfpTestPacket *p;

	p = begin(t, "gso tcp4, counted by the stack");
	eth(t, 0x0800), ip4(t, 6, 20 + 350), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 0), is_gso(t, 14, 3, 100, 50, 0), p->gso_segs = 4;

	p = begin(t, "gso tcp4 from tun: segments not counted yet, total length 0");
	eth(t, 0x0800), ip4(t, 6, (guint16)-20), tcp_flags(t, 0x18, 8);
	is_ports(t, NFP_P_tcp4, 6, 0), is_gso(t, 14, 4, 120, 0, 0);

	p = begin(t, "gso tcp4, one segment");
	eth(t, 0x0800), ip4(t, 6, 20 + 60), tcp(t);
	is_ports(t, NFP_P_tcp4, 6, 0), is_gso(t, 14, 0, 100, 60, 0);
	p->len_min = p->len_max = 100;

	p = begin(t, "gso tcp6 in a vlan");
	eth(t, 0x8100), tag(t, 3, 0x86dd), ip6(t, 6, 20 + 250), tcp(t);
	is_ports(t, NFP_P_tcp6, 6, 0), is_gso(t, 18, 2, 100, 50, 0), p->gso_segs = 3;
	p->vlan[0] = 0x1003;

	p = begin(t, "gso udp4");
	eth(t, 0x0800), ip4(t, 17, 8 + 250), udp(t, 250);
	is_ports(t, NFP_P_udp4, 17, 0), is_gso(t, 14, 2, 100, 50, 0), p->gso_segs = 3;

	p = begin(t, "gso big tcp: the jumbo header is not on the wire");
	eth(t, 0x86dd), ip6(t, 0, 0), put32(t, 0x0600c204), put32(t, 70000), tcp(t);
	is_ports(t, NFP_P_tcp6, 6, 0), is_gso(t, 14, 5, 100, 1, 8), p->gso_segs = 6;
	p->value_flags = NFP_V_IP_OPTIONS;

	p = begin(t, "gso sctp by fragments");
	eth(t, 0x0800), ip4(t, 132, 12 + 300), udp(t, 0), put32(t, 0);
	is_ports(t, NFP_P_sctp4, 132, 0), is_gso(t, 14, 3, 100, 0, 0);
	p->gso_size = 0xffff, p->gso_segs = 3;
}

static void tunnel_segments(Table *t)
{
	NfpTestPacket *p;
	gsize outer;

	p = begin(t, "gso ipip");
	eth(t, 0x0800), ip4(t, 4, 290), outer = t->ip_at, ip4(t, 6, 270), tcp(t), t->ip_at = outer;
	is_ip(t, NFP_P_ipv4, 4, NFP_O_unknown_l4, 0), is_gso(t, 14, 2, 100, 50, 0);

	p = begin(t, "gso 6in4");
	eth(t, 0x0800), ip4(t, 41, 310), outer = t->ip_at, ip6(t, 6, 270), tcp(t), t->ip_at = outer;
	is_ip(t, NFP_P_ipv4, 41, NFP_O_unknown_l4, 0), is_gso(t, 14, 2, 100, 50, 0);

	p = begin(t, "gso gre with key and checksum, ethernet, ipv6 with destination options");
	eth(t, 0x0800), ip4(t, 47, 350), outer = t->ip_at, put32(t, 0xa0006558), put32(t, 0);
	put32(t, 7), eth(t, 0x86dd), ip6(t, 60, 278), put32(t, 0x06000104), put32(t, 0), tcp(t);
	t->ip_at = outer;
	is_ip(t, NFP_P_ipv4, 47, NFP_O_unknown_l4, 0), is_gso(t, 14, 2, 100, 50, 0);

	p = begin(t, "gso vxlan over ipv4, tcp4");
	eth(t, 0x0800), ip4(t, 17, 330), outer = t->ip_at, udp_to(t, 4789, 300);
	put32(t, 0x08000000), put32(t, 42 << 8), eth(t, 0x0800), ip4(t, 6, 270), tcp(t);
	t->ip_at = outer;
	is_ports(t, NFP_P_udp4, 17, 0), p->dport = 4789, is_gso(t, 14, 2, 100, 50, 0);

	p = begin(t, "gso vxlan (Linux port) over ipv6, vlan, udp6");
	eth(t, 0x86dd), ip6(t, 17, 330), outer = t->ip_at, udp_to(t, 8472, 300);
	put32(t, 0x08000000), put32(t, 42 << 8), eth(t, 0x8100), tag(t, 5, 0x86dd);
	ip6(t, 17, 258), udp(t, 250), t->ip_at = outer;
	is_ports(t, NFP_P_udp6, 17, 0), p->dport = 8472, is_gso(t, 14, 2, 100, 50, 0);

	p = begin(t, "gso geneve with options, mpls, tcp4");
	eth(t, 0x0800), ip4(t, 17, 330), outer = t->ip_at, udp_to(t, 6081, 300);
	put32(t, 0x02008847), put32(t, 42 << 8), put32(t, 0x01020301), put32(t, 0);
	put32(t, 0x00010140), ip4(t, 6, 270), tcp(t), t->ip_at = outer;
	is_ports(t, NFP_P_udp4, 17, 0), p->dport = 6081, is_gso(t, 14, 2, 100, 50, 0);
}

void nfp_test_packets_gso(Table *t)
{
	plain_segments(t);
	tunnel_segments(t);
}
