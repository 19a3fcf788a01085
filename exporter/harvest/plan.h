/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which buckets there must be, and what a change of the clock means. Pure arithmetic, ns.
 *
 * A label is start = t - t % length + step, end = start + length. step is raised whenever buckets are
 * closed before their end (clock set back, other interval, flush): whatever time it then is again, no
 * label comes twice. It lives in the pinned clock, as long as the machine is up.
 */
#ifndef NFP_HARVEST_PLAN_H
#define NFP_HARVEST_PLAN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ebpf/abi.h"

/* Changes of the offset below it are slewing (NTP at most 500 ppm) and need no new labels. It has to
 * stay well below the grace period, for time may go back by so much after a bucket was closed. */
#define NFP_PLAN_TOLERANCE (10 * 1000000ll)

typedef enum {
	NFP_TURN_NONE,
	NFP_TURN_REFRESH, /* offset moved a little: the labels stay */
	NFP_TURN_FORWARD, /* time jumped ahead: the labels stay, other buckets are due */
	NFP_TURN_RELABEL, /* time went back, the length changed, or there was no clock: new labels */
} NfpTurn;

/* pinned: what packets use now (length 0: never written; its step is the first). */
NfpTurn nfp_plan_turn(const struct nfp_clock *pinned, int64_t offset, uint64_t length,
		      struct nfp_clock *ret_next);
/* Whether somebody like us can have written it, or nobody (length 0). */
bool nfp_plan_is_clock(const struct nfp_clock *clock);
/* The same clock with labels that were never used. */
struct nfp_clock nfp_plan_relabel(const struct nfp_clock *clock);

/* The bucket of a packet at time t. */
struct nfp_bucket nfp_plan_label(const struct nfp_clock *clock, uint64_t t);
/* Packets under this clock can be counted in a bucket with this label, at some time. */
bool nfp_plan_is_label(const struct nfp_clock *clock, struct nfp_bucket id);
bool nfp_plan_due(struct nfp_bucket id, uint64_t now, uint64_t grace);

/* Appends (struct nfp_bucket) the current bucket, the next one, and all that start within `ahead`. */
void nfp_plan_wanted(const struct nfp_clock *clock, uint64_t now, uint64_t ahead, GArray *ret_wanted);
/* ns from now until nfp_plan_wanted() says something new; at least 1. */
uint64_t nfp_plan_next_wanted(const struct nfp_clock *clock, uint64_t now, uint64_t ahead);

#endif
