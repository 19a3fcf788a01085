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
/* The domain's interfaces are told to it: from the start on, after it at once, and when they change. Borrowed, until the main
 * loop ends or another one comes. */
void nfp_meter_set_enrich(NfpMeter *meter, NfpEnrich *enrich);
/* Before the start: told is called with the domain's interfaces (NfpLink), now and when they change. */
typedef void (*NfpMeterLinks)(uint32_t domain, const GArray *links, void *data);
void nfp_meter_set_told(NfpMeter *meter, NfpMeterLinks told, void *data);
/* Attaches to what there is and watches from now on. Returns the number of hooks; *err is the first
 * failure, if there was one. */
guint nfp_meter_start(NfpMeter *meter, GError **err);
/* After the start: whether the kernel takes the programs that another configuration asks for, where that differs from what
 * is there. Loads them, for the change too; changes nothing. Error: the interface, and what is wrong. */
gboolean nfp_meter_try(NfpMeter *meter, const NfpConf *conf, GError **err);
/* There is an interface that is not metered as the configuration says, for that failed: a change tries again. */
gboolean nfp_meter_is_behind(const NfpMeter *meter);

/* What a change did, as lines (char *): "eth0: attached"; what it could not do; and what it could not do again, for the
 * same reason and by the same rule (warnings). */
typedef struct {
	GPtrArray *done, *failed, *warnings;
	guint kept; /* interfaces that are as they were */
} NfpMeterChange;
/* After nfp_meter_try: the configuration is borrowed in the place of the one before, which is still there during the call.
 * Hooks that are wanted as they are stay untouched; others get a new program in the place of the old one, so that no
 * packet goes by uncounted; those that nobody wants any more go. One that fails is metered as before, or not at all.
 * Appends to *change. */
void nfp_meter_change(NfpMeter *meter, const NfpConf *conf, NfpMeterChange *change);
void nfp_meter_free(NfpMeter *meter); /* attachments stay */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpMeter, nfp_meter_free)

#endif
