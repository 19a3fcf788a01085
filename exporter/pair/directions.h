/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who began: remembered from bucket to bucket, so that a flow keeps its direction. Bounded: a set of
 * eight places a hash, the one that was not needed for longest gives way. One thread.
 */
#ifndef NFP_PAIR_DIRECTIONS_H
#define NFP_PAIR_DIRECTIONS_H

#include <glib.h>
#include <stdint.h>

typedef struct {
	uint8_t side; /* that began */
	uint8_t sure; /* something told; 0: the first that was seen, in the middle of the flow */
} NfpBeginner;

typedef struct NfpDirections NfpDirections;

/* count: of flows, at least; 16 octets each. */
NfpDirections *nfp_directions_new(uint32_t count);
void nfp_directions_free(NfpDirections *directions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpDirections, nfp_directions_free)

/* The bucket that is looked at from now on; s since 1970. What was in none for half an hour before is forgotten. */
void nfp_directions_turn(NfpDirections *directions, uint32_t start, uint32_t end);
/* FALSE: not known. */
gboolean nfp_directions_get(const NfpDirections *directions, uint64_t hash, NfpBeginner *ret);
void nfp_directions_put(NfpDirections *directions, uint64_t hash, NfpBeginner beginner);
/* Forgotten for want of room, not of age. */
uint64_t nfp_directions_evicted(const NfpDirections *directions);

#endif
