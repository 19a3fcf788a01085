/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/mmdb_check.h"

#include <stdbool.h>
#include <string.h>

#define MARKER "\xab\xcd\xefMaxMind.com"
#define MARKER_SIZE 14
#define METADATA_MAX (128 * 1024) /* it begins in these last octets */
#define DEPTH_MAX 16              /* maps and arrays in one another; 512 for the library */
#define SEPARATOR 16              /* octets between the tree and the data */

enum { POINTER = 1, TEXT = 2, DOUBLE = 3, UINT16 = 5, UINT32 = 6, MAP = 7, ARRAY = 11, BOOLEAN = 14 };

typedef struct {
	const uint8_t *data;
	size_t size, at;
} Cursor;

/* One field's head: its type, and octets (maps, arrays: entries) or, for a pointer, where it leads. */
typedef struct {
	uint8_t type;
	uint32_t size;
} Field;

static bool take(Cursor *c, uint32_t n, uint32_t *ret)
{
	if (n > c->size - c->at)
		return false;
	for (*ret = 0; n > 0; n--)
		*ret = *ret << 8 | c->data[c->at++];
	return true;
}

static bool take_pointer(Cursor *c, uint8_t control, Field *ret)
{
	static const uint32_t bases[] = { 0, 2048, 526336, 0 };
	uint32_t octets = (control >> 3 & 3) + 1, value;

	if (!take(c, octets, &value))
		return false;
	if (octets < 4)
		value |= (uint32_t)(control & 7) << (8 * octets);
	ret->size = value + bases[octets - 1];
	return true;
}

static bool take_head(Cursor *c, Field *ret)
{
	static const uint32_t bases[] = { 29, 285, 65821 };
	uint32_t control, more, size;

	if (!take(c, 1, &control))
		return false;
	ret->type = (uint8_t)(control >> 5);
	if (ret->type == POINTER)
		return take_pointer(c, (uint8_t)control, ret);
	if (!ret->type) {
		if (!take(c, 1, &more) || more > 8)
			return false;
		ret->type = (uint8_t)(7 + more);
	}
	size = control & 31;
	if (size >= 29) {
		if (!take(c, size - 28, &more))
			return false;
		size = bases[size - 29] + more;
	}
	ret->size = size;
	return true;
}

static bool skip(Cursor *c, uint32_t depth)
{
	Field field;

	if (depth > DEPTH_MAX || !take_head(c, &field))
		return false;
	if (field.type == POINTER || field.type == BOOLEAN)
		return true;
	if (field.type == MAP || field.type == ARRAY) {
		/* Each takes an octet at least: no more turns than the file has octets. */
		uint32_t fields = field.type == MAP ? 2 * field.size : field.size;

		while (fields-- > 0)
			if (!skip(c, depth + 1))
				return false;
		return true;
	}
	if (field.size > c->size - c->at)
		return false;
	c->at += field.size;
	return true;
}

/* A field that may be said by a pointer to it; the cursor goes on behind what stands here. */
static bool take_resolved(Cursor *c, Field *ret, const uint8_t **ret_octets)
{
	Cursor other = *c;

	if (!take_head(c, ret))
		return false;
	if (ret->type == POINTER) {
		if (ret->size >= c->size)
			return false;
		other.at = ret->size;
		if (!take_head(&other, ret) || ret->type == POINTER || ret->size > other.size - other.at)
			return false;
		*ret_octets = other.data + other.at;
		return true;
	}
	if (ret->type == MAP || ret->type == ARRAY || ret->type == BOOLEAN || ret->size > c->size - c->at)
		return false;
	*ret_octets = c->data + c->at;
	c->at += ret->size;
	return true;
}

static bool take_number(Cursor *c, uint64_t *number)
{
	const uint8_t *octets;
	Field field;

	/* Said twice: whom to believe? */
	if (*number || !take_resolved(c, &field, &octets) || (field.type != UINT16 && field.type != UINT32) || field.size > 4)
		return false;
	for (uint32_t i = 0; i < field.size; i++)
		*number = *number << 8 | octets[i];
	return true;
}

static bool is_key(const Field *field, const uint8_t *octets, const char *name)
{
	return field->size == strlen(name) && !memcmp(octets, name, field->size);
}

static bool read_metadata(Cursor *c, uint64_t *nodes, uint64_t *bits)
{
	Field map, key;

	if (!take_head(c, &map) || map.type != MAP)
		return false;
	for (uint32_t i = 0; i < map.size; i++) {
		const uint8_t *octets;
		bool good;

		if (!take_resolved(c, &key, &octets) || key.type != TEXT)
			return false;
		good = is_key(&key, octets, "node_count")    ? take_number(c, nodes)
		       : is_key(&key, octets, "record_size") ? take_number(c, bits)
							     : skip(c, 0);
		if (!good)
			return false;
	}
	return true;
}

/* Behind the last one; NULL: there is none. */
static const uint8_t *behind_marker(const uint8_t *data, size_t size)
{
	const uint8_t *from = data + (size > METADATA_MAX ? size - METADATA_MAX : 0), *found = NULL, *next;

	while ((next = memmem(from, (size_t)(data + size - from), MARKER, MARKER_SIZE)))
		from = found = next + MARKER_SIZE;
	return found;
}

const char *nfp_mmdb_check(const uint8_t *data, size_t size)
{
	const uint8_t *metadata = behind_marker(data, size);
	uint64_t nodes = 0, bits = 0;
	Cursor cursor;

	if (!metadata)
		return "it is no MaxMind DB: it does not describe itself";
	cursor = (Cursor){ .data = metadata, .size = (size_t)(data + size - metadata) };
	if (!read_metadata(&cursor, &nodes, &bits))
		return "its description of itself is damaged";
	if (!nodes || (bits != 24 && bits != 28 && bits != 32))
		return "it says no good number of nodes or bits of a record";
	if (nodes * (bits / 4) + SEPARATOR > (uint64_t)(metadata - data) - MARKER_SIZE)
		return "its tree is larger than the file";
	return NULL;
}
