/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "harvest/account.h"

static struct nfp_books_value line(NfpAccount *a, uint32_t ifindex, uint8_t flags)
{
	struct nfp_books_key key;
	struct nfp_books_value value;

	for (guint i = 0; i < nfp_account_n(a); i++) {
		nfp_account_get(a, i, &key, &value);
		if (key.ifindex == ifindex && key.flags == flags)
			return value;
	}
	cr_assert_fail("no line for %u", ifindex);
	return value;
}

Test(account, two_sides_of_each_hook)
{
	g_autoptr(NfpAccount) a = nfp_account_new((struct nfp_bucket){ 10, 20 });
	struct nfp_hook_row row = { .seen = 10, .packets = 1, .lost = { [NFP_LOST_no_bucket] = 2 } };
	struct nfp_books_value v;

	nfp_account_hook(a, &(struct nfp_hook_key){ .ifindex = 1, .cpu = 0 }, &row);
	nfp_account_hook(a, &(struct nfp_hook_key){ .ifindex = 1, .cpu = 1 }, &row);
	nfp_account_hook(a, &(struct nfp_hook_key){ .ifindex = 1, .flags = NFP_KEY_EGRESS }, &row);
	nfp_account_recorded(a, 1, NFP_KEY_ALT, 9);
	nfp_account_recorded(a, 2, 0, 5);
	nfp_account_recorded(a, 1, NFP_KEY_L3, 5);
	cr_expect_eq(nfp_account_n(a), 3);
	v = line(a, 1, 0);
	cr_expect_eq(v.seen, 20);
	cr_expect_eq(v.recorded, 16);
	cr_expect_eq(v.lost[NFP_LOST_no_bucket], 4);
	cr_expect_eq(nfp_books_difference(&v), 0);
	cr_expect_eq(v.last.start_ts, 10);
	cr_expect_eq(v.last.end_ts, 20);
	v = line(a, 1, NFP_KEY_EGRESS);
	cr_expect_eq(nfp_books_difference(&v), 7);
	v = line(a, 2, 0);
	cr_expect_eq(nfp_books_difference(&v), -5, "recorded and not seen is a hole as well");
}

Test(account, unreadable_is_what_is_missing)
{
	g_autoptr(NfpAccount) a = nfp_account_new((struct nfp_bucket){ 10, 20 });
	struct nfp_hook_row row = { .seen = 10 };
	struct nfp_books_value v;

	nfp_account_hook(a, &(struct nfp_hook_key){ .ifindex = 1 }, &row);
	nfp_account_recorded(a, 1, 0, 4);
	nfp_account_recorded(a, 2, 0, 4);
	nfp_account_unreadable(a);
	v = line(a, 1, 0);
	cr_expect_eq(v.lost[NFP_LOST_unreadable], 6);
	cr_expect_eq(nfp_books_difference(&v), 0);
	v = line(a, 2, 0);
	cr_expect_eq(v.lost[NFP_LOST_unreadable], 0);
	cr_expect_eq(nfp_books_difference(&v), -4);
}
