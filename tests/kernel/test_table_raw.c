/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow tables and links without an Ethernet header, beside links with one. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "probe/table.h"
#include "probe/testrun.h"
#include "support/metered.h"
#include "support/netns.h"

#define START (1020 * NFP_NS_PER_S)
#define LENGTH (60 * NFP_NS_PER_S)

static const struct nfp_bucket bucket = { START, START + LENGTH };

/* UDP of 10.x.y.z without a link header; each source is a flow of its own, in the row above, too. */
static void feed_raw(NfpTestRun *run, guint from, guint n)
{
	uint8_t p[64] = { 0x45, [3] = sizeof(p), [8] = 64, [9] = 17, [12] = 10, [16] = 192, [21] = 53, [23] = 53,
			  [25] = sizeof(p) - 20 };

	for (guint i = from; i < from + n; i++) {
		p[13] = i >> 16;
		p[14] = i >> 8;
		p[15] = i;
		cr_assert_eq(nfp_testrun_repeat(run, p, sizeof(p), START + NFP_NS_PER_S, 1), 0);
	}
}

/* A flood of a tunnel on the CPU where a frame of Ethernet was the last before it: its coarsest key has no addresses. */
Test(table_raw, a_flood_has_no_addresses_of_others)
{
	static const uint8_t arp[64] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	g_autoptr(NfpTestRun) raw = NULL, ethernet = NULL;
	g_autoptr(NfpProbe) probe = NULL;
	const struct nfp_clock clock = { .length = LENGTH };
	uint32_t room[NFP_P_N];
	NfpSource *source;
	NfpEntries entries;
	guint tunnel = 0;

	nfpt_sandbox();
	if (!nfp_table_usable())
		cr_skip_test("this kernel has no compare-and-swap in BPF");
	probe = nfpt_open("raw", NULL, false);
	source = nfp_probe_source(probe);
	for (int row = 0; row < NFP_P_N; row++)
		room[row] = 256;
	cr_assert_eq(source->set_clock(source, &clock, false), 0);
	cr_assert_eq(source->create(source, bucket, room), 0);
	raw = nfp_testrun_new(probe, false, NULL);
	ethernet = nfp_testrun_new(probe, true, NULL);
	cr_assert(raw && ethernet);
	feed_raw(raw, 0, 5000);
	cr_assert_eq(nfp_testrun_repeat(ethernet, arp, sizeof(arp), START + NFP_NS_PER_S, 1), 0);
	feed_raw(raw, 5000, 1000);
	cr_assert_eq(source->read(source, bucket, NFP_P_eth, &entries), 0);
	for (size_t i = 0; i < entries.n; i++) {
		const struct nfp_key_eth *key = (const struct nfp_key_eth *)entries.keys + i;

		if (!(key->meta.flags & NFP_KEY_L3))
			continue;
		tunnel++;
		cr_expect_arr_eq(key->smac, ((uint8_t[6]){ 0 }), 6);
		cr_expect_arr_eq(key->dmac, ((uint8_t[6]){ 0 }), 6);
		cr_expect_geq(entries.values[i].packets, 6000 - 2 * 2 * 512);
	}
	cr_expect_eq(tunnel, 1, "%u of %zu", tunnel, entries.n);
	cr_expect_eq(nfpt_recorded(probe, bucket), 6001);
}
