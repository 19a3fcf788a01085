/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration says of an interface. Pure. */
#ifndef NFP_APP_RULES_H
#define NFP_APP_RULES_H

#include "conf/conf.h"
#include "probe/probe.h"

/* The entry of `interfaces:` that means it: the first one that matches, so that it has one hook kind and direction. netns:
 * NULL = the daemon's own. NULL: none does. */
const NfpInterfaceOptions *nfp_rules_match(const NfpConf *conf, const char *netns, const char *ifname);
/* How an interface is metered that stands in no list. */
NfpInterfaceOptions nfp_rules_default(const NfpConf *conf);
/* The one or the other, without the strings' ownership. FALSE: it is not to be metered. */
gboolean nfp_rules_of(const NfpConf *conf, const char *netns, const NfpLink *link, NfpInterfaceOptions *ret);
/* What they say of hooks, whatever names they are for. */
gboolean nfp_rules_same_hooks(const NfpInterfaceOptions *a, const NfpInterfaceOptions *b);
/* What concerns the programs of all hooks. */
gboolean nfp_rules_same_programs(const NfpConf *a, const NfpConf *b);
/* All of that: both want the interface, by the same hooks with the same programs. */
gboolean nfp_rules_same(const NfpConf *a, const NfpConf *b, const char *netns, const NfpLink *link);
NfpSampling nfp_rules_sampling(const NfpInterfaceOptions *o);
/* For people: the names of links (NfpLink), the first 20 of them. Caller frees. */
char *nfp_rules_names(const GArray *links);

#endif
