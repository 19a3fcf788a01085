/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "app/table.h"

static const struct nfp_bucket first = { 1795390440000000000, 1795390450000000000 };
static const struct nfp_bucket second = { 1795390450000000000, 1795390460000000000 };

static NfpBatch *batch_of(struct nfp_bucket id, uint32_t domain, uint64_t octets)
{
	NfpBatch *batch = nfp_batch_new(1, NULL);

	batch->bucket_start_ns = id.start_ts;
	batch->bucket_end_ns = id.end_ts;
	batch->domain = domain;
	batch->n = 1;
	batch->records[0] = (NfpRecord){
		.have = NFP_HAVE_ALWAYS | NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL, .packets = 2, .octets = octets,
		.l2_octets = octets, .ifindex = 1, .ip_version = 4, .protocol = 47,
	};
	return batch;
}

static void free_all(GPtrArray *batches)
{
	g_ptr_array_set_free_func(batches, (GDestroyNotify)nfp_batch_unref);
	g_ptr_array_unref(batches);
}

Test(table, takes_one_bucket_of_one_domain)
{
	NfpTables *tables = nfp_tables_new();
	GPtrArray *taken;

	nfp_tables_add(tables, batch_of(first, 0, 1));
	nfp_tables_add(tables, batch_of(second, 0, 2));
	nfp_tables_add(tables, batch_of(first, 1, 3));
	nfp_tables_add(tables, batch_of(first, 0, 4));
	taken = nfp_tables_take(tables, 0, first);
	cr_assert_eq(taken->len, 2);
	cr_expect_eq(((NfpBatch *)g_ptr_array_index(taken, 0))->records[0].octets, 1);
	cr_expect_eq(((NfpBatch *)g_ptr_array_index(taken, 1))->records[0].octets, 4);
	free_all(taken);
	taken = nfp_tables_take(tables, 0, first);
	cr_expect_eq(taken->len, 0);
	free_all(taken);
	nfp_tables_free(tables); /* with two inside */
}

Test(table, largest_first_and_names_the_domain)
{
	g_autoptr(GString) out = g_string_new(NULL);
	GPtrArray *batches = g_ptr_array_new();

	g_ptr_array_add(batches, batch_of(first, 3, 777));
	g_ptr_array_add(batches, batch_of(first, 3, 8888));
	nfp_table_print(out, 3, first, batches);
	cr_expect(strstr(out->str, "  domain 3  2 flows, 4 packets, 9665 IP octets\n"), "%s", out->str);
	cr_expect_lt(strstr(out->str, "8888"), strstr(out->str, " 777"));
	cr_expect(g_str_has_suffix(out->str, "\n\n"));
	free_all(batches);
}
