/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy plan: how records become the octets of one template, worked out once from the field rows.
 * Made for every export protocol whose records are fixed fields one behind the other.
 */
#ifndef NFP_ENCODE_PLAN_H
#define NFP_ENCODE_PLAN_H

#include <glib.h>

#include "record/record.h"
#include "record/templates.h"

typedef struct NfpPlan NfpPlan;

/* fields: n of them, in the order of the wire; not kept. */
NfpPlan *nfp_plan_new(const NfpField *const *fields, guint n);
void nfp_plan_free(NfpPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpPlan, nfp_plan_free)

guint nfp_plan_length(const NfpPlan *plan); /* octets of a record */
/* Writes records[0..n) one behind the other, n * length octets. Any thread. */
void nfp_plan_run(const NfpPlan *plan, const NfpRecord *records, guint n, uint8_t *out);

#endif
