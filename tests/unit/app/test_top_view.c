/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "app/top_view.h"

static NfpTopDo press(NfpTopView *view, const char *keys)
{
	NfpTopDo what = NFP_TOP_STAY;

	for (; *keys; keys++)
		what = nfp_top_key(view, *keys, 10);
	return what;
}

Test(top_view, keys)
{
	g_auto(NfpTopView) view = { 0 };

	nfp_top_view_init(&view);
	cr_expect_eq(view.order, NFP_TOP_BY_BITS);
	cr_expect_eq(press(&view, "p"), NFP_TOP_STAY);
	cr_expect_eq(view.order, NFP_TOP_BY_RATE);
	press(&view, "o");
	cr_expect_eq(view.order, NFP_TOP_BY_OCTETS);
	press(&view, "cr");
	cr_expect_eq(view.order, NFP_TOP_BY_PACKETS);
	cr_expect(view.reverse);
	press(&view, " ");
	cr_expect(view.paused);
	cr_expect_eq(press(&view, " "), NFP_TOP_LOOK);
	cr_expect_not(view.paused);
	press(&view, "?");
	cr_expect(view.help);
	press(&view, "b");
	cr_expect_not(view.help, "any key ends it");
	cr_expect_eq(press(&view, "x"), NFP_TOP_STAY);
	cr_expect_eq(press(&view, "q"), NFP_TOP_QUIT);
}

Test(top_view, scrolling_and_speed_have_ends)
{
	g_auto(NfpTopView) view = { 0 };

	nfp_top_view_init(&view);
	nfp_top_key(&view, NFP_TOP_UP, 10);
	cr_expect_eq(view.scroll, 0);
	nfp_top_key(&view, NFP_TOP_PAGE_DOWN, 10);
	nfp_top_key(&view, NFP_TOP_DOWN, 10);
	cr_expect_eq(view.scroll, 11);
	nfp_top_key(&view, NFP_TOP_PAGE_UP, 20);
	cr_expect_eq(view.scroll, 0);
	for (int i = 0; i < 100; i++)
		press(&view, "+");
	cr_expect_eq(view.every, NFP_TOP_EVERY_MAX);
	for (int i = 0; i < 100; i++)
		press(&view, "-");
	cr_expect_eq(view.every, 1);
}

Test(top_view, typing_a_filter)
{
	g_auto(NfpTopView) view = { 0 };

	nfp_top_view_init(&view);
	cr_expect_eq(press(&view, "/q"), NFP_TOP_LOOK, "no end, but a letter");
	press(&view, " :443");
	cr_expect_str_eq(view.filter->str, "q :443");
	nfp_top_key(&view, NFP_TOP_ERASE, 10);
	nfp_top_key(&view, NFP_TOP_OTHER, 10);
	nfp_top_key(&view, 0xe4, 10);
	cr_expect_str_eq(view.filter->str, "q :44");
	nfp_top_key(&view, NFP_TOP_ENTER, 10);
	cr_expect_not(view.typing);
	cr_expect_str_eq(view.filter->str, "q :44");
	cr_expect_eq(nfp_top_key(&view, NFP_TOP_ESCAPE, 10), NFP_TOP_LOOK);
	cr_expect_str_eq(view.filter->str, "");
	press(&view, "/");
	for (int i = 0; i < 1000; i++)
		press(&view, "a");
	cr_expect_eq(view.filter->len, NFP_TOP_FILTER_MAX);
	nfp_top_key(&view, NFP_TOP_ESCAPE, 10);
	cr_expect_not(view.typing);
	cr_expect_eq(view.filter->len, 0);
}

Test(top_view, words_of_a_filter)
{
	const NfpRecord r = { .have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS, .src4 = { 192, 0, 2, 1 }, .src_port = 443,
			      .dst4 = { 198, 51, 100, 7 }, .dst_port = 50000, .protocol = 6 };

	cr_expect(nfp_top_matches(&r, "eth0", ""));
	cr_expect(nfp_top_matches(&r, NULL, NULL));
	cr_expect(nfp_top_matches(&r, "eth0", "TCP 192.0.2.1:443"));
	cr_expect(nfp_top_matches(&r, "eth0", "Eth0 in :50000"));
	cr_expect_not(nfp_top_matches(&r, "eth0", "tcp udp"));
	cr_expect_not(nfp_top_matches(&r, NULL, "eth0"));
	cr_expect_not(nfp_top_matches(&r, "eth0", " out "));
}
