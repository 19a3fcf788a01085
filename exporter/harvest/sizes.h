/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many entries the next bucket has room for, per protocol. Pure. Two numbers, as their memory differs:
 *
 *   room   limit of the HASH. Costs 16 octets each while nobody uses it, so it is generous: doubled when a bucket was
 *          half full, quadrupled when it was full, halved after eight buckets that used less than a quarter, never
 *          below the start. The sum of all buckets stays within the memory allowed.
 *   table  slots of the flow table in front of it, which costs 128 octets each at once. Small at first, at once twice
 *          what a bucket held; after eight buckets that used less than a quarter, twice what the fullest of them
 *          held, down to a page for a protocol without traffic. What does not fit is in the HASH. Not above room.
 */
#ifndef NFP_HARVEST_SIZES_H
#define NFP_HARVEST_SIZES_H

#include <glib.h>
#include <stdint.h>

#include "ebpf/abi.h"

#define NFP_SIZES_BESIDE 3 /* buckets that have their share of the memory beside those that are wanted: the spill bucket, two closed ones */
#define NFP_SIZES_LEAST_OCTETS (2u << 20) /* of a bucket for which there is no memory left, at most: it is made all the same */

typedef struct {
	uint32_t size;
	uint32_t peak; /* entries, at most, of the buckets in `low` */
	uint8_t low;   /* buckets in a row that used less than a quarter */
} NfpSize;

typedef struct {
	uint32_t fixed; /* 0 = learned */
	NfpSize room[NFP_P_N], table[NFP_P_N];
} NfpSizes;

/* flows: fixed number of entries per protocol, 0 = learn. first: where to begin to learn, 0 = by protocol. */
void nfp_sizes_init(NfpSizes *sizes, uint32_t flows, uint32_t first);
/* A bucket with room for `room` entries of this row was drained and held `used`. */
void nfp_sizes_learn(NfpSizes *sizes, enum nfp_protocol row, uint64_t used, uint32_t room);
/* Rooms of one bucket of `buckets` that share `memory` octets. */
void nfp_sizes_get(const NfpSizes *sizes, uint64_t memory, guint buckets, uint32_t ret_sizes[NFP_P_N]);
/* Slots of the tables of buckets that have these rooms. */
void nfp_sizes_get_tables(const NfpSizes *sizes, const uint32_t room[NFP_P_N], uint32_t ret_slots[NFP_P_N]);
/* Octets of one bucket of these rooms. */
uint64_t nfp_sizes_octets(const uint32_t sizes[NFP_P_N]);
/* Octets that a closed bucket keeps until it is delivered: limits of these rooms, tables of these slots, and `used` entries. */
uint64_t nfp_sizes_held(const uint32_t room[NFP_P_N], const uint32_t slots[NFP_P_N], const uint64_t used[NFP_P_N]);

#endif
