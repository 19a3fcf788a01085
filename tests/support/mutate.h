/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of both tables of packets (packets.h, tunnels.h), mutated. */
#ifndef NFP_TEST_MUTATE_H
#define NFP_TEST_MUTATE_H

#include "support/tunnels.h"

#define NFP_TEST_FRAME_MAX NFP_HEAD_MAX /* a copy of a packet's head reaches no further */

typedef struct NfpTestFrame {
	guint8 bytes[NFP_TEST_FRAME_MAX];
	guint32 length;
	const char *name; /* of what it began as */
} NfpTestFrame;

/* Any of them, up to four mutations: bits, octets that headers like, parts of other frames, other lengths. */
void nfp_test_mutated(GRand *rand, NfpTestFrame *ret_frame);

/* Seconds for a test with random frames: NFP_FUZZ_SECONDS, else 30 with NFPROBE_FULL=1, else `otherwise`. */
double nfp_test_fuzz_seconds(double otherwise);
/* NFP_FUZZ_SEED, else always the same one; with NFPROBE_FULL=1 another at each run. Whoever uses it prints it. */
guint32 nfp_test_fuzz_seed(void);

#endif
