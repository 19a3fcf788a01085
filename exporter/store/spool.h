/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches on disk: one SQLite file, of one collector, in the order in which they came, within a size. What was put
 * is there after a crash. When there is no room the oldest that are not being sent go, counted. docs/delivery.md, ADR 15.
 *
 * An object belongs to one thread. Calls block for as long as the disk takes. A file that turns out to be damaged is
 * moved aside and a new one begun: that is told by news(), and no error. Rows that no put() can have written are dropped
 * when the file is opened, counted as failures, and their records as dropped as far as a number of them is believable.
 */
#ifndef NFP_STORE_SPOOL_H
#define NFP_STORE_SPOOL_H

#include <glib.h>
#include <stdint.h>

typedef struct {
	int64_t id;               /* rises; told by put() and next() */
	uint64_t bucket_start_ns; /* ns since 1970 */
	uint32_t records;
	uint32_t counted, judged; /* of the books: see NfpOutboxEntry */
	uint32_t fresh_records;   /* in nobody's books yet: what is lost if it is dropped */
	uint64_t fresh_packets, fresh_octets; /* octets: IP octets */
	gboolean kept;            /* delivered as far as is known; comes again only if the session ends badly */
	GBytes *octets;           /* put: borrowed; next: the caller's */
} NfpSpoolItem;

typedef struct {
	uint64_t batches, records; /* inside, kept ones too */
	uint64_t waiting;          /* records inside, without kept ones */
	uint64_t octets;           /* of the file that they need */
	uint64_t oldest_ns;        /* start of the oldest bucket inside; 0 = empty */
	uint64_t dropped_records, dropped_packets, dropped_octets; /* since open: gone for want of room, or unreadable */
	uint64_t failures;         /* writes and reads that failed */
} NfpSpoolTotals;

typedef struct NfpSpool NfpSpool;

#define NFP_SPOOL_SIZE_MIN (1024 * 1024)

/* path: of the file; its folder is made. size: octets, of the file. Errors: NFP_ERROR_USAGE when another process has
 * it or it is somebody else's database, else NFP_ERROR_FAILED. What was kept when a predecessor ended is waiting now. */
NfpSpool *nfp_spool_open(const char *path, uint64_t size, GError **err);
void nfp_spool_free(NfpSpool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpSpool, nfp_spool_free)

/* A file that nobody has open, within a file system; from may be absent. Errors: there is one at `to` already, ... */
gboolean nfp_spool_move(const char *from, const char *to, GError **err);

/* All of them durably, or none: 0 or -errno (-ENOSPC: the disk is full, or the spool of what is being
 * sent; -EFBIG: one alone is larger than `size`). */
int nfp_spool_put(NfpSpool *spool, NfpSpoolItem *items, guint n);
/* item->id becomes what `item` says, which is no longer than it was; nothing, if it is not there. 0 or -errno: it is as
 * before. */
int nfp_spool_replace(NfpSpool *spool, const NfpSpoolItem *item);
/* The first behind `after` that is waiting: 1; 0 = there is none; -errno. It is being sent from now on, and no put()
 * drops it, until remove(), drop(), keep() or give_back(). What was handed out behind `after` is given back. */
int nfp_spool_next(NfpSpool *spool, int64_t after, NfpSpoolItem *ret_item);
/* What next() handed out behind `after` is sent no more, and waits. */
void nfp_spool_give_back(NfpSpool *spool, int64_t after);
/* Was delivered; or could not be read (then it is counted as dropped). Takes effect on disk with flush(), or the next
 * put(): after a crash before that it comes again. */
void nfp_spool_remove(NfpSpool *spool, int64_t id);
void nfp_spool_drop(NfpSpool *spool, const NfpSpoolItem *item);
/* Was handed over, and is kept. As remove(), by flush(). */
void nfp_spool_keep(NfpSpool *spool, int64_t id);
/* What was kept waits again. 0 or -errno. */
int nfp_spool_wake(NfpSpool *spool);
/* Writes what remove() and keep() left. 0 or -errno: then it is still to be done. */
int nfp_spool_flush(NfpSpool *spool);
/* When nothing waits, the disk gets back some of what nobody needs. 1: there is more; 0; -errno. */
int nfp_spool_shrink(NfpSpool *spool);
guint nfp_spool_unflushed(const NfpSpool *spool);

const NfpSpoolTotals *nfp_spool_totals(const NfpSpool *spool);
/* What happened to the file since the last call, a sentence, or NULL. The caller's. */
char *nfp_spool_news(NfpSpool *spool);
/* Text for what put(), next(), flush() returned, of the last failure. Valid until the next call. */
const char *nfp_spool_error(const NfpSpool *spool);

#endif
