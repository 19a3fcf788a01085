/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures of a look made by hand. */
#include <criterion/criterion.h>
#include <string.h>

#include "app/top_view.h"
#include "support/ledgers.h"

static NfpTopLook *look_new(guint flows)
{
	g_autoptr(NfpLedger) l = nfp_test_ledger();
	NfpTopLook *look = g_new0(NfpTopLook, 1);

	look->time = 1795390440000000000;
	look->total = l->total;
	look->balanced = TRUE;
	look->fullest = NFP_P_tcp4;
	look->fill = 0.25;
	look->hooks = nfp_top_hooks_new(l);
	g_array_index(look->hooks, NfpTopHook, 0).packets_s = 1234;
	g_array_index(look->hooks, NfpTopHook, 0).bits_s = 12345678;
	look->flows = g_array_new(FALSE, TRUE, sizeof(NfpTopFlow));
	look->flows_n = flows;
	look->uptime = 3723;
	look->collectors = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(look->collectors, g_strdup("nf up"));
	g_ptr_array_add(look->collectors, g_strdup("away DOWN 12 s behind"));
	for (guint i = 0; i < flows; i++) {
		NfpTopFlow flow = {
			.record = { .flow_id = i + 1, .ifindex = 2, .have = NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS,
				    .src4 = { 192, 0, 2, (uint8_t)i }, .src_port = 65535, .dst4 = { 198, 51, 100, 107 }, .dst_port = 443,
				    .protocol = i % 2 ? 17 : 6 },
			.packets = i * 10, .octets = i * 1000000, .packets_s = 100 - i, .bits_s = i,
		};

		g_array_append_val(look->flows, flow);
	}
	return look;
}

static char *text_of(NfpTopLook *look, const NfpTopView *view, guint width, guint height, guint *ret_page)
{
	g_autoptr(GPtrArray) lines = nfp_top_frame(look, view, width, height, ret_page);
	GString *text = g_string_new(NULL);

	cr_assert(!height || lines->len == height, "%u lines of %u", lines->len, height);
	for (guint i = 0; i < lines->len; i++) {
		const NfpTopLine *line = g_ptr_array_index(lines, i);

		cr_assert_leq(strlen(line->text), width, "%s", line->text);
		g_string_append_printf(text, "%s\n", line->text);
	}
	return g_string_free(text, FALSE);
}

static void expect_has(const char *text, const char *part)
{
	cr_expect_not_null(strstr(text, part), "no \"%s\" in\n%s", part, text);
}

Test(top_frame, all_of_it)
{
	g_autoptr(NfpTopLook) look = look_new(3);
	g_auto(NfpTopView) view = { 0 };
	g_autofree char *text = NULL;

	nfp_top_view_init(&view);
	text = text_of(look, &view, 120, 24, NULL);
	expect_has(text, "  up 1:02:03  every 2 s\n");
	expect_has(text, "\nseen 105  in records 75  open 20  lost 10  books closed\n");
	expect_has(text, "\nflows 3  fullest table tcp4 25%  coarsened 4\n");
	expect_has(text, "\ncollectors nf up, away DOWN 12 s behind\n");
	expect_has(text, "\neth0             in           1234    12.3M            100\n");
	cr_expect_null(strstr(text, "blue"), "it has gone, and nothing comes by it");
	expect_has(text, ">BIT/S");
	expect_has(text, "\neth0       in  tcp   192.0.2.2:65535");
	expect_has(text, "      20    2.00M\n");
	expect_has(text, "\nq quit ");
}

Test(top_frame, orders)
{
	static const struct {
		NfpTopOrder order;
		gboolean reverse;
		const char *mark, *first;
	} cases[] = {
		{ NFP_TOP_BY_BITS, FALSE, ">BIT/S", "192.0.2.8:" },   { NFP_TOP_BY_BITS, TRUE, "<BIT/S", "192.0.2.0:" },
		{ NFP_TOP_BY_RATE, FALSE, ">PKT/S", "192.0.2.0:" },   { NFP_TOP_BY_OCTETS, FALSE, ">BYTES", "192.0.2.8:" },
		{ NFP_TOP_BY_PACKETS, TRUE, "<PACKETS", "192.0.2.0:" },
	};
	g_autoptr(NfpTopLook) look = look_new(9);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(NfpTopView) view = { 0 };
		g_autofree char *text = NULL;

		nfp_top_view_init(&view);
		view.order = cases[i].order;
		view.reverse = cases[i].reverse;
		view.limit = 1;
		text = text_of(look, &view, 120, 0, NULL);
		expect_has(text, cases[i].mark);
		expect_has(text, cases[i].first);
	}
}

Test(top_frame, scrolled_and_filtered)
{
	g_autoptr(NfpTopLook) look = look_new(9);
	g_auto(NfpTopView) view = { 0 };
	g_autofree char *scrolled = NULL, *filtered = NULL, *none = NULL;
	guint page;

	nfp_top_view_init(&view);
	view.scroll = 7;
	scrolled = text_of(look, &view, 100, 30, &page);
	cr_expect_geq(page, 10);
	expect_has(scrolled, "192.0.2.1:");
	cr_expect_null(strstr(scrolled, "192.0.2.2:"));
	view.scroll = 0;
	g_string_assign(view.filter, "udp 192.0.2.3");
	filtered = text_of(look, &view, 100, 30, NULL);
	expect_has(filtered, "192.0.2.3:");
	cr_expect_null(strstr(filtered, "192.0.2.1:"));
	expect_has(filtered, "\nfilter: udp 192.0.2.3 ");
	g_string_assign(view.filter, "sctp");
	none = text_of(look, &view, 100, 30, NULL);
	expect_has(none, "no flow matches\n");
}

Test(top_frame, every_size)
{
	g_autoptr(NfpTopLook) look = look_new(200);
	g_auto(NfpTopView) view = { 0 };

	nfp_top_view_init(&view);
	for (guint width = 1; width <= 200; width += 3)
		for (guint height = 1; height <= 60; height++)
			g_free(text_of(look, &view, width, height, NULL));
	view.help = TRUE;
	g_free(text_of(look, &view, 80, 24, NULL));
	g_free(text_of(NULL, &view, 80, 24, NULL));
	view.help = FALSE;
	g_free(text_of(NULL, &view, 80, 24, NULL));
}

Test(top_frame, a_narrow_terminal)
{
	g_autoptr(NfpTopLook) look = look_new(3);
	g_auto(NfpTopView) view = { 0 };
	g_autofree char *eighty = NULL, *sixty = NULL;

	nfp_top_view_init(&view);
	eighty = text_of(look, &view, 80, 24, NULL);
	expect_has(eighty, "\neth0       in  tcp   192.0.2.2:65535     198.51.100.107:443        98        2\n");
	cr_expect_null(strstr(eighty, "BYTES"));
	sixty = text_of(look, &view, 60, 24, NULL);
	expect_has(sixty, "\nin  tcp   192.0.2.2:65535 198.51...07:443       98        2\n");
}

Test(top_frame, nothing_but_ascii)
{
	g_autoptr(NfpTopLook) look = look_new(1);
	g_auto(NfpTopView) view = { 0 };
	g_autofree char *text = NULL;

	nfp_top_view_init(&view);
	g_strlcpy(g_array_index(look->hooks, NfpTopHook, 0).name, "e\033[2J\xc3\xa4", 80);
	view.trouble = "the maps \n went away";
	text = text_of(look, &view, 80, 24, NULL);
	expect_has(text, "e?[2J??");
	expect_has(text, "the maps ? went away\n");
}
