/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `nfprobe top` sees at one moment: the books and the flows from the pins, the collectors from the daemon if one
 * answers. Looking disturbs nothing and takes as long as reading all flows does, hence a thread.
 */
#ifndef NFP_APP_TOP_LOOK_H
#define NFP_APP_TOP_LOOK_H

#include "app/top_flows.h"
#include "app/top_hooks.h"
#include "conf/conf.h"
#include "filter/filter.h"

typedef struct {
	uint64_t time;         /* ns since 1970 */
	NfpBooks total;
	gboolean balanced;
	int fullest;           /* protocol of the fullest table of all buckets, NFP_P_N: none */
	double fill;           /* how full it is, 0 to 1 */
	GArray *hooks;         /* NfpTopHook */
	GArray *flows;         /* NfpTopFlow, in no order */
	guint64 flows_n;       /* all there are, whatever the filter */
	GPtrArray *collectors; /* char: "nfdump up", "away down, 12 s behind" */
	gint64 uptime;         /* s; -1: no daemon answers */
} NfpTopLook;

void nfp_top_look_free(NfpTopLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTopLook, nfp_top_look_free)

typedef struct NfpTopLooker NfpTopLooker;

/* Both borrowed. passing: flows that pass it are looked at, NULL: all. */
NfpTopLooker *nfp_top_looker_new(const NfpConf *conf, const NfpFilter *passing);
void nfp_top_looker_free(NfpTopLooker *looker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTopLooker, nfp_top_looker_free)
/* One thread at a time. filter: flows that match it (nfp_top_matches) are listed. Rates are since the look before. */
NfpTopLook *nfp_top_looker_look(NfpTopLooker *looker, const char *filter, GError **err);

#endif
