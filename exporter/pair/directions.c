/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pair/directions.h"

#define WAYS 8
#define LIFE 1800u /* s */

typedef struct {
	uint64_t hash; /* 0: free */
	uint32_t seen; /* s since 1970: end of the last bucket it was in */
	NfpBeginner beginner;
} Place;
_Static_assert(sizeof(Place) == 16, "four to a cache line");

struct NfpDirections {
	uint64_t mask; /* of sets */
	uint32_t now, oldest, newest;
	uint64_t evicted;
	Place places[];
};

NfpDirections *nfp_directions_new(uint32_t count)
{
	uint64_t sets = 1;
	NfpDirections *directions;

	while (sets * WAYS < count)
		sets *= 2;
	directions = g_malloc0(sizeof(*directions) + sets * WAYS * sizeof(Place));
	directions->mask = sets - 1;
	return directions;
}

void nfp_directions_free(NfpDirections *directions)
{
	g_free(directions);
}

void nfp_directions_turn(NfpDirections *directions, uint32_t start, uint32_t end)
{
	directions->now = end;
	directions->oldest = start > LIFE ? start - LIFE : 0;
	directions->newest = end < UINT32_MAX - LIFE ? end + LIFE : UINT32_MAX;
}

/* 0 marks a free place. */
static uint64_t mark(uint64_t hash)
{
	return hash ? hash : 1;
}

/* The clock may be set back: what was seen a little later is as good as before; what a clock that was far ahead left would
 * stay for as long as that was. */
static gboolean is_alive(const NfpDirections *directions, const Place *place)
{
	return place->hash && place->seen >= directions->oldest && place->seen <= directions->newest;
}

/* The least gives way first. */
static uint64_t worth(const NfpDirections *directions, const Place *place)
{
	return is_alive(directions, place) ? 1 + (uint64_t)place->seen : 0;
}

gboolean nfp_directions_get(const NfpDirections *directions, uint64_t hash, NfpBeginner *ret)
{
	const Place *set = &directions->places[(hash & directions->mask) * WAYS];

	for (guint i = 0; i < WAYS; i++) {
		if (set[i].hash != mark(hash) || !is_alive(directions, &set[i]))
			continue;
		*ret = set[i].beginner;
		return TRUE;
	}
	return FALSE;
}

void nfp_directions_put(NfpDirections *directions, uint64_t hash, NfpBeginner beginner)
{
	Place *set = &directions->places[(hash & directions->mask) * WAYS];
	Place *to = NULL;

	for (guint i = 0; i < WAYS && !to; i++)
		if (set[i].hash == mark(hash))
			to = &set[i];
	if (!to) {
		to = set;
		for (guint i = 1; i < WAYS; i++)
			if (worth(directions, &set[i]) < worth(directions, to))
				to = &set[i];
		directions->evicted += is_alive(directions, to);
	}
	*to = (Place){ .hash = mark(hash), .seen = directions->now, .beginner = beginner };
}

uint64_t nfp_directions_evicted(const NfpDirections *directions)
{
	return directions->evicted;
}
