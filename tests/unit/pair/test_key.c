// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "pair/key.h"
#include "support/pair_records.h"

#define VXLAN 8
#define ERSPAN 7
#define GTPU 10

/* Whether two records have a flow in common, by key, hash and tunnel alike. */
static gboolean same(const NfpRecord *a, const NfpRecord *b, gboolean *ret_opposite)
{
	NfpPairKey x, y;
	uint8_t side_x, side_y;
	gboolean equal, hashes;

	if (nfp_pair_key(a, &x, &side_x) == NFP_PAIR_NEVER || nfp_pair_key(b, &y, &side_y) == NFP_PAIR_NEVER)
		return FALSE;
	equal = !memcmp(&x, &y, sizeof(x)) && (!x.tunnel || nfp_pair_same_tunnel(a, side_x, b, side_y));
	hashes = nfp_pair_hash(&x, a, side_x, 7) == nfp_pair_hash(&y, b, side_y, 7);
	cr_assert_eq(equal, hashes);
	*ret_opposite = side_x != side_y;
	return equal;
}

#define ASSERT_PAIR(a, b)                                   \
	do {                                                \
		gboolean opposite_ = FALSE;                 \
		cr_assert(same(&(a), &(b), &opposite_));    \
		cr_assert(opposite_);                       \
	} while (0)
#define ASSERT_STRANGERS(a, b)                              \
	do {                                                \
		gboolean opposite_ = FALSE;                 \
		cr_assert_not(same(&(a), &(b), &opposite_)); \
	} while (0)

static NfpPairKind kind_of(const NfpRecord *record)
{
	NfpPairKey key;
	uint8_t side;

	return nfp_pair_key(record, &key, &side);
}

Test(key, both_directions_have_one_key)
{
	NfpRecord there = nfp_test_flow(NFP_TEST_TCP, 1, 40000, 2, 443, 5), back = nfp_test_back(&there), other;

	cr_assert_eq(kind_of(&there), NFP_PAIR_TCP);
	ASSERT_PAIR(there, back);
	/* The interface, its direction, VLAN, DSCP and CPU are no part of it. */
	back.ifindex = 9;
	back.direction = 1;
	back.have |= NFP_HAVE_VLAN;
	back.vlan_id = 5;
	back.dscp = 46;
	ASSERT_PAIR(there, back);
	other = back;
	other.dst_port++;
	ASSERT_STRANGERS(there, other);
	other = back;
	other.src4[3]++;
	ASSERT_STRANGERS(there, other);
	other = back;
	other.domain = 1;
	ASSERT_STRANGERS(there, other);
	other = nfp_test_back(&there);
	other.protocol = NFP_TEST_UDP;
	other.have &= ~(uint32_t)NFP_HAVE_TCP;
	ASSERT_STRANGERS(there, other);
}

Test(key, ipv6)
{
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 53, 2, 53, 5), back;

	there.have = (there.have & ~(uint32_t)NFP_HAVE_IPV4) | NFP_HAVE_IPV6;
	there.ip_version = 6;
	there.src6[15] = 1;
	there.dst6[15] = 2;
	back = nfp_test_back(&there);
	cr_assert_eq(kind_of(&there), NFP_PAIR_TIMED);
	ASSERT_PAIR(there, back);
	back.src6[0] = 1;
	ASSERT_STRANGERS(there, back);
}

Test(key, the_vrf_is_that_of_the_hook)
{
	static const NfpPort red = { .vrf_id = 10 }, blue = { .vrf_id = 20 };
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, 5), back;

	there.have |= NFP_HAVE_INTERFACES;
	there.ingress = &red;
	there.egress = &blue;
	back = nfp_test_back(&there);
	ASSERT_PAIR(there, back);
	back.direction = 1; /* out by blue */
	ASSERT_STRANGERS(there, back);
	back.egress = &red;
	ASSERT_PAIR(there, back);
}

Test(key, icmp_pairs_questions_with_answers)
{
	static const uint8_t others[] = { 3, 4, 5, 9, 10, 11, 12 };
	NfpRecord ask = nfp_test_icmp(8, 1, 2), answer = nfp_test_icmp(0, 2, 1), more = nfp_test_icmp(14, 2, 1);
	NfpRecord mine = nfp_test_icmp(8, 2, 1);
	NfpPairKey key;
	uint8_t side;

	cr_assert_eq(nfp_pair_key(&ask, &key, &side), NFP_PAIR_ASKED);
	cr_assert_eq(side, 0, "who asks begins");
	cr_assert_eq(nfp_pair_key(&answer, &key, &side), NFP_PAIR_ASKED);
	cr_assert_eq(side, 1);
	ASSERT_PAIR(ask, answer);
	ASSERT_STRANGERS(ask, more);
	ASSERT_STRANGERS(ask, mine); /* both ping each other: two flows */
	for (guint i = 0; i < sizeof(others); i++) {
		NfpRecord error = nfp_test_icmp(others[i], 1, 2);

		cr_assert_eq(kind_of(&error), NFP_PAIR_NEVER, "type %u", others[i]);
	}
	ask.icmp_code = 1;
	cr_assert_eq(kind_of(&ask), NFP_PAIR_NEVER);
	/* 8 and 0 are no questions in ICMPv6, 128 and 129 are. */
	answer = nfp_test_icmp(129, 2, 1);
	answer.have = (answer.have & ~(uint32_t)(NFP_HAVE_ICMP4 | NFP_HAVE_IPV4)) | NFP_HAVE_ICMP6 | NFP_HAVE_IPV6;
	cr_assert_eq(kind_of(&answer), NFP_PAIR_ASKED);
	answer.icmp_type = 0;
	cr_assert_eq(kind_of(&answer), NFP_PAIR_NEVER);
}

Test(key, what_is_a_sum_of_flows_never_pairs)
{
	NfpRecord record = nfp_test_flow(NFP_TEST_UDP, 1, 0, 2, 0, 5);

	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER, "later fragments");
	record.src_port = 1;
	cr_assert_eq(kind_of(&record), NFP_PAIR_TIMED);
	record.end_reason = NFP_END_LACK;
	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER, "coarsened");
	record = nfp_test_flow(NFP_TEST_TCP, 1, 5, 2, 6, 5);
	record.have &= ~(uint32_t)(NFP_HAVE_PORTS | NFP_HAVE_TCP);
	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER, "TCP in the row ipv4");
	record.protocol = 47;
	record.src_port = record.dst_port = 0;
	cr_assert_eq(kind_of(&record), NFP_PAIR_TIMED, "GRE has no ports");
	record.have &= ~(uint32_t)NFP_HAVE_TIMES;
	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER);
	record = (NfpRecord){ .have = NFP_HAVE_ALWAYS | NFP_HAVE_ETHERTYPE | NFP_HAVE_TIMES | NFP_HAVE_MAC };
	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER, "no IP");
	record = nfp_test_flow(NFP_TEST_UDP, 1, 5, 1, 5, 5);
	cr_assert_eq(kind_of(&record), NFP_PAIR_NEVER, "itself");
	record.dst_port++;
	cr_assert_eq(kind_of(&record), NFP_PAIR_TIMED);
}

Test(key, the_tunnel_is_part_of_it)
{
	NfpRecord bare = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, 5), there = bare, back, other;

	nfp_test_in_tunnel(&there, VXLAN, 100, 1, 2);
	back = nfp_test_back(&there);
	ASSERT_PAIR(there, back);
	other = nfp_test_back(&bare);
	ASSERT_STRANGERS(there, other);
	other = back;
	other.tunnel_id[0] = 101;
	ASSERT_STRANGERS(there, other);
	other = back;
	other.tunnel_src4[3] = 3;
	ASSERT_STRANGERS(there, other);
	other = back;
	nfp_test_in_tunnel(&other, VXLAN, 100, 1, 2); /* the same way */
	ASSERT_STRANGERS(there, other);
	other = back;
	other.tunnel_depth = 2;
	other.tunnel_type[1] = VXLAN;
	ASSERT_STRANGERS(there, other);
}

Test(key, tunnels_with_an_id_for_each_direction_never_pair)
{
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, 5);

	nfp_test_in_tunnel(&there, GTPU, 100, 1, 2);
	cr_assert_eq(kind_of(&there), NFP_PAIR_NEVER);
	nfp_test_in_tunnel(&there, VXLAN, 100, 1, 2);
	there.tunnel_depth = 2;
	there.tunnel_type[1] = GTPU;
	cr_assert_eq(kind_of(&there), NFP_PAIR_NEVER, "nor inside another");
}

Test(key, a_mirror_sends_both_directions_one_way)
{
	NfpRecord there = nfp_test_flow(NFP_TEST_UDP, 1, 1000, 2, 53, 5), back = nfp_test_back(&there);

	nfp_test_in_tunnel(&there, ERSPAN, 100, 1, 2);
	nfp_test_in_tunnel(&back, ERSPAN, 100, 1, 2);
	ASSERT_PAIR(there, back);
}
