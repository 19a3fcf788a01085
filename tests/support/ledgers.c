/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/ledgers.h"

static void hook_clear(void *data)
{
	g_free(((NfpLedgerHook *)data)->netns);
}

static void bucket_clear(void *data)
{
	g_free(((NfpLedgerBucket *)data)->netns);
}

NfpLedger *nfp_test_ledger(void)
{
	NfpLedger *l = g_new0(NfpLedger, 1);
	NfpLedgerHook hooks[] = {
		{ .info = { .ifindex = 2, .ifname = "eth0", .method = "tcx", .dropped_before = 17 },
		  .books = { .seen = 100, .seen_skbs = 60, .seen_skb_bytes = 6000, .recorded = 70, .open = 20,
			     .coarsened = 4, .lost = { [NFP_LOST_no_bucket] = 10 } } },
		{ .domain = 1, .netns = g_strdup("blue"), .info = { .ifindex = 9, .flags = NFP_KEY_EGRESS },
		  .books = { .seen = 5, .recorded = 5 } },
	};
	NfpLedgerBucket buckets[] = {
		{ .id = { 1795390440000000000, 1795390450000000000 }, .state = "open",
		  .books = { .seen = 20, .open = 20 } },
		{ .domain = 1, .netns = g_strdup("blue"), .state = "spill" },
	};

	buckets[0].entries[NFP_P_tcp4] = 3;
	buckets[0].packets[NFP_P_tcp4] = 19;
	buckets[0].room[NFP_P_tcp4] = (NfpRoom){ .slots = 8, .entries = 4 };
	buckets[0].entries[NFP_P_hook] = 1;
	buckets[0].packets[NFP_P_hook] = 1;
	l->hooks = g_array_new(FALSE, TRUE, sizeof(NfpLedgerHook));
	l->buckets = g_array_new(FALSE, TRUE, sizeof(NfpLedgerBucket));
	g_array_set_clear_func(l->hooks, hook_clear);
	g_array_set_clear_func(l->buckets, bucket_clear);
	g_array_append_vals(l->hooks, hooks, G_N_ELEMENTS(hooks));
	g_array_append_vals(l->buckets, buckets, G_N_ELEMENTS(buckets));
	l->total = (NfpBooks){ .seen = 105, .seen_skbs = 60, .seen_skb_bytes = 6000, .recorded = 75, .open = 20,
			       .coarsened = 4, .lost = { [NFP_LOST_no_bucket] = 10 } };
	l->counters[NFP_C_seen] = 105;
	l->balanced = TRUE;
	return l;
}
