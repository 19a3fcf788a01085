/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>

#include "harvest/rows.h"

Test(rows, every_protocol)
{
	for (int row = 0; row < NFP_P_N; row++) {
		const NfpRow *r = &nfp_rows[row];
		char last = r->name[strlen(r->name) - 1];

		cr_expect_str_eq(nfp_row_name(row), r->name);
		cr_expect_eq(r->ip_version, last == '4' ? 4 : last == '6' ? 6 : 0, "%s", r->name);
		cr_expect_eq(r->key_size, r->ip_version == 4   ? sizeof(struct nfp_key_v4)
					  : r->ip_version == 6 ? sizeof(struct nfp_key_v6)
							       : row == NFP_P_tunnel  ? sizeof(struct nfp_key_tunnel)
						       : sizeof(struct nfp_key_eth), "%s", r->name);
		cr_expect_eq(r->protocol != 0, r->l4 == NFP_L4_PORTS || r->l4 == NFP_L4_ICMP, "%s", r->name);
	}
	cr_expect_str_eq(nfp_row_name(NFP_P_hook), "hook");
}

Test(rows, every_counter)
{
	for (guint i = 0; i < NFP_C_N; i++) {
		cr_expect_not_null(nfp_counter_name(i));
		cr_expect_not_null(nfp_counter_help(i));
	}
	cr_expect_str_eq(nfp_counter_name(NFP_C_spilled), "spilled");
	cr_expect_null(nfp_counter_name(NFP_C_N));
	cr_expect_null(nfp_counter_help(60000));
}

Test(rows, same_flow_leaves_out_the_cpu_alone)
{
	for (int row = 0; row < NFP_P_N; row++) {
		size_t size = nfp_rows[row].key_size;
		size_t cpu = size - sizeof(struct nfp_key_meta) + offsetof(struct nfp_key_meta, cpu);
		uint8_t a[sizeof(struct nfp_key_tunnel)] = { 0 }, b[sizeof(struct nfp_key_tunnel)] = { 0 };

		for (size_t i = 0; i < size; i++) {
			b[i] = 1;
			cr_expect_eq(nfp_key_same_flow(a, b, size), i == cpu || i == cpu + 1, "%s, octet %zu",
				     nfp_rows[row].name, i);
			b[i] = 0;
		}
	}
}
