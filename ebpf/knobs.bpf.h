/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings of a program, set through .rodata before it is loaded: the verifier removes what they
 * switch off. Interfaces with equal settings share one loaded program.
 */
#ifndef NFP_KNOBS_BPF_H
#define NFP_KNOBS_BPF_H

#include "ebpf/decap.h"

enum nfp_clock_source {
	NFP_CLOCK_BOOT,   /* bpf_ktime_get_boot_ns() + config offset */
	/* Test runs that replay a capture: skb->tstamp is the time (ns since 1970), skb->mark the frame's
	 * length on the wire, of which the buffer may hold less (0: it holds all), and skb->cb[0] one more than the bytes captured
	 * when they were padded for the test run (0: they were not). */
	NFP_CLOCK_CAPTURE,
	/* jiffies for the bucket and the last packet of an entry, the exact clock for the first. */
	NFP_CLOCK_TICK,
};

/* Direction of the hook: 0 ingress, 1 egress. */
const volatile __u8 knob_egress = 0;

/* enum nfp_link: how frames of the interface begin. */
const volatile __u8 knob_link = NFP_LINK_ETHERNET;

/* enum nfp_clock_source. */
const volatile __u8 knob_clock = NFP_CLOCK_BOOT;

/* 1 << enum nfp_tunnel_type of each kind of tunnel that is taken off. */
const volatile __u32 knob_decap = 0;

/* 1: later fragments get the ports of their first one. */
const volatile __u8 knob_fragments = 0;

/* 1: counters by atomic adds. For PREEMPT_RT, where (since 6.18) two tasks may run a hook on one CPU
 * in turns; elsewhere the CPU in the key makes plain adds exact. */
const volatile __u8 knob_atomic = 0;

/* 1: plain packets are counted in the flow table of their bucket, without a helper's call. Wants
 * compare-and-swap (5.12). */
const volatile __u8 knob_table = 0;

/* Ingress: each new entry asks the kernel's routes where its packets go (fib.bpf.h). NFP_FIB_ASK and flags of
 * bpf_fib_lookup(); 0: no. */
const volatile __u8 knob_fib = 0;
#define NFP_FIB_ASK 0x80

/* A tc program's way: enum nfp_way_in. One variable, compared and not computed with, so that nothing is left of it once it
 * is known. XDP programs have the general path alone. */
enum nfp_way_in {
	NFP_IN_GENERAL,
	NFP_IN_TABLE,            /* the fast path first; beside knob_table */
	NFP_IN_FILTERED_TABLE,   /* frames that nfp_filter() (filter.bpf.h) answers 0 to are not metered */
	NFP_IN_FILTERED_GENERAL,
};
const volatile __u8 knob_way = NFP_IN_GENERAL;

#endif
