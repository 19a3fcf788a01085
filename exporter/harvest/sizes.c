/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/sizes.h"

#include <string.h>

#include "harvest/rows.h"

#define LEAST 256u      /* entries, under pressure of memory */
#define MOST (1u << 24)
#define SHRINK_AFTER 8  /* buckets */
/* An element of a kernel HASH beside key and value: struct htab_elem (48), its bucket (16, at worst
 * twice as many as elements). */
#define ELEMENT_OVERHEAD 80

/* Entries take memory when they are made (docs/adr/0004-maps-follow-traffic.md): a limit costs 16 octets each. */
static uint32_t start_size(enum nfp_protocol row)
{
	switch (nfp_rows[row].l4) {
	case NFP_L4_PORTS:
		return nfp_rows[row].protocol == 132 ? 1024 : 65536;
	case NFP_L4_ICMP:
	case NFP_L4_PROTOCOL:
		return 4096;
	default:
		return 1024;
	}
}

void nfp_sizes_init(NfpSizes *s, uint32_t flows, uint32_t first)
{
	memset(s, 0, sizeof(*s));
	s->fixed = flows;
	for (int row = 0; row < NFP_P_N; row++)
		s->size[row] = flows ? flows : first ? first : start_size(row);
}

void nfp_sizes_learn(NfpSizes *s, enum nfp_protocol row, uint64_t used, uint32_t room)
{
	uint64_t want = s->size[row];

	if (s->fixed || !room)
		return;
	if (used >= room - room / 16)
		want = MAX(want, 4ull * room); /* full: the true number is not known */
	else
		while (want < MOST && used * 2 > want)
			want *= 2;
	/* Halved it is less than half full still: sizes do not swing. */
	s->low[row] = used * 4 < want ? s->low[row] + 1 : 0;
	if (s->low[row] >= SHRINK_AFTER) {
		s->low[row] = 0;
		want = MAX(want / 2, start_size(row));
	}
	s->size[row] = MIN(want, MOST);
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

void nfp_sizes_get(const NfpSizes *s, uint64_t memory, guint buckets, uint32_t ret_sizes[NFP_P_N])
{
	uint64_t allowed = memory / MAX(buckets, 1);

	memcpy(ret_sizes, s->size, sizeof(s->size));
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
