/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the benchmarks of the packet path: a probe with one bucket, the programs of bench/flows.bpf.c over its maps, and
 * test runs timed. What goes wrong ends the process with a line on stderr: a figure beside an error is none. One thread.
 */
#ifndef NFP_BENCH_TESTRUN_H
#define NFP_BENCH_TESTRUN_H

#include <glib.h>

#include "probe/domain.h"
#include "support/packets.h"

struct flows_bpf;

typedef enum {
	NFP_BENCH_TABLE = 1, /* flow tables, the clock in ticks */
	NFP_BENCH_EXACT = 2, /* the exact clock */
	NFP_BENCH_ZIPF = 4,  /* flows by bench_sequence of the programs, not each in turn */
} NfpBenchHow;

typedef struct {
	NfpProbe *probe;
	struct flows_bpf *skel;
	char *instance;
} NfpBench;

/* keys4, keys6: room of the HASHes that look-ups are timed in.
 * FALSE: there is no BPF here; the reason is on stderr. */
gboolean nfp_bench_open(NfpBench *bench, NfpBenchHow how, guint32 keys4, guint32 keys6);
/* A bucket of a year from now on. room: entries of each protocol. */
void nfp_bench_bucket(NfpBench *bench, const guint32 room[NFP_P_N]);
/* Maps and pins are gone then. */
void nfp_bench_close(NfpBench *bench);
/* Sum over CPUs. */
guint64 nfp_bench_counter(NfpBench *bench, enum nfp_counter counter);
/* Ends the process unless all packets that were seen are recorded. */
void nfp_bench_check_books(NfpBench *bench);

/* A packet of tests/support/packets.h. */
const NfpTestPacket *nfp_bench_packet(const char *name);
/* The program that does no more than one look-up by the packet's key in a kernel HASH. */
int nfp_bench_lookup(const NfpBench *bench, const NfpTestPacket *packet);
/* ns a run, in CPU time of this thread: test runs are all in it, whatever else the machine does. */
double nfp_bench_run(int program, const NfpTestPacket *packet, guint repeat);
double nfp_bench_median(double *values, guint n); /* sorts them */
/* Ours for good: keys hold the CPU. */
void nfp_bench_pin(int cpu);
G_NORETURN void nfp_bench_fail(const char *what);

#endif
