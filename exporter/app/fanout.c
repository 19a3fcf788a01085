/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/fanout.h"

#define REMEMBERED (1u << 20) /* flows whose direction is kept from bucket to bucket: 16 MiB */

struct NfpFanout {
	const GPtrArray *collectors;
	const GArray *options;
	NfpPairing *pairing; /* NULL: nobody wants biflows */
};

static void publish_to(const NfpFanout *fanout, NfpBatch *batch, gboolean biflow)
{
	for (guint i = 0; i < fanout->collectors->len; i++)
		if (g_array_index(fanout->options, NfpCollectorOptions, i).biflow == biflow)
			nfp_collector_publish(g_ptr_array_index(fanout->collectors, i), batch);
}

static void paired(NfpBatch *batch, void *data)
{
	publish_to(data, batch, TRUE);
}

NfpFanout *nfp_fanout_new(const GPtrArray *collectors, const GArray *options, uint64_t memory)
{
	NfpFanout *fanout = g_new0(NfpFanout, 1);
	gboolean wanted = FALSE;

	fanout->collectors = collectors;
	fanout->options = options;
	for (guint i = 0; i < options->len; i++)
		wanted |= g_array_index(options, NfpCollectorOptions, i).biflow;
	if (wanted)
		fanout->pairing = nfp_pairing_new(&(NfpPairingOptions){ memory, REMEMBERED }, paired, fanout);
	return fanout;
}

void nfp_fanout_free(NfpFanout *fanout)
{
	if (!fanout)
		return;
	nfp_pairing_free(fanout->pairing);
	g_free(fanout);
}

void nfp_fanout_publish(NfpFanout *fanout, NfpBatch *batch)
{
	publish_to(fanout, batch, FALSE);
	if (fanout->pairing)
		nfp_pairing_add(fanout->pairing, batch);
}

void nfp_fanout_bucket_done(NfpFanout *fanout, uint32_t domain, uint64_t start_ns, uint64_t end_ns)
{
	if (fanout->pairing)
		nfp_pairing_done(fanout->pairing, domain, start_ns, end_ns);
}

gboolean nfp_fanout_status(NfpFanout *fanout, NfpPairingStatus *ret_status)
{
	if (!fanout->pairing)
		return FALSE;
	nfp_pairing_status(fanout->pairing, ret_status);
	return TRUE;
}
