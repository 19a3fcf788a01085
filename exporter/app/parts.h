/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the daemon that are made alike at the start (app.c) and when it is told to reload (reload.c). Main thread. */
#ifndef NFP_APP_PARTS_H
#define NFP_APP_PARTS_H

#include "app/daemon.h"

#define NFP_PARTS_AHEAD (30 * NFP_NS_PER_S) /* of future for which there are buckets */

/* The collector's template set, with the rate of sampling where records tell it. */
NfpTemplateSet *nfp_parts_templates(const NfpConf *conf, const NfpCollectorOptions *options, GError **err);
/* The n-th collector of a configuration, and its templates, both the caller's; conf outlives them. heir: as
 * nfp_collector_new_heir(). */
NfpCollector *nfp_parts_collector(const NfpConf *conf, guint n, NfpTemplateSet *templates, gboolean heir, GError **err);
/* Appends the n-th collector of d->conf. */
gboolean nfp_parts_add_collector(NfpDaemon *d, guint n, GError **err);
/* Standard output, where it is ours by d->conf and the options: made, kept or given up. Nobody publishes. */
gboolean nfp_parts_printer(NfpDaemon *d, GError **err);
/* The meter of a domain, tied to enrichment and names, where they are there; the caller's. */
NfpMeter *nfp_parts_meter(NfpDaemon *d, const NfpDomain *domain, GError **err);
/* Routes of every meter, if d->conf wants them: followed from now on; those followed before are given up. */
void nfp_parts_follow_routes(NfpDaemon *d);
/* Names that are new, to all collectors. */
void nfp_parts_tell_names(NfpDaemon *d);
/* By d->conf; strings are borrowed. */
NfpHarvestOptions nfp_parts_harvest_options(NfpDaemon *d);
/* A port that is taken costs the page, and nothing else: FALSE. */
gboolean nfp_parts_web(NfpDaemon *d, NfpConf *conf, GError **err);
void nfp_parts_web_free(NfpDaemon *d);

#endif
