/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/flows.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "app/app.h"
#include "base/error.h"
#include "harvest/convert.h"
#include "harvest/merge.h"
#include "harvest/uid.h"
#include "record/format.h"

typedef struct {
	GArray *records; /* NfpRecord */
	NfpMerge *merge;
	const char *hostname;
} Reader;

static int read_row(Reader *r, NfpSource *source, const NfpConvert *convert, enum nfp_protocol row)
{
	NfpEntries entries = { 0 };
	struct nfp_value value;
	uint64_t flow_id;
	const void *key;
	int rc = source->read(source, convert->id, row, &entries);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	nfp_merge_begin(r->merge, row, &entries, convert->seed, false);
	while (nfp_merge_next(r->merge, &key, &flow_id, &value)) {
		NfpRecord record;

		nfp_convert_entry(convert, row, flow_id, key, &value, &record);
		g_array_append_val(r->records, record);
	}
	return 0;
}

static int read_bucket(Reader *r, NfpSource *source, struct nfp_bucket id)
{
	NfpConvert convert = {
		.id = id,
		.domain = source->domain,
		.seed = nfp_uid_seed(r->hostname, source->domain, id),
	};
	int rc = 0;

	for (int row = 0; !rc && row < NFP_P_N; row++)
		rc = read_row(r, source, &convert, row);
	return rc;
}

static int read_domain(Reader *r, NfpSource *source)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NfpBucketInfo));
	int rc = source->list(source, list);

	for (guint i = 0; !rc && i < list->len; i++) {
		const NfpBucketInfo *info = &g_array_index(list, NfpBucketInfo, i);

		if (info->state == NFP_BUCKET_OPEN)
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

static int by_last(gconstpointer a, gconstpointer b)
{
	return descending(((const NfpRecord *)a)->last_ns, ((const NfpRecord *)b)->last_ns);
}

static const GCompareFunc orders[] = {
	[NFP_FLOWS_BY_OCTETS] = by_octets,
	[NFP_FLOWS_BY_PACKETS] = by_packets,
	[NFP_FLOWS_BY_LAST] = by_last,
};

static const char *name_of(uint32_t ifindex, void *data)
{
	return if_indextoname(ifindex, data);
}

static void print(const NfpConf *conf, const NfpFlowsOptions *options, const GArray *records, GString *out)
{
	guint n = options->top ? MIN(options->top, records->len) : records->len;
	char name[IF_NAMESIZE];

	if (!options->json)
		nfp_format_table_head(out);
	for (guint i = 0; i < n; i++) {
		const NfpRecord *record = &g_array_index(records, NfpRecord, i);

		if (options->json)
			nfp_format_json(out, conf->hostname, record);
		else /* names of other namespaces are not ours to look up */
			nfp_format_table_row(out, record, record->domain ? NULL : name_of, name);
	}
}

static gboolean add_domain(Reader *r, const NfpConf *conf, const NfpDomain *domain, GError **err)
{
	NfpProbeOptions options = nfp_domain_probe_options(conf, domain);
	g_autoptr(NfpProbe) probe = nfp_probe_open_readonly(&options, err);
	int rc;

	if (!probe)
		return FALSE;
	rc = read_domain(r, nfp_probe_source(probe));
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot read the flows of %s", domain->instance);
}

gboolean nfp_flows_print(const NfpConf *conf, const NfpFlowsOptions *options, GString *out, GError **err)
{
	g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(NfpRecord));
	g_autoptr(NfpMerge) merge = nfp_merge_new();
	g_autoptr(GPtrArray) domains = nfp_domains_list(conf);
	Reader r = { .records = records, .merge = merge, .hostname = conf->hostname };
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
	if (!found) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
			    "nothing is metered: there is nothing under %s/%s (start `nfprobe run`)", conf->pin_root,
			    conf->instance);
		return FALSE;
	}
	g_array_sort(records, orders[options->order]);
	print(conf, options, records, out);
	return TRUE;
}
