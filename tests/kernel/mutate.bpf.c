// SPDX-License-Identifier: GPL-2.0-only
/* The program with one account call left out: the books must not close (test_packets.c). */
#define NFP_MUTATE_ACCOUNT
#include "ebpf/nfprobe.bpf.c"
