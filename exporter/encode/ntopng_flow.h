/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record as ntopng's flows. Only ids that ntopng's parser knows (src/ZMQParserInterface.cpp, October 2024): others are
 * taken for ntop's own elements of that number.
 */
#ifndef NFP_ENCODE_NTOPNG_FLOW_H
#define NFP_ENCODE_NTOPNG_FLOW_H

#include <glib.h>

#include "record/record.h"

#define NFP_NTOPNG_FLOW_MAX 512 /* octets of one flow; ntopng_flow.c counts them */
#define NFP_NTOPNG_PARTS_MAX 255 /* flows of one record, as of one message */

/* What is alike in all flows of an exporter. */
typedef struct {
	uint8_t length;         /* of the item below */
	uint8_t exporter[64];   /* address of the exporter, as an item of nDPI's TLV */
} NfpNtopngFlow;

/* One row an element that flows have: what the `template` topic tells. */
typedef struct {
	uint32_t pen;
	uint16_t id;
	uint8_t length; /* octets, as nProbe gives them */
	const char *format, *name, *help;
} NfpNtopngElement;
extern const NfpNtopngElement nfp_ntopng_elements[];
extern const guint nfp_ntopng_elements_n;

/* exporter: IPv4 or IPv6 address as text. Counts leave multiplied by the rate of the record's sampling: ntopng does not. */
void nfp_ntopng_flow_init(NfpNtopngFlow *flow, const char *exporter);
/* How many flows the record leaves as: ntopng's counts of a flow have 32 bits. More than NFP_NTOPNG_PARTS_MAX cannot leave. */
uint64_t nfp_ntopng_flow_parts(const NfpRecord *record);
/* Writes part 0 .. parts - 1; the room is NFP_NTOPNG_FLOW_MAX octets. Returns where it ends. */
uint8_t *nfp_ntopng_flow_put(const NfpNtopngFlow *flow, const NfpRecord *record, uint32_t part, uint32_t parts,
			     uint8_t *at);

#endif
