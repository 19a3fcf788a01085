/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters. */
#ifndef NFP_COUNT_BPF_H
#define NFP_COUNT_BPF_H

#include "ebpf/knobs.bpf.h"
#include "ebpf/maps.bpf.h"

#define NFP_E2BIG 7
#define NFP_EEXIST 17

/* Calls a function for its effect. A result that nobody uses is left undefined by clang, and the
 * verifier refuses what then happens to be in the register. */
#define NFP_KEEP(call)                                                                             \
	do {                                                                                       \
		__u64 kept_ = (call);                                                              \
		NFP_OPAQUE(kept_);                                                                 \
	} while (0)

/* Adds to a counter that one CPU writes. */
static __always_inline void nfp_add(__u64 *counter, __u64 n)
{
	if (knob_atomic)
		__sync_fetch_and_add(counter, n);
	else
		*counter += n;
}

static __always_inline void nfp_status(__u32 counter, __u64 n)
{
	__u64 *value = bpf_map_lookup_elem(&status, &counter);

	if (value)
		nfp_add(value, n);
}

#endif
