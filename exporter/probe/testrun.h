/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds captured frames to the very program that meters interfaces, through BPF_PROG_TEST_RUN: same parser,
 * same maps, but the capture's time and the length that a frame had on the wire.
 */
#ifndef NFP_PROBE_TESTRUN_H
#define NFP_PROBE_TESTRUN_H

#include "probe/probe.h"

/* Bytes of a frame that are given to the program: what the kernel takes of linear data in one run
 * (a page less head- and tailroom; net/bpf/test_run.c). Headers end long before. */
#define NFP_TESTRUN_FRAME 3072

typedef struct NfpTestRun NfpTestRun;

/* The probe's maps are counted into; nothing is attached. ethernet: frames begin with an Ethernet header, else
 * with an IP header. The calling thread feeds, and stays on one CPU until the object is freed, by the same thread: the CPU is
 * part of an entry's key, and of two packets of one flow and one time only the order in an entry tells the first. */
NfpTestRun *nfp_testrun_new(NfpProbe *probe, bool ethernet, GError **err);
/* captured: bytes of frame; wire: bytes it had on the wire (>= captured); time: ns since 1970.
 * 0 or -errno. */
int nfp_testrun_feed(NfpTestRun *run, const uint8_t *frame, uint32_t captured, uint32_t wire, uint64_t time);
/* A whole frame, n times in one go. */
int nfp_testrun_repeat(NfpTestRun *run, const uint8_t *frame, uint32_t length, uint64_t time, uint32_t n);
void nfp_testrun_free(NfpTestRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTestRun, nfp_testrun_free)

#endif
