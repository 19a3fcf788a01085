/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "app/top_hooks.h"
#include "support/ledgers.h"

Test(top_hooks, totals_are_those_of_the_books)
{
	g_autoptr(NfpLedger) l = nfp_test_ledger();
	g_autoptr(GArray) hooks = nfp_top_hooks_new(l);
	const NfpTopHook *eth0 = &g_array_index(hooks, NfpTopHook, 0), *gone = &g_array_index(hooks, NfpTopHook, 1);

	cr_assert_eq(hooks->len, 2);
	cr_expect_str_eq(eth0->name, "eth0");
	cr_expect(eth0->attached);
	cr_expect_eq(eth0->packets, 100);
	cr_expect_eq(eth0->octets, 6000);
	cr_expect_str_eq(gone->name, "blue:(9)");
	cr_expect_not(gone->attached);
	cr_expect_str_eq(nfp_top_hooks_name(hooks, 1, 9), "blue:(9)");
	cr_expect_null(nfp_top_hooks_name(hooks, 0, 9), "another namespace's");
}

Test(top_hooks, rates)
{
	g_autoptr(NfpLedger) l = nfp_test_ledger();
	g_autoptr(GArray) before = nfp_top_hooks_new(l), after = NULL;
	const NfpTopHook *eth0;

	nfp_top_hooks_rate(before, NULL, 2);
	cr_expect_float_eq(g_array_index(before, NfpTopHook, 0).packets_s, 0, 1e-9);
	g_array_index(l->hooks, NfpLedgerHook, 0).books.seen += 500;
	g_array_index(l->hooks, NfpLedgerHook, 0).books.seen_skb_bytes += 1000;
	g_array_index(l->hooks, NfpLedgerHook, 1).books.seen = 0; /* began anew */
	after = nfp_top_hooks_new(l);
	nfp_top_hooks_rate(after, before, 2);
	eth0 = &g_array_index(after, NfpTopHook, 0);
	cr_expect_float_eq(eth0->packets_s, 250, 1e-9);
	cr_expect_float_eq(eth0->bits_s, 4000, 1e-9);
	cr_expect_float_eq(g_array_index(after, NfpTopHook, 1).packets_s, 0, 1e-9);
}
