/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The busiest flows, out of looks at live buckets that follow one another: a flow's rate is what came since the look
 * before, over all buckets that hold it. Of each flow only its counts are kept (24 octets
 * in two hash tables), and whole records of the largest alone. Pure; one thread.
 */
#ifndef NFP_APP_TOP_FLOWS_H
#define NFP_APP_TOP_FLOWS_H

#include <glib.h>

#include "record/record.h"

#define NFP_TOP_FLOWS 512 /* of each order, at most */

typedef enum { NFP_TOP_BY_BITS, NFP_TOP_BY_RATE, NFP_TOP_BY_OCTETS, NFP_TOP_BY_PACKETS, NFP_TOP_ORDERS } NfpTopOrder;

typedef struct {
	NfpRecord record;         /* its facts; the counts are one bucket's */
	uint64_t packets, octets; /* of the buckets that were looked at; IP octets */
	double packets_s, bits_s; /* since the look before, or on average of these buckets if there was none */
} NfpTopFlow;

typedef struct NfpTopFlows NfpTopFlows;

NfpTopFlows *nfp_top_flows_new(void);
void nfp_top_flows_free(NfpTopFlows *flows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTopFlows, nfp_top_flows_free)

/* Buckets that ended later have to be looked at: ns since 1970. 0: no look was taken yet, open ones are enough. */
uint64_t nfp_top_flows_after(const NfpTopFlows *flows);
/* A look: begin, add each flow of each bucket, end. record: flow_id tells the flow in all buckets (NfpFlowsOptions.after),
 * its bucket's times are set. wanted: it is listed (else its counts are only kept, for the time when it is). */
void nfp_top_flows_begin(NfpTopFlows *flows);
void nfp_top_flows_add(NfpTopFlows *flows, const NfpRecord *record, gboolean wanted);
/* now: ns since 1970, when the look was taken. Returns the flows that are first in some order (NfpTopFlow), in none.
 * Caller unrefs. */
GArray *nfp_top_flows_end(NfpTopFlows *flows, uint64_t now);
guint64 nfp_top_flows_count(const NfpTopFlows *flows); /* of all flows in the last look */

/* Largest first; ties by octets, then by flow, so that rows do not dance. */
void nfp_top_flows_sort(GArray *flows, NfpTopOrder order, gboolean reverse);

#endif
