// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON lines and UIDs. */
#include "record/format.h"

#include <arpa/inet.h>
#include <string.h>

#include "record/templates.h"
#include "record/text.h"
#include "record/tunnels.h"

static const char *const rows[] = {
#define NFP_PROTOCOL(name, key, parent) #name,
#include "ebpf/protocols.def"
#undef NFP_PROTOCOL
	"hook",
};

void nfp_text_uint(GString *out, uint64_t value)
{
	char digits[20];
	guint n = sizeof(digits);

	do
		digits[--n] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	g_string_append_len(out, digits + n, (gssize)(sizeof(digits) - n));
}

void nfp_text_ipv4(GString *out, const uint8_t *address)
{
	for (guint i = 0; i < 4; i++) {
		if (i > 0)
			g_string_append_c(out, '.');
		nfp_text_uint(out, address[i]);
	}
}

void nfp_text_ipv6(GString *out, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN];

	g_string_append(out, inet_ntop(AF_INET6, address, text, sizeof(text)));
}

void nfp_text_mac(GString *out, const uint8_t *mac)
{
	static const char hex[] = "0123456789abcdef";

	for (guint i = 0; i < 6; i++) {
		if (i > 0)
			g_string_append_c(out, ':');
		g_string_append_c(out, hex[mac[i] >> 4]);
		g_string_append_c(out, hex[mac[i] & 15]);
	}
}

/* "tcp4/gre.7,vxlan.100@192.0.2.1>192.0.2.2/": the flow's own row, kinds and ids from the innermost tunnel to
 * the outermost, addresses of the innermost one's header. */
static void text_tunnel(GString *out, const NfpRecord *record)
{
	g_string_append(out, rows[MIN(record->inner_row, G_N_ELEMENTS(rows) - 1)]);
	for (guint i = 0; i < record->tunnel_depth; i++)
		g_string_append_printf(out, "%c%s.%u", i ? ',' : '/',
				       nfp_tunnel_name(record->tunnel_type[i]), record->tunnel_id[i]);
	for (guint side = 0; side < 2; side++) {
		g_string_append_c(out, side ? '>' : '@');
		if (record->have & NFP_HAVE_TUNNEL6)
			nfp_text_ipv6(out, side ? record->tunnel_dst6 : record->tunnel_src6);
		else
			nfp_text_ipv4(out, side ? record->tunnel_dst4 : record->tunnel_src4);
	}
	g_string_append_c(out, '/');
}

const char *nfp_text_row(const NfpRecord *record)
{
	return record->protocol_row < G_N_ELEMENTS(rows) ? rows[record->protocol_row] : "unknown";
}

/* The member's value as it leaves: cut to the field's octets where these are fewer. */
static uint64_t unsigned_value(const NfpField *field, const uint8_t *member)
{
	uint64_t value = 0;

	switch (field->size) {
	case 1: value = *member; break;
	case 2: value = *(const uint16_t *)(const void *)member; break;
	case 4: value = *(const uint32_t *)(const void *)member; break;
	case 8: value = *(const uint64_t *)(const void *)member; break;
	}
	return field->length < 8 ? value & ((1ull << 8 * field->length) - 1) : value;
}

void nfp_format_field(GString *out, const NfpRecord *record, guint index)
{
	const NfpField *field = &nfp_fields[index];
	const uint8_t *member = nfp_field_member(field, record);
	const NfpText *text = (const NfpText *)(const void *)member;

	switch (field->kind) {
	case NFP_KIND_U:
	case NFP_KIND_NS: nfp_text_uint(out, unsigned_value(field, member)); break;
	case NFP_KIND_MS:
	case NFP_KIND_UPTIME: nfp_text_uint(out, *(const uint64_t *)(const void *)member / 1000000); break;
	case NFP_KIND_ADDR4: nfp_text_ipv4(out, member); break;
	case NFP_KIND_ADDR6: nfp_text_ipv6(out, member); break;
	case NFP_KIND_MAC: nfp_text_mac(out, member); break;
	case NFP_KIND_TEXT: g_string_append_len(out, text->text, text->length); break;
	}
}

void nfp_text_flow(GString *out, const NfpRecord *record)
{
	gboolean v6 = (record->have & NFP_HAVE_IPV6) != 0;
	gboolean ports = (record->have & NFP_HAVE_PORTS) != 0;
	gboolean icmp = (record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6)) != 0;

	if (!(record->have & (NFP_HAVE_IPV4 | NFP_HAVE_IPV6))) {
		if (record->have & NFP_HAVE_ETHERTYPE) {
			nfp_text_mac(out, record->src_mac);
			g_string_append_c(out, '>');
			nfp_text_mac(out, record->dst_mac);
			g_string_append_printf(out, ":0x%04x", record->ethertype);
		}
		return;
	}
	for (guint side = 0; side < 2; side++) {
		if (side == 1)
			g_string_append_c(out, '>');
		if (v6) {
			g_string_append_c(out, '[');
			nfp_text_ipv6(out, side == 0 ? record->src6 : record->dst6);
			g_string_append_c(out, ']');
		} else {
			nfp_text_ipv4(out, side == 0 ? record->src4 : record->dst4);
		}
		if (ports && !icmp) {
			g_string_append_c(out, ':');
			nfp_text_uint(out, side == 0 ? record->src_port : record->dst_port);
		}
	}
	if (icmp)
		g_string_append_printf(out, ":%u.%u", record->icmp_type, record->icmp_code);
	else if (!ports)
		g_string_append_printf(out, ":p%u", record->protocol);
}

static void text_hex(GString *out, uint8_t octet)
{
	static const char digits[] = "0123456789abcdef";

	g_string_append_c(out, digits[octet >> 4]);
	g_string_append_c(out, digits[octet & 15]);
}

void nfp_format_uid(GString *out, const char *hostname, const NfpRecord *record)
{
	g_string_append(out, hostname);
	g_string_append_c(out, '/');
	nfp_text_uint(out, record->bucket_start_ns);
	g_string_append_c(out, '-');
	nfp_text_uint(out, record->bucket_end_ns);
	g_string_append_c(out, '/');
	g_string_append(out, nfp_text_row(record));
	g_string_append(out, "/d");
	nfp_text_uint(out, record->domain);
	g_string_append(out, ".if");
	nfp_text_uint(out, record->ifindex);
	g_string_append(out, record->direction ? ".out.f" : ".in.f");
	text_hex(out, record->key_flags);
	if (record->have & NFP_HAVE_VLAN)
		g_string_append_printf(out, ".v%u", record->vlan_id);
	if (record->have & NFP_HAVE_CVLAN)
		g_string_append_printf(out, ".c%u", record->cvlan_id);
	if (record->dscp != 0)
		g_string_append_printf(out, ".q%u", record->dscp);
	if (record->have & NFP_HAVE_CPU)
		g_string_append_printf(out, ".cpu%u", record->cpu);

	gsize before = out->len;

	g_string_append_c(out, '/');
	if (record->have & NFP_HAVE_TUNNEL)
		text_tunnel(out, record);
	nfp_text_flow(out, record);
	if (out->len == before + 1)
		g_string_truncate(out, before);
}

/* RFC 8259 7. Octets that are no UTF-8 become U+FFFD. */
static void append_json_string(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	for (const char *c = valid; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		if ((guchar)*c < 0x20)
			g_string_append_printf(out, "\\u%04x", *c);
		else
			g_string_append_c(out, *c);
	}
}

static gboolean is_empty(const NfpField *field, const NfpRecord *record)
{
	return ((const NfpText *)(const void *)nfp_field_member(field, record))->length == 0;
}

static void append_json_value(GString *out, const NfpRecord *record, guint index)
{
	NfpFieldKind kind = nfp_fields[index].kind;
	gboolean address = kind == NFP_KIND_ADDR4 || kind == NFP_KIND_ADDR6 || kind == NFP_KIND_MAC;

	if (address || kind == NFP_KIND_TEXT)
		g_string_append_c(out, '"');
	if (kind == NFP_KIND_TEXT) {
		g_autoptr(GString) text = g_string_new(NULL);

		nfp_format_field(text, record, index);
		append_json_string(out, text->str);
	} else {
		nfp_format_field(out, record, index);
	}
	if (address || kind == NFP_KIND_TEXT)
		g_string_append_c(out, '"');
}

/* Each key as it stands in an object, with what is around it. */
static const struct {
	const char *text;
	gssize length;
} keys[] = {
#define NFP_FIELD(name, ...) [NFP_F_##name] = { ",\"" #name "\":", sizeof(",\"" #name "\":") - 1 },
#define NFP_FACT NFP_FIELD
#include "record/fields.def"
#undef NFP_FACT
#undef NFP_FIELD
};

/* Nothing in it has to be escaped. */
static gboolean is_plain(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((guchar)*c < 0x20 || (guchar)*c > 0x7e || *c == '"' || *c == '\\')
			return FALSE;
	return TRUE;
}

static void append_uid(GString *out, const char *hostname, const NfpRecord *record)
{
	/* Behind the host name there are only digits, addresses and words of ours. */
	if (is_plain(hostname)) {
		nfp_format_uid(out, hostname, record);
		return;
	}
	g_autoptr(GString) uid = g_string_sized_new(192);

	nfp_format_uid(uid, hostname, record);
	append_json_string(out, uid->str);
}

void nfp_format_json(GString *out, const char *hostname, const NfpRecord *record)
{
	uint32_t have = nfp_record_have(record);

	g_string_append(out, "{\"uid\":\"");
	append_uid(out, hostname, record);
	g_string_append_c(out, '"');
	for (guint i = 0; i < nfp_fields_n; i++) {
		const NfpField *field = &nfp_fields[i];

		if ((have & field->need) != field->need)
			continue;

		/* A fact that is not known has no key, as a member that the record does not have; an uptime
		 * is one of a message. */
		if (field->kind == NFP_KIND_UPTIME || (field->kind == NFP_KIND_TEXT && is_empty(field, record)))
			continue;
		g_string_append_len(out, keys[i].text, keys[i].length);
		append_json_value(out, record, i);
	}
	g_string_append(out, "}\n");
}
