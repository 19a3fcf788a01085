/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harvester: the thread that owns buckets. Creates them ahead of time, closes and drains those that have
 * ended, makes records, publishes batches, and unpins a bucket when all of it was delivered.
 */
#ifndef NFP_HARVEST_HARVESTER_H
#define NFP_HARVEST_HARVESTER_H

#include <glib.h>

#include "base/clock.h"
#include "enrich/enrich.h"
#include "probe/source.h"
#include "record/batch.h"

#define NFP_HARVEST_POOL 48 /* batches whose memory is kept: 75 MB, what a sender on a busy CPU lags behind */

typedef struct {
	uint64_t interval;    /* ns, 1 s .. 1 h */
	uint64_t ahead;       /* ns of future covered by buckets at all times; 30 s */
	uint64_t grace;       /* ns after end_ts before a bucket is closed; 200 ms */
	gboolean merge_cpus;
	uint64_t memory;      /* octets for all maps */
	uint32_t flows;       /* entries per protocol and bucket; 0 = auto */
	uint32_t first_flows; /* auto: entries per protocol of the first bucket; 0 = by protocol */
	uint64_t first_step;  /* ns: of labels, where no clock is pinned yet */
	const char *hostname; /* borrowed */
	NfpEnrich *enrich;    /* facts for the records; NULL: none. Borrowed, until the harvester is freed */
} NfpHarvestOptions;

/* Where batches go. Called on the harvester's thread; the callee takes its own reference or counts a refusal. */
typedef void (*NfpPublish)(NfpBatch *batch, void *data);
/* End of a bucket: all its batches are published (for the table of `run`). May be NULL. */
typedef void (*NfpBucketDone)(uint32_t domain, struct nfp_bucket id, uint64_t records, void *data);

typedef struct {
	uint64_t buckets_open, buckets_draining;
	uint64_t records, packets;  /* published */
	uint64_t drain_errors;
	uint64_t clock_steps;
	uint64_t late;              /* buckets that were created after their start */
	uint64_t turns;             /* rounds of the loop, one a second at least: they stand still when the thread does */
} NfpHarvestStatus;

typedef struct NfpHarvester NfpHarvester;

NfpHarvester *nfp_harvester_new(const NfpHarvestOptions *options, const NfpClock *clock, NfpPublish publish,
				NfpBucketDone done, void *data);
/* Before start. Adopts the source's pinned buckets. */
gboolean nfp_harvester_add_source(NfpHarvester *harvester, NfpSource *source, GError **err);
gboolean nfp_harvester_start(NfpHarvester *harvester, GError **err);
/* One round of the loop without the thread (tests, replay): does all that is due at the clock's now.
 * Returns the ns until the next thing is due. */
uint64_t nfp_harvester_step(NfpHarvester *harvester);
/* Without the thread: waits until all that was published is delivered and its buckets are gone, or the deadline
 * (g_get_monotonic_time). FALSE: not all was. What could not be read is tried again each second, though the clock may stand. */
gboolean nfp_harvester_settle(NfpHarvester *harvester, gint64 deadline);
/* Drains what is closed; with `flush` closes the open buckets too (flowEndReason 4). Waits for deliveries until
 * `deadline` (g_get_monotonic_time), joins the thread. Open buckets stay pinned otherwise. */
void nfp_harvester_stop(NfpHarvester *harvester, gboolean flush, gint64 deadline);
/* One thread that is not the harvester's: waits until it has nothing half published, and keeps it from going on. Until
 * then, what has to be done before the start may be done: what is published to may be another, sources may come. Packets
 * are counted on in the meantime, in buckets made ahead (options.ahead): it must not last longer than they do. */
void nfp_harvester_hold(NfpHarvester *harvester);
void nfp_harvester_go(NfpHarvester *harvester);
/* While it is held. Another interval ends the open buckets, as a clock that is set back does (harvest/plan.h). */
void nfp_harvester_change(NfpHarvester *harvester, const NfpHarvestOptions *options);
/* Any thread: a stop that is under way waits for deliveries no longer. */
void nfp_harvester_hurry(NfpHarvester *harvester);
void nfp_harvester_status(NfpHarvester *harvester, NfpHarvestStatus *ret_status); /* any thread */
void nfp_harvester_free(NfpHarvester *harvester);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpHarvester, nfp_harvester_free)

#endif
