/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to write the packet table with: put headers, then say what they are. For support/packets*.c. */
#ifndef NFP_TEST_PACKET_BUILD_H
#define NFP_TEST_PACKET_BUILD_H

#include <string.h>

#include "support/packets.h"

#define ROWS_MAX 160

/* The row in hand; the table is built once and read only afterwards. */
typedef struct Table {
	NfpTestPacket rows[ROWS_MAX];
	gsize count;
	NfpTestPacket *p;
	gsize ip_at; /* of the last IP header put */
} Table;

static inline void put(Table *t, const void *bytes, gsize n)
{
	g_assert(t->p->length + n <= sizeof(t->p->bytes));
	memcpy(t->p->bytes + t->p->length, bytes, n);
	t->p->length += n;
}

static inline void put8(Table *t, guint8 v)
{
	put(t, &v, 1);
}

static inline void put16(Table *t, guint16 v)
{
	guint16 be = GUINT16_TO_BE(v);

	put(t, &be, 2);
}

static inline void put32(Table *t, guint32 v)
{
	guint32 be = GUINT32_TO_BE(v);

	put(t, &be, 4);
}

static inline void fill(Table *t, gsize n)
{
	for (gsize i = 0; i < n; i++)
		put8(t, 0xe0 + i % 16);
}

static inline NfpTestPacket *begin(Table *t, const char *name)
{
	g_assert(t->count < ROWS_MAX);
	t->p = &t->rows[t->count++];
	t->p->name = name;
	t->p->packets = 1;
	return t->p;
}

static inline void eth(Table *t, guint16 type)
{
	put(t, "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a", 12);
	put16(t, type);
	t->p->ethertype = type;
}

static inline void tag(Table *t, guint16 id, guint16 type)
{
	put16(t, 0xa000 | id); /* priority 5: no part of the id */
	put16(t, type);
	t->p->ethertype = type;
}

static inline void ip4_full(Table *t, guint8 protocol, guint16 payload, guint8 words, guint16 fragment)
{
	t->ip_at = t->p->length;
	put8(t, 0x40 | words);
	put8(t, 0xb9); /* EF, ECT(1) */
	put16(t, words * 4 + payload);
	put16(t, 0x1234);
	put16(t, fragment);
	put8(t, 61);
	put8(t, protocol);
	put16(t, 0);
	put32(t, 0xc0000201);
	put32(t, 0xc6336402);
	for (int i = 5; i < words; i++)
		put32(t, 0x01010101);
}

static inline void ip4(Table *t, guint8 protocol, guint16 payload)
{
	ip4_full(t, protocol, payload, 5, 0x4000);
}

static inline void ip6(Table *t, guint8 next, guint16 payload)
{
	t->ip_at = t->p->length;
	put32(t, 0x6b9abcde); /* traffic class b9, flow label abcde */
	put16(t, payload);
	put8(t, next);
	put8(t, 61);
	put(t, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	put(t, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
}

static inline void tcp_flags(Table *t, guint16 flags, guint8 words)
{
	put16(t, 40001);
	put16(t, 443);
	put32(t, 1);
	put32(t, 2);
	put16(t, words << 12 | flags);
	put16(t, 512);
	put32(t, 0);
	for (int i = 5; i < words; i++)
		put32(t, 0x01010101);
}

static inline void tcp(Table *t)
{
	tcp_flags(t, 0x18, 5);
}

static inline void udp_to(Table *t, guint16 dport, guint16 payload)
{
	put16(t, 40001);
	put16(t, dport);
	put16(t, 8 + payload);
	put16(t, 0);
}

static inline void udp(Table *t, guint16 payload)
{
	udp_to(t, 443, payload);
}

/* What every sound IP packet of this table shows; octets is the IP length. */
static inline void is_ip(Table *t, guint8 row, guint8 protocol, guint8 outcome, guint64 octets)
{
	NfpTestPacket *p = t->p;
	gboolean v6 = p->bytes[t->ip_at] >> 4 == 6;

	p->row = row;
	p->protocol = protocol;
	p->outcome = outcome;
	p->tos = 0xb9;
	p->ttl = 61;
	p->addr_at = t->ip_at + (v6 ? 8 : 12);
	p->ethertype = v6 ? 0x86dd : 0x0800;
	p->octets = p->len_min = p->len_max = octets;
	p->l2_octets = p->length;
	if (!p->header_len)
		p->header_len = p->length;
}

static inline void is_ports(Table *t, guint8 row, guint8 protocol, guint64 octets)
{
	is_ip(t, row, protocol, NFP_O_ok, octets);
	t->p->sport = 40001;
	t->p->dport = 443;
	if (row == NFP_P_tcp4 || row == NFP_P_tcp6)
		t->p->tcp_flags = 0x18;
}

/* A frame counted as eth: octets are what stands behind the link header. */
static inline void is_eth(Table *t, guint8 outcome, gsize header, guint16 ethertype)
{
	NfpTestPacket *p = t->p;

	p->row = NFP_P_eth;
	p->outcome = outcome;
	p->ethertype = ethertype;
	p->header_len = header;
	p->octets = p->len_min = p->len_max = p->length - header;
	p->l2_octets = p->length;
}

/* Parts of the table. */
void nfp_test_packets_gso(Table *t);

#endif
