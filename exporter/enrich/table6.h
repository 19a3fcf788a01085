/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 address -> place: ranges by the upper 64 bits under a static B-tree of 16 keys a node (a full table of a quarter
 * of a million prefixes has five levels, of which all but the last two stay in the cache), and for the few networks that
 * hold longer prefixes than /64 the ranges of their lower 64 bits. Immutable; any thread.
 */
#ifndef NFP_ENRICH_TABLE6_H
#define NFP_ENRICH_TABLE6_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFP_TABLE6_NODE 16
#define NFP_TABLE6_LEVELS 9 /* 16^8 keys and more than any table has */
#define NFP_TABLE6_LOWER (1u << 31) /* the value is the index of a NfpTable6Lower */

/* Ranges inside one /64: lower[first .. first + n), the first starts at 0. */
typedef struct {
	uint32_t first, n;
} NfpTable6Lower;

typedef struct {
	uint64_t *levels[NFP_TABLE6_LEVELS]; /* 0: all starts; k: every 16th key of k - 1 */
	uint32_t sizes[NFP_TABLE6_LEVELS];
	uint32_t levels_n;
	uint32_t *values; /* of level 0; all below NFP_TABLE6_LOWER or with that bit */
	NfpTable6Lower *networks;
	uint32_t networks_n;
	uint64_t *lower_starts;
	uint32_t *lower_values;
	uint32_t lower_n;
} NfpTable6;

/* ranges: NfpRange of IPv6 (nfp_flatten); their facts become values by `places`. */
NfpTable6 *nfp_table6_new(const GArray *ranges, const uint32_t *places);
size_t nfp_table6_memory(const NfpTable6 *table); /* octets */
void nfp_table6_free(NfpTable6 *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTable6, nfp_table6_free)

/* The last of n >= 1 sorted starts that is <= key; starts[0] is. */
static inline uint32_t nfp_table6_search(const uint64_t *starts, uint32_t n, uint64_t key)
{
	const uint64_t *start = starts;

	while (n > 1) {
		uint32_t half = n / 2;

		start += start[half] <= key ? half : 0;
		n -= half;
	}
	return (uint32_t)(start - starts);
}

/* One level down: from a key of the level above (at the top: 0) to the last key of its node that is <= high. */
static inline uint32_t nfp_table6_step(const NfpTable6 *table, uint32_t level, uint32_t above, uint64_t high)
{
	uint32_t first = above * NFP_TABLE6_NODE;

	return first + nfp_table6_search(table->levels[level] + first, MIN(NFP_TABLE6_NODE, table->sizes[level] - first),
					 high);
}

static inline uint32_t nfp_table6_value(const NfpTable6 *table, uint32_t range, uint64_t low)
{
	uint32_t value = table->values[range];

	if (G_UNLIKELY(value & NFP_TABLE6_LOWER)) {
		const NfpTable6Lower *l = &table->networks[value & ~NFP_TABLE6_LOWER];

		value = table->lower_values[l->first + nfp_table6_search(table->lower_starts + l->first, l->n, low)];
	}
	return value;
}

/* high, low: the halves of the address in host byte order. */
static inline uint32_t nfp_table6_find(const NfpTable6 *table, uint64_t high, uint64_t low)
{
	uint32_t range = 0;

	for (uint32_t level = table->levels_n; level-- > 0;)
		range = nfp_table6_step(table, level, range, high);
	return nfp_table6_value(table, range, low);
}

#define NFP_TABLE6_MANY 128

typedef struct {
	uint64_t high, low;
} NfpTable6Address;

/* n <= NFP_TABLE6_MANY at once, level by level: memory is asked for all of them before any is waited for. */
void nfp_table6_find_many(const NfpTable6 *table, const NfpTable6Address *addresses, uint32_t *ret_values, uint32_t n);

#endif
