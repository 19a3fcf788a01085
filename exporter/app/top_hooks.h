/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and their directions for `nfprobe top`: totals out of the books, rates out of two of them. Pure. */
#ifndef NFP_APP_TOP_HOOKS_H
#define NFP_APP_TOP_HOOKS_H

#include "app/ledger.h"

typedef struct {
	char name[80];            /* "eth0", "blue:eth0", "blue:(9)" when it has gone */
	uint32_t domain, ifindex;
	uint8_t flags;            /* NFP_KEY_EGRESS | NFP_KEY_XDP */
	gboolean attached;
	uint64_t packets, octets; /* so far, as `status` has them (seen, seen_skb_bytes) */
	double packets_s, bits_s; /* since the books before; 0: there are none, or it is new */
} NfpTopHook;

/* NfpTopHook, in the order of the books. Caller unrefs. */
GArray *nfp_top_hooks_new(const NfpLedger *ledger);
/* Sets the rates: `seconds` lie between the two. before: NULL for none. */
void nfp_top_hooks_rate(GArray *hooks, const GArray *before, double seconds);
/* Name of an interface; NULL: no hook of it is known. */
const char *nfp_top_hooks_name(const GArray *hooks, uint32_t domain, uint32_t ifindex);

#endif
