/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two directions of a flow have in common: domain, VRF, addresses, ports, protocol, tunnel. The lower end
 * is side 0 in both of them; of ICMP, the end that asks.
 */
#ifndef NFP_PAIR_KEY_H
#define NFP_PAIR_KEY_H

#include <glib.h>

#include "record/record.h"

typedef enum {
	NFP_PAIR_NEVER, /* coarsened, a fragment, an ICMP error, ...: who its partner is cannot be told */
	NFP_PAIR_ASKED, /* ICMP requests and their answers: side 0 began */
	NFP_PAIR_TCP,   /* flags may tell who began */
	NFP_PAIR_TIMED, /* who was seen first */
} NfpPairKind;

/* No padding: compared and hashed as octets. Addresses and ports as in the record; IPv4 in the first 4 octets. */
typedef struct {
	uint8_t low[16], high[16];
	uint16_t low_port, high_port; /* ICMP: 0 and the request's type */
	uint32_t domain, vrf;
	uint8_t protocol, ip_version;
	uint8_t tunnel; /* 1: nfp_pair_same_tunnel() has the last word */
	uint8_t zero;
} NfpPairKey;
_Static_assert(sizeof(NfpPairKey) == 48, "no padding");

/* Of NFP_PAIR_NEVER the rest is untouched. *ret_side: 0 = the record goes from the low end to the high one. */
NfpPairKind nfp_pair_key(const NfpRecord *record, NfpPairKey *ret_key, uint8_t *ret_side);
uint64_t nfp_pair_hash(const NfpPairKey *key, const NfpRecord *record, uint8_t side, uint64_t seed);
/* Of two records with equal keys, and tunnels: whether these are the same. */
gboolean nfp_pair_same_tunnel(const NfpRecord *a, uint8_t side_a, const NfpRecord *b, uint8_t side_b);

#endif
