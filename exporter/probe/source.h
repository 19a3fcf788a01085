/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the harvester needs of one observation domain's buckets, as an ops table: probe/ implements it
 * over pinned BPF maps, tests over plain memory.
 *
 * Life of a bucket: create (maps pinned, then visible to packets) -> packets -> close (invisible; when it
 * returns no program can still write) -> read, as often as needed -> remove (unpinned).
 * All calls from the harvester's thread. Verbs return 0 or -errno.
 */
#ifndef NFP_PROBE_SOURCE_H
#define NFP_PROBE_SOURCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ebpf/abi.h"

typedef enum {
	NFP_BUCKET_OPEN,    /* packets may still be counted in it */
	NFP_BUCKET_CLOSED,  /* final; pinned until it is delivered */
} NfpBucketState;

typedef struct {
	struct nfp_bucket id;
	NfpBucketState state;
	bool spill; /* made of a spill bucket: the label is its real range */
} NfpBucketInfo;

/* Entries of one protocol in one bucket, end to end: n keys and n values.
 * Owned by the source; valid until the next read. */
typedef struct {
	const void *keys;               /* n * key_size */
	const struct nfp_value *values; /* n */
	size_t n;
	size_t key_size;
} NfpEntries;

/*
 * Entries of one protocol a piece at a time: no copy of all is made, and a piece is used while it is in the cache.
 * The same entries in the same order each time.
 */
typedef struct NfpScan NfpScan;
struct NfpScan {
	/* false: no more. The piece is valid until the next call. */
	bool (*next)(NfpScan *scan, NfpEntries *ret);
	/* To the start. keys_only: the pieces' values are not wanted, and hold anything. */
	void (*rewind)(NfpScan *scan, bool keys_only);
	void (*free)(NfpScan *scan);
	size_t entries; /* at most */
	bool partial;   /* there were others, in a table that is none any more */
};

/* Over entries that are there already; they are borrowed. */
NfpScan *nfp_scan_new(const NfpEntries *entries);

typedef struct {
	const struct nfp_hook_key *keys;
	const struct nfp_hook_row *rows;
	size_t n;
	bool partial; /* there were others, in a table that is none any more */
} NfpHookRows;

typedef struct NfpSource NfpSource;
struct NfpSource {
	/* Makes the bucket with room for max_entries[protocol] each (0 = the smallest) and for every hook
	 * that is attached. -EEXIST: it is there. A protocol that finds no memory is left out: its packets
	 * go to the parent row; only the `hook` map must succeed. */
	int (*create)(NfpSource *source, struct nfp_bucket id, const uint32_t max_entries[NFP_P_N]);
	/* The same for several, which share what they wait for; ret_rc: of each, as create() and close(). */
	void (*create_all)(NfpSource *source, const struct nfp_bucket *ids, guint n,
			   const uint32_t max_entries[NFP_P_N], int *ret_rc);
	void (*close_all)(NfpSource *source, const struct nfp_bucket *ids, guint n, int *ret_rc);
	/* Tables that are made from now on have so many slots, or more. Before the first call: as max_entries. */
	void (*expect)(NfpSource *source, const uint32_t slots[NFP_P_N]);
	int (*close)(NfpSource *source, struct nfp_bucket id);
	/* Open buckets can be read too: a snapshot. {0, 0}: what is in the spill bucket now (it is not in the
	 * list). -ENOENT: there is no such bucket. */
	int (*read)(NfpSource *source, struct nfp_bucket id, enum nfp_protocol protocol, NfpEntries *ret);
	/* The same in pieces; of an open bucket each pass is a snapshot of its own. The scan is the caller's to free, before it
	 * reads or scans again. */
	int (*scan)(NfpSource *source, struct nfp_bucket id, enum nfp_protocol protocol, NfpScan **ret);
	int (*read_hooks)(NfpSource *source, struct nfp_bucket id, NfpHookRows *ret);
	int (*remove)(NfpSource *source, struct nfp_bucket id);
	/* Every bucket that is pinned, oldest first (element type NfpBucketInfo). Finishes what a killed
	 * predecessor began (half-made buckets, a spill swap). */
	int (*list)(NfpSource *source, GArray *ret_buckets);
	/* Turns the spill bucket into a closed bucket [since, now) and puts an empty one in its place.
	 * 1: done, *ret_id is its label; 0: it was empty, nothing changed. */
	int (*swap_spill)(NfpSource *source, uint64_t since, uint64_t now, struct nfp_bucket *ret_id);
	int (*get_clock)(NfpSource *source, struct nfp_clock *ret_clock); /* length 0: never written */
	/* Packets see the whole new clock or the whole old one. Returns when no program can still be using
	 * the old one if `wait` is set. When it fails, get_clock() tells which of the two packets see; if it is the new one,
	 * only the wait failed. */
	int (*set_clock)(NfpSource *source, const struct nfp_clock *clock, bool wait);
	/* Adds to the persistent totals of a hook, once per bucket: does nothing when value->last is what the
	 * totals hold already. */
	int (*add_books)(NfpSource *source, const struct nfp_books_key *key, const struct nfp_books_value *value);
	/* The hook's totals so far. -ENOENT: none yet. On start, tells which bucket was added last, so that it is
	 * finished first. */
	int (*get_books)(NfpSource *source, const struct nfp_books_key *key, struct nfp_books_value *ret_value);
	/* now: packet clock. Rates of sampling that follow the traffic are set for the next bucket. Returns the ns until it
	 * is worth to be called again, UINT64_MAX: there are no such rates. NULL: never. */
	uint64_t (*adapt)(NfpSource *source, uint64_t now);
	/* Sum over CPUs of one status row. */
	int (*counter)(NfpSource *source, enum nfp_counter counter, uint64_t *ret_value);
	uint32_t domain; /* observation domain: 0 = the daemon's own network namespace */
};

#endif
