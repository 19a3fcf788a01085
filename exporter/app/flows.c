/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/flows.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "app/app.h"
#include "base/error.h"
#include "harvest/convert.h"
#include "harvest/merge.h"
#include "harvest/rows.h"
#include "harvest/uid.h"
#include "record/format.h"

typedef struct {
	NfpFlowsFn fn;
	void *data;
	NfpMerge *merge;
	const char *hostname;
	const NfpFlowsOptions *options;
	uint32_t ifindex; /* 0: all */
} Reader;

gboolean nfp_flows_wants(const NfpFlowsOptions *options, uint8_t flags)
{
	if (options->hook == NFP_FLOWS_ANY)
		return TRUE;
	return (options->hook == NFP_FLOWS_XDP) == ((flags & NFP_KEY_XDP) != 0);
}

static gboolean is_wanted(const Reader *r, const struct nfp_key_meta *meta)
{
	return nfp_flows_wants(r->options, meta->flags) && (!r->ifindex || r->ifindex == meta->ifindex);
}

static int read_row(Reader *r, NfpSource *source, struct nfp_bucket id, const NfpConvert *convert, enum nfp_protocol row)
{
	NfpEntries entries = { 0 };
	struct nfp_value value;
	uint64_t flow_id;
	const void *key;
	int rc = source->read(source, id, row, &entries);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	nfp_merge_begin(r->merge, row, &entries, convert->seed, false);
	while (nfp_merge_next(r->merge, &key, &flow_id, &value)) {
		NfpRecord record;

		if (!is_wanted(r, nfp_key_meta_of(key, nfp_rows[row].key_size)))
			continue;
		nfp_convert_entry(convert, row, flow_id, key, &value, &record);
		if (r->options->filter && !nfp_filter_record(r->options->filter, &record))
			continue;
		r->fn(&record, r->data);
	}
	return 0;
}

static int read_bucket(Reader *r, NfpSource *source, struct nfp_bucket id)
{
	struct nfp_bucket label = id, none = { 0 };
	NfpConvert convert = {
		.domain = source->domain,
	};
	int rc = 0;

	if (r->options->since)
		label = (struct nfp_bucket){ r->options->since, (uint64_t)g_get_real_time() * 1000 };
	convert.id = label;
	convert.seed = nfp_uid_seed(r->hostname, source->domain, r->options->after ? none : label);
	for (int row = 0; !rc && row < NFP_P_N; row++)
		rc = read_row(r, source, id, &convert, row);
	return rc;
}

static int read_domain(Reader *r, NfpSource *source)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	int rc = source->list(source, list);

	for (guint i = 0; !rc && i < list->len; i++) {
		const NfpBucketInfo *info = &g_array_index(list, NfpBucketInfo, i);

		if (info->state == NFP_BUCKET_OPEN || (r->options->after && info->id.end_ts > r->options->after))
			rc = read_bucket(r, source, info->id);
	}
	return rc;
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_octets(gconstpointer a, gconstpointer b)
{
	return descending(((const NfpRecord *)a)->octets, ((const NfpRecord *)b)->octets);
}

static int by_packets(gconstpointer a, gconstpointer b)
{
	return descending(((const NfpRecord *)a)->packets, ((const NfpRecord *)b)->packets);
}

static int by_first(gconstpointer a, gconstpointer b)
{
	return descending(((const NfpRecord *)a)->first_ns, ((const NfpRecord *)b)->first_ns);
}

static int by_last(gconstpointer a, gconstpointer b)
{
	return descending(((const NfpRecord *)a)->last_ns, ((const NfpRecord *)b)->last_ns);
}

static int by_duration(gconstpointer a, gconstpointer b)
{
	const NfpRecord *x = a, *y = b;

	return descending(x->last_ns - x->first_ns, y->last_ns - y->first_ns);
}

static const GCompareFunc orders[] = {
	[NFP_FLOWS_BY_OCTETS] = by_octets,
	[NFP_FLOWS_BY_PACKETS] = by_packets,
	[NFP_FLOWS_BY_FIRST] = by_first,
	[NFP_FLOWS_BY_LAST] = by_last,
	[NFP_FLOWS_BY_DURATION] = by_duration,
};

static const char *name_of(uint32_t ifindex, void *data)
{
	return if_indextoname(ifindex, data);
}

/* " 14:03:59   12.3" behind a row: begin and duration. */
static void append_times(GString *out, const NfpRecord *record)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(record->first_ns / 1000000000));
	g_autofree char *text = time ? g_date_time_format(time, "%H:%M:%S") : g_strdup("?");

	g_string_truncate(out, out->len - 1);
	g_string_append_printf(out, " %s %8.1f\n", text, (double)(record->last_ns - record->first_ns) / 1e9);
}

static void print_head(GString *out, gboolean times)
{
	nfp_format_table_head(out);
	if (times) {
		g_string_truncate(out, out->len - 1);
		g_string_append_printf(out, " %-8s %8s\n", "BEGAN", "SECONDS");
	}
}

static void print(const NfpConf *conf, const NfpFlowsOptions *options, const GArray *records, GString *out)
{
	guint n = options->limit ? MIN(options->limit, records->len) : records->len;
	char name[IF_NAMESIZE];

	if (!options->json)
		print_head(out, options->times);
	for (guint i = 0; i < n; i++) {
		const NfpRecord *record = &g_array_index(records, NfpRecord, i);

		if (options->json)
			nfp_format_json(out, conf->hostname, record);
		else /* names of other namespaces are not ours to look up */
			nfp_format_table_row(out, record, record->domain ? NULL : name_of, name);
		if (!options->json && options->times)
			append_times(out, record);
	}
}

static gboolean add_domain(Reader *r, const NfpConf *conf, const NfpDomain *domain, GError **err)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
	g_autoptr(NfpProbe) probe = nfp_probe_open_readonly(&options, err);
	int rc;

	if (!probe)
		return FALSE;
	if (r->options->ifname) {
		if (domain->netns)
			return TRUE;
		r->ifindex = if_nametoindex(r->options->ifname);
		if (!r->ifindex) /* it has gone */
			return TRUE;
	}
	rc = read_domain(r, nfp_probe_source(probe));
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot read the flows of %s", domain->instance);
}

gboolean nfp_flows_each(const NfpConf *conf, const NfpFlowsOptions *options, NfpFlowsFn fn, void *data, GError **err)
{
	g_autoptr(NfpMerge) merge = nfp_merge_new();
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	Reader r = { .fn = fn, .data = data, .merge = merge, .hostname = conf->hostname, .options = options };
	guint found = 0;

	for (guint i = 0; i < domains->len; i++) {
		const NfpDomain *domain = g_ptr_array_index(domains, i);
		g_autofree char *pins = nfp_domain_pins(conf, domain);

		if (!g_file_test(pins, G_FILE_TEST_IS_DIR))
			continue;
		found++;
		if (!add_domain(&r, conf, domain, err))
			return FALSE;
	}
	if (found)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "nothing is metered: there is nothing under %s/%s (start `nfprobe run`)", conf->pin_root, conf->instance);
	return FALSE;
}

static void keep(const NfpRecord *record, void *data)
{
	g_array_append_vals(data, record, 1);
}

gboolean nfp_flows_print(const NfpConf *conf, const NfpFlowsOptions *options, GString *out, GError **err)
{
	g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(NfpRecord));

	if (!nfp_flows_each(conf, options, keep, records, err))
		return FALSE;
	g_array_sort(records, orders[options->order]);
	print(conf, options, records, out);
	return TRUE;
}
