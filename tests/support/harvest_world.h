/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A harvester (without its thread) with a clock, a source and a collector of the test's. */
#ifndef NFP_TEST_HARVEST_WORLD_H
#define NFP_TEST_HARVEST_WORLD_H

#include "harvest/harvester.h"
#include "support/fake_clock.h"
#include "support/fake_source.h"
#include "support/receiver.h"

#define NFP_WORLD_S ((int64_t)NFP_NS_PER_S)
#define NFP_WORLD_EPOCH (1795390440ll * NFP_WORLD_S) /* when it begins; a bucket begins there too */

typedef struct {
	NfpFakeClock clock;
	NfpFakeSource *fake;
	NfpReceiver receiver;
	NfpHarvestOptions options; /* buckets of 10 s, 30 s ahead, 200 ms of grace */
	NfpHarvester *harvester;
} NfpWorld;

void nfp_world_init(NfpWorld *world);
void nfp_world_clear(NfpWorld *world);
/* A (new) harvester on what is there. */
NfpHarvester *nfp_world_harvester(NfpWorld *world);
/* Five packets of two flows on two CPUs. */
void nfp_world_traffic(NfpWorld *world);
/* Time passes, then the harvester does what is due. */
void nfp_world_pass(NfpWorld *world, int64_t ns);
/* Flushes and checks: everything that was counted comes out, once, and the books agree. */
void nfp_world_finish(NfpWorld *world);

#endif
