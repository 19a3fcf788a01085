/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/pack.h"

#include <stddef.h>
#include <string.h>
#include <xxhash.h>

#include "record/pack_layout.h"

#define WORDS (NFP_PACK_IMAGE / 8)
#define BITMAP ((WORDS + 7) / 8)

typedef struct {
	NfpPackLayout layout;
	GByteArray *out;
	GHashTable *facts;  /* fact -> 1 + its number */
	GByteArray *bodies; /* of the facts */
} Packer;

static void put(GByteArray *out, const void *data, gsize size)
{
	g_byte_array_append(out, data, (guint)size);
}

static void put8(GByteArray *out, guint value)
{
	put(out, &(uint8_t){ (uint8_t)value }, 1);
}

static void put16(GByteArray *out, guint value)
{
	put(out, &(uint16_t){ (uint16_t)value }, 2);
}

static void put32(GByteArray *out, uint32_t value)
{
	put(out, &value, 4);
}

static void put64(GByteArray *out, uint64_t value)
{
	put(out, &value, 8);
}

static void put_name(GByteArray *out, const char *name)
{
	gsize length = strlen(name);

	put8(out, (guint)length);
	put(out, name, length);
}

static void put_kinds(Packer *packer)
{
	GArray *kinds = packer->layout.kinds;

	put16(packer->out, kinds->len);
	for (guint i = 0; i < kinds->len; i++) {
		const NfpPackKind *kind = &g_array_index(kinds, NfpPackKind, i);

		put_name(packer->out, kind->name);
		put16(packer->out, kind->fields->len);
		for (guint f = 0; f < kind->fields->len; f++) {
			const NfpPackFactField *field = &g_array_index(kind->fields, NfpPackFactField, f);

			put_name(packer->out, field->name);
			put8(packer->out, field->is);
			put16(packer->out, field->size);
		}
	}
}

static void put_member(GByteArray *out, const char *name, guint kind, guint offset, gsize size)
{
	put_name(out, name);
	put8(out, kind);
	put16(out, offset);
	put16(out, (guint)size);
}

static void put_members(Packer *packer)
{
	const NfpPackLayout *layout = &packer->layout;

	put16(packer->out, layout->fields->len + layout->pointers->len);
	for (guint i = 0; i < layout->fields->len; i++) {
		const NfpPackField *field = &g_array_index(layout->fields, NfpPackField, i);

		put_member(packer->out, field->name, 0, field->offset, field->size);
	}
	for (guint i = 0; i < layout->pointers->len; i++) {
		const NfpPackPointer *pointer = &g_array_index(layout->pointers, NfpPackPointer, i);

		put_member(packer->out, pointer->name, 1u + pointer->kind, pointer->offset, sizeof(uint64_t));
	}
}

static void put_fact(Packer *packer, guint kind, const uint8_t *fact)
{
	GArray *fields = g_array_index(packer->layout.kinds, NfpPackKind, kind).fields;

	put8(packer->bodies, kind);
	for (guint i = 0; i < fields->len; i++) {
		const NfpPackFactField *field = &g_array_index(fields, NfpPackFactField, i);

		if (field->is == NFP_PACK_TEXT) {
			const NfpText *text = (const void *)(fact + field->offset);

			put16(packer->bodies, text->length);
			put(packer->bodies, text->text, text->length);
		} else {
			put(packer->bodies, fact + field->offset, field->size);
		}
	}
}

static uint64_t fact_number(Packer *packer, guint kind, const void *fact)
{
	gpointer known = g_hash_table_lookup(packer->facts, fact);

	if (known)
		return GPOINTER_TO_UINT(known);
	g_hash_table_insert(packer->facts, (gpointer)fact, GUINT_TO_POINTER(g_hash_table_size(packer->facts) + 1));
	put_fact(packer, kind, fact);
	return g_hash_table_size(packer->facts);
}

#define END(member) (offsetof(NfpRecord, member) + sizeof(((NfpRecord *)NULL)->member))

/* Behind NFP_RECORD_PLAIN: members that hold something only where one of `have` says so. */
static const struct {
	uint32_t have;
	uint16_t from, to;
} parts[] = {
	{ NFP_HAVE_IPV6, offsetof(NfpRecord, src6), END(dst6) },
	{ NFP_HAVE_NEXT_HOP, offsetof(NfpRecord, next_hop6), END(next_hop4) },
	{ NFP_HAVE_IPV6, offsetof(NfpRecord, flow_label), END(flow_label) },
	{ NFP_HAVE_SAMPLED, offsetof(NfpRecord, sampling), END(sampling) },
	{ NFP_HAVE_PREFIXES, offsetof(NfpRecord, src_origin), END(dst_origin) },
	{ NFP_HAVE_TUNNEL, offsetof(NfpRecord, inner_row), END(tunnel_type) },
	{ NFP_HAVE_REVERSE, offsetof(NfpRecord, rev_packets), END(rev_end_reason) },
	{ NFP_HAVE_BIFLOW, offsetof(NfpRecord, biflow_direction), END(biflow_direction) },
	{ NFP_HAVE_TUNNEL4, offsetof(NfpRecord, tunnel_src4), END(tunnel_dst4) },
};

static void copy_record(const NfpRecord *record, uint64_t *image)
{
	memset(image, 0, NFP_PACK_IMAGE);
	memcpy(image, record, NFP_RECORD_PLAIN);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		if (record->have & parts[i].have)
			memcpy((uint8_t *)image + parts[i].from, (const uint8_t *)record + parts[i].from,
			       parts[i].to - parts[i].from);
}

/* The record as it is written: numbers of facts in place of pointers. A pointer that `have` does not promise is
 * nobody's: it is never followed. */
static void make_image(Packer *packer, const NfpRecord *record, uint64_t *image)
{
	copy_record(record, image);
	for (guint i = 0; i < packer->layout.pointers->len; i++) {
		const NfpPackPointer *pointer = &g_array_index(packer->layout.pointers, NfpPackPointer, i);
		uint64_t number = 0;
		const void *fact;

		memcpy(&fact, (const uint8_t *)record + pointer->offset, sizeof(fact));
		if ((record->have & pointer->need) == pointer->need && fact)
			number = fact_number(packer, pointer->kind, fact);
		memcpy((uint8_t *)image + pointer->offset, &number, sizeof(number));
	}
}

static void put_records(Packer *packer, const NfpBatch *batch, GByteArray *records)
{
	uint64_t images[2][WORDS] = { 0 };

	/* Room for all in one go; pages that are not written cost nothing. */
	g_byte_array_set_size(records, batch->n * (guint)(BITMAP + NFP_PACK_IMAGE));

	uint8_t *at = records->data;

	for (uint32_t i = 0; i < batch->n; i++) {
		const uint64_t *before = images[(i + 1) & 1];
		uint64_t *image = images[i & 1];
		uint8_t *bitmap = at;

		make_image(packer, &batch->records[i], image);
		memset(bitmap, 0, BITMAP);
		at += BITMAP;
		for (guint w = 0; w < WORDS; w++) {
			if (image[w] == before[w])
				continue;
			bitmap[w / 8] |= (uint8_t)(1u << (w % 8));
			memcpy(at, &image[w], 8);
			at += 8;
		}
	}
	g_byte_array_set_size(records, (guint)(at - records->data));
}

GBytes *nfp_pack(const NfpBatch *batch)
{
	g_autoptr(GByteArray) records = g_byte_array_new();
	Packer packer = {
		.out = g_byte_array_sized_new(8192),
		.facts = g_hash_table_new(NULL, NULL),
		.bodies = g_byte_array_new(),
	};

	nfp_pack_layout_init(&packer.layout);
	put_records(&packer, batch, records);
	put32(packer.out, NFP_PACK_MAGIC);
	put32(packer.out, NFP_PACK_IMAGE);
	put32(packer.out, batch->n);
	put64(packer.out, batch->bucket_start_ns);
	put64(packer.out, batch->bucket_end_ns);
	put32(packer.out, batch->domain);
	put_kinds(&packer);
	put_members(&packer);
	put32(packer.out, g_hash_table_size(packer.facts));
	put(packer.out, packer.bodies->data, packer.bodies->len);
	put(packer.out, records->data, records->len);
	put64(packer.out, XXH3_64bits(packer.out->data, packer.out->len));

	g_hash_table_unref(packer.facts);
	g_byte_array_unref(packer.bodies);
	nfp_pack_layout_clear(&packer.layout);
	return g_byte_array_free_to_bytes(packer.out);
}
