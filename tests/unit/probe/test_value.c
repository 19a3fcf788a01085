/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two entries of one flow. */
#include "probe/value.h"

#include <criterion/criterion.h>
#include <string.h>

Test(value, sums_extremes_unions_and_the_earliest)
{
	struct nfp_value early = { .packets = 2, .octets = 100, .l2_octets = 128, .first = 10, .last = 40, .len_min = 40,
				   .len_max = 60, .tcp_flags = 0x10, .ttl_min = 60, .ttl_max = 61, .ecn = 1,
				   .flags = NFP_V_FRAG_FIRST, .smac = { 1 }, .ingress_if = 3 };
	struct nfp_value late = { .packets = 5, .octets = 7, .l2_octets = 9, .first = 20, .last = 30, .len_min = 28,
				  .len_max = 59, .tcp_flags = 0x02, .ttl_min = 61, .ttl_max = 64, .ecn = 4,
				  .flags = NFP_V_COARSENED, .smac = { 2 }, .ingress_if = 4, .tcp_mss = 1460,
				  .tcp_options = 1 << 3 | 1 << 2, .tcp_wscale = 7 };
	struct nfp_value a = early, b = late;

	nfp_value_merge(&a, &late);
	nfp_value_merge(&b, &early);
	cr_expect_arr_eq(&a, &b, sizeof(a), "in either order");
	cr_expect_eq(a.packets, 7);
	cr_expect_eq(a.octets, 107);
	cr_expect_eq(a.l2_octets, 137);
	cr_expect_eq(a.first, 10);
	cr_expect_eq(a.last, 40);
	cr_expect(a.len_min == 28 && a.len_max == 60);
	cr_expect(a.ttl_min == 60 && a.ttl_max == 64);
	cr_expect_eq(a.tcp_flags, 0x12);
	cr_expect_eq(a.ecn, 5);
	cr_expect_eq(a.flags, NFP_V_FRAG_FIRST | NFP_V_COARSENED);
	cr_expect_eq(a.smac[0], 1);
	cr_expect_eq(a.ingress_if, 3);
	cr_expect(a.tcp_mss == 1460 && a.tcp_wscale == 7 && a.tcp_options == 12);
}
