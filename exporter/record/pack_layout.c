/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/pack_layout.h"

#include <stddef.h>
#include <string.h>

#define FIELD(member) { #member, offsetof(NfpRecord, member), sizeof(((NfpRecord *)NULL)->member) }

/* Whole arrays first: rows of fields.def name single elements of them. */
static const NfpPackField fields[] = {
	FIELD(have), FIELD(protocol_row), FIELD(inner_row), FIELD(key_flags), FIELD(ifindex), FIELD(cpu), FIELD(domain),
	FIELD(tunnel_id), FIELD(tunnel_type), FIELD(icmp_type), FIELD(icmp_code), FIELD(frag_flags),
#define NFP_FIELD(name, pen, id, length, v9, member, kind, need, help) FIELD(member),
#define NFP_FACT(...)
#include "record/fields.def"
#undef NFP_FACT
#undef NFP_FIELD
};

typedef struct {
	const char *kind;
	uint32_t kind_size;
	const char *pointer;
	uint16_t pointer_offset;
	uint32_t need;
	NfpPackFactField field;
} Fact;

static const Fact facts[] = {
#define NFP_FIELD(...)
#define NFP_FACT(name, pen, id, length, v9, pointer, type, member, kind, need, help)                             \
	{ #type, sizeof(type), #pointer, offsetof(NfpRecord, pointer), NFP_HAVE_##need,                          \
	  { #member, offsetof(type, member), sizeof(((type *)NULL)->member),                                     \
	    _Generic(((type *)NULL)->member, NfpText: NFP_PACK_TEXT, default: NFP_PACK_OCTETS) } },
#include "record/fields.def"
#undef NFP_FACT
#undef NFP_FIELD
};

static gboolean is_inside(const NfpPackLayout *layout, const NfpPackField *field)
{
	for (guint i = 0; i < layout->fields->len; i++) {
		const NfpPackField *other = &g_array_index(layout->fields, NfpPackField, i);

		if (field->offset >= other->offset && field->offset + field->size <= other->offset + other->size)
			return TRUE;
	}
	return FALSE;
}

static guint find_kind(NfpPackLayout *layout, const Fact *fact)
{
	NfpPackKind kind = { .name = fact->kind, .size = fact->kind_size };

	for (guint i = 0; i < layout->kinds->len; i++)
		if (strcmp(g_array_index(layout->kinds, NfpPackKind, i).name, fact->kind) == 0)
			return i;
	kind.fields = g_array_new(FALSE, FALSE, sizeof(NfpPackFactField));
	g_array_append_val(layout->kinds, kind);
	return layout->kinds->len - 1;
}

static void add_pointer(NfpPackLayout *layout, const Fact *fact, guint kind)
{
	NfpPackPointer pointer = { fact->pointer, fact->pointer_offset, (uint16_t)kind, fact->need };

	for (guint i = 0; i < layout->pointers->len; i++)
		if (g_array_index(layout->pointers, NfpPackPointer, i).offset == pointer.offset)
			return;
	g_array_append_val(layout->pointers, pointer);
}

static void add_fact_field(NfpPackLayout *layout, const Fact *fact, guint kind)
{
	GArray *of_kind = g_array_index(layout->kinds, NfpPackKind, kind).fields;

	for (guint i = 0; i < of_kind->len; i++)
		if (g_array_index(of_kind, NfpPackFactField, i).offset == fact->field.offset)
			return;
	g_array_append_val(of_kind, fact->field);
}

void nfp_pack_layout_init(NfpPackLayout *layout)
{
	layout->fields = g_array_new(FALSE, FALSE, sizeof(NfpPackField));
	layout->pointers = g_array_new(FALSE, FALSE, sizeof(NfpPackPointer));
	layout->kinds = g_array_new(FALSE, FALSE, sizeof(NfpPackKind));
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		if (!is_inside(layout, &fields[i]))
			g_array_append_val(layout->fields, fields[i]);
	for (guint i = 0; i < G_N_ELEMENTS(facts); i++) {
		guint kind = find_kind(layout, &facts[i]);

		add_pointer(layout, &facts[i], kind);
		add_fact_field(layout, &facts[i], kind);
	}
}

void nfp_pack_layout_clear(NfpPackLayout *layout)
{
	for (guint i = 0; i < layout->kinds->len; i++)
		g_array_unref(g_array_index(layout->kinds, NfpPackKind, i).fields);
	g_array_unref(layout->kinds);
	g_array_unref(layout->pointers);
	g_array_unref(layout->fields);
}
