/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flows of the live buckets, read from the pins: works without the daemon and disturbs nothing. */
#ifndef NFP_APP_FLOWS_H
#define NFP_APP_FLOWS_H

#include <glib.h>

#include "conf/conf.h"
#include "filter/filter.h"
#include "record/record.h"

/* Largest (or latest) first. */
typedef enum {
	NFP_FLOWS_BY_OCTETS,
	NFP_FLOWS_BY_PACKETS,
	NFP_FLOWS_BY_FIRST,    /* time of the first packet */
	NFP_FLOWS_BY_LAST,     /* ... of the last */
	NFP_FLOWS_BY_DURATION, /* time between them */
} NfpFlowsOrder;

typedef enum { NFP_FLOWS_ANY, NFP_FLOWS_TC, NFP_FLOWS_XDP } NfpFlowsHook;

typedef struct {
	const char *ifname;  /* those that were counted there, in our own network namespace; NULL: everywhere */
	NfpFlowsHook hook;   /* those that were counted there; ANY: 0 */
	const NfpFilter *filter; /* those that pass it; NULL: all */
	uint64_t since;      /* ns since 1970: begin of the records' interval, which ends now; 0: the buckets' own */
	gboolean times;      /* table: when a flow began and how long it lasted */
	guint limit;         /* at most so many lines; 0 = all */
	NfpFlowsOrder order;
	gboolean json;       /* JSON lines (as `run --json`) instead of a table */
	uint64_t after;      /* ns since 1970; not 0: buckets that ended later, too, and a flow has one flow_id in all of them */
} NfpFlowsOptions;

/* Whether flows of a hook with these flags (NFP_KEY_XDP or not) are wanted. */
gboolean nfp_flows_wants(const NfpFlowsOptions *options, uint8_t flags);

/* Calls fn for each flow and bucket that is wanted, merged across CPUs, in no order. Order, limit and form do not count. */
typedef void (*NfpFlowsFn)(const NfpRecord *record, void *data);
gboolean nfp_flows_each(const NfpConf *conf, const NfpFlowsOptions *options, NfpFlowsFn fn, void *data, GError **err);

/* Entries of all buckets that still take packets, merged across CPUs, one line a flow and bucket, appended
 * to out. */
gboolean nfp_flows_print(const NfpConf *conf, const NfpFlowsOptions *options, GString *out, GError **err);

#endif
