/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "app/top_flows.h"

#define S 1000000000ull
#define START (1795390440 * S)

static NfpRecord record(uint64_t id, uint64_t start, uint64_t packets, uint64_t octets)
{
	return (NfpRecord){ .flow_id = id, .bucket_start_ns = start, .bucket_end_ns = start + 10 * S, .packets = packets,
			    .octets = octets };
}

static void add(NfpTopFlows *flows, uint64_t id, uint64_t start, uint64_t packets, uint64_t octets)
{
	NfpRecord r = record(id, start, packets, octets);

	nfp_top_flows_add(flows, &r, TRUE);
}

static const NfpTopFlow *find(const GArray *list, uint64_t id)
{
	for (guint i = 0; i < list->len; i++)
		if (g_array_index(list, NfpTopFlow, i).record.flow_id == id)
			return &g_array_index(list, NfpTopFlow, i);
	return NULL;
}

Test(top_flows, the_first_look_has_averages_of_the_bucket)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) list = NULL;

	cr_expect_eq(nfp_top_flows_after(flows), 0);
	nfp_top_flows_begin(flows);
	add(flows, 1, START, 50, 5000);
	list = nfp_top_flows_end(flows, START + 5 * S);
	cr_assert_eq(list->len, 1);
	cr_expect_float_eq(find(list, 1)->packets_s, 10, 1e-9);
	cr_expect_float_eq(find(list, 1)->bits_s, 8000, 1e-9);
	cr_expect_eq(nfp_top_flows_after(flows), START + 5 * S);
	cr_expect_eq(nfp_top_flows_count(flows), 1);
}

Test(top_flows, rates_are_of_the_time_between_two_looks)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) list = NULL;

	nfp_top_flows_begin(flows);
	add(flows, 1, START, 50, 5000);
	add(flows, 2, START, 7, 700);
	g_array_unref(nfp_top_flows_end(flows, START + 5 * S));
	nfp_top_flows_begin(flows);
	add(flows, 1, START, 90, 6000);
	add(flows, 2, START, 7, 700);
	add(flows, 3, START, 2, 200);
	list = nfp_top_flows_end(flows, START + 7 * S);
	cr_expect_float_eq(find(list, 1)->packets_s, 20, 1e-9);
	cr_expect_float_eq(find(list, 1)->bits_s, 4000, 1e-9);
	cr_expect_eq(find(list, 1)->packets, 90);
	cr_expect_float_eq(find(list, 2)->packets_s, 0, 1e-9);
	cr_expect_float_eq(find(list, 3)->packets_s, 1, 1e-9);
}

/* The end of a bucket is in its last reading, the begin of the next one in another: one flow, one rate. */
Test(top_flows, over_a_switch_of_buckets)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) list = NULL;

	nfp_top_flows_begin(flows);
	add(flows, 1, START, 100, 1000);
	g_array_unref(nfp_top_flows_end(flows, START + 9 * S));
	nfp_top_flows_begin(flows);
	add(flows, 1, START, 110, 1100);
	add(flows, 1, START + 10 * S, 10, 100);
	list = nfp_top_flows_end(flows, START + 11 * S);
	cr_assert_eq(list->len, 1);
	cr_expect_float_eq(find(list, 1)->packets_s, 10, 1e-9);
	cr_expect_eq(find(list, 1)->packets, 120);
}

/* The old bucket is drained and gone: what it got after the last look is not known, so its time does not count. */
Test(top_flows, a_bucket_that_is_drained_already)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) list = NULL;

	nfp_top_flows_begin(flows);
	add(flows, 1, START, 100, 1000);
	g_array_unref(nfp_top_flows_end(flows, START + 9 * S));
	nfp_top_flows_begin(flows);
	add(flows, 1, START + 10 * S, 40, 400);
	list = nfp_top_flows_end(flows, START + 12 * S);
	cr_expect_float_eq(find(list, 1)->packets_s, 20, 1e-9);
}

Test(top_flows, no_flow_and_no_time_make_no_rate)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) empty = NULL, list = NULL;

	nfp_top_flows_begin(flows);
	empty = nfp_top_flows_end(flows, START);
	cr_expect_eq(empty->len, 0);
	nfp_top_flows_begin(flows);
	add(flows, 1, START, 4, 4);
	list = nfp_top_flows_end(flows, START);
	cr_expect_float_eq(find(list, 1)->packets_s, 0, 1e-9);
}

/* Against a list of all of them. */
Test(top_flows, the_largest_of_many_in_each_order)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) list = NULL;
	const guint n = 20000;

	for (int round = 0; round < 3; round++) {
		nfp_top_flows_begin(flows);
		/* Packets grow with the number, octets fall, rates have an order of their own. */
		for (guint64 i = 1; i <= n; i++)
			add(flows, i * 0x9e3779b97f4a7c15ull, START, i * 100000 + round * (i * 7919 % n), (n - i) * 100000 + round * (i * 104729 % n));
		g_clear_pointer(&list, g_array_unref);
		list = nfp_top_flows_end(flows, START + (1 + round) * S);
	}
	cr_expect_eq(nfp_top_flows_count(flows), n);
	cr_expect_leq(list->len, NFP_TOP_ORDERS * NFP_TOP_FLOWS);
	cr_expect_geq(list->len, NFP_TOP_FLOWS);
	nfp_top_flows_sort(list, NFP_TOP_BY_PACKETS, FALSE);
	for (guint i = 0; i < 100; i++)
		cr_assert_eq(g_array_index(list, NfpTopFlow, i).record.flow_id, (n - i) * 0x9e3779b97f4a7c15ull, "%u", i);
	nfp_top_flows_sort(list, NFP_TOP_BY_OCTETS, FALSE);
	for (guint i = 0; i < 100; i++)
		cr_assert_eq(g_array_index(list, NfpTopFlow, i).record.flow_id, (i + 1) * 0x9e3779b97f4a7c15ull, "%u", i);
	nfp_top_flows_sort(list, NFP_TOP_BY_RATE, FALSE);
	for (guint i = 0; i < 100; i++)
		cr_assert_float_eq(g_array_index(list, NfpTopFlow, i).packets_s, n - 1.0 - i, 1e-6, "%u", i);
	nfp_top_flows_sort(list, NFP_TOP_BY_BITS, FALSE);
	for (guint i = 0; i < 100; i++)
		cr_assert_float_eq(g_array_index(list, NfpTopFlow, i).bits_s, 8 * (n - 1.0 - i), 1e-6, "%u", i);
	nfp_top_flows_sort(list, NFP_TOP_BY_BITS, TRUE);
	cr_expect_float_eq(g_array_index(list, NfpTopFlow, list->len - 1).bits_s, 8 * (n - 1.0), 1e-6);
}

Test(top_flows, what_is_not_wanted_is_remembered)
{
	g_autoptr(NfpTopFlows) flows = nfp_top_flows_new();
	g_autoptr(GArray) none = NULL, list = NULL;
	NfpRecord r = record(9, START, 10, 100);

	nfp_top_flows_begin(flows);
	nfp_top_flows_add(flows, &r, FALSE);
	none = nfp_top_flows_end(flows, START + S);
	cr_expect_eq(none->len, 0);
	cr_expect_eq(nfp_top_flows_count(flows), 1);
	nfp_top_flows_begin(flows);
	add(flows, 9, START, 13, 130);
	list = nfp_top_flows_end(flows, START + 2 * S);
	cr_expect_float_eq(find(list, 9)->packets_s, 3, 1e-9);
}
