/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the harvester to the collectors: batches as they come to those that want single directions, a bucket's
 * biflows to those with `biflow: true`, paired once for all of them.
 */
#ifndef NFP_APP_FANOUT_H
#define NFP_APP_FANOUT_H

#include "app/outputs.h"
#include "conf/conf.h"
#include "pair/pairing.h"

typedef struct NfpFanout NfpFanout;

/* collectors: NfpCollector, one each of options (NfpCollectorOptions), in their order; groups: NfpGroupOptions, or NULL;
 * options and groups are borrowed. memory: octets of records that wait for partners. */
NfpFanout *nfp_fanout_new(const GPtrArray *collectors, const GArray *options, const GArray *groups, uint64_t memory);
/* While nobody publishes: others in the place of what nfp_fanout_new() was given (which is still there), by
 * nfp_outputs_renew(). No bucket may be half published. */
void nfp_fanout_change(NfpFanout *fanout, const GPtrArray *collectors, const GArray *options, const GArray *groups,
		       uint64_t memory);
/* Its groups, for the main thread. */
NfpOutputs *nfp_fanout_outputs(NfpFanout *fanout);
/* After the collectors were freed. */
void nfp_fanout_free(NfpFanout *fanout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFanout, nfp_fanout_free)

/* Harvester's thread, while there are collectors: as NfpPublish and NfpBucketDone. */
void nfp_fanout_publish(NfpFanout *fanout, NfpBatch *batch);
void nfp_fanout_bucket_done(NfpFanout *fanout, uint32_t domain, uint64_t start_ns, uint64_t end_ns);
/* Any thread. FALSE: nobody wants biflows. */
gboolean nfp_fanout_status(NfpFanout *fanout, NfpPairingStatus *ret_status);

#endif
