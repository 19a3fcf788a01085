/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow tables of buckets (ebpf/table.h): made for the buckets that packets reach next, found by packets
 * through the ring, read by mmap.
 *
 *   <buckets>/<protocol>/<start>-<end>-table   the sets
 *   <buckets>/hook/<start>-<end>-table         the head: bounds, sizes, fast rows of hooks
 *   <buckets>/.../spare<place>-table           of no bucket: stand in the ring, to be used again
 *
 * A switch of buckets makes no maps and changes no outer map, as long as sizes stay: the head at a place of the ring
 * gets other bounds and the next generation. One word, its length, closes it (0) and opens it.
 *
 * A bucket lives without tables as well as with them, and a table is no more than a quicker place for some of
 * the bucket's entries: readers join both, in whichever a key is found. So nothing here has to be finished
 * after a kill: a head that is not in the ring is a bucket that goes on without tables.
 */
#ifndef NFP_PROBE_TABLE_H
#define NFP_PROBE_TABLE_H

#include "ebpf/table.h"
#include "probe/buckets.h"

/* Whether the kernel has what the fast path wants (compare-and-swap in BPF, 5.12), tried out. */
bool nfp_table_usable(void);

/* Gives tables to the next buckets that are open. Best effort: those that find none go on without. */
void nfp_table_fill(NfpBuckets *buckets);
/* Takes out of the ring what no pin leads to. */
void nfp_table_mend(NfpBuckets *buckets);
/* Place of the bucket in the ring; -ENOENT: it is not there. */
int nfp_table_place(const NfpBuckets *buckets, struct nfp_bucket id);
/* Packets that come from now on do not see the bucket's tables; those under way are through after a grace period. */
int nfp_table_shut(const NfpBuckets *buckets, struct nfp_bucket id);
/* Removes the pins. Tables that are in the ring become spare ones, for the next bucket that wants their place. */
int nfp_table_remove(const NfpBuckets *buckets, struct nfp_bucket id);

/* A row of its own for the hook in the heads that there are and that come. */
void nfp_table_add_hook(NfpBuckets *buckets, struct nfp_hook_key key);
void nfp_table_remove_hook(NfpBuckets *buckets, struct nfp_hook_key key);

/* Joins what is in the bucket's table to the entries of its HASH, which are in the buffer: one key, one entry. */
int nfp_table_read(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer);
/* A scan over the same entries; borrows the buffer. */
int nfp_table_scan(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpReadBuffer *buffer,
		   NfpScan **ret);
/* The same for the rows of hooks. 1: those of the HASH are all that can be read. */
int nfp_table_read_rows(const NfpBuckets *buckets, struct nfp_bucket id, NfpReadBuffer *buffer);

/* Maps a table, or the head for the row `hook`. -ENOENT: not pinned. */
int nfp_table_map(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, bool write,
		  NfpMapped *ret);
/* Maps a table to read. It stays mapped after *ret is cleared, since it goes from bucket to bucket and mapping costs
 * as much as a third of reading; until its pin is removed. */
int nfp_table_map_kept(const NfpBuckets *buckets, struct nfp_bucket id, enum nfp_protocol row, NfpMapped *ret);
/* For NfpBuckets.kept. */
GHashTable *nfp_table_kept_new(void);
/* Any such map. Returns 0 or -errno. */
int nfp_table_map_fd(int fd, bool write, NfpMapped *ret);
/* The pin; g_free() it. */
char *nfp_table_path(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id);
/* File descriptor, or -errno; -EUCLEAN: what is pinned there is no table of the row, or no head. */
int nfp_table_open(const NfpBuckets *buckets, enum nfp_protocol row, struct nfp_bucket id);
int nfp_table_open_at(const char *path, enum nfp_protocol row);
void nfp_mapped_clear(NfpMapped *mapped);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpMapped, nfp_mapped_clear)

#endif
