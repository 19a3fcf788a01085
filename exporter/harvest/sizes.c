/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/sizes.h"

#include <stdbool.h>
#include <string.h>

#include "harvest/rows.h"

#define LEAST 256u      /* entries, under pressure of memory */
#define MOST (1u << 24)
#define SHRINK_AFTER 8  /* buckets */
#define SLOTS_LEAST 32u /* a page of IPv4 */
/* An element of a kernel HASH beside key and value: struct htab_elem (48), its bucket (16, at worst
 * twice as many as elements). */
#define ELEMENT_OVERHEAD 80
#define LIMIT_OCTETS 16 /* of a HASH, for each entry that there could be */
#define SLOT_OCTETS 136 /* of a table, the larger of the two kinds */
/* Of a closed bucket whatever is in it: the head of its tables (NFP_FAST_ROWS of 64 octets), the map of hooks, and what
 * the kernel takes for each map. */
#define BUCKET_OCTETS (512u << 10)

/* Entries take memory when they are made (docs/adr/0004-maps-follow-traffic.md): a limit costs 16 octets each. */
static uint32_t start_size(enum nfp_protocol row)
{
	switch (nfp_rows[row].l4) {
	case NFP_L4_PORTS:
		return nfp_rows[row].protocol == 132 ? 1024 : nfp_rows[row].ip_version == 6 ? 32768 : 65536;
	case NFP_L4_ICMP:
	case NFP_L4_PROTOCOL:
		return 4096;
	default:
		return 1024;
	}
}

static uint32_t start_slots(enum nfp_protocol row)
{
	return nfp_rows[row].l4 == NFP_L4_PORTS && nfp_rows[row].protocol != 132 ? 1024 : SLOTS_LEAST;
}

void nfp_sizes_init(NfpSizes *s, uint32_t flows, uint32_t first)
{
	memset(s, 0, sizeof(*s));
	s->fixed = flows;
	for (int row = 0; row < NFP_P_N; row++) {
		s->room[row].size = flows ? flows : first ? first : start_size(row);
		s->table[row].size = flows ? flows : first ? first : start_slots(row);
	}
}

/* Twice what was used, or more. */
static uint64_t grown(uint64_t size, uint64_t used)
{
	while (size < MOST && used * 2 > size)
		size *= 2;
	return size;
}

/* want: size for this bucket. True: the last SHRINK_AFTER buckets were low, `peak` says by how much. */
static bool is_too_large(NfpSize *s, uint64_t used, uint64_t want, uint32_t *ret_peak)
{
	/* Halved it is less than half full still: sizes do not swing. */
	bool low = used * 4 < want;

	s->size = (uint32_t)MIN(want, MOST);
	s->low = low ? s->low + 1 : 0;
	s->peak = low ? MAX(s->peak, (uint32_t)used) : 0;
	*ret_peak = s->peak;
	if (s->low < SHRINK_AFTER)
		return false;
	s->low = 0;
	s->peak = 0;
	return true;
}

void nfp_sizes_learn(NfpSizes *s, enum nfp_protocol row, uint64_t used, uint32_t room)
{
	NfpSize *hash = &s->room[row], *table = &s->table[row];
	bool full = used >= room - room / 16;
	uint32_t peak;

	if (s->fixed || !room)
		return;
	/* Full: the true number is not known. */
	if (is_too_large(hash, used, full ? MAX(hash->size, 4ull * room) : grown(hash->size, used), &peak))
		hash->size = MAX(hash->size / 2, start_size(row));
	if (is_too_large(table, used, full ? MAX(table->size, 4ull * room) : grown(table->size, used), &peak))
		table->size = (uint32_t)grown(SLOTS_LEAST, peak);
}

static uint64_t row_octets(enum nfp_protocol row, uint32_t entries)
{
	return (uint64_t)entries * (nfp_rows[row].key_size + sizeof(struct nfp_value) + ELEMENT_OVERHEAD);
}

uint64_t nfp_sizes_octets(const uint32_t sizes[NFP_P_N])
{
	uint64_t sum = 0;

	for (int row = 0; row < NFP_P_N; row++)
		sum += row_octets(row, sizes[row]);
	return sum;
}

uint64_t nfp_sizes_held(const uint32_t room[NFP_P_N], const uint32_t slots[NFP_P_N], const uint64_t used[NFP_P_N])
{
	uint64_t sum = BUCKET_OCTETS;

	for (int row = 0; row < NFP_P_N; row++)
		sum += (uint64_t)room[row] * LIMIT_OCTETS + (uint64_t)slots[row] * SLOT_OCTETS +
		       used[row] * (nfp_rows[row].key_size + sizeof(struct nfp_value) + ELEMENT_OVERHEAD - LIMIT_OCTETS);
	return sum;
}

void nfp_sizes_get(const NfpSizes *s, uint64_t memory, guint buckets, uint32_t ret_sizes[NFP_P_N])
{
	uint64_t allowed = memory / MAX(buckets, 1);

	for (int row = 0; row < NFP_P_N; row++)
		ret_sizes[row] = s->room[row].size;
	if (s->fixed)
		return;
	while (nfp_sizes_octets(ret_sizes) > allowed) {
		int largest = 0;

		for (int row = 1; row < NFP_P_N; row++)
			if (row_octets(row, ret_sizes[row]) > row_octets(largest, ret_sizes[largest]))
				largest = row;
		if (ret_sizes[largest] <= LEAST)
			return;
		ret_sizes[largest] /= 2;
	}
}

void nfp_sizes_get_tables(const NfpSizes *s, const uint32_t room[NFP_P_N], uint32_t ret_slots[NFP_P_N])
{
	for (int row = 0; row < NFP_P_N; row++)
		ret_slots[row] = MIN(s->table[row].size, room[row]);
}
