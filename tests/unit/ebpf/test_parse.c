// SPDX-License-Identifier: GPL-2.0-or-later
/* The packet table, natively: whole, and cut at every length in a buffer of exactly that size. */
#include <criterion/criterion.h>
#include <string.h>

#include "ebpf/gso.h"
#include "support/packets.h"

/* Parses `length` bytes in an allocation of that size, so that ASan sees a read past the end. */
static struct nfp_packet parse(const NfpTestPacket *t, guint32 length, guint32 *header_len)
{
	g_autofree guint8 *bytes = g_malloc(MAX(length, 1));
	guint8 *exact = length ? bytes : bytes + 1;
	struct nfp_view v = { .base = exact, .end = exact + length, .frame = length };
	struct nfp_gso_walk walk;
	struct nfp_packet p;

	memcpy(exact, t->bytes, length);
	memset(&p, 0xff, sizeof(p));
	nfp_parse(&v, t->link, 0, &p);
	*header_len = p.header_len;
	if (nfp_is_tunnel(&p))
		*header_len = nfp_gso_header_len(&v, &walk, p.l3_off, GUINT16_FROM_BE(p.ethertype));
	return p;
}

Test(parse, table)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++, t++) {
		guint32 header_len;
		struct nfp_packet p = parse(t, t->length, &header_len);
		guint8 ports[4] = { t->sport >> 8, t->sport & 0xff, t->dport >> 8, t->dport & 0xff };

		cr_expect_eq(p.row, t->row, "%s: row %u, not %u", t->name, p.row, t->row);
		cr_expect_eq(p.outcome, t->outcome, "%s: outcome %u, not %u", t->name, p.outcome,
			     t->outcome);
		cr_expect_eq(p.protocol, t->protocol, "%s: protocol %u", t->name, p.protocol);
		cr_expect_eq(p.key_flags, t->key_flags, "%s: key flags", t->name);
		cr_expect_eq(p.value_flags, t->value_flags, "%s: value flags %#x", t->name,
			     p.value_flags);
		cr_expect_eq(p.tos, t->tos, "%s: tos %#x", t->name, p.tos);
		cr_expect_eq(p.ttl, t->ttl, "%s: ttl %u", t->name, p.ttl);
		cr_expect_eq(p.tcp_flags, t->tcp_flags, "%s: tcp flags %#x", t->name, p.tcp_flags);
		cr_expect(!memcmp(&p.l4, ports, 4), "%s: ports %#x", t->name, p.l4);
		cr_expect_eq(p.vlan[0], t->vlan[0], "%s: vlan %#x", t->name, p.vlan[0]);
		cr_expect_eq(p.vlan[1], t->vlan[1], "%s: inner vlan %#x", t->name, p.vlan[1]);
		cr_expect_eq(GUINT16_FROM_BE(p.ethertype), t->ethertype, "%s: ethertype %#x", t->name,
			     GUINT16_FROM_BE(p.ethertype));
		if (t->gso_size || !nfp_is_tunnel(&p))
			cr_expect_eq(header_len, t->header_len, "%s: header length %u, not %u", t->name,
				     header_len, t->header_len);
		if (!t->addr_at) {
			cr_expect_eq(p.family, 0, "%s: family", t->name);
			continue;
		}
		if (p.family == 6) {
			cr_expect(!memcmp(p.saddr, t->bytes + t->addr_at, 32), "%s: addresses", t->name);
			cr_expect_eq(p.flow_label, GUINT32_TO_BE(0xabcde), "%s: flow label", t->name);
		} else {
			cr_expect_eq(p.family, 4, "%s: family", t->name);
			cr_expect(!memcmp(p.saddr, t->bytes + t->addr_at, 4), "%s: source", t->name);
			cr_expect(!memcmp(p.daddr, t->bytes + t->addr_at + 4, 4), "%s: destination",
				  t->name);
		}
		if (!t->gso_size && p.ip_len)
			cr_expect_eq(p.ip_len, t->octets, "%s: ip length %u", t->name, p.ip_len);
	}
}

/* How deep a row is: a cut packet never is deeper than the whole one. */
static int depth(guint8 row)
{
	return row == NFP_P_eth ? 0 : row == NFP_P_ipv4 || row == NFP_P_ipv6 ? 1 : 2;
}

Test(parse, every_truncation)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++, t++) {
		guint32 header_len, whole_header;
		struct nfp_packet whole = parse(t, t->length, &whole_header);

		for (guint32 length = 0; length < t->length; length++) {
			struct nfp_packet p = parse(t, length, &header_len);

			cr_assert_lt(p.outcome, NFP_O_N, "%s at %u", t->name, length);
			cr_assert_leq(depth(p.row), depth(whole.row), "%s at %u", t->name, length);
			cr_assert_leq(p.l3_off, length, "%s at %u: behind the frame", t->name, length);
			if (p.row != whole.row)
				cr_assert(p.outcome == NFP_O_truncated_l2 || p.outcome == NFP_O_truncated_l3 ||
						  p.outcome == NFP_O_truncated_l4 ||
						  p.outcome == NFP_O_unknown_l3,
					  "%s at %u: coarser, and outcome %u", t->name, length, p.outcome);
			/* What is told is what the whole packet tells. */
			if (p.family) {
				cr_assert(!memcmp(p.saddr, whole.saddr, 32), "%s at %u", t->name, length);
				cr_assert_eq(p.ip_len, whole.ip_len, "%s at %u", t->name, length);
			}
			if (depth(p.row) == 2)
				cr_assert_eq(p.l4, whole.l4, "%s at %u: ports", t->name, length);
			cr_assert_eq(p.tcp_flags & ~whole.tcp_flags, 0, "%s at %u", t->name, length);
		}
	}
}

/* Bytes that are in the frame and not readable: the parser says so, and only then. */
Test(parse, missed)
{
	gsize count;
	const NfpTestPacket *t = nfp_test_packets(&count);

	for (gsize i = 0; i < count; i++, t++) {
		for (guint32 readable = 0; readable <= t->length; readable++) {
			struct nfp_view v = {
				.base = t->bytes,
				.end = t->bytes + readable,
				.frame = t->length,
			};
			struct nfp_view all = v;
			struct nfp_packet p, whole;

			all.end = t->bytes + t->length;
			nfp_parse(&v, t->link, 0, &p);
			nfp_parse(&all, t->link, 0, &whole);
			cr_assert_not(nfp_missed(&all), "%s: all is readable", t->name);
			if (!nfp_missed(&v))
				cr_assert(!memcmp(&p, &whole, sizeof(p)), "%s: %u of %u readable", t->name,
					  readable, t->length);
		}
	}
}

Test(parse, protocol_of_l3_links)
{
	static const guint8 mpls[] = { 0x45, 0x00, 0x01, 0x40, 0x45, 0, 0, 20, 0, 0, 0, 0,
				       1,    89,   0,    0,    1,    2, 3, 4,  5, 6, 7, 8 };
	struct nfp_view v = { .base = mpls, .end = mpls + sizeof(mpls), .frame = sizeof(mpls) };
	struct nfp_packet p;

	/* The first nibble of the label says 4 too: the driver's protocol decides. */
	nfp_parse(&v, NFP_LINK_L3, GUINT16_TO_BE(0x8847), &p);
	cr_expect_eq(p.row, NFP_P_ipv4);
	cr_expect_eq(p.l3_off, 4);
	cr_expect_eq(p.protocol, 89);
	nfp_parse(&v, NFP_LINK_L3, GUINT16_TO_BE(0x0800), &p);
	cr_expect_eq(p.l3_off, 0);
}
