/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many entries the next bucket has room for, per protocol: doubled when a bucket was half full,
 * quadrupled when it was full, halved after eight buckets that used less than a quarter (twice what traffic
 * needs does not last); the sum of all buckets stays within the memory allowed. Pure.
 */
#ifndef NFP_HARVEST_SIZES_H
#define NFP_HARVEST_SIZES_H

#include <glib.h>
#include <stdint.h>

#include "ebpf/abi.h"

typedef struct {
	uint32_t fixed; /* 0 = learned */
	uint32_t size[NFP_P_N];
	uint8_t low[NFP_P_N]; /* buckets in a row that used less than a quarter */
} NfpSizes;

/* flows: fixed number of entries per protocol, 0 = learn. first: where to begin to learn, 0 = by protocol. */
void nfp_sizes_init(NfpSizes *sizes, uint32_t flows, uint32_t first);
/* A bucket with room for `room` entries of this row was drained and held `used`. */
void nfp_sizes_learn(NfpSizes *sizes, enum nfp_protocol row, uint64_t used, uint32_t room);
/* Sizes of one bucket of `buckets` that share `memory` octets. */
void nfp_sizes_get(const NfpSizes *sizes, uint64_t memory, guint buckets, uint32_t ret_sizes[NFP_P_N]);
/* Octets of one bucket of these sizes. */
uint64_t nfp_sizes_octets(const uint32_t sizes[NFP_P_N]);

#endif
