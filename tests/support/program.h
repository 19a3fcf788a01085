/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF program in test runs, with maps and buckets that the test makes itself. The program's clock
 * is the time stamp of the run (NFP_CLOCK_CAPTURE), so the test decides the bucket.
 */
#ifndef NFP_TEST_PROGRAM_H
#define NFP_TEST_PROGRAM_H

#include <glib.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "ebpf/abi.h"

#define NFP_TEST_LENGTH 60000000000ULL           /* ns, a bucket */
#define NFP_TEST_START 1700000040000000000ULL    /* ns since 1970, of bucket 0 */

/* Skips the test where it cannot load BPF programs at all. */
void nfp_test_need_bpf(void);

/* Writes the config map: buckets of NFP_TEST_LENGTH. Keeps the caller on its CPU from then on. */
void nfp_test_configure(struct bpf_object *object, guint64 step);

/* Bucket number i; spill with i == -1. */
struct nfp_bucket nfp_test_bucket(int i);

/* Makes the metric maps of a bucket and the map of hook rows, `entries` each. `skip`: a row left out
 * (NFP_P_hook: the hook rows), -1 for none. */
void nfp_test_bucket_add(struct bpf_object *object, struct nfp_bucket bucket, guint32 entries,
			 int skip);
/* Deletes all entries. Not the maps: each change of an outer map waits for an RCU grace period. */
void nfp_test_bucket_clear(struct bpf_object *object, struct nfp_bucket bucket);

/* Calls visit for each entry of a row of a bucket; value is struct nfp_value or nfp_hook_row. */
typedef void (*NfpTestVisit)(int row, const void *key, const void *value, gpointer data);
void nfp_test_bucket_each(struct bpf_object *object, struct nfp_bucket bucket, int row,
			  NfpTestVisit visit, gpointer data);
/* Calls visit for each entry of all rows but the hook's, and deletes all. Faster, many times in turn: a look-up in an outer map
 * waits for a grace period (before Linux 6.8), and is done once. The bucket's maps have to stay what they are. */
void nfp_test_bucket_take(struct bpf_object *object, struct nfp_bucket bucket, NfpTestVisit visit, gpointer data);

/* Runs the program `name` once; fails the test unless its verdict is -1 (continue). */
void nfp_test_run(struct bpf_object *object, const char *name, const void *bytes, gsize length,
		  struct __sk_buff *skb);
/* A context for nfp_test_run(): loopback, a time in bucket i, offset ns behind its start. */
struct __sk_buff nfp_test_skb(int i, guint64 offset);

/* Sum over all CPUs. */
guint64 nfp_test_status(struct bpf_object *object, enum nfp_counter counter);

/* The books of one bucket: what was seen, what its records hold, what is lost. */
typedef struct NfpTestBooks {
	guint64 seen, seen_skbs, seen_skb_bytes, recorded, coarsened, lost, entries;
} NfpTestBooks;

NfpTestBooks nfp_test_books(struct bpf_object *object, struct nfp_bucket bucket);

#endif
