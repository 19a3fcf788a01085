/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tick of jiffies64 is in boot time. jiffies64 follows CLOCK_MONOTONIC in steps of 1/HZ; neither HZ nor
 * its zero is told to user space everywhere, so a BPF program reads both clocks in test runs.
 *
 *   boot ns = base + jiffies64 * length, from 0 to one tick behind the exact time
 *
 * base grows by what the machine slept: measured again whenever it is asked for. One thread.
 */
#ifndef NFP_PROBE_TICK_H
#define NFP_PROBE_TICK_H

#include <stdint.h>

#include "ebpf/abi.h"

typedef struct NfpTick NfpTick;

/* NULL: cannot be had here; then the exact clock it is. */
NfpTick *nfp_tick_new(void);
void nfp_tick_free(NfpTick *tick);
/* base is of boot time: the clock's offset comes on top. length 0: not to be trusted now. */
struct nfp_tick nfp_tick_get(NfpTick *tick);

#endif
