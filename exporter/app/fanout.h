/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the harvester to the collectors: batches as they come to those that want single directions, a bucket's
 * biflows to those with `biflow: true`, paired once for all of them.
 */
#ifndef NFP_APP_FANOUT_H
#define NFP_APP_FANOUT_H

#include "conf/conf.h"
#include "pair/pairing.h"

typedef struct NfpFanout NfpFanout;

/* collectors: NfpCollector, one each of options (NfpCollectorOptions), in their order; both borrowed. memory: octets
 * of records that wait for partners. */
NfpFanout *nfp_fanout_new(const GPtrArray *collectors, const GArray *options, uint64_t memory);
void nfp_fanout_free(NfpFanout *fanout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpFanout, nfp_fanout_free)

/* Harvester's thread, while there are collectors: as NfpPublish and NfpBucketDone. */
void nfp_fanout_publish(NfpFanout *fanout, NfpBatch *batch);
void nfp_fanout_bucket_done(NfpFanout *fanout, uint32_t domain, uint64_t start_ns, uint64_t end_ns);
/* Any thread. FALSE: nobody wants biflows. */
gboolean nfp_fanout_status(NfpFanout *fanout, NfpPairingStatus *ret_status);

#endif
