// SPDX-License-Identifier: GPL-2.0-or-later
/* Tunnels taken off, natively: the table, and each of its frames cut at every length. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/tunnels.h"

/* In an allocation of that size, so that ASan sees a read past the end. */
static void decap(const NfpTestTunnel *t, guint32 length, guint32 mask, struct nfp_decap *d)
{
	g_autofree guint8 *bytes = g_malloc(MAX(length, 1));
	guint8 *exact = length ? bytes : bytes + 1;

	memcpy(exact, t->bytes, length);
	nfp_test_decap(exact, length, mask, d);
}

static gboolean same_addresses(const guint32 *addresses, const guint8 *header)
{
	if (header[0] >> 4 == 6)
		return !memcmp(addresses, header + 8, 32);
	return !memcmp(addresses, header + 12, 4) && !memcmp(addresses + 4, header + 16, 4);
}

Test(decap, table)
{
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);

	for (gsize i = 0; i < count; i++, t++) {
		guint8 ports[4] = { t->sport >> 8, t->sport & 0xff, t->dport >> 8, t->dport & 0xff };
		struct nfp_decap d;

		decap(t, t->length, t->mask, &d);
		cr_expect_eq(d.depth, t->depth, "%s: depth %u, not %u", t->name, d.depth, t->depth);
		cr_expect_eq(d.end, t->end, "%s: end %u, not %u", t->name, d.end, t->end);
		cr_expect_eq(d.flow.row, t->row, "%s: row %u, not %u", t->name, d.flow.row, t->row);
		cr_expect_eq(d.flow.outcome, t->outcome, "%s: outcome %u", t->name, d.flow.outcome);
		cr_expect_eq(d.flow.protocol, t->protocol, "%s: protocol %u", t->name, d.flow.protocol);
		cr_expect_eq(d.flow.l3_off, t->flow_at, "%s: at %u, not %u", t->name, d.flow.l3_off, t->flow_at);
		cr_expect(!memcmp(&d.flow.l4, ports, 4), "%s: ports %08x", t->name, d.flow.l4);
		cr_expect_eq(d.flow.tcp_flags, t->tcp_flags, "%s: tcp flags", t->name);
		cr_expect_eq(d.flow.ip_len, t->octets, "%s: octets %u, not %u", t->name, d.flow.ip_len, t->octets);
		cr_expect_eq(d.flow.vlan[0], t->vlan, "%s: vlan %x", t->name, d.flow.vlan[0]);
		cr_expect(!memcmp(d.flow.dmac, t->bytes, 6), "%s: MAC addresses", t->name);
		cr_expect(same_addresses(d.flow.addr, t->bytes + t->flow_at), "%s: addresses", t->name);
		for (guint j = 0; j < MIN(d.depth, t->depth); j++) {
			cr_expect_eq(d.type[j], t->type[j], "%s: tunnel %u is of kind %u", t->name, j, d.type[j]);
			cr_expect_eq(d.id[j], t->id[j], "%s: tunnel %u has id %u", t->name, j, d.id[j]);
		}
		if (!t->depth)
			continue;
		cr_expect_eq(d.version, t->bytes[t->tunnel_at] >> 4, "%s: version", t->name);
		cr_expect(same_addresses(d.tunnel, t->bytes + t->tunnel_at), "%s: tunnel's addresses", t->name);
	}
}

/* What a cut frame tells is what the whole one tells on the way in. */
Test(decap, every_truncation)
{
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);

	for (gsize i = 0; i < count; i++, t++) {
		struct nfp_decap whole;

		decap(t, t->length, t->mask, &whole);
		for (guint32 length = 0; length < t->length; length++) {
			struct nfp_decap d;

			decap(t, length, t->mask, &d);
			cr_assert_leq(d.depth, whole.depth, "%s at %u: deeper", t->name, length);
			cr_assert_lt(d.flow.outcome, NFP_O_N);
			cr_assert_lt(d.end, NFP_D_N);
			cr_assert(!memcmp(d.type, whole.type, d.depth), "%s at %u: kinds", t->name, length);
			cr_assert(!memcmp(d.id, whole.id, d.depth * sizeof(d.id[0])), "%s at %u: ids", t->name, length);
			if (d.flow.family)
				cr_assert(same_addresses(d.flow.addr, t->bytes + d.flow.l3_off), "%s at %u", t->name,
					  length);
			if (d.depth == whole.depth && d.flow.family) {
				cr_assert_eq(d.flow.l3_off, whole.flow.l3_off, "%s at %u", t->name, length);
				cr_assert(!d.flow.l4 || d.flow.l4 == whole.flow.l4 ||
						  d.flow.row != whole.flow.row,
					  "%s at %u: ports", t->name, length);
			} else if (d.flow.family) {
				/* Not the last flow: a reason, unless the tunnel itself could not be seen. */
				cr_assert(d.end == NFP_D_truncated || d.flow.outcome == NFP_O_truncated_l4 ||
						  d.end == whole.end,
					  "%s at %u: depth %u and end %u", t->name, length, d.depth, d.end);
			}
		}
	}
}

/* Kinds that nobody asked for are not touched, and nobody asks for nothing. */
Test(decap, only_what_the_mask_has)
{
	gsize count;
	const NfpTestTunnel *t = nfp_test_tunnels(&count);

	for (gsize i = 0; i < count; i++, t++) {
		struct nfp_decap d;

		decap(t, t->length, 0, &d);
		cr_expect_eq(d.depth, 0, "%s", t->name);
		cr_expect_eq(d.end, NFP_D_done, "%s: end %u", t->name, d.end);
		if (!t->depth)
			continue;
		decap(t, t->length, t->mask & ~(1U << t->type[0]), &d);
		cr_expect_eq(d.depth, 0, "%s", t->name);
		if (t->depth == 1 && t->end == NFP_D_done) {
			decap(t, t->length, 1U << t->type[0], &d);
			cr_expect_eq(d.depth, 1, "%s", t->name);
		}
	}
}
