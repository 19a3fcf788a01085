/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which protocol goes over which transport: one row a protocol (pairs.c). */
#ifndef NFP_COLLECTOR_PAIRS_H
#define NFP_COLLECTOR_PAIRS_H

#include "transport/transport.h"

typedef struct {
	const char *protocol;
	const char *schemes; /* those it goes over, a word each; the first is what people mean by it */
	const char *why;     /* not over others: a half sentence */
	NfpFraming framing;  /* of its messages in a file */
	const char *topic;   /* that carries records to subscribers, or NULL */
	uint32_t message_min; /* octets; shorter messages have no room for what must stand in one; 0 = for the encoder to say */
} NfpPair;

const NfpPair *nfp_pair_find(const char *protocol); /* NULL: no row, goes nowhere */
gboolean nfp_pair_allows(const NfpPair *pair, const char *scheme);

#endif
