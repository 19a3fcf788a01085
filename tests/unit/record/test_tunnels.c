// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <string.h>

#include "record/tunnels.h"

Test(tunnels, names)
{
	cr_expect_eq(nfp_tunnel_bits("4in4"), 1u << 1);
	cr_expect_eq(nfp_tunnel_bits("mplsudp"), 1u << 13);
	cr_expect_eq(nfp_tunnel_bits("ipip"), 0x1e);
	cr_expect_eq(nfp_tunnel_bits("all"), 0x3ffe);
	cr_expect_eq(nfp_tunnel_bits("mpls"), 0, "comes with another");
	cr_expect_eq(nfp_tunnel_bits("none"), 0);
	cr_expect_eq(nfp_tunnel_bits(""), 0);
	cr_expect_str_eq(nfp_tunnel_name(8), "vxlan");
	cr_expect_str_eq(nfp_tunnel_name(0), "none");
	cr_expect_str_eq(nfp_tunnel_name(99), "unknown");
	cr_expect_str_eq(nfp_tunnel_suggest("vxlam"), "vxlan");
	cr_expect_null(nfp_tunnel_suggest("wireguard"));
	cr_expect(nfp_tunnel_is_one_way(10), "a TEID");
	cr_expect_not(nfp_tunnel_is_one_way(8), "a VNI");
	cr_expect_not(nfp_tunnel_is_one_way(99));
	cr_expect(nfp_tunnel_is_mirror(7));
	cr_expect_not(nfp_tunnel_is_mirror(5));
}

/* NFP_UPDATE=1 puts the table of the rows in the place of the word TABLE, or of the table that is there. */
Test(tunnels, the_page_has_the_rows)
{
	g_autoptr(GString) table = g_string_new(NULL);
	g_autofree char *page = NULL;

	nfp_tunnels_print_markdown(table);
	cr_assert(g_file_get_contents(NFP_SOURCE_DIR "/docs/tunnels.md", &page, NULL, NULL));
	if (g_getenv("NFP_UPDATE") != NULL) {
		g_autoptr(GRegex) old = g_regex_new("TABLE|\\| tunnelType (?s:.*?)\\n(?=\\n)", 0, 0, NULL);
		g_autofree char *made = g_regex_replace_literal(old, page, -1, 0, table->str, 0, NULL);

		cr_assert(g_file_set_contents(NFP_SOURCE_DIR "/docs/tunnels.md", made, -1, NULL));
		return;
	}
	cr_assert_not_null(strstr(page, table->str),
			   "docs/tunnels.md has not the rows of tunnels.def: run this test with NFP_UPDATE=1");
}
