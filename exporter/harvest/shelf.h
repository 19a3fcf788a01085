/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buckets of one source: those that take packets, and the queue of those that are closed. What is here in memory is only a copy of what is pinned: a
 * successor makes the same of it. Harvester's thread.
 */
#ifndef NFP_HARVEST_SHELF_H
#define NFP_HARVEST_SHELF_H

#include <glib.h>

#include "harvest/drain.h"
#include "harvest/plan.h"
#include "harvest/sizes.h"
#include "harvest/token.h"

typedef struct {
	struct nfp_bucket id;
	bool spill, forced;
	uint32_t room[NFP_P_N]; /* entries; 0 = not known (adopted, spill) */
	uint32_t slots[NFP_P_N]; /* of its tables, when it was closed */
	/* closed */
	bool published;
	bool booking;           /* the one that is being put into the books and unpinned: the head of the queue */
	NfpToken *token;
	NfpDrainState drain;
	int64_t retry_at;       /* boot ns: not before */
	guint tries;            /* to put it into the books and unpin it */
	guint booked;           /* lines of the account that are in the books */
	struct nfp_books_value others; /* sum of those that found no room there: go into the line of ifindex 0 */
} NfpBucket;

typedef struct {
	NfpSource *source; /* borrowed */
	const NfpHarvestOptions *options;
	NfpWakeup *wakeup;
	struct nfp_clock clock; /* what packets use */
	GPtrArray *open;   /* NfpBucket */
	GQueue closed;     /* NfpBucket; finished one after the other, as they are delivered */
	NfpSizes sizes;
	uint64_t spilled;      /* counter at the last look */
	uint64_t spill_since;  /* packet clock: last time it stood still */
	bool spill_check;      /* look although the counter stands still: the predecessor's */
	int64_t spill_at;      /* boot ns: not before */
	int64_t refresh_at;    /* boot ns: the offset's noise is not worth a write before */
	uint64_t errors, steps, late;
	char *complaint;       /* last thing that went wrong, for the thread's top; or NULL */
} NfpShelf;

/* Lists what is pinned. The clock is the pinned one. */
NfpShelf *nfp_shelf_new(NfpSource *source, const NfpHarvestOptions *options, NfpWakeup *wakeup, int64_t boot,
			GError **err);
/* Forgets; nothing pinned changes. */
void nfp_shelf_free(NfpShelf *shelf);

/* Follows the clock. boot, offset: ns. Returns the time now on the packet clock. */
uint64_t nfp_shelf_turn(NfpShelf *shelf, int64_t boot, int64_t offset);
/* Makes the buckets that are wanted. */
void nfp_shelf_create(NfpShelf *shelf, uint64_t now);
/* Closes those that are due or have labels that packets cannot have any more. */
void nfp_shelf_retire(NfpShelf *shelf, uint64_t now);
/* Takes the spill bucket out if packets went there. at_once: although it was done a moment ago. */
void nfp_shelf_spill(NfpShelf *shelf, int64_t boot, uint64_t now, bool at_once);
/* Closes everything that is open, after packets got labels that nobody will use. */
void nfp_shelf_flush(NfpShelf *shelf, int64_t boot, uint64_t now);
/* Drains what is closed. */
void nfp_shelf_drain(NfpShelf *shelf, NfpDrain *drain, int64_t boot);
/* Puts delivered buckets into the books, one after the other, and unpins them. */
void nfp_shelf_finish(NfpShelf *shelf, int64_t boot);
/* ns until something is due; UINT64_MAX: nothing. */
uint64_t nfp_shelf_next(const NfpShelf *shelf, int64_t boot, uint64_t now);

#endif
