/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy plan: how records become the octets of one template, worked out once from the field rows.
 * Made for every export protocol whose records are fields one behind the other. Texts are of variable length
 * (RFC 7011 7) or fixed: cut, and filled up with zeros.
 */
#ifndef NFP_ENCODE_PLAN_H
#define NFP_ENCODE_PLAN_H

#include <glib.h>

#include "record/record.h"
#include "record/templates.h"

typedef struct NfpPlan NfpPlan;

/* fields: n of them, in the order of the wire; not kept. */
NfpPlan *nfp_plan_new(const NfpField *const *fields, guint n, gboolean fixed_texts);
void nfp_plan_free(NfpPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPlan, nfp_plan_free)

/* What the message tells of itself, for values that hang on it. */
typedef struct {
	guint text_max;   /* octets of a text of variable length, at most; NFP_TEXT_MAX unless a record has to be cut */
	uint64_t boot_ms; /* ms since 1970 at which uptimes begin (NetFlow v9) */
	uint32_t sampling; /* NfpEncoderOptions */
	gboolean scaled;
	uint64_t now_ms;  /* ms since 1970 of the message's header: no flow ended later */
} NfpPlanContext;

gboolean nfp_plan_varies(const NfpPlan *plan); /* records have texts of variable length */
guint nfp_plan_shortest(const NfpPlan *plan);  /* octets of a record whose texts are empty */
/* Octets of this record, with texts of at most text_max octets. */
guint nfp_plan_length(const NfpPlan *plan, const NfpRecord *record, guint text_max);
/* Records that are sampled or not, but no mixture of both. Writes as many of records[0..n) as `room` octets hold, one behind the other. Returns how many; *ret_octets: what
 * they take. Any thread. */
guint nfp_plan_run(const NfpPlan *plan, const NfpRecord *records, guint n, const NfpPlanContext *context,
		   uint8_t *out, gsize room, gsize *ret_octets);

#endif
