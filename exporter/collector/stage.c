/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collector/stage.h"

void nfp_stage_reset(NfpStage *stage)
{
	stage->first = stage->n = 0;
	stage->begin = stage->end = 0;
}

gboolean nfp_stage_is_empty(const NfpStage *stage)
{
	return stage->first == stage->n;
}

uint8_t *nfp_stage_space(NfpStage *stage, uint32_t size)
{
	if (nfp_stage_is_empty(stage))
		nfp_stage_reset(stage);
	if (stage->n == NFP_STAGE_MESSAGES || size > NFP_STAGE_OCTETS - stage->end)
		return NULL;
	return stage->data + stage->end;
}

void nfp_stage_add(NfpStage *stage, uint32_t length, const NfpOutboxPart *part)
{
	stage->lengths[stage->n] = length;
	stage->parts[stage->n++] = *part;
	stage->end += length;
}

NfpMessages nfp_stage_messages(const NfpStage *stage)
{
	return (NfpMessages){
		.data = stage->data + stage->begin,
		.lengths = stage->lengths + stage->first,
		.n = stage->n - stage->first,
	};
}

void nfp_stage_take(NfpStage *stage, uint32_t *ret_length, NfpOutboxPart *ret_part)
{
	*ret_length = stage->lengths[stage->first];
	*ret_part = stage->parts[stage->first++];
	stage->begin += *ret_length;
}
