/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what pack.c writes. Nothing that stands in the octets is believed before it was looked at. */
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "record/pack.h"
#include "record/pack_layout.h"

#define NAME_MAX_LENGTH 255
#define TUNNELS_MAX G_N_ELEMENTS(((NfpRecord *)NULL)->tunnel_type)

typedef struct {
	const uint8_t *at, *end;
	gboolean short_of; /* something did not fit: nothing read since is of use */
} Input;

typedef struct {
	const NfpPackFactField *known; /* NULL: of a version that knows more */
	NfpPackMember is;
	uint16_t size;
} FactField;

typedef struct {
	const NfpPackKind *known; /* or NULL */
	GArray *fields;           /* FactField */
} Kind;

/* From a written image to a record. */
typedef struct {
	uint16_t from, to, size;
} Copy;

typedef struct {
	const NfpPackPointer *pointer;
	uint16_t from, kind;
} Link;

typedef struct {
	GStringChunk *texts;
	GPtrArray *facts;
} Facts;

typedef struct {
	Input in;
	NfpPackLayout layout;
	GArray *kinds;  /* Kind */
	GArray *copies; /* Copy */
	GArray *links;  /* Link */
	GArray *fact_kinds; /* uint8_t, of each fact */
	Facts *facts;
	uint32_t image;
} Unpacker;

static const uint8_t *take(Input *in, gsize size)
{
	const uint8_t *at = in->at;

	if (in->short_of || size > (gsize)(in->end - at)) {
		in->short_of = TRUE;
		return NULL;
	}
	in->at += size;
	return at;
}

static uint64_t take_number(Input *in, gsize size)
{
	const uint8_t *at = take(in, size);
	uint16_t two = 0;
	uint32_t four = 0;
	uint64_t eight = 0;

	if (!at)
		return 0;
	switch (size) {
	case 1: return *at;
	case 2: memcpy(&two, at, 2); return two;
	case 4: memcpy(&four, at, 4); return four;
	default: memcpy(&eight, at, 8); return eight;
	}
}

static void take_name(Input *in, char name[NAME_MAX_LENGTH + 1])
{
	gsize length = take_number(in, 1);
	const uint8_t *at = take(in, length);

	name[0] = '\0';
	if (at) {
		memcpy(name, at, length);
		name[length] = '\0';
	}
}

static gboolean wrong(GError **err, const char *what)
{
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "%s", what);
	return FALSE;
}

static void facts_free(void *data)
{
	Facts *facts = data;

	g_ptr_array_unref(facts->facts);
	g_string_chunk_free(facts->texts);
	g_free(facts);
}

static void kind_clear(void *data)
{
	g_array_unref(((Kind *)data)->fields);
}

static const NfpPackKind *find_kind(const NfpPackLayout *layout, const char *name)
{
	for (guint i = 0; i < layout->kinds->len; i++) {
		const NfpPackKind *kind = &g_array_index(layout->kinds, NfpPackKind, i);

		if (strcmp(kind->name, name) == 0)
			return kind;
	}
	return NULL;
}

static const NfpPackFactField *find_fact_field(const NfpPackKind *kind, const char *name, NfpPackMember is, gsize size)
{
	for (guint i = 0; kind && i < kind->fields->len; i++) {
		const NfpPackFactField *field = &g_array_index(kind->fields, NfpPackFactField, i);

		if (field->is == is && field->size == size && strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

static gboolean take_kinds(Unpacker *u, GError **err)
{
	Input *in = &u->in;
	gsize n = take_number(in, 2);
	char name[NAME_MAX_LENGTH + 1];

	if (n > NFP_PACK_KINDS_MAX)
		return wrong(err, "too many kinds of facts");
	for (gsize i = 0; i < n && !in->short_of; i++) {
		Kind kind = { .fields = g_array_new(FALSE, FALSE, sizeof(FactField)) };
		gsize fields;

		take_name(in, name);
		kind.known = find_kind(&u->layout, name);
		g_array_append_val(u->kinds, kind);
		fields = take_number(in, 2);
		if (fields > NFP_PACK_MEMBERS_MAX)
			return wrong(err, "too many members of a fact");
		for (gsize f = 0; f < fields && !in->short_of; f++) {
			FactField field = { 0 };

			take_name(in, name);
			field.is = take_number(in, 1) ? NFP_PACK_TEXT : NFP_PACK_OCTETS;
			field.size = (uint16_t)take_number(in, 2);
			field.known = find_fact_field(kind.known, name, field.is, field.size);
			g_array_append_val(kind.fields, field);
		}
	}
	return TRUE;
}

static void add_copy(Unpacker *u, const char *name, gsize from, gsize size)
{
	for (guint i = 0; i < u->layout.fields->len; i++) {
		const NfpPackField *field = &g_array_index(u->layout.fields, NfpPackField, i);
		Copy copy = { (uint16_t)from, field->offset, (uint16_t)size };

		if (field->size == size && strcmp(field->name, name) == 0)
			g_array_append_val(u->copies, copy);
	}
}

static void add_link(Unpacker *u, const char *name, gsize from, gsize kind)
{
	for (guint i = 0; i < u->layout.pointers->len; i++) {
		const NfpPackPointer *pointer = &g_array_index(u->layout.pointers, NfpPackPointer, i);
		Link link = { pointer, (uint16_t)from, (uint16_t)kind };
		const NfpPackKind *own = &g_array_index(u->layout.kinds, NfpPackKind, pointer->kind);

		if (strcmp(pointer->name, name) == 0 && g_array_index(u->kinds, Kind, kind).known == own)
			g_array_append_val(u->links, link);
	}
}

static gboolean take_members(Unpacker *u, GError **err)
{
	Input *in = &u->in;
	gsize n = take_number(in, 2);
	char name[NAME_MAX_LENGTH + 1];

	if (n > NFP_PACK_MEMBERS_MAX)
		return wrong(err, "too many members of a record");
	for (gsize i = 0; i < n && !in->short_of; i++) {
		gsize kind, offset, size;

		take_name(in, name);
		kind = take_number(in, 1);
		offset = take_number(in, 2);
		size = take_number(in, 2);
		if (offset + size > u->image)
			return wrong(err, "a member beyond its record");
		if (kind == 0)
			add_copy(u, name, offset, size);
		else if (kind > u->kinds->len || size != sizeof(uint64_t))
			return wrong(err, "a pointer to a fact of no kind");
		else
			add_link(u, name, offset, kind - 1);
	}
	return TRUE;
}

static gboolean take_text(Unpacker *u, const FactField *field, uint8_t *fact, GError **err)
{
	gsize length = take_number(&u->in, 2);
	const uint8_t *at = take(&u->in, length);
	NfpText text = { .length = (uint16_t)length };

	if (!at || !fact || !field->known)
		return TRUE;
	if (!g_utf8_validate((const char *)at, (gssize)length, NULL))
		return wrong(err, "a text that is no UTF-8");
	text.text = g_string_chunk_insert_len(u->facts->texts, (const char *)at, (gssize)length);
	memcpy(fact + field->known->offset, &text, sizeof(text));
	return TRUE;
}

/* What is not known of a place is an empty text, never NULL. */
static uint8_t *empty_fact(const NfpPackKind *kind)
{
	static const NfpText empty = { .text = "" };
	uint8_t *fact = g_malloc0(kind->size);

	for (guint i = 0; i < kind->fields->len; i++) {
		const NfpPackFactField *field = &g_array_index(kind->fields, NfpPackFactField, i);

		if (field->is == NFP_PACK_TEXT)
			memcpy(fact + field->offset, &empty, sizeof(empty));
	}
	return fact;
}

static gboolean take_fact(Unpacker *u, GError **err)
{
	uint8_t number = (uint8_t)take_number(&u->in, 1);
	uint8_t *fact = NULL;
	const Kind *kind;

	if (u->in.short_of)
		return TRUE;
	if (number >= u->kinds->len)
		return wrong(err, "a fact of no kind");
	kind = &g_array_index(u->kinds, Kind, number);
	if (kind->known)
		fact = empty_fact(kind->known);
	g_ptr_array_add(u->facts->facts, fact);
	g_array_append_val(u->fact_kinds, number);
	for (guint i = 0; i < kind->fields->len; i++) {
		const FactField *field = &g_array_index(kind->fields, FactField, i);
		const uint8_t *octets;

		if (field->is == NFP_PACK_TEXT) {
			if (!take_text(u, field, fact, err))
				return FALSE;
			continue;
		}
		octets = take(&u->in, field->size);
		if (octets && fact && field->known)
			memcpy(fact + field->known->offset, octets, field->size);
	}
	return TRUE;
}

static gboolean take_facts(Unpacker *u, GError **err)
{
	gsize n = take_number(&u->in, 4);

	if (n > NFP_PACK_FACTS_MAX)
		return wrong(err, "too many facts");
	for (gsize i = 0; i < n && !u->in.short_of; i++)
		if (!take_fact(u, err))
			return FALSE;
	return TRUE;
}

static gboolean follow(const Unpacker *u, const Link *link, const uint8_t *image, NfpRecord *record, GError **err)
{
	const void *fact = NULL;
	uint64_t number;

	memcpy(&number, image + link->from, sizeof(number));
	if (number > u->facts->facts->len ||
	    (number && g_array_index(u->fact_kinds, uint8_t, number - 1) != link->kind))
		return wrong(err, "a pointer to a fact that is not there");
	if (number)
		fact = g_ptr_array_index(u->facts->facts, number - 1);
	memcpy((uint8_t *)record + link->pointer->offset, &fact, sizeof(fact));
	return TRUE;
}

/* What formats and encoders follow without a look of their own. */
static void make_safe(const Unpacker *u, NfpRecord *record)
{
	record->tunnel_depth = MIN(record->tunnel_depth, TUNNELS_MAX);
	for (guint i = 0; i < u->layout.pointers->len; i++) {
		const NfpPackPointer *pointer = &g_array_index(u->layout.pointers, NfpPackPointer, i);
		const void *fact;

		memcpy(&fact, (const uint8_t *)record + pointer->offset, sizeof(fact));
		if (!fact)
			record->have &= ~pointer->need;
	}
}

static gboolean take_record(Unpacker *u, uint8_t *image, NfpRecord *record, GError **err)
{
	gsize words = u->image / 8;
	const uint8_t *bitmap = take(&u->in, (words + 7) / 8);

	for (gsize w = 0; bitmap && w < words; w++) {
		const uint8_t *word;

		if (!(bitmap[w / 8] & 1u << (w % 8)))
			continue;
		word = take(&u->in, 8);
		if (word)
			memcpy(image + w * 8, word, 8);
	}
	memset(record, 0, sizeof(*record));
	for (guint i = 0; i < u->copies->len; i++) {
		const Copy *copy = &g_array_index(u->copies, Copy, i);

		memcpy((uint8_t *)record + copy->to, image + copy->from, copy->size);
	}
	for (guint i = 0; i < u->links->len; i++)
		if (!follow(u, &g_array_index(u->links, Link, i), image, record, err))
			return FALSE;
	make_safe(u, record);
	return TRUE;
}

static NfpBatch *take_batch(Unpacker *u, GError **err)
{
	Input *in = &u->in;
	g_autoptr(NfpBatch) batch = NULL;
	g_autofree uint8_t *image = NULL;
	gsize n;

	if (take_number(in, 4) != NFP_PACK_MAGIC) {
		wrong(err, "no packed batch of this machine's byte order");
		return NULL;
	}
	u->image = (uint32_t)take_number(in, 4);
	n = take_number(in, 4);
	if (u->image == 0 || u->image > NFP_PACK_IMAGE_MAX || u->image % 8 || n > NFP_BATCH_RECORDS) {
		wrong(err, "impossible size or number of records");
		return NULL;
	}
	batch = nfp_batch_new((uint32_t)n, NULL);
	batch->bucket_start_ns = take_number(in, 8);
	batch->bucket_end_ns = take_number(in, 8);
	batch->domain = (uint32_t)take_number(in, 4);
	image = g_malloc0(u->image);
	if (!take_kinds(u, err) || !take_members(u, err) || !take_facts(u, err))
		return NULL;
	for (batch->n = 0; batch->n < n && !in->short_of; batch->n++)
		if (!take_record(u, image, &batch->records[batch->n], err))
			return NULL;
	if (in->short_of || in->at != in->end) {
		wrong(err, in->short_of ? "it ends too early" : "it goes on behind its end");
		return NULL;
	}
	batch->facts = g_steal_pointer(&u->facts);
	batch->facts_free = facts_free;
	return g_steal_pointer(&batch);
}

NfpBatch *nfp_unpack(const uint8_t *data, gsize size, GError **err)
{
	Unpacker u = { 0 };
	NfpBatch *batch;
	uint64_t hash;

	if (size < sizeof(hash)) {
		wrong(err, "it ends too early");
		return NULL;
	}
	memcpy(&hash, data + size - sizeof(hash), sizeof(hash));
	if (XXH3_64bits(data, size - sizeof(hash)) != hash) {
		wrong(err, "its check sum is wrong");
		return NULL;
	}
	u.in = (Input){ .at = data, .end = data + size - sizeof(hash) };
	nfp_pack_layout_init(&u.layout);
	u.kinds = g_array_new(FALSE, FALSE, sizeof(Kind));
	g_array_set_clear_func(u.kinds, kind_clear);
	u.copies = g_array_new(FALSE, FALSE, sizeof(Copy));
	u.links = g_array_new(FALSE, FALSE, sizeof(Link));
	u.fact_kinds = g_array_new(FALSE, FALSE, sizeof(uint8_t));
	u.facts = g_new0(Facts, 1);
	u.facts->texts = g_string_chunk_new(1024);
	u.facts->facts = g_ptr_array_new_with_free_func(g_free);

	batch = take_batch(&u, err);

	if (u.facts)
		facts_free(u.facts);
	g_array_unref(u.fact_kinds);
	g_array_unref(u.links);
	g_array_unref(u.copies);
	g_array_unref(u.kinds);
	nfp_pack_layout_clear(&u.layout);
	return batch;
}
