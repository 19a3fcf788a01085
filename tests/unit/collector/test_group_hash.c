/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "collector/group.h"

static void fill(GRand *random, void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)g_rand_int(random);
}

static NfpRecord random_record(GRand *random, uint32_t have)
{
	NfpRecord record = { .have = have };

	fill(random, record.src4, sizeof(record.src4));
	fill(random, record.dst4, sizeof(record.dst4));
	fill(random, record.src6, sizeof(record.src6));
	fill(random, record.dst6, sizeof(record.dst6));
	fill(random, record.src_mac, sizeof(record.src_mac));
	fill(random, record.dst_mac, sizeof(record.dst_mac));
	record.src_port = (uint16_t)g_rand_int(random);
	record.dst_port = (uint16_t)g_rand_int(random);
	record.ifindex = g_rand_int(random);
	return record;
}

static NfpRecord reversed(const NfpRecord *r)
{
	NfpRecord back = *r;

	memcpy(back.src4, r->dst4, sizeof(r->src4));
	memcpy(back.dst4, r->src4, sizeof(r->src4));
	memcpy(back.src6, r->dst6, sizeof(r->src6));
	memcpy(back.dst6, r->src6, sizeof(r->src6));
	memcpy(back.src_mac, r->dst_mac, sizeof(r->src_mac));
	memcpy(back.dst_mac, r->src_mac, sizeof(r->src_mac));
	back.src_port = r->dst_port;
	back.dst_port = r->src_port;
	back.direction = !r->direction;
	return back;
}

static const uint32_t kinds[] = { NFP_HAVE_IPV4 | NFP_HAVE_MAC | NFP_HAVE_PORTS, NFP_HAVE_IPV6 | NFP_HAVE_PORTS, NFP_HAVE_MAC };

Test(group_hash, both_directions_and_fragments)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);

	for (guint i = 0; i < 30000; i++) {
		NfpRecord record = random_record(random, kinds[i % G_N_ELEMENTS(kinds)]);
		NfpRecord back = reversed(&record);
		NfpRecord fragment = record;

		back.ifindex++;
		cr_assert_eq(nfp_group_hash(&record), nfp_group_hash(&back));
		fragment.have &= ~(uint32_t)NFP_HAVE_PORTS;
		fragment.src_port = fragment.dst_port = 0;
		fragment.protocol_row++;
		cr_assert_eq(nfp_group_hash(&record), nfp_group_hash(&fragment));
	}
}

Test(group_hash, what_has_no_address_goes_by_its_interface)
{
	NfpRecord a = { .ifindex = 1 }, b = { .ifindex = 1, .packets = 7 }, c = { .ifindex = 2 };

	cr_assert_eq(nfp_group_hash(&a), nfp_group_hash(&b));
	cr_assert_neq(nfp_group_hash(&a), nfp_group_hash(&c));
}

/* Of every kind of record: each member's share is within 3 % of what is even. */
Test(group_hash, even)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	const uint64_t seeds[] = { nfp_group_seed("a"), nfp_group_seed("b"), nfp_group_seed("c") };
	const guint each = 60000;

	for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		guint counts[3] = { 0 };

		for (guint i = 0; i < 3 * each; i++) {
			NfpRecord record = random_record(random, kinds[kind]);

			counts[nfp_group_choose(nfp_group_hash(&record), seeds, 3)]++;
		}
		for (guint i = 0; i < 3; i++)
			cr_assert_lt(ABS((int)counts[i] - (int)each), (int)each * 3 / 100, "%u", counts[i]);
	}
}

/* Neighbours in a /24 talk to one server: even too. */
Test(group_hash, even_for_neighbours)
{
	const uint64_t seeds[] = { nfp_group_seed("a"), nfp_group_seed("b") };
	guint counts[2] = { 0 };

	for (guint i = 0; i < 65536; i++) {
		NfpRecord record = { .have = NFP_HAVE_IPV4, .src4 = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i },
				     .dst4 = { 192, 0, 2, 1 } };

		counts[nfp_group_choose(nfp_group_hash(&record), seeds, 2)]++;
	}
	cr_assert_lt(ABS((int)counts[0] - 32768), 1000, "%u", counts[0]);
}

/* Order means nothing, and a new member takes its share from all without moving anything between them. */
Test(group_hash, stable)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	const uint64_t a = nfp_group_seed("a"), b = nfp_group_seed("b"), c = nfp_group_seed("c");
	guint moved = 0;

	for (guint i = 0; i < 30000; i++) {
		NfpRecord record = random_record(random, NFP_HAVE_IPV4);
		uint64_t hash = nfp_group_hash(&record);
		uint64_t two = ((const uint64_t[]){ a, b })[nfp_group_choose(hash, (const uint64_t[]){ a, b }, 2)];
		uint64_t swapped = ((const uint64_t[]){ b, a })[nfp_group_choose(hash, (const uint64_t[]){ b, a }, 2)];
		uint64_t three =
			((const uint64_t[]){ a, b, c })[nfp_group_choose(hash, (const uint64_t[]){ a, b, c }, 3)];

		cr_assert_eq(two, swapped);
		cr_assert(three == two || three == c);
		moved += three == c;
	}
	cr_assert_lt(ABS((int)moved - 10000), 500, "%u", moved);
}

/* After a restart, on any machine: written down once. */
Test(group_hash, same_for_ever)
{
	NfpRecord record = { .have = NFP_HAVE_IPV4, .src4 = { 192, 0, 2, 1 }, .dst4 = { 198, 51, 100, 7 } };

	cr_assert_eq(nfp_group_hash(&record), UINT64_C(0x861c140d0a96e875), "%" G_GINT64_MODIFIER "x", nfp_group_hash(&record));
	cr_assert_eq(nfp_group_seed("nfdump"), UINT64_C(0x56808fef28409b34), "%" G_GINT64_MODIFIER "x", nfp_group_seed("nfdump"));
}
