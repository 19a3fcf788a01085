/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harvest/aside.h"

#include <string.h>

#include "harvest/rows.h"

#define CHUNK 32        /* entries */
#define SLAB 256        /* chunks */
#define SLABS_KEPT 2    /* 4 MB: memory of larger buckets is given back */
#define PART 1024       /* entries of a part, if all are put aside */
#define PART_BITS_MAX 10

/* Entries of one part. */
typedef struct Chunk {
	struct Chunk *next;
	uint32_t n;
	uint64_t id[CHUNK];
	bool merged[CHUNK]; /* into an earlier one */
	struct nfp_value value[CHUNK];
	uint8_t keys[CHUNK * sizeof(struct nfp_key_tunnel)];
} Chunk;

typedef struct {
	Chunk *first, *last;
	uint32_t n;
} Part;

/* An entry's place. */
typedef struct {
	Chunk *chunk;
	uint32_t i;
} Place;

struct NfpAside {
	size_t key_size;
	uint64_t secret;
	guint bits;          /* parts: 1 << bits */
	Part *parts;
	GPtrArray *slabs;    /* arrays of SLAB chunks */
	guint chunks;        /* in use */
	/* being given out */
	guint part;          /* the next one */
	Chunk *chunk;
	uint32_t at;
	/* index of a part: slot -> first entry of a flow; chunk NULL = free */
	Place *index;
	size_t room;
};

NfpAside *nfp_aside_new(void)
{
	NfpAside *a = g_new0(NfpAside, 1);

	a->slabs = g_ptr_array_new_with_free_func(g_free);
	return a;
}

void nfp_aside_free(NfpAside *a)
{
	if (!a)
		return;
	g_ptr_array_unref(a->slabs);
	g_free(a->parts);
	g_free(a->index);
	g_free(a);
}

void nfp_aside_clear(NfpAside *a)
{
	if (a->slabs->len > SLABS_KEPT)
		g_ptr_array_set_size(a->slabs, SLABS_KEPT);
	g_clear_pointer(&a->parts, g_free);
	a->chunks = 0;
	a->bits = 0;
	a->part = 0;
	a->chunk = NULL;
}

void nfp_aside_begin(NfpAside *a, size_t key_size, size_t most, uint64_t secret)
{
	nfp_aside_clear(a);
	a->key_size = key_size;
	a->secret = secret;
	while (a->bits < PART_BITS_MAX && (size_t)PART << a->bits < most)
		a->bits++;
	a->parts = g_new0(Part, (size_t)1 << a->bits);
}

static Chunk *new_chunk(NfpAside *a)
{
	Chunk *chunk;

	if (a->chunks == a->slabs->len * SLAB)
		g_ptr_array_add(a->slabs, g_new(Chunk, SLAB));
	chunk = (Chunk *)g_ptr_array_index(a->slabs, a->chunks / SLAB) + a->chunks % SLAB;
	a->chunks++;
	chunk->next = NULL;
	chunk->n = 0;
	return chunk;
}

/* The top bits choose the part, those below them the place in its index. */
static uint64_t mixed(const NfpAside *a, uint64_t id)
{
	return id * a->secret;
}

void nfp_aside_add(NfpAside *a, uint64_t id, const void *key, const struct nfp_value *value)
{
	Part *part = &a->parts[a->bits ? mixed(a, id) >> (64 - a->bits) : 0];
	Chunk *chunk = part->last;

	if (!chunk || chunk->n == CHUNK) {
		chunk = new_chunk(a);
		if (part->last)
			part->last->next = chunk;
		else
			part->first = chunk;
		part->last = chunk;
	}
	chunk->id[chunk->n] = id;
	chunk->merged[chunk->n] = false;
	chunk->value[chunk->n] = *value;
	memcpy(chunk->keys + chunk->n * a->key_size, key, a->key_size);
	chunk->n++;
	part->n++;
}

static void reserve(NfpAside *a, size_t entries)
{
	size_t room = 64;

	while (room < 2 * entries)
		room *= 2;
	if (room > a->room || room < a->room / 16) {
		g_free(a->index);
		a->index = g_new(Place, room);
		a->room = room;
	}
	memset(a->index, 0, a->room * sizeof(*a->index));
}

/* Where the flow's first entry is, or the free slot. */
static Place *find(NfpAside *a, uint64_t id, const void *key)
{
	size_t slot = (mixed(a, id) << a->bits) >> 32;

	for (;; slot++) {
		Place *place = &a->index[slot & (a->room - 1)];

		if (!place->chunk || (place->chunk->id[place->i] == id &&
				      nfp_key_same_flow(place->chunk->keys + place->i * a->key_size, key, a->key_size)))
			return place;
	}
}

static void merge_part(NfpAside *a, const Part *part)
{
	reserve(a, part->n);
	for (Chunk *chunk = part->first; chunk; chunk = chunk->next) {
		for (uint32_t i = 0; i < chunk->n; i++) {
			Place *place = find(a, chunk->id[i], chunk->keys + i * a->key_size);

			if (place->chunk)
				nfp_value_merge(&place->chunk->value[place->i], &chunk->value[i]);
			chunk->merged[i] = place->chunk != NULL;
			if (!place->chunk)
				*place = (Place){ chunk, i };
		}
	}
}

static bool next_part(NfpAside *a)
{
	while (a->part < (guint)1 << a->bits) {
		const Part *part = &a->parts[a->part++];

		if (!part->n)
			continue;
		merge_part(a, part);
		a->chunk = part->first;
		a->at = 0;
		return true;
	}
	return false;
}

size_t nfp_aside_flows(NfpAside *a, NfpFlow *ret, size_t max)
{
	size_t made = 0;

	while (made < max) {
		if (!a->chunk && !next_part(a))
			break;
		if (a->at == a->chunk->n) {
			a->chunk = a->chunk->next;
			a->at = 0;
			continue;
		}
		if (!a->chunk->merged[a->at])
			ret[made++] = (NfpFlow){ a->chunk->keys + a->at * a->key_size, &a->chunk->value[a->at],
						 a->chunk->id[a->at] };
		a->at++;
	}
	return made;
}
