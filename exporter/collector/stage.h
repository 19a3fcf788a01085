/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that are made and not yet taken by the transport, end to end in one buffer, so that many leave
 * with one segmented send.
 */
#ifndef NFP_COLLECTOR_STAGE_H
#define NFP_COLLECTOR_STAGE_H

#include <glib.h>

#include "collector/outbox.h"
#include "transport/transport.h"

#define NFP_STAGE_OCTETS (128u * 1024)
#define NFP_STAGE_MESSAGES 256

typedef struct {
	guint first; /* messages before it are taken */
	guint n;
	uint32_t begin, end; /* octets in use: data[begin..end) */
	uint32_t lengths[NFP_STAGE_MESSAGES];
	NfpOutboxPart parts[NFP_STAGE_MESSAGES];
	uint8_t data[NFP_STAGE_OCTETS];
} NfpStage;

void nfp_stage_reset(NfpStage *stage);
gboolean nfp_stage_is_empty(const NfpStage *stage);
/* Where a message of up to `size` octets may be written, or NULL: full until all of it is taken. */
uint8_t *nfp_stage_space(NfpStage *stage, uint32_t size);
/* It was written. part: zero for templates. */
void nfp_stage_add(NfpStage *stage, uint32_t length, const NfpOutboxPart *part);
NfpMessages nfp_stage_messages(const NfpStage *stage);
/* The first message was taken: removes it. */
void nfp_stage_take(NfpStage *stage, uint32_t *ret_length, NfpOutboxPart *ret_part);

#endif
