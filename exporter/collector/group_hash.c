/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <xxhash.h>

#include "collector/group.h"

/* The smaller one first. */
static uint64_t hash_pair(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint8_t key[2 * sizeof(((NfpRecord *)NULL)->src6)];
	gboolean swap = memcmp(a, b, size) > 0;

	memcpy(key, swap ? b : a, size);
	memcpy(key + size, swap ? a : b, size);
	return XXH3_64bits(key, 2 * size);
}

uint64_t nfp_group_hash(const NfpRecord *record)
{
	/* No ports: later fragments have none, and a datagram's parts belong together. */
	if (record->have & NFP_HAVE_IPV4)
		return hash_pair(record->src4, record->dst4, sizeof(record->src4));
	if (record->have & NFP_HAVE_IPV6)
		return hash_pair(record->src6, record->dst6, sizeof(record->src6));
	if (record->have & NFP_HAVE_MAC)
		return hash_pair(record->src_mac, record->dst_mac, sizeof(record->src_mac));
	return XXH3_64bits(&record->ifindex, sizeof(record->ifindex));
}

uint64_t nfp_group_seed(const char *name)
{
	return XXH3_64bits(name, strlen(name));
}

/* Rendezvous hashing: the member with the highest weight for this hash. */
guint nfp_group_choose(uint64_t hash, const uint64_t *seeds, guint n)
{
	uint64_t best = 0;
	guint chosen = 0;

	for (guint i = 0; i < n; i++) {
		uint64_t key[2] = { hash, seeds[i] };
		uint64_t weight = XXH3_64bits(key, sizeof(key));

		if (i == 0 || weight > best) {
			best = weight;
			chosen = i;
		}
	}
	return chosen;
}
