/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hooks of one domain: attaches to the interfaces that the configuration means, to those that come
 * later or come back too, and puts error events of the packet path into the log. An error never stops
 * the rest, and is told once. Main thread.
 */
#ifndef NFP_APP_METER_H
#define NFP_APP_METER_H

#include "app/app.h"
#include "enrich/enrich.h"

typedef struct NfpMeter NfpMeter;

/* Opens or makes the domain's maps; attaches nothing yet. conf and domain are borrowed. */
NfpMeter *nfp_meter_new(const NfpConf *conf, const NfpDomain *domain, GError **err);
NfpProbe *nfp_meter_probe(NfpMeter *meter); /* owned by the meter */
const NfpDomain *nfp_meter_domain(const NfpMeter *meter);
/* Before the start: the domain's interfaces are told to it, now and when they change. Borrowed, until the main loop ends. */
void nfp_meter_set_enrich(NfpMeter *meter, NfpEnrich *enrich);
/* Before the start: told is called with the domain's interfaces (NfpLink), now and when they change. */
typedef void (*NfpMeterLinks)(uint32_t domain, const GArray *links, void *data);
void nfp_meter_set_told(NfpMeter *meter, NfpMeterLinks told, void *data);
/* Attaches to what there is and watches from now on. Returns the number of hooks; *err is the first
 * failure, if there was one. */
guint nfp_meter_start(NfpMeter *meter, GError **err);
/* After the start: another configuration, borrowed in the place of the one before, which is still there during the call.
 * Hooks that are wanted as they are stay untouched; others get a new program in the place of the old one, so that no
 * packet goes by uncounted; those that nobody wants any more go. What was done is appended to ret_done (char *: "eth0:
 * attached"); the number of hooks that stayed is added to *ret_kept. */
void nfp_meter_change(NfpMeter *meter, const NfpConf *conf, GPtrArray *ret_done, guint *ret_kept);
void nfp_meter_free(NfpMeter *meter); /* attachments stay */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpMeter, nfp_meter_free)

#endif
