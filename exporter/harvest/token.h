/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a delivered bucket comes back to the harvester's thread: a flag a bucket and one eventfd, both
 * reference-counted, since batches may outlive the harvester.
 */
#ifndef NFP_HARVEST_TOKEN_H
#define NFP_HARVEST_TOKEN_H

#include <glib.h>

/* The eventfd, shared. */
typedef struct NfpWakeup NfpWakeup;
NfpWakeup *nfp_wakeup_new(GError **err);
NfpWakeup *nfp_wakeup_ref(NfpWakeup *wakeup);
void nfp_wakeup_unref(NfpWakeup *wakeup);
int nfp_wakeup_fd(const NfpWakeup *wakeup); /* poll for POLLIN; owned by the wakeup */
void nfp_wakeup_raise(NfpWakeup *wakeup);   /* any thread */
void nfp_wakeup_clear(NfpWakeup *wakeup);

typedef struct NfpToken NfpToken;
NfpToken *nfp_token_new(NfpWakeup *wakeup); /* one reference: the bucket's */
NfpToken *nfp_token_ref(NfpToken *token);
void nfp_token_unref(NfpToken *token);
/* An NfpDelivered: any thread. Takes over one reference. */
void nfp_token_delivered(void *token);
gboolean nfp_token_is_delivered(NfpToken *token);

#endif
