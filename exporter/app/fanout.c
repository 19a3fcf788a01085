/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/fanout.h"

#define REMEMBERED (1u << 20) /* flows whose direction is kept from bucket to bucket: 16 MiB */

struct NfpFanout {
	NfpOutputs *outputs;
	NfpPairing *pairing; /* NULL: nobody wants biflows */
	uint64_t memory;     /* of the pairing */
};

static void paired(NfpBatch *batch, void *data)
{
	nfp_outputs_publish(((NfpFanout *)data)->outputs, batch, TRUE);
}

void nfp_fanout_change(NfpFanout *fanout, const GPtrArray *collectors, const GArray *options, const GArray *groups,
		       uint64_t memory)
{
	gboolean wanted = FALSE;

	fanout->outputs = nfp_outputs_renew(fanout->outputs, collectors, options, groups);
	for (guint i = 0; i < options->len; i++)
		wanted |= g_array_index(options, NfpCollectorOptions, i).biflow;
	/* It remembers directions. */
	if (wanted && fanout->pairing && memory == fanout->memory)
		return;
	g_clear_pointer(&fanout->pairing, nfp_pairing_free);
	if (wanted)
		fanout->pairing = nfp_pairing_new(&(NfpPairingOptions){ memory, REMEMBERED }, paired, fanout);
	fanout->memory = memory;
}

NfpFanout *nfp_fanout_new(const GPtrArray *collectors, const GArray *options, const GArray *groups, uint64_t memory)
{
	NfpFanout *fanout = g_new0(NfpFanout, 1);

	nfp_fanout_change(fanout, collectors, options, groups, memory);
	return fanout;
}

void nfp_fanout_free(NfpFanout *fanout)
{
	if (!fanout)
		return;
	nfp_pairing_free(fanout->pairing);
	nfp_outputs_free(fanout->outputs);
	g_free(fanout);
}

NfpOutputs *nfp_fanout_outputs(NfpFanout *fanout)
{
	return fanout->outputs;
}

void nfp_fanout_publish(NfpFanout *fanout, NfpBatch *batch)
{
	nfp_outputs_publish(fanout->outputs, batch, FALSE);
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
