/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books of all domains of an instance, read from the pins: what was drained (map "books"), what
 * is still in buckets, what found no bucket (map "base"). Nothing is counted twice: a bucket that is
 * in the books already, and still pinned, is left out for the hooks whose books name it.
 */
#ifndef NFP_APP_LEDGER_H
#define NFP_APP_LEDGER_H

#include <glib.h>

#include "conf/conf.h"
#include "probe/probe.h"

extern const char *const nfp_lost_names[NFP_LOST_N]; /* NULL: not used */

typedef struct {
	uint64_t seen, seen_skbs, seen_skb_bytes, recorded, open, coarsened;
	uint64_t lost[NFP_LOST_N];
} NfpBooks;

/* seen - recorded - open - sum(lost): 0 when the books close. */
int64_t nfp_ledger_difference(const NfpBooks *books);

typedef struct {
	uint32_t domain;
	char *netns;         /* NULL: own */
	NfpHookInfo info;    /* method NULL: no longer attached, only its books are left */
	NfpBooks books;
} NfpLedgerHook;

typedef struct {
	uint32_t domain;
	char *netns;
	struct nfp_bucket id;
	const char *state;   /* "open", "closed", "spill" */
	NfpBooks books;
	uint64_t entries[NFP_P_N + 1]; /* by row, NFP_P_hook last */
	uint64_t packets[NFP_P_N + 1];
	NfpRoom room[NFP_P_N];         /* for entries; of protocols that have some */
} NfpLedgerBucket;

/* Entries of the protocol that there is room for; 0: not known, or it has none. */
static inline uint64_t nfp_ledger_capacity(const NfpLedgerBucket *bucket, int row)
{
	return row < NFP_P_N ? (uint64_t)bucket->room[row].slots + bucket->room[row].entries : 0;
}
/* Part of this room that is taken, of the protocol where it is the largest, 0 to 1; *ret_row: which (NFP_P_N: none). */
double nfp_ledger_fill(const NfpLedgerBucket *bucket, int *ret_row);

typedef struct {
	NfpBooks total;
	GArray *hooks;       /* NfpLedgerHook, by domain, ifindex, direction */
	GArray *buckets;     /* NfpLedgerBucket, by domain, start */
	uint64_t counters[NFP_C_N]; /* all domains */
	gboolean balanced;   /* in total, per hook and per bucket */
} NfpLedger;

/* NULL: nothing is pinned, or it cannot be read. */
NfpLedger *nfp_ledger_read(const NfpConf *conf, GError **err);
void nfp_ledger_free(NfpLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpLedger, nfp_ledger_free)

#endif
