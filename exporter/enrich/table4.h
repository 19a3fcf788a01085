/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 address -> place: an index of the upper 16 bits, and behind it the ranges of those 65536 addresses by their lower
 * 16 bits alone. Those of a /16 of today's Internet mostly share a cache line or two, and all of a full table is a few
 * MiB: a look-up costs at most two misses, one of the starts and one of the value. Immutable; any thread.
 */
#ifndef NFP_ENRICH_TABLE4_H
#define NFP_ENRICH_TABLE4_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t index[65537]; /* slot of the upper 16 bits -> its first range */
	uint32_t n;
	uint16_t *starts; /* the first of each slot is 0; NFP_TABLE4_RUN more behind the last may be read */
	uint32_t *values;
} NfpTable4;

/* ranges: NfpRange of IPv4 (nfp_flatten); their facts become values by `places`. */
NfpTable4 *nfp_table4_new(const GArray *ranges, const uint32_t *places);
size_t nfp_table4_memory(const NfpTable4 *table); /* octets */
void nfp_table4_free(NfpTable4 *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpTable4, nfp_table4_free)

#define NFP_TABLE4_RUN 16 /* starts that are compared at once */

/* The range of an address in host byte order: an index of `values`. */
static inline uint32_t nfp_table4_range(const NfpTable4 *table, uint32_t address)
{
	uint32_t begin = table->index[address >> 16];
	uint32_t n = table->index[(address >> 16) + 1] - begin;
	const uint16_t *start = table->starts + begin;
	uint16_t low = (uint16_t)address, count = 0;

	/* Without a branch on what was read: the processor could only guess. */
	while (n > NFP_TABLE4_RUN) {
		uint32_t half = n / 2;

		start += start[half] <= low ? half : 0;
		n -= half;
	}
	/* Nor on how many there are, which is as random: all of them, as vectors, and those behind the last count for nothing. */
	for (uint16_t i = 0; i < NFP_TABLE4_RUN; i++)
		count += (start[i] <= low) & (i < (uint16_t)n);
	return (uint32_t)(start - table->starts) + count - 1;
}

static inline uint32_t nfp_table4_find(const NfpTable4 *table, uint32_t address)
{
	return table->values[nfp_table4_range(table, address)];
}

#define NFP_TABLE4_MANY 128

/* n <= NFP_TABLE4_MANY at once: memory is asked for all of them, step by step, and nobody waits for one after the other. */
void nfp_table4_find_many(const NfpTable4 *table, const uint32_t *addresses, uint32_t *ret_values, uint32_t n);

#endif
