// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/encode_records.h"

#include <string.h>

uint64_t nfp_test_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void random_octets(void *to, gsize n, uint64_t *seed)
{
	for (gsize i = 0; i < n; i++)
		((uint8_t *)to)[i] = (uint8_t)nfp_test_random(seed);
}

#define IP (NFP_HAVE_PROTOCOL | NFP_HAVE_TIMES)

/* Row numbers are those of protocols.def: eth ipv4 ipv6 tcp4 tcp6 udp4 udp6 icmp4 icmp6 sctp4
 * sctp6 tunnel. */
static const struct {
	uint32_t have;
	uint32_t row;
	uint8_t protocol;
} shapes[] = {
	{ IP | NFP_HAVE_IPV4 | NFP_HAVE_PORTS | NFP_HAVE_TCP, 3, 6 },
	{ IP | NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_TCP, 4, 6 },
	{ IP | NFP_HAVE_IPV4 | NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_TCP_OPTIONS, 3, 6 },
	{ IP | NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_TCP_OPTIONS, 4, 6 },
	{ IP | NFP_HAVE_IPV4 | NFP_HAVE_PORTS, 5, 17 },
	{ IP | NFP_HAVE_IPV6 | NFP_HAVE_PORTS, 6, 17 },
	{ IP | NFP_HAVE_IPV4 | NFP_HAVE_PORTS | NFP_HAVE_ICMP4, 7, 1 },
	{ IP | NFP_HAVE_IPV6 | NFP_HAVE_PORTS | NFP_HAVE_ICMP6, 8, 58 },
	{ IP | NFP_HAVE_IPV4, 1, 47 },
	{ IP | NFP_HAVE_IPV6, 2, 50 },
	{ NFP_HAVE_ETHERTYPE | NFP_HAVE_TIMES, 0, 0 },
	{ NFP_HAVE_TIMES, 12, 0 },
	{ 0, 12, 0 },
};

static const uint32_t links[] = {
	0,
	NFP_HAVE_MAC,
	NFP_HAVE_MAC | NFP_HAVE_VLAN,
	NFP_HAVE_MAC | NFP_HAVE_VLAN | NFP_HAVE_CVLAN,
};

/* Around IP records. */
static const uint32_t tunnels[] = {
	0,
	NFP_HAVE_TUNNEL | NFP_HAVE_TUNNEL4,
	NFP_HAVE_TUNNEL | NFP_HAVE_TUNNEL6 | NFP_HAVE_TUNNELS,
};

_Static_assert(G_N_ELEMENTS(shapes) * G_N_ELEMENTS(links) * 2 * G_N_ELEMENTS(tunnels) * 2 == NFP_TEST_KINDS,
	       "kinds");

#define TEN(s) s s s s s s s s s s
#define TEXT(s) { s, sizeof(s) - 1 }

/* Of each length at which something changes; code points of 1 to 4 octets, which a cut may meet anywhere. */
static const NfpText texts[] = {
	TEXT(""),
	TEXT("x"),
	TEXT("eth0"),
	TEXT("M\xc3\xbcnchen"),
	TEXT("\xf0\x9f\x8c\x8d\xe2\x82\xac \"quoted\", and a \\"),
	TEXT(TEN(TEN("ab")) TEN("abcde") "1234"),           /* 254 */
	TEXT(TEN(TEN("ab")) TEN("abcde") "12345"),          /* 255 */
	TEXT(TEN(TEN("ab")) TEN("abcde") "123\xe2\x82\xac"), /* 256, a cut in the middle of the last */
	TEXT(TEN(TEN("a\xf0\x9f\x8c\x8d\xc3\xbc\xe2\x82\xac"))), /* 1000 */
};

#define T(i) texts[(i) % G_N_ELEMENTS(texts)]

static NfpPlace place_of(guint i)
{
	NfpPlace place = { .as_number = 0xfffe0000u + i * 257, .as_name = T(i), .country = TEXT("DE"),
			   .city = T(i + 1), .site = T(i + 2), .customer = T(i + 3), .host = T(i + 4) };

	for (guint l = 0; l < NFP_LABELS; l++)
		place.labels[l] = T(i * l + 1);
	return place;
}

/* Facts that live as long as the tests do, written once: records point to them. */
static struct {
	gsize made;
	NfpPlace places[16];
	NfpPort ports[16];
	NfpApplication applications[16];
} facts;

static void make_facts(void)
{
	if (!g_once_init_enter(&facts.made))
		return;
	for (guint i = 0; i < 16; i++) {
		facts.places[i] = place_of(i);
		facts.ports[i] = (NfpPort){ .speed = 1000 * i, .vrf_id = i * 100003, .name = T(i),
					    .description = T(i + 5), .role = T(i + 6), .vrf = T(i + 2) };
		facts.applications[i] = (NfpApplication){ .id = 13u << 24 | i * 777, .name = T(i) };
	}
	g_once_init_leave(&facts.made, 1);
}

/* Pointers are good whether or not `have` tells of them: as the encoder of a set that asks for all. */
static void add_facts(NfpRecord *record, gboolean had, uint64_t *seed)
{
	make_facts();
	record->src_place = &facts.places[nfp_test_random(seed) % 16];
	record->dst_place = &facts.places[nfp_test_random(seed) % 16];
	record->ingress = &facts.ports[nfp_test_random(seed) % 16];
	record->egress = &facts.ports[nfp_test_random(seed) % 16];
	record->application = &facts.applications[nfp_test_random(seed) % 16];
	record->src_prefix %= record->have & NFP_HAVE_IPV6 ? 129 : 33;
	record->dst_prefix %= record->have & NFP_HAVE_IPV6 ? 129 : 33;
	if (!had)
		return;
	record->have |= NFP_HAVE_INTERFACES | NFP_HAVE_BIFLOW;
	if (record->have & NFP_HAVE_PROTOCOL)
		record->have |= NFP_HAVE_PLACES | NFP_HAVE_APPLICATION | NFP_HAVE_PREFIXES | NFP_HAVE_REVERSE;
}

void nfp_test_record(NfpRecord *record, guint kind, uint64_t *seed)
{
	guint shape = kind % G_N_ELEMENTS(shapes);

	random_octets(record, sizeof(*record), seed);
	record->have = shapes[shape].have |
		       links[kind / G_N_ELEMENTS(shapes) % G_N_ELEMENTS(links)] | NFP_HAVE_ALWAYS;
	record->direction = kind / (G_N_ELEMENTS(shapes) * G_N_ELEMENTS(links)) % 2;
	record->protocol_row = shapes[shape].row;
	record->inner_row = 0;
	record->tunnel_depth = 0;
	add_facts(record, kind >= NFP_TEST_KINDS / 2, seed);
	if (record->have & NFP_HAVE_PROTOCOL) {
		guint around = kind / (G_N_ELEMENTS(shapes) * G_N_ELEMENTS(links) * 2);
		uint32_t tunnel = tunnels[around % G_N_ELEMENTS(tunnels)];

		record->have |= tunnel;
		record->tunnel_depth = tunnel & NFP_HAVE_TUNNELS ? 2 : tunnel ? 1 : 0;
		record->inner_row = shapes[shape].row;
		record->protocol_row = tunnel ? 11 : shapes[shape].row;
	}
	record->protocol = shapes[shape].protocol;
	record->first_ns = 1000000000000000000ull + nfp_test_random(seed) % 1000000000000000000ull;
	record->last_ns = record->first_ns + nfp_test_random(seed) % 60000000000ull;
	record->rev_first_ns = record->first_ns + nfp_test_random(seed) % 1000000000;
	record->rev_last_ns = record->last_ns + nfp_test_random(seed) % 1000000000;
	record->rev_tcp_flags &= 0xfff;
	record->bucket_start_ns = record->first_ns - record->first_ns % 60000000000ull;
	record->bucket_end_ns = record->bucket_start_ns + 60000000000ull;
	record->vlan_id &= 0xfff;
	record->cvlan_id &= 0xfff;
	record->tcp_flags &= 0xfff;
	record->dscp &= 0x3f;
	record->tos = record->dscp << 2;
	record->flow_label &= 0xfffff;
	record->end_reason = 2 + record->end_reason % 4;
	record->ip_version = record->have & NFP_HAVE_IPV6 ? 6 : 4;
	if (record->have & (NFP_HAVE_ICMP4 | NFP_HAVE_ICMP6)) {
		record->icmp_type_code = (uint16_t)(record->icmp_type << 8 | record->icmp_code);
		record->src_port = 0;
		record->dst_port = record->icmp_type_code;
	}
}

static uint64_t member_value(const NfpField *field, const uint8_t *member)
{
	uint8_t one;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (field->size) {
	case 1: memcpy(&one, member, 1); return one;
	case 2: memcpy(&two, member, 2); return two;
	case 4: memcpy(&four, member, 4); return four;
	default: memcpy(&eight, member, 8); return eight;
	}
}

guint nfp_test_cut(const NfpText *text, guint max)
{
	const char *at = text->text, *next;

	while (at < text->text + text->length && (next = g_utf8_next_char(at)) <= text->text + max)
		at = next;
	return (guint)(at - text->text);
}

static gsize text_wire(const NfpText *text, uint8_t *octets)
{
	guint length = nfp_test_cut(text, NFP_TEXT_MAX), head = length < 255 ? 1 : 3;

	octets[0] = length < 255 ? (uint8_t)length : 255;
	if (head == 3) {
		octets[1] = (uint8_t)(length >> 8);
		octets[2] = (uint8_t)length;
	}
	memcpy(octets + head, text->text, length);
	return head + length;
}

gsize nfp_test_wire(const NfpField *field, const NfpRecord *record, uint8_t *ret_octets)
{
	const uint8_t *from = (const uint8_t *)record;
	const uint8_t *member;
	uint64_t value, ns;

	if (field->via != 0)
		from = *(const uint8_t *const *)(const void *)(from + field->via);
	member = from + field->offset;

	switch (field->kind) {
	case NFP_KIND_ADDR4:
	case NFP_KIND_ADDR6:
	case NFP_KIND_MAC: memcpy(ret_octets, member, field->length); return field->length;
	case NFP_KIND_TEXT: return text_wire((const NfpText *)(const void *)member, ret_octets);
	case NFP_KIND_U:
		value = member_value(field, member);
		if (field == &nfp_fields[NFP_F_samplingInterval] && !(record->have & NFP_HAVE_SAMPLED))
			value = 1; /* told of every record, or of none */
		break;
	case NFP_KIND_MS: value = member_value(field, member) / 1000000; break;
	case NFP_KIND_UPTIME: value = member_value(field, member) / 1000000 - NFP_TEST_BOOT_MS; break;
	case NFP_KIND_NS:
		/* The smallest 2^-32 s that is not before the time. */
		ns = member_value(field, member);
		value = (ns / 1000000000 + 2208988800ull) << 32;
		value |= (uint64_t)((((unsigned __int128)(ns % 1000000000) << 32) + 999999999) /
				    1000000000);
		break;
	default: g_assert_not_reached();
	}
	for (guint i = field->length; i > 0; i--, value >>= 8)
		ret_octets[i - 1] = (uint8_t)value;
	return field->length;
}

NfpTemplateSet *nfp_test_set(const guint *fields, guint n)
{
	NfpTemplateSet *set = g_new0(NfpTemplateSet, 1);

	set->name = g_strdup("test");
	set->n = 1;
	set->templates = g_new0(NfpTemplate, 1);
	set->templates[0].name = g_strdup("all");
	set->templates[0].need = NFP_HAVE_ALWAYS;
	set->templates[0].n = n;
	set->templates[0].fields = g_new0(const NfpField *, n);
	for (guint i = 0; i < n; i++)
		set->templates[0].fields[i] = &nfp_fields[fields[i]];
	return set;
}
