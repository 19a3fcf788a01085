/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What user space has to know of the rows of ebpf/protocols.def to make records of their entries, and the
 * names of those of ebpf/counters.def. */
#ifndef NFP_HARVEST_ROWS_H
#define NFP_HARVEST_ROWS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ebpf/abi.h"

/* What nfp_key_meta.l4 holds. */
typedef enum { NFP_L4_NONE, NFP_L4_PORTS, NFP_L4_ICMP, NFP_L4_PROTOCOL } NfpL4Form;

typedef struct {
	const char *name;     /* at most 8 octets: part of the UID (docs/uid.md) */
	uint8_t key_size;     /* octets, nfp_key_meta last */
	uint8_t ip_version;   /* 4, 6; 0 = no IP */
	uint8_t protocol;     /* IP protocol number; 0 = in the key or none */
	uint8_t protocol_alt; /* of entries with NFP_KEY_ALT */
	NfpL4Form l4;
} NfpRow;

extern const NfpRow nfp_rows[NFP_P_N];
/* Name of a row, NFP_P_hook included. */
const char *nfp_row_name(enum nfp_protocol row);
/* NULL: there is no such counter. */
const char *nfp_counter_name(guint counter);
const char *nfp_counter_help(guint counter);

static inline const struct nfp_key_meta *nfp_key_meta_of(const void *key, size_t key_size)
{
	return (const struct nfp_key_meta *)((const char *)key + key_size - sizeof(struct nfp_key_meta));
}

/* Keys are equal but for the CPU. */
static inline bool nfp_key_same_flow(const void *a, const void *b, size_t key_size)
{
	const struct nfp_key_meta *ma = nfp_key_meta_of(a, key_size), *mb = nfp_key_meta_of(b, key_size);

	return !memcmp(a, b, key_size - 4) && ma->flags == mb->flags && ma->dscp == mb->dscp;
}
_Static_assert(offsetof(struct nfp_key_meta, cpu) == sizeof(struct nfp_key_meta) - 4,
	       "nfp_key_same_flow() compares what stands before the CPU, and the two bytes behind it");

#endif
