/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "harvest/aside.h"

#define SECRET 0x9e3779b97f4a7c15ull

static struct nfp_key_v4 key_of(uint32_t flow, uint16_t cpu)
{
	return (struct nfp_key_v4){ .saddr = flow, .meta = { .ifindex = 2, .cpu = cpu } };
}

static void add(NfpAside *aside, uint64_t id, uint32_t flow, uint16_t cpu, uint64_t packets)
{
	struct nfp_key_v4 key = key_of(flow, cpu);
	struct nfp_value value = { .packets = packets, .first = 100 - cpu, .last = 100 + cpu };

	nfp_aside_add(aside, id, &key, &value);
}

Test(aside, nothing)
{
	g_autoptr(NfpAside) aside = nfp_aside_new();
	NfpFlow flow;

	nfp_aside_begin(aside, sizeof(struct nfp_key_v4), 0, SECRET);
	cr_expect_eq(nfp_aside_flows(aside, &flow, 1), 0);
	cr_expect_eq(nfp_aside_flows(aside, &flow, 1), 0);
}

Test(aside, entries_of_a_flow_are_merged_and_others_are_not)
{
	g_autoptr(NfpAside) aside = nfp_aside_new();
	NfpFlow flows[8];
	size_t n;

	nfp_aside_begin(aside, sizeof(struct nfp_key_v4), 100, SECRET);
	add(aside, 7, 1, 0, 1);
	add(aside, 7, 2, 1, 10); /* another flow, although the hash is the same */
	add(aside, 8, 3, 0, 100);
	add(aside, 7, 1, 3, 1000);
	add(aside, 7, 1, 2, 10000);
	n = nfp_aside_flows(aside, flows, 8);
	cr_assert_eq(n, 3);
	for (size_t i = 0; i < n; i++) {
		static const uint64_t packets[] = { 11001, 10, 100 }, ids[] = { 7, 7, 8 };
		uint32_t flow = ((const struct nfp_key_v4 *)flows[i].key)->saddr;

		cr_assert(flow >= 1 && flow <= 3);
		cr_expect_eq(flows[i].value->packets, packets[flow - 1]);
		cr_expect_eq(flows[i].id, ids[flow - 1]);
		if (flow == 1)
			cr_expect(flows[i].value->first == 97 && flows[i].value->last == 103);
	}
	cr_expect_eq(nfp_aside_flows(aside, flows, 8), 0);
}

/* Many parts, several slabs, flows given out a few at a time; then again with less. */
static void many(NfpAside *aside, uint32_t flows, guint cpus, size_t most)
{
	g_autofree uint64_t *packets = g_new0(uint64_t, flows);
	NfpFlow some[7];
	uint32_t made = 0;
	size_t n;

	nfp_aside_begin(aside, sizeof(struct nfp_key_v4), most, SECRET);
	for (guint cpu = 0; cpu < cpus; cpu++) {
		for (uint32_t flow = 0; flow < flows; flow++) {
			add(aside, flow * SECRET, flow, (uint16_t)cpu, flow + cpu);
			packets[flow] += flow + cpu;
		}
	}
	while ((n = nfp_aside_flows(aside, some, G_N_ELEMENTS(some)))) {
		for (size_t i = 0; i < n; i++) {
			uint32_t flow = ((const struct nfp_key_v4 *)some[i].key)->saddr;

			cr_assert_eq(some[i].value->packets, packets[flow]);
			packets[flow] = UINT64_MAX; /* once */
		}
		made += n;
	}
	cr_assert_eq(made, flows);
}

Test(aside, any_number)
{
	g_autoptr(NfpAside) aside = nfp_aside_new();

	many(aside, 100000, 3, 1 << 20);
	many(aside, 10, 2, 20);
	many(aside, 5000, 4, 64); /* more than was told */
	nfp_aside_clear(aside);
	many(aside, 1, 1, 1);
}
