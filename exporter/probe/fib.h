/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NFP_PROBE_FIB_H
#define NFP_PROBE_FIB_H

#include <stdint.h>

/* Flags that programs give to bpf_fib_lookup() on this kernel: BPF_FIB_LOOKUP_SKIP_NEIGH where it takes that (6.3), as
 * nobody wants the neighbour's MAC address. Found out by a test run; 0 where that cannot be. */
uint8_t nfp_fib_flags(void);

#endif
