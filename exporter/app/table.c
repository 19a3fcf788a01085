/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/table.h"

#include <net/if.h>
#include <stdlib.h>

#include "record/format.h"

struct NfpTables {
	GPtrArray *batches;
};

NfpTables *nfp_tables_new(void)
{
	NfpTables *tables = g_new0(NfpTables, 1);

	tables->batches = g_ptr_array_new_with_free_func((GDestroyNotify)nfp_batch_unref);
	return tables;
}

void nfp_tables_free(NfpTables *tables)
{
	if (!tables)
		return;
	g_ptr_array_unref(tables->batches);
	g_free(tables);
}

void nfp_tables_add(NfpTables *tables, NfpBatch *batch)
{
	g_ptr_array_add(tables->batches, batch);
}

GPtrArray *nfp_tables_take(NfpTables *tables, uint32_t domain, struct nfp_bucket id)
{
	GPtrArray *taken = g_ptr_array_new();

	for (guint i = 0; i < tables->batches->len;) {
		const NfpBatch *batch = g_ptr_array_index(tables->batches, i);

		if (batch->domain == domain && batch->bucket_start_ns == id.start_ts &&
		    batch->bucket_end_ns == id.end_ts)
			g_ptr_array_add(taken, g_ptr_array_steal_index(tables->batches, i));
		else
			i++;
	}
	return taken;
}

static int by_octets(gconstpointer a, gconstpointer b)
{
	const NfpRecord *x = *(const NfpRecord *const *)a, *y = *(const NfpRecord *const *)b;

	if (x->l2_octets != y->l2_octets)
		return x->l2_octets < y->l2_octets ? 1 : -1;
	return (x->packets < y->packets) - (x->packets > y->packets);
}

static const char *name_of(uint32_t ifindex, void *data)
{
	return if_indextoname(ifindex, data);
}

static void append_time(GString *out, uint64_t ns, const char *format)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(ns / 1000000000));
	g_autofree char *text = time ? g_date_time_format(time, format) : g_strdup("?");

	g_string_append(out, text);
}

/* Captures are of other days. */
static gboolean is_today(uint64_t ns)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(ns / 1000000000));

	return now && time && g_date_time_get_year(now) == g_date_time_get_year(time) &&
	       g_date_time_get_day_of_year(now) == g_date_time_get_day_of_year(time);
}

static GPtrArray *sorted(const GPtrArray *batches)
{
	GPtrArray *records = g_ptr_array_new();

	for (guint i = 0; i < batches->len; i++) {
		const NfpBatch *batch = g_ptr_array_index(batches, i);

		for (uint32_t j = 0; j < batch->n; j++)
			g_ptr_array_add(records, &batch->records[j]);
	}
	g_ptr_array_sort(records, by_octets);
	return records;
}

static void head(GString *out, uint32_t domain, struct nfp_bucket id, const GPtrArray *records)
{
	uint64_t packets = 0, octets = 0;

	for (guint i = 0; i < records->len; i++) {
		packets += ((const NfpRecord *)g_ptr_array_index(records, i))->packets;
		octets += ((const NfpRecord *)g_ptr_array_index(records, i))->octets;
	}
	append_time(out, id.start_ts, is_today(id.start_ts) ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
	g_string_append(out, " - ");
	append_time(out, id.end_ts, "%H:%M:%S");
	if (domain)
		g_string_append_printf(out, "  domain %u", domain);
	g_string_append_printf(out, "  %u flow%s, %" G_GUINT64_FORMAT " packet%s, %" G_GUINT64_FORMAT " IP octets\n",
			       records->len, records->len == 1 ? "" : "s", (guint64)packets, packets == 1 ? "" : "s",
			       (guint64)octets);
}

static void rest(GString *out, const GPtrArray *records)
{
	uint64_t packets = 0;

	for (guint i = NFP_TABLE_ROWS; i < records->len; i++)
		packets += ((const NfpRecord *)g_ptr_array_index(records, i))->packets;
	if (records->len > NFP_TABLE_ROWS)
		g_string_append_printf(out, "... and %u smaller flows with %" G_GUINT64_FORMAT
				       " packets (--json prints them all)\n",
				       records->len - NFP_TABLE_ROWS, (guint64)packets);
}

void nfp_table_print(GString *out, uint32_t domain, struct nfp_bucket id, const GPtrArray *batches)
{
	g_autoptr(GPtrArray) records = sorted(batches);
	char name[IF_NAMESIZE];

	if (!records->len)
		return;
	head(out, domain, id, records);
	nfp_format_table_head(out);
	for (guint i = 0; i < MIN(records->len, NFP_TABLE_ROWS); i++)
		/* Names of other namespaces are not ours to look up. */
		nfp_format_table_row(out, g_ptr_array_index(records, i), domain ? NULL : name_of, name);
	rest(out, records);
	g_string_append_c(out, '\n');
}
