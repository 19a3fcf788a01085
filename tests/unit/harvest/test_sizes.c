/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "harvest/sizes.h"

#define PLENTY (1ull << 40)

static uint32_t size_of(const NfpSizes *s, enum nfp_protocol row)
{
	uint32_t sizes[NFP_P_N];

	nfp_sizes_get(s, PLENTY, 1, sizes);
	return sizes[row];
}

Test(sizes, grow_at_half_full)
{
	NfpSizes s;
	uint32_t start;

	nfp_sizes_init(&s, 0, 0);
	start = size_of(&s, NFP_P_tcp4);
	nfp_sizes_learn(&s, NFP_P_tcp4, start / 2, start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), start);
	nfp_sizes_learn(&s, NFP_P_tcp4, start / 2 + 1, start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), 2 * start);
	nfp_sizes_learn(&s, NFP_P_tcp4, 2 * start, 2 * start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), 8 * start, "full: who knows how many there were");
	cr_expect_eq(size_of(&s, NFP_P_udp4), start);
}

Test(sizes, old_buckets_do_not_shrink_what_has_grown)
{
	NfpSizes s;

	nfp_sizes_init(&s, 0, 0);
	nfp_sizes_learn(&s, NFP_P_tcp4, 16384, 16384);
	nfp_sizes_learn(&s, NFP_P_tcp4, 16384, 16384);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), 65536, "made before the first was drained");
}

Test(sizes, shrink_slowly_and_not_below_the_start)
{
	NfpSizes s;
	uint32_t start;

	nfp_sizes_init(&s, 0, 0);
	start = size_of(&s, NFP_P_tcp4);
	nfp_sizes_learn(&s, NFP_P_tcp4, start, start);
	for (int i = 0; i < 7; i++)
		nfp_sizes_learn(&s, NFP_P_tcp4, 1, 4 * start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), 4 * start);
	nfp_sizes_learn(&s, NFP_P_tcp4, 1, 4 * start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), 2 * start);
	for (int i = 0; i < 100; i++)
		nfp_sizes_learn(&s, NFP_P_tcp4, 0, 2 * start);
	cr_expect_eq(size_of(&s, NFP_P_tcp4), start);
}

/* Need: twice the entries, as tables are at most half full. Whatever came before, soon there is less than twice the need. */
Test(sizes, never_twice_the_need_for_long)
{
	static const uint64_t traffic[] = { 1000000, 60000, 400000, 2000000, 130000, 70000 };
	NfpSizes s;

	nfp_sizes_init(&s, 0, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(traffic); i++) {
		guint above = 0;

		for (int bucket = 0; bucket < 60; bucket++) {
			uint32_t room = size_of(&s, NFP_P_tcp4);
			uint64_t used = MIN(traffic[i], room);

			above += room > MAX(4 * traffic[i], 65536);
			nfp_sizes_learn(&s, NFP_P_tcp4, used, room);
		}
		cr_expect_leq(above, 8 * 6, "%zu: %u buckets of more", i, above);
		cr_expect_geq(size_of(&s, NFP_P_tcp4), 2 * traffic[i]);
		cr_expect_leq(size_of(&s, NFP_P_tcp4), MAX(4 * traffic[i], 65536));
		cr_expect_eq(size_of(&s, NFP_P_udp4), 65536);
	}
}

Test(sizes, memory_is_a_limit)
{
	NfpSizes s;
	uint32_t sizes[NFP_P_N];

	nfp_sizes_init(&s, 0, 0);
	for (int i = 0; i < 6; i++)
		nfp_sizes_learn(&s, NFP_P_tcp6, s.room[NFP_P_tcp6].size, s.room[NFP_P_tcp6].size);
	nfp_sizes_get(&s, 64 << 20, 4, sizes);
	cr_expect_leq(nfp_sizes_octets(sizes), 16u << 20);
	cr_expect_gt(sizes[NFP_P_tcp6], sizes[NFP_P_eth]);
	nfp_sizes_get(&s, 1, 100, sizes);
	for (int row = 0; row < NFP_P_N; row++)
		cr_expect_eq(sizes[row], 256, "the least, whatever is asked");
}

Test(sizes, fixed)
{
	NfpSizes s;

	nfp_sizes_init(&s, 5000, 0);
	nfp_sizes_learn(&s, NFP_P_eth, 5000, 5000);
	for (int row = 0; row < NFP_P_N; row++)
		cr_expect_eq(size_of(&s, row), 5000);
}

static uint32_t slots_of(const NfpSizes *s, enum nfp_protocol row)
{
	uint32_t room[NFP_P_N], slots[NFP_P_N];

	nfp_sizes_get(s, PLENTY, 1, room);
	nfp_sizes_get_tables(s, room, slots);
	return slots[row];
}

Test(sizes, tables_grow_at_once_and_shrink_to_what_was_needed)
{
	NfpSizes s;

	nfp_sizes_init(&s, 0, 0);
	cr_expect_leq(slots_of(&s, NFP_P_tcp4), 16384);
	cr_expect_lt(slots_of(&s, NFP_P_tcp4), size_of(&s, NFP_P_tcp4), "the HASH behind holds more");
	nfp_sizes_learn(&s, NFP_P_tcp4, 30000, 65536);
	cr_expect_eq(slots_of(&s, NFP_P_tcp4), 65536, "half full at most, in one step");
	for (int i = 0; i < 7; i++)
		nfp_sizes_learn(&s, NFP_P_tcp4, 100 * i, 65536);
	cr_expect_eq(slots_of(&s, NFP_P_tcp4), 65536);
	nfp_sizes_learn(&s, NFP_P_tcp4, 20, 65536);
	cr_expect_eq(slots_of(&s, NFP_P_tcp4), 2048, "the fullest of eight held 600");
	for (int i = 0; i < 7; i++)
		nfp_sizes_learn(&s, NFP_P_tcp4, 0, 65536);
	nfp_sizes_learn(&s, NFP_P_tcp4, 600, 65536);
	for (int i = 0; i < 7; i++)
		nfp_sizes_learn(&s, NFP_P_tcp4, 0, 65536);
	cr_expect_eq(slots_of(&s, NFP_P_tcp4), 2048, "eight in a row");
	nfp_sizes_learn(&s, NFP_P_tcp4, 0, 65536);
	cr_expect_eq(slots_of(&s, NFP_P_tcp4), 32, "idle: a page");
	cr_expect_geq(size_of(&s, NFP_P_tcp4), 65536, "not so the room behind it");
}

Test(sizes, tables_are_not_above_the_room)
{
	NfpSizes s;
	uint32_t room[NFP_P_N], slots[NFP_P_N];

	nfp_sizes_init(&s, 0, 0);
	nfp_sizes_learn(&s, NFP_P_tcp4, 1000000, 2000000);
	nfp_sizes_get(&s, 4 << 20, 4, room);
	nfp_sizes_get_tables(&s, room, slots);
	for (int row = 0; row < NFP_P_N; row++)
		cr_expect_leq(slots[row], room[row]);
	nfp_sizes_init(&s, 5000, 0);
	cr_expect_eq(slots_of(&s, NFP_P_eth), 5000, "fixed");
}

/* What the ceiling of docs/safety.md is made from. */
Test(sizes, a_bucket_without_memory_takes_little)
{
	uint32_t room[NFP_P_N], slots[NFP_P_N];
	uint64_t used[NFP_P_N];
	NfpSizes s;

	nfp_sizes_init(&s, 0, 0);
	for (int row = 0; row < NFP_P_N; row++)
		for (int i = 0; i < 10; i++)
			nfp_sizes_learn(&s, row, 1 << 20, 1 << 20);
	nfp_sizes_get(&s, 0, 5, room);
	nfp_sizes_get_tables(&s, room, slots);
	for (int row = 0; row < NFP_P_N; row++) {
		cr_expect_gt(room[row], 0);
		used[row] = room[row];
	}
	cr_expect_leq(nfp_sizes_held(room, slots, used), NFP_SIZES_LEAST_OCTETS);
	used[NFP_P_tcp4]++;
	cr_expect_gt(nfp_sizes_held(room, slots, used), NFP_SIZES_LEAST_OCTETS / 4);
}
