// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/tunnels.h"

#include <string.h>

#define ROWS_MAX 96

/* Headers are put from the outside in; those with a length in them are filled in at the end. */
typedef struct Builder {
	NfpTestTunnel rows[ROWS_MAX];
	gsize count;
	NfpTestTunnel *t;
	guint headers;     /* IP headers so far: each has addresses of its own */
	guint32 ip_at;     /* of the last one */
	guint32 lengths[16]; /* where a length stands */
	gint32 starts[16];   /* from where it counts */
	guint n_lengths;
} Builder;

static void put(Builder *b, const void *bytes, gsize n)
{
	g_assert(b->t->length + n <= sizeof(b->t->bytes));
	memcpy(b->t->bytes + b->t->length, bytes, n);
	b->t->length += n;
}

static void put8(Builder *b, guint8 v)
{
	put(b, &v, 1);
}

static void put16(Builder *b, guint16 v)
{
	v = GUINT16_TO_BE(v);
	put(b, &v, 2);
}

static void put32(Builder *b, guint32 v)
{
	v = GUINT32_TO_BE(v);
	put(b, &v, 4);
}

static void fill(Builder *b, guint n)
{
	while (n--)
		put8(b, 0xa0 + n % 16);
}

/* A length of 16 bits stands here, of what begins `before` bytes before it. */
static void length_of(Builder *b, gint32 before)
{
	b->lengths[b->n_lengths] = b->t->length;
	b->starts[b->n_lengths++] = (gint32)b->t->length - before;
	put16(b, 0);
}

static NfpTestTunnel *begin(Builder *b, const char *name)
{
	g_assert(b->count < ROWS_MAX);
	b->t = &b->rows[b->count++];
	b->t->name = name;
	b->t->mask = NFP_TEST_DECAP_ALL;
	b->headers = 0;
	b->n_lengths = 0;
	return b->t;
}

static void ether(Builder *b, guint16 type)
{
	put(b, "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a", 12);
	put16(b, type);
}

static void ip4_fragment(Builder *b, guint8 protocol, guint16 fragment)
{
	b->ip_at = b->t->length;
	put16(b, 0x45b9);
	length_of(b, 2);
	put16(b, 0x1234);
	put16(b, fragment);
	put8(b, 61), put8(b, protocol), put16(b, 0);
	put32(b, 0x0a000001 | ++b->headers << 8);
	put32(b, 0x0a000002 | b->headers << 8);
}

static void ip4(Builder *b, guint8 protocol)
{
	ip4_fragment(b, protocol, 0x4000);
}

static void ip6(Builder *b, guint8 next)
{
	guint8 address[16] = "\x20\x01\x0d\xb8";

	b->ip_at = b->t->length;
	put32(b, 0x6b9abcde);
	length_of(b, -36); /* counts from behind the header */
	put8(b, next), put8(b, 61);
	address[14] = ++b->headers;
	for (address[15] = 1; address[15] <= 2; address[15]++)
		put(b, address, sizeof(address));
}

static void udp(Builder *b, guint16 sport, guint16 dport)
{
	put16(b, sport), put16(b, dport);
	length_of(b, 4);
	put16(b, 0);
}

static void gre(Builder *b, guint16 flags, guint16 protocol)
{
	put16(b, flags), put16(b, protocol);
}

static void vxlan(Builder *b, guint8 flags, guint8 next, guint32 vni)
{
	put8(b, flags), put16(b, 0), put8(b, next);
	put32(b, vni << 8);
}

static void geneve(Builder *b, guint8 options, guint16 protocol, guint32 vni)
{
	put8(b, options / 4), put8(b, 0), put16(b, protocol);
	put32(b, vni << 8 | 0x5a);
	fill(b, options);
}

static void gtpu(Builder *b, guint8 flags, guint8 type, guint32 teid)
{
	put8(b, 0x30 | flags), put8(b, type);
	length_of(b, -6);
	put32(b, teid);
}

static void tunnel(Builder *b, guint8 type, guint32 id)
{
	b->t->type[b->t->depth] = type;
	b->t->id[b->t->depth++] = id;
	b->t->tunnel_at = b->ip_at;
}

/* The flow is the last IP header put; ends the row. */
static NfpTestTunnel *is(Builder *b, guint8 row, guint8 protocol, guint8 outcome)
{
	NfpTestTunnel *t = b->t;

	for (guint i = 0; i < b->n_lengths; i++) {
		guint32 n = t->length - b->starts[i];

		t->bytes[b->lengths[i]] = n >> 8;
		t->bytes[b->lengths[i] + 1] = n;
	}
	t->row = row;
	t->protocol = protocol;
	t->outcome = outcome;
	t->flow_at = b->ip_at;
	t->octets = t->length - b->ip_at;
	return t;
}

static void is_tcp(Builder *b)
{
	gboolean v6 = b->t->bytes[b->ip_at] >> 4 == 6;

	put16(b, 40001), put16(b, 443), put32(b, 1), put32(b, 2), put16(b, 0x5018), put16(b, 512);
	put32(b, 0);
	fill(b, 5);
	is(b, v6 ? NFP_P_tcp6 : NFP_P_tcp4, 6, NFP_O_ok);
	b->t->sport = 40001;
	b->t->dport = 443;
	b->t->tcp_flags = 0x18;
}

static void is_udp(Builder *b)
{
	gboolean v6 = b->t->bytes[b->ip_at] >> 4 == 6;

	udp(b, 5000, 53), fill(b, 9);
	is(b, v6 ? NFP_P_udp6 : NFP_P_udp4, 17, NFP_O_ok);
	b->t->sport = 5000;
	b->t->dport = 53;
}

/* Not taken off: the flow is the outermost header, of a protocol without ports. */
static void stays(Builder *b, guint8 protocol, guint8 end)
{
	b->ip_at = 14;
	is(b, b->t->bytes[14] >> 4 == 6 ? NFP_P_ipv6 : NFP_P_ipv4, protocol, NFP_O_unknown_l4)->end = end;
}

static void stays_udp(Builder *b, guint8 end)
{
	NfpTestTunnel *t = b->t;
	gboolean v6 = t->bytes[14] >> 4 == 6;
	guint32 at = v6 ? 54 : 34;

	b->ip_at = 14;
	is(b, v6 ? NFP_P_udp6 : NFP_P_udp4, 17, NFP_O_ok)->end = end;
	t->sport = t->bytes[at] << 8 | t->bytes[at + 1];
	t->dport = t->bytes[at + 2] << 8 | t->bytes[at + 3];
}

static void in_ip(Builder *b)
{
	begin(b, "4in4"), ether(b, 0x0800), ip4(b, 4), tunnel(b, NFP_T_4in4, 0), ip4(b, 6), is_tcp(b);
	begin(b, "6in4"), ether(b, 0x0800), ip4(b, 41), tunnel(b, NFP_T_6in4, 0), ip6(b, 17), is_udp(b);
	begin(b, "4in6"), ether(b, 0x86dd), ip6(b, 4), tunnel(b, NFP_T_4in6, 0), ip4(b, 17), is_udp(b);
	begin(b, "6in6"), ether(b, 0x86dd), ip6(b, 41), tunnel(b, NFP_T_6in6, 0), ip6(b, 6), is_tcp(b);

	begin(b, "6in6 behind a routing header, in a vlan");
	ether(b, 0x8100), put16(b, 7), put16(b, 0x86dd), ip6(b, 43), put32(b, 0x29020402), fill(b, 20);
	tunnel(b, NFP_T_6in6, 0), ip6(b, 6), is_tcp(b), b->t->vlan = 0x1007;

	begin(b, "4in4 behind AH"), ether(b, 0x0800), ip4(b, 51), put32(b, 0x04040000), fill(b, 20);
	tunnel(b, NFP_T_4in4, 0), ip4(b, 6), is_tcp(b);

	begin(b, "4in4 with a protocol that nobody knows inside"), ether(b, 0x0800), ip4(b, 4);
	tunnel(b, NFP_T_4in4, 0), ip4(b, 89), fill(b, 30), is(b, NFP_P_ipv4, 89, NFP_O_unknown_l4);

	begin(b, "AH in transport mode is no tunnel"), ether(b, 0x0800), ip4(b, 51), put32(b, 0x06040000);
	fill(b, 20), fill(b, 40), stays(b, 51, NFP_D_done);

	begin(b, "4in4 with version 6 inside"), ether(b, 0x0800), ip4(b, 4), ip6(b, 17), fill(b, 20);
	stays(b, 4, NFP_D_malformed);

	begin(b, "4in4 with nothing inside"), ether(b, 0x0800), ip4(b, 4), stays(b, 4, NFP_D_truncated);

	begin(b, "4in4 whose inside is longer than it"), ether(b, 0x0800), ip4(b, 4), ip4(b, 6), fill(b, 20);
	stays(b, 4, NFP_D_malformed), b->t->bytes[37] += 1;

	begin(b, "4in4 that nobody asked for")->mask &= ~(1U << NFP_T_4in4);
	ether(b, 0x0800), ip4(b, 4), ip4(b, 6), fill(b, 20), stays(b, 4, NFP_D_done);
}

static void fragments(Builder *b)
{
	begin(b, "first fragment inside"), ether(b, 0x0800), ip4(b, 4), tunnel(b, NFP_T_4in4, 0);
	ip4_fragment(b, 17, 0x2000), put16(b, 5000), put16(b, 53), put16(b, 900), put16(b, 0), fill(b, 8);
	is(b, NFP_P_udp4, 17, NFP_O_ok), b->t->sport = 5000, b->t->dport = 53;

	begin(b, "later fragment inside"), ether(b, 0x0800), ip4(b, 4), tunnel(b, NFP_T_4in4, 0);
	ip4_fragment(b, 17, 0x2001), fill(b, 16), is(b, NFP_P_udp4, 17, NFP_O_fragment);

	begin(b, "first fragment of the tunnel's packet: as much as is in it"), ether(b, 0x0800);
	ip4_fragment(b, 47, 0x2000), gre(b, 0, 0x0800), tunnel(b, NFP_T_gre, 0), ip4(b, 17);
	is_udp(b), b->t->bytes[14 + 20 + 4 + 2] = 5;

	begin(b, "later fragment of the tunnel's packet"), ether(b, 0x0800), ip4_fragment(b, 47, 0x2001);
	gre(b, 0, 0x0800), ip4(b, 17), fill(b, 20), b->ip_at = 14;
	is(b, NFP_P_ipv4, 47, NFP_O_fragment);
}

static void in_gre(Builder *b)
{
	begin(b, "gre, ipv4"), ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0x0800);
	tunnel(b, NFP_T_gre, 0), ip4(b, 6), is_tcp(b);

	begin(b, "gre over ipv6, ipv6"), ether(b, 0x86dd), ip6(b, 47), gre(b, 0, 0x86dd);
	tunnel(b, NFP_T_gre, 0), ip6(b, 17), is_udp(b);

	begin(b, "gre with checksum, key and sequence number"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0xb000, 0x0800), put32(b, 0xabcd0000), put32(b, 0xdeadbeef), put32(b, 7);
	tunnel(b, NFP_T_gre, 0xdeadbeef), ip4(b, 17), is_udp(b);

	begin(b, "gre with a sequence number and no key"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0x1000, 0x0800), put32(b, 7), tunnel(b, NFP_T_gre, 0), ip4(b, 17), is_udp(b);

	begin(b, "nvgre with a vlan inside"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x2000, 0x6558);
	put32(b, 0x00123401), ether(b, 0x8100), put16(b, 9), put16(b, 0x0800);
	tunnel(b, NFP_T_gre, 0x123401), ip4(b, 6), is_tcp(b);

	begin(b, "gre, two labels"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x2000, 0x8847), put32(b, 5);
	put32(b, 0x00010040), put32(b, 0xfffff140), tunnel(b, NFP_T_gre, 5), tunnel(b, NFP_T_mpls, 0xfffff);
	ip6(b, 17), is_udp(b);

	begin(b, "gre keepalive"), ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0), stays(b, 47, NFP_D_unknown);
	begin(b, "gre, cdp"), ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0x2000), fill(b, 40);
	stays(b, 47, NFP_D_unknown);
	begin(b, "gre, arp behind ethernet"), ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0x6558), ether(b, 0x0806);
	fill(b, 28), stays(b, 47, NFP_D_unknown);
	begin(b, "gre with routing"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x4000, 0x0800), put32(b, 0);
	ip4(b, 6), fill(b, 20), stays(b, 47, NFP_D_unknown);
	begin(b, "gre of version 2"), ether(b, 0x0800), ip4(b, 47), gre(b, 2, 0x0800), ip4(b, 6), fill(b, 20);
	stays(b, 47, NFP_D_unknown);
	begin(b, "gre where only pptp is wanted")->mask = 1U << NFP_T_pptp;
	ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0x0800), ip4(b, 6), fill(b, 20), stays(b, 47, NFP_D_done);

	begin(b, "pptp"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x3001, 0x880b), put32(b, 0x00400102);
	put32(b, 7), put32(b, 0xff030021), tunnel(b, NFP_T_pptp, 0x102), ip4(b, 6), is_tcp(b);
	begin(b, "pptp with an acknowledgement, compressed ppp"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0x3081, 0x880b), put32(b, 0x00400103), put32(b, 7), put32(b, 6), put8(b, 0x21);
	tunnel(b, NFP_T_pptp, 0x103), ip4(b, 17), is_udp(b);
	begin(b, "pptp, ipv6"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x3001, 0x880b), put32(b, 0x00400104);
	put32(b, 7), put16(b, 0x0057), tunnel(b, NFP_T_pptp, 0x104), ip6(b, 17), is_udp(b);
	begin(b, "pptp, nothing but an acknowledgement"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0x2081, 0x880b), put32(b, 0x104), put32(b, 6), stays(b, 47, NFP_D_unknown);
	begin(b, "pptp, encrypted"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x3001, 0x880b), put32(b, 0x104);
	put32(b, 6), put16(b, 0x00fd), fill(b, 30), stays(b, 47, NFP_D_unknown);
	begin(b, "pptp where only gre is wanted")->mask = 1U << NFP_T_gre;
	ether(b, 0x0800), ip4(b, 47), gre(b, 0x3001, 0x880b), put32(b, 0x104), put32(b, 6);
	put16(b, 0x0021), ip4(b, 6), fill(b, 20), stays(b, 47, NFP_D_done);

	begin(b, "erspan, type I"), ether(b, 0x0800), ip4(b, 47), gre(b, 0, 0x88be), ether(b, 0x0800);
	tunnel(b, NFP_T_erspan, 0), ip4(b, 17), is_udp(b);
	begin(b, "erspan, type II"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x1000, 0x88be), put32(b, 3);
	put32(b, 0x100513ff), put32(b, 9), ether(b, 0x0800), tunnel(b, NFP_T_erspan, 0x3ff), ip4(b, 6);
	is_tcp(b);
	begin(b, "erspan, type II, mirrored in part"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x1000, 0x88be);
	put32(b, 3), put32(b, 0x10050407), put32(b, 9), ether(b, 0x0800), tunnel(b, NFP_T_erspan, 7);
	ip4(b, 17), is_udp(b), b->t->bytes[b->ip_at + 2] = 2, b->t->octets += 512;
	begin(b, "erspan, type III"), ether(b, 0x0800), ip4(b, 47), gre(b, 0x1000, 0x22eb), put32(b, 3);
	put32(b, 0x20050008), put32(b, 9), put32(b, 0), ether(b, 0x0800), tunnel(b, NFP_T_erspan, 8);
	ip4(b, 6), is_tcp(b);
	begin(b, "erspan, type III, platform header, ip frames"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0x1000, 0x22eb), put32(b, 3), put32(b, 0x20050009), put32(b, 9), put32(b, 0x00000801);
	put32(b, 0), put32(b, 0), tunnel(b, NFP_T_erspan, 9), ip6(b, 6), is_tcp(b);
	begin(b, "erspan, type III, frames of another kind"), ether(b, 0x0800), ip4(b, 47);
	gre(b, 0x1000, 0x22eb), put32(b, 3), put32(b, 0x20050009), put32(b, 9), put32(b, 0x00001c00);
	fill(b, 40), stays(b, 47, NFP_D_unknown);
}

static void in_udp(Builder *b)
{
	begin(b, "vxlan"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789), vxlan(b, 8, 0, 0xabcdef);
	ether(b, 0x0800), tunnel(b, NFP_T_vxlan, 0xabcdef), ip4(b, 6), is_tcp(b);
	begin(b, "vxlan on linux' own port over ipv6, vlan inside"), ether(b, 0x86dd), ip6(b, 17);
	udp(b, 50000, 8472), vxlan(b, 8, 0, 1), ether(b, 0x8100), put16(b, 5), put16(b, 0x86dd);
	tunnel(b, NFP_T_vxlan, 1), ip6(b, 17), is_udp(b);
	begin(b, "vxlan, priority tag outside"), ether(b, 0x8100), put16(b, 0xe000), put16(b, 0x0800);
	ip4(b, 17), udp(b, 50000, 4789), vxlan(b, 0x88, 0, 2), ether(b, 0x0800), tunnel(b, NFP_T_vxlan, 2);
	ip4(b, 17), is_udp(b), b->t->vlan = 0x1000;
	begin(b, "vxlan-gpe, ipv4"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790), vxlan(b, 0x0c, 1, 77);
	tunnel(b, NFP_T_vxlan, 77), ip4(b, 6), is_tcp(b);
	begin(b, "vxlan-gpe, ipv6"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790), vxlan(b, 0x0c, 2, 77);
	tunnel(b, NFP_T_vxlan, 77), ip6(b, 6), is_tcp(b);
	begin(b, "vxlan-gpe, ethernet"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790);
	vxlan(b, 0x0c, 3, 78), ether(b, 0x0800), tunnel(b, NFP_T_vxlan, 78), ip4(b, 6), is_tcp(b);
	begin(b, "vxlan-gpe, a label"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790);
	vxlan(b, 0x0c, 5, 79), put32(b, 0x00010140), tunnel(b, NFP_T_vxlan, 79), tunnel(b, NFP_T_mpls, 16);
	ip4(b, 6), is_tcp(b);
	begin(b, "vxlan-gpe, service header"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790);
	vxlan(b, 0x0c, 4, 79), fill(b, 60), stays_udp(b, NFP_D_unknown);
	begin(b, "vxlan-gpe, oam"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4790);
	vxlan(b, 0x0d, 1, 79), ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_unknown);
	begin(b, "vxlan without a valid vni"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789);
	vxlan(b, 0, 0, 1), ether(b, 0x0800), ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_unknown);
	begin(b, "vxlan, arp"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789), vxlan(b, 8, 0, 1);
	ether(b, 0x0806), fill(b, 28), stays_udp(b, NFP_D_unknown);
	begin(b, "vxlan, ethernet header cut"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789);
	vxlan(b, 8, 0, 1), fill(b, 13), stays_udp(b, NFP_D_truncated);
	begin(b, "vxlan as a source port is none"), ether(b, 0x0800), ip4(b, 17), udp(b, 4789, 50000);
	vxlan(b, 8, 0, 1), ether(b, 0x0800), ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_done);
	begin(b, "vxlan in an ip packet that is longer than udp says"), ether(b, 0x0800), ip4(b, 17);
	udp(b, 50000, 4789), vxlan(b, 8, 0, 1), ether(b, 0x0800), ip4(b, 6), fill(b, 20);
	stays_udp(b, NFP_D_malformed), b->t->bytes[14 + 20 + 5] -= 1;

	begin(b, "geneve, ethernet"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 6081), geneve(b, 0, 0x6558, 3);
	ether(b, 0x0800), tunnel(b, NFP_T_geneve, 3), ip4(b, 6), is_tcp(b);
	begin(b, "geneve, ipv4, options"), ether(b, 0x86dd), ip6(b, 17), udp(b, 1, 6081);
	geneve(b, 8, 0x0800, 0xffffff), tunnel(b, NFP_T_geneve, 0xffffff), ip4(b, 6), is_tcp(b);
	begin(b, "geneve, ipv6, all the options that there can be"), ether(b, 0x0800), ip4(b, 17);
	udp(b, 1, 6081), geneve(b, 252, 0x86dd, 4), tunnel(b, NFP_T_geneve, 4), ip6(b, 6), is_tcp(b);
	begin(b, "geneve of version 1"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 6081);
	geneve(b, 0, 0x0800, 4), b->t->bytes[b->t->length - 8] = 0x40, ip4(b, 6), fill(b, 20);
	stays_udp(b, NFP_D_unknown);
	begin(b, "geneve, control"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 6081);
	geneve(b, 0, 0x0800, 4), b->t->bytes[b->t->length - 7] = 0x80, ip4(b, 6), fill(b, 20);
	stays_udp(b, NFP_D_unknown);

	begin(b, "gtp-u"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152), gtpu(b, 0, 255, 0x80000001);
	tunnel(b, NFP_T_gtpu, 0x80000001), ip4(b, 6), is_tcp(b);
	begin(b, "gtp-u, sequence number"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152), gtpu(b, 2, 255, 2);
	put32(b, 0x00070085), tunnel(b, NFP_T_gtpu, 2), ip6(b, 6), is_tcp(b);
	begin(b, "gtp-u, two extension headers"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152);
	gtpu(b, 4, 255, 3), put32(b, 0x00000085), put32(b, 0x020001c0), put32(b, 0x00000040);
	put32(b, 0x01ffff00), tunnel(b, NFP_T_gtpu, 3), ip4(b, 17), is_udp(b);
	b->t->bytes[b->ip_at - 5] = 0x40; /* the first one's last byte: type of the second */
	begin(b, "gtp-u, extension header of length 0"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152);
	gtpu(b, 4, 255, 3), put32(b, 0x00000085), put32(b, 0), ip4(b, 6), fill(b, 20);
	stays_udp(b, NFP_D_malformed);
	begin(b, "gtp-u, nine extension headers"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152);
	gtpu(b, 4, 255, 3), put32(b, 0x00000085);
	for (int i = 0; i < 9; i++)
		put32(b, i == 8 ? 0x01000000 : 0x01000085);
	ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_limit);
	begin(b, "gtp-u, echo request"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152), gtpu(b, 2, 1, 0);
	put32(b, 0), stays_udp(b, NFP_D_unknown);
	begin(b, "gtp' and not gtp"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152), gtpu(b, 0, 255, 0);
	b->t->bytes[b->t->length - 8] = 0x20, ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_unknown);
	begin(b, "gtp-u longer than its packet"), ether(b, 0x0800), ip4(b, 17), udp(b, 1, 2152);
	gtpu(b, 0, 255, 0), ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_malformed);
	b->t->bytes[14 + 20 + 8 + 3] += 1;

	begin(b, "l2tp"), ether(b, 0x0800), ip4(b, 17), udp(b, 1701, 1701), put16(b, 2), put32(b, 0x00050006);
	put32(b, 0xff030021), tunnel(b, NFP_T_l2tp, 0x50006), ip4(b, 6), is_tcp(b);
	begin(b, "l2tp with length, sequence numbers and an offset, from its port"), ether(b, 0x0800);
	ip4(b, 17), udp(b, 1701, 50000), put16(b, 0x4a02), length_of(b, 2), put32(b, 0x00050007);
	put32(b, 1), put16(b, 3), fill(b, 3), put16(b, 0x0057), tunnel(b, NFP_T_l2tp, 0x50007);
	ip6(b, 6), is_tcp(b);
	begin(b, "l2tp, control"), ether(b, 0x0800), ip4(b, 17), udp(b, 1701, 1701), put16(b, 0xc802);
	length_of(b, 2), fill(b, 40), stays_udp(b, NFP_D_unknown);
	begin(b, "l2tp of version 3"), ether(b, 0x0800), ip4(b, 17), udp(b, 1701, 1701), put32(b, 0x00030000);
	put32(b, 9), ip4(b, 6), fill(b, 20), stays_udp(b, NFP_D_unknown);
	begin(b, "l2tp, lcp"), ether(b, 0x0800), ip4(b, 17), udp(b, 1701, 1701), put16(b, 2), put32(b, 0);
	put32(b, 0xff03c021), fill(b, 20), stays_udp(b, NFP_D_unknown);

	begin(b, "teredo"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 3544), tunnel(b, NFP_T_teredo, 0);
	ip6(b, 6), is_tcp(b);
	begin(b, "teredo, authentication and origin"), ether(b, 0x0800), ip4(b, 17), udp(b, 3544, 50000);
	put32(b, 0x00010203), fill(b, 2 + 3 + 9), put32(b, 0x00001234), put32(b, 0xf5fffffe);
	tunnel(b, NFP_T_teredo, 0), ip6(b, 17), is_udp(b);
	begin(b, "teredo bubble"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 3544);
	tunnel(b, NFP_T_teredo, 0), ip6(b, 59), is(b, NFP_P_ipv6, 59, NFP_O_unknown_l4);

	begin(b, "mpls in udp, two labels"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 6635);
	put32(b, 0x00010040), put32(b, 0x00020140), tunnel(b, NFP_T_mplsudp, 32), ip4(b, 6), is_tcp(b);
	begin(b, "mpls in udp, pseudowire"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 6635);
	put32(b, 0x00010140), put32(b, 0), fill(b, 60), stays_udp(b, NFP_D_unknown);
}

static void nested(Builder *b)
{
	begin(b, "four tunnels"), ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789), vxlan(b, 8, 0, 11);
	ether(b, 0x86dd), tunnel(b, NFP_T_vxlan, 11), ip6(b, 47), gre(b, 0x2000, 0x0800), put32(b, 22);
	tunnel(b, NFP_T_gre, 22), ip4(b, 4), tunnel(b, NFP_T_4in4, 0), ip4(b, 17), udp(b, 1, 2152);
	gtpu(b, 0, 255, 33), tunnel(b, NFP_T_gtpu, 33), ip4(b, 6), is_tcp(b);

	begin(b, "five tunnels"), ether(b, 0x86dd);
	for (int i = 0; i < 4; i++)
		ip6(b, 41), tunnel(b, NFP_T_6in6, 0);
	ip6(b, 41), is(b, NFP_P_ipv6, 41, NFP_O_unknown_l4)->end = NFP_D_limit;
	b->t->length += 40, b->t->octets += 40; /* the sixth header: zeros */
	for (guint i = 0; i < 5; i++)
		b->t->bytes[14 + 40 * i + 5] += 40;

	begin(b, "three tunnels, and labels in gre"), ether(b, 0x0800);
	for (int i = 0; i < 3; i++)
		ip4(b, 4), tunnel(b, NFP_T_4in4, 0);
	ip4(b, 47), gre(b, 0, 0x8847), put32(b, 0x00010140);
	is(b, NFP_P_ipv4, 47, NFP_O_unknown_l4)->end = NFP_D_limit;
	/* a whole packet behind the label, for whom it is too late */
	put(b, b->t->bytes + 14 + 60, 20), b->t->octets += 20;
	b->t->bytes[b->t->length - 18] = 0, b->t->bytes[b->t->length - 17] = 20;
	for (guint i = 0; i < 4; i++)
		b->t->bytes[14 + 20 * i + 3] += 20;

	begin(b, "a tunnel in a tunnel that nobody asked for")->mask = 1U << NFP_T_vxlan;
	ether(b, 0x0800), ip4(b, 17), udp(b, 50000, 4789), vxlan(b, 8, 0, 11), ether(b, 0x0800);
	tunnel(b, NFP_T_vxlan, 11), ip4(b, 4);
	put(b, b->t->bytes + 14, 20), is(b, NFP_P_ipv4, 4, NFP_O_unknown_l4);

	begin(b, "the inner tunnel is broken: the outer one stays off"), ether(b, 0x0800), ip4(b, 4);
	tunnel(b, NFP_T_4in4, 0), ip4(b, 47), gre(b, 2, 0x0800), fill(b, 20);
	is(b, NFP_P_ipv4, 47, NFP_O_unknown_l4)->end = NFP_D_unknown;
}

const NfpTestTunnel *nfp_test_tunnels(gsize *count)
{
	static Builder *table;

	if (!table) {
		table = g_new0(Builder, 1);
		in_ip(table);
		fragments(table);
		in_gre(table);
		in_udp(table);
		nested(table);
	}
	*count = table->count;
	return table->rows;
}

void nfp_test_decap(const guint8 *bytes, guint32 length, guint32 mask, struct nfp_decap *ret_decap)
{
	struct nfp_view v = { .base = bytes, .end = bytes + length, .frame = length };
	struct nfp_packet outer;

	nfp_parse(&v, NFP_LINK_ETHERNET, 0, &outer);
	nfp_decap_begin(ret_decap, &outer);
	if (!nfp_may_be_tunnel(&outer))
		return;
	for (int i = 0; i <= NFP_DECAP_MAX; i++) {
		v.end = bytes + length;
		if (!nfp_decap_step(&v, ret_decap, length, mask))
			break;
	}
}
