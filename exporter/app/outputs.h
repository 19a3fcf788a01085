/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where batches go: to the collectors, by their groups. */
#ifndef NFP_APP_OUTPUTS_H
#define NFP_APP_OUTPUTS_H

#include <json-glib/json-glib.h>

#include "conf/conf.h"

typedef struct NfpOutputs NfpOutputs;

/* collectors: NfpCollector, one each of options (NfpCollectorOptions), in their order; groups: NfpGroupOptions, or
 * NULL; the options are borrowed until free. */
NfpOutputs *nfp_outputs_new(const GPtrArray *collectors, const GArray *options, const GArray *groups);
/* Instead of nfp_outputs_new(), while nobody publishes: groups of `old` that are the same live on, with the collectors that
 * are there now. Takes `old`; what its other groups have on its way is waited for in nfp_outputs_step(). */
NfpOutputs *nfp_outputs_renew(NfpOutputs *old, const GPtrArray *collectors, const GArray *options, const GArray *groups);
/* Harvester's thread. biflow: to those that want biflows, or to those that do not. */
void nfp_outputs_publish(NfpOutputs *outputs, NfpBatch *batch, gboolean biflow);
/* Each second, main thread: failover groups; logs who takes over. Groups that are no more are freed when they are idle. */
void nfp_outputs_step(NfpOutputs *outputs);
/* Before the collectors stop. */
void nfp_outputs_close(NfpOutputs *outputs);
/* One object a group, into the array at hand. */
void nfp_outputs_report(NfpOutputs *outputs, JsonBuilder *builder);
/* After the collectors were freed. NULL is allowed. */
void nfp_outputs_free(NfpOutputs *outputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpOutputs, nfp_outputs_free)

#endif
