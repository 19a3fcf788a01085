/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry (key, value of ebpf/abi.h) -> NfpRecord. Pure. */
#ifndef NFP_HARVEST_CONVERT_H
#define NFP_HARVEST_CONVERT_H

#include <glib.h>
#include <stdbool.h>

#include "ebpf/abi.h"
#include "record/record.h"

/* What the records of one bucket have in common. */
typedef struct {
	struct nfp_bucket id;
	uint32_t domain;
	uint64_t seed;   /* nfp_uid_seed() */
	bool with_cpu;   /* merge_cpus: false */
	bool forced;     /* closed before its end */
} NfpConvert;

/* Writes the whole record. flow_id: nfp_uid_flow_id() of the key. */
void nfp_convert_entry(const NfpConvert *convert, enum nfp_protocol row, uint64_t flow_id, const void *key,
		       const struct nfp_value *value, NfpRecord *ret_record);
/* 1-in-N by which the record's packets were chosen. */
static inline void nfp_convert_rate(NfpRecord *record, uint32_t rate)
{
	if (rate <= 1)
		return;
	record->have |= NFP_HAVE_SAMPLED;
	record->sampling = (uint16_t)MIN(rate, NFP_SAMPLE_MAX);
}
/* The coarsest record, of a hook's own row (row->packets > 0). */
void nfp_convert_hook(const NfpConvert *convert, const struct nfp_hook_key *key,
		      const struct nfp_hook_row *row, NfpRecord *ret_record);

#endif
