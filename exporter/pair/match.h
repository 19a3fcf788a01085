/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which records of a bucket belong together, and who began. Each record has one partner or none.
 *
 * A flow may be in several records: of several interfaces, both directions of a hook, VLANs, DSCPs, CPUs. Those of
 * one side are matched with those of the other by what they have in common, the closest first:
 *
 *   1. same direction of the hook (ingress with ingress), VLANs and DSCP
 *   2. same direction of the hook: in by one interface there, in by another one back
 *   3. same interface: out there, in back, on a host
 *   4. whatever is left
 */
#ifndef NFP_PAIR_MATCH_H
#define NFP_PAIR_MATCH_H

#include "pair/directions.h"
#include "pair/key.h"

#define NFP_PAIR_NONE G_MAXUINT32

/* One a record of the bucket, in the records' order. */
typedef struct {
	NfpPairKey key;
	uint64_t hash;
	uint64_t first_ns;
	const NfpRecord *record;
	uint32_t partner;    /* index, or NFP_PAIR_NONE */
	uint32_t next, last; /* of the same flow: the next one; of the first one: the last */
	uint16_t tcp_flags;
	uint8_t side;
	uint8_t kind;      /* NfpPairKind */
	uint8_t began;     /* the record's source is who began */
	uint8_t direction; /* NfpBiflowDirection of the record alone */
} NfpPairEntry;

typedef struct NfpMatcher NfpMatcher;

/* directions: borrowed. */
NfpMatcher *nfp_matcher_new(NfpDirections *directions);
void nfp_matcher_free(NfpMatcher *matcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpMatcher, nfp_matcher_free)

/* Fills an entry, without a partner. The record stays where it is until run() or alone() is over. */
void nfp_matcher_enter(const NfpMatcher *matcher, const NfpRecord *record, NfpPairEntry *ret_entry);
/* Sets partner, began and direction of all. */
void nfp_matcher_run(NfpMatcher *matcher, NfpPairEntry *entries, uint32_t n);
/* Sets direction of one that no partner is looked for. */
void nfp_matcher_alone(NfpMatcher *matcher, NfpPairEntry *entry);

#endif
