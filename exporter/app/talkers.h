/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The largest flows of the last bucket, for the page: a short list kept while records pass by, not a copy of them. A record
 * that is smaller than the smallest of a full list costs one comparison.
 */
#ifndef NFP_APP_TALKERS_H
#define NFP_APP_TALKERS_H

#include <glib.h>

#include "probe/source.h"
#include "record/batch.h"

#define NFP_TALKERS 50 /* of each list, at most */

typedef struct NfpTalkers NfpTalkers;

NfpTalkers *nfp_talkers_new(void);
void nfp_talkers_free(NfpTalkers *talkers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTalkers, nfp_talkers_free)

/* Harvester's thread. Keeps no reference. */
void nfp_talkers_publish(NfpTalkers *talkers, const NfpBatch *batch);
/* Harvester's thread: the bucket is whole, and from now on the last one of its domain. */
void nfp_talkers_bucket_done(NfpTalkers *talkers, uint32_t domain, struct nfp_bucket id);
/* Any thread. One JSON object: for each domain the bucket and two lists, by octets and by packets. Caller frees. */
char *nfp_talkers_json(NfpTalkers *talkers);

#endif
