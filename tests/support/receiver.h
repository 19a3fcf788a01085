/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a test's harvester publishes: a collector that keeps what it got by flowId, as a real one
 * would drop duplicates, and that holds batches back as long as the test likes. One thread. */
#ifndef NFP_TEST_RECEIVER_H
#define NFP_TEST_RECEIVER_H

#include "record/batch.h"
#include "support/fake_source.h"

typedef struct {
	NfpFakeSource *fake;  /* publishing is something that the process does; may be NULL */
	GHashTable *records;  /* flowId -> NfpRecord */
	GQueue held;          /* NfpBatch: not delivered yet */
	guint hold;           /* batches held back at most; 0 = delivered at once */
	guint64 published;    /* packets in batches, delivered or not, each time */
	guint64 duplicates;   /* records that came again, the same */
	guint64 conflicts;    /* records that came again and differ: a UID that recurs */
} NfpReceiver;

void nfp_receiver_init(NfpReceiver *receiver, NfpFakeSource *fake);
void nfp_receiver_clear(NfpReceiver *receiver);
void nfp_receiver_publish(NfpBatch *batch, void *receiver); /* an NfpPublish */
/* What is held reaches the collector. */
void nfp_receiver_deliver(NfpReceiver *receiver);
void nfp_receiver_deliver_nth(NfpReceiver *receiver, guint n);
/* What is held goes down with the process. */
void nfp_receiver_drop(NfpReceiver *receiver);
guint64 nfp_receiver_packets(const NfpReceiver *receiver); /* delivered, each record once */

#endif
