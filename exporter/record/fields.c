// SPDX-License-Identifier: GPL-2.0-or-later
/* The registry: rows of fields.def as a table, checked by the compiler row by row. */
#include <stddef.h>
#include <string.h>

#include "record/fields_peers.h"
#include "record/suggest.h"
#include "record/templates.h"

#define OWN NFP_PEN_OWN
#define REV NFP_PEN_REVERSE

/* What each kind asks of its member and of the wire length. */
#define POWER_OF_TWO_TO_8(n) ((n) == 1 || (n) == 2 || (n) == 4 || (n) == 8)
#define CHECK_U(id, length, size)                                                                  \
	(POWER_OF_TWO_TO_8(size) && POWER_OF_TWO_TO_8(length) && ((length) >= (size) || (id) == 6))
#define CHECK_ADDR4(id, length, size) ((length) == 4 && (size) == 4)
#define CHECK_ADDR6(id, length, size) ((length) == 16 && (size) == 16)
#define CHECK_MAC(id, length, size) ((length) == 6 && (size) == 6)
#define CHECK_MS(id, length, size) ((length) == 8 && (size) == 8)
#define CHECK_NS(id, length, size) ((length) == 8 && (size) == 8)
#define CHECK_UPTIME(id, length, size) ((length) == 4 && (size) == 8)
#define CHECK_TEXT(id, length, size) ((length) <= NFP_TEXT_MAX && (size) == sizeof(NfpText))

#define CHECK(name, id, length, type, member, kind)                                           \
	_Static_assert((id) > 0 && (id) < 0x8000, #name ": ids are 1..32767 (RFC 7011 3.2)"); \
	_Static_assert(CHECK_##kind(id, length, sizeof(((type *)NULL)->member)),              \
		       #name ": length, member and kind");                                    \
	_Static_assert(offsetof(type, member) <= UINT16_MAX, #name ": offset");
#define NFP_FIELD(name, pen, id, length, v9, member, kind, need, help) \
	CHECK(name, id, length, NfpRecord, member, kind)
#define NFP_FACT(name, pen, id, length, v9, pointer, type, member, kind, need, help)                \
	CHECK(name, id, length, type, member, kind)                                                 \
	_Static_assert(offsetof(NfpRecord, pointer) > 0 &&                                          \
			       _Generic(((NfpRecord *)NULL)->pointer, const type *: 1, default: 0), \
		       #name ": pointer");
#include "record/fields.def"
#undef NFP_FACT
#undef NFP_FIELD

#define ROW(name_, pen_, id_, length_, v9_, via_, type_, member_, kind_, need_, help_) \
	[NFP_F_##name_] = {                                                            \
		.name = #name_,                                                        \
		.pen = (pen_),                                                         \
		.id = (id_),                                                           \
		.length = (length_),                                                   \
		.v9 = (v9_),                                                           \
		.via = (via_),                                                         \
		.offset = offsetof(type_, member_),                                    \
		.size = sizeof(((type_ *)NULL)->member_),                              \
		.kind = NFP_KIND_##kind_,                                              \
		.need = NFP_HAVE_##need_,                                              \
		.help = (help_),                                                       \
	},

const NfpField nfp_fields[] = {
#define NFP_FIELD(name, pen, id, length, v9, member, kind, need, help) \
	ROW(name, pen, id, length, v9, 0, NfpRecord, member, kind, need, help)
#define NFP_FACT(name, pen, id, length, v9, pointer, type, member, kind, need, help) \
	ROW(name, pen, id, length, v9, offsetof(NfpRecord, pointer), type, member, kind, need, help)
#include "record/fields.def"
#undef NFP_FACT
#undef NFP_FIELD
};

const guint nfp_fields_n = NFP_F_N;

const NfpField *nfp_field_find(const char *name)
{
	for (guint i = 0; i < nfp_fields_n; i++)
		if (strcmp(nfp_fields[i].name, name) == 0)
			return &nfp_fields[i];
	return NULL;
}

const char *nfp_field_suggest(const char *name)
{
	const char *names[NFP_F_N];

	for (guint i = 0; i < nfp_fields_n; i++)
		names[i] = nfp_fields[i].name;
	return nfp_suggest(name, names, nfp_fields_n);
}

static const char *const kind_texts[] = {
	[NFP_KIND_U] = "unsigned",     [NFP_KIND_ADDR4] = "IPv4 address",
	[NFP_KIND_ADDR6] = "IPv6 address", [NFP_KIND_MAC] = "MAC address",
	[NFP_KIND_MS] = "milliseconds since 1970", [NFP_KIND_NS] = "nanoseconds, NTP format",
	[NFP_KIND_UPTIME] = "milliseconds of uptime", [NFP_KIND_TEXT] = "text",
};

void nfp_fields_print_markdown(GString *out)
{
	g_string_append(out,
			"# Fields\n"
			"\n"
			"Every field that can leave the probe: one row each of "
			"`exporter/record/fields.def`, from\n"
			"which this page is made (`tests/unit/record/test_fields.c` compares "
			"them). The names are keys\n"
			"in `templates/*.yaml` and in JSON. *In records with* is what a template "
			"must list under\n"
			"`need` to use the field. A text has as many octets as it needs in IPFIX (255 at "
			"most), and the\n"
			"stated number where lengths are fixed: NetFlow v9, and collectors that read no "
			"other. Elements of\n"
			"enterprise 32473 are our own: `pen:` of the configuration puts another number "
			"in its place.\n"
			"\n"
			"*Decoded by*: collectors that were tried or read (nfdump 1.7.1, by IPFIX and by "
			"NetFlow v9; pmacct 1.7.7;\n"
			"goflow2 2.2.5; nProbe; libfixbuf 2.4.1); `*`: if it is configured to.\n"
			"\n"
			"| name | id | octets | NetFlow v9 | type | in records with | decoded by | meaning |\n"
			"|---|---|---|---|---|---|---|---|\n");
	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];

		g_string_append_printf(out, "| %s | ", field->name);
		if (field->pen != 0)
			g_string_append_printf(out, "%u/", field->pen);
		g_string_append_printf(out, "%u | %u | ", field->id, field->length);
		if (field->v9 != 0)
			g_string_append_printf(out, "%u", field->v9);
		else
			g_string_append_c(out, '-');
		g_string_append_printf(out, " | %s | ", kind_texts[field->kind]);
		nfp_have_print(out, field->need);
		g_string_append(out, " | ");
		nfp_peers_print(out, field);
		g_string_append_printf(out, " | %s |\n", field->help);
	}
}
