/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/ways.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "support/netns.h"

Test(probe_ways, numbers_become_interface_and_next_hop)
{
	const struct nfp_way first = { .egress_if = 7, .next_hop = { 192, 0, 2, 1 } };
	const struct nfp_way second = { .egress_if = 8, .next_hop = { 0xfd, 1, [15] = 9 } };
	uint32_t a = NFP_WAY_FIRST, b = 0xffffffff, none = NFP_WAY_FIRST + 1;
	NFP_AUTO_FD int map = -1;
	g_auto(NfpWays) ways = { 0 };
	struct nfp_value v = { 0 };

	nfpt_sandbox();
	map = bpf_map_create(BPF_MAP_TYPE_HASH, NULL, sizeof(uint32_t), sizeof(struct nfp_way), 4, NULL);
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_map_update_elem(map, &a, &first, BPF_ANY), 0);
	cr_assert_eq(bpf_map_update_elem(map, &b, &second, BPF_ANY), 0);
	ways.map = map;
	for (int i = 0; i < 2; i++) {
		nfp_ways_get(&ways, a, &v);
		cr_expect_eq(v.egress_if, 7);
		cr_expect_eq(memcmp(v.next_hop, first.next_hop, 16), 0);
		nfp_ways_get(&ways, b, &v);
		nfp_ways_get(&ways, b, &v);
		cr_expect_eq(v.egress_if, 8);
		cr_expect_eq(memcmp(v.next_hop, second.next_hop, 16), 0);
		nfp_ways_get(&ways, none, &v);
		cr_expect_eq(v.egress_if, 0, "not known");
		cr_expect_eq(v.next_hop[0], 0);
		/* Each is asked for once. */
		cr_assert_eq(bpf_map_delete_elem(map, i ? &a : &b), 0);
	}
}
