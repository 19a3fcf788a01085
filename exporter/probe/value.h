/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of one flow become one. Pure. */
#ifndef NFP_PROBE_VALUE_H
#define NFP_PROBE_VALUE_H

#include "ebpf/abi.h"

/* Adds b to a: sums, extremes, unions; what a packet tells once is the earliest's. */
void nfp_value_merge(struct nfp_value *a, const struct nfp_value *b);

#endif
