// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include "encode/ndpi_tlv.h"
#include "encode/ntopng_flow.h"
#include "support/encode_records.h"

#define N (20 * NFP_TEST_KINDS)
#define NTOP 57472u

typedef struct {
	GHashTable *numbers, *texts; /* id -> uint64_t *, char * */
} Flow;

static uint64_t read_number(const uint8_t **at, unsigned type)
{
	unsigned width = 1u << (type - NFP_TLV_U8);
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | *(*at)++;
	if (width > 1)
		cr_assert_neq(value >> 4 * width, 0, "more octets than needed");
	return value;
}

/* Returns where the record ends. */
static const uint8_t *read_flow(const uint8_t *at, const uint8_t *end, Flow *flow)
{
	g_hash_table_remove_all(flow->numbers);
	g_hash_table_remove_all(flow->texts);
	while (*at != NFP_TLV_END) {
		unsigned key_type = *at >> 4, type = *at & 15;
		gpointer key;

		at++;
		cr_assert(key_type >= NFP_TLV_U8 && key_type <= NFP_TLV_U32);
		key = GUINT_TO_POINTER(read_number(&at, key_type));
		cr_assert_not(g_hash_table_contains(flow->numbers, key) || g_hash_table_contains(flow->texts, key));
		if (type == NFP_TLV_TEXT) {
			guint length = (guint)at[0] << 8 | at[1];

			g_hash_table_insert(flow->texts, key, g_strndup((const char *)at + 2, length));
			at += 2 + length;
		} else {
			uint64_t *value = g_new(uint64_t, 1);

			cr_assert(type >= NFP_TLV_U8 && type <= NFP_TLV_U64);
			*value = read_number(&at, type);
			g_hash_table_insert(flow->numbers, key, value);
		}
		cr_assert_leq(at, end);
	}
	return at + 1;
}

static uint64_t number(const Flow *flow, guint id)
{
	uint64_t *value = g_hash_table_lookup(flow->numbers, GUINT_TO_POINTER(id));

	cr_assert_not_null(value, "no id %u", id);
	return *value;
}

static gboolean has(const Flow *flow, guint id)
{
	return g_hash_table_contains(flow->numbers, GUINT_TO_POINTER(id)) ||
	       g_hash_table_contains(flow->texts, GUINT_TO_POINTER(id));
}

static const char *text(const Flow *flow, guint id)
{
	return g_hash_table_lookup(flow->texts, GUINT_TO_POINTER(id));
}

static void check_addresses(const Flow *flow, const NfpRecord *record)
{
	char expected[INET6_ADDRSTRLEN];
	uint32_t octets;

	if (record->have & NFP_HAVE_IPV6) {
		inet_ntop(AF_INET6, record->src6, expected, sizeof(expected));
		cr_assert_str_eq(text(flow, 27), expected);
		inet_ntop(AF_INET6, record->dst6, expected, sizeof(expected));
		cr_assert_str_eq(text(flow, 28), expected);
		cr_assert_not(has(flow, 8) || has(flow, 12), "one family");
		return;
	}
	memcpy(&octets, record->src4, 4);
	cr_assert_eq(number(flow, 8), record->have & NFP_HAVE_IPV4 ? ntohl(octets) : 0);
	memcpy(&octets, record->dst4, 4);
	cr_assert_eq(number(flow, 12), record->have & NFP_HAVE_IPV4 ? ntohl(octets) : 0);
	cr_assert_not(has(flow, 27) || has(flow, 28), "one family");
}

static void check_rest(const Flow *flow, const NfpRecord *record)
{
	uint32_t have = record->have;

	cr_assert_eq(number(flow, 60), have & NFP_HAVE_IPV6 ? 6 : 4);
	cr_assert_eq(number(flow, 4), have & NFP_HAVE_PROTOCOL ? record->protocol : 0);
	cr_assert_eq(has(flow, 7), (have & NFP_HAVE_PORTS) != 0);
	if (have & NFP_HAVE_PORTS) {
		cr_assert_eq(number(flow, 7), record->src_port);
		cr_assert_eq(number(flow, 11), record->dst_port);
	}
	cr_assert_eq(has(flow, 6), (have & NFP_HAVE_TCP) != 0);
	cr_assert_eq(number(flow, 10), record->ingress_if);
	cr_assert_eq(number(flow, 14), record->egress_if);
	cr_assert_eq(number(flow, 61), record->direction);
	cr_assert_eq(has(flow, 58), (have & NFP_HAVE_VLAN) != 0);
	cr_assert_eq(has(flow, 56), (have & NFP_HAVE_MAC) != 0);
	cr_assert_not_null(text(flow, 136));
	cr_assert_str_eq(text(flow, 130), "192.0.2.77");
	if (!(have & NFP_HAVE_REVERSE) && (have & NFP_HAVE_TIMES)) {
		cr_assert_eq(number(flow, 22), record->first_ns / 1000000000);
		cr_assert_eq(number(flow, 21), record->last_ns / 1000000000);
	}
	if ((have & NFP_HAVE_PLACES) && record->src_place->as_number)
		cr_assert_eq(number(flow, 16), record->src_place->as_number);
}

static void check_known(const Flow *flow)
{
	GHashTable *const tables[] = { flow->numbers, flow->texts };

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		GHashTableIter iter;
		gpointer key;

		g_hash_table_iter_init(&iter, tables[i]);
		while (g_hash_table_iter_next(&iter, &key, NULL)) {
			gboolean known = FALSE;

			for (guint j = 0; j < nfp_ntopng_elements_n; j++)
				known |= nfp_ntopng_elements[j].id + (nfp_ntopng_elements[j].pen ? NTOP : 0u) ==
					 GPOINTER_TO_UINT(key);
			cr_assert(known, "id %u is in no template", GPOINTER_TO_UINT(key));
		}
	}
}

static Flow flow_new(void)
{
	return (Flow){ g_hash_table_new_full(NULL, NULL, NULL, g_free), g_hash_table_new_full(NULL, NULL, NULL, g_free) };
}

static void flow_clear(Flow *flow)
{
	g_hash_table_unref(flow->numbers);
	g_hash_table_unref(flow->texts);
}

/* Every kind of record with random values: what was put can be read, parts add up, nothing is longer than told. */
Test(ntopng_flow, round_trip)
{
	NfpNtopngFlow exporter;
	Flow flow = flow_new();
	uint64_t seed = 11;
	guint split = 0;

	nfp_ntopng_flow_init(&exporter, "192.0.2.77");
	for (guint i = 0; i < N; i++) {
		NfpRecord record;
		uint64_t parts, packets = 0, octets = 0, back = 0;

		nfp_test_record(&record, i % NFP_TEST_KINDS, &seed);
		record.packets >>= 20 + i % 40;
		record.octets >>= 22 + i % 36;
		if (record.have & NFP_HAVE_REVERSE) {
			record.rev_packets >>= 40;
			record.rev_octets >>= 30;
		}
		record.have |= NFP_HAVE_SAMPLED;
		record.sampling = 3;
		parts = nfp_ntopng_flow_parts(&record);
		cr_assert_geq(parts, 1);
		if (parts > NFP_NTOPNG_PARTS_MAX)
			continue;
		split += parts > 1;
		for (uint32_t part = 0; part < parts; part++) {
			uint8_t out[NFP_NTOPNG_FLOW_MAX];
			uint8_t *end = nfp_ntopng_flow_put(&exporter, &record, part, (uint32_t)parts, out);

			cr_assert_leq((size_t)(end - out), sizeof(out));
			cr_assert_eq(read_flow(out, end, &flow), end);
			check_addresses(&flow, &record);
			check_rest(&flow, &record);
			check_known(&flow);
			cr_assert(number(&flow, 1) <= UINT32_MAX && number(&flow, 2) <= UINT32_MAX);
			octets += number(&flow, 1);
			packets += number(&flow, 2);
			back += number(&flow, 24);
		}
		cr_assert_eq(octets, record.octets * 3);
		cr_assert_eq(packets, record.packets * 3);
		cr_assert_eq(back, record.have & NFP_HAVE_REVERSE ? record.rev_packets * 3 : 0);
	}
	cr_assert_gt(split, 10, "%u records had to be split", split);
	flow_clear(&flow);
}

Test(ntopng_flow, parts)
{
	NfpRecord once = { .packets = 1, .octets = UINT32_MAX };
	NfpRecord sampled = { .packets = 1, .octets = UINT32_MAX, .have = NFP_HAVE_SAMPLED, .sampling = 1000 };

	cr_assert_eq(nfp_ntopng_flow_parts(&once), 1);
	cr_assert_eq(nfp_ntopng_flow_parts(&sampled), 1000);
	once.octets++;
	cr_assert_eq(nfp_ntopng_flow_parts(&once), 2);
	once.octets = sampled.octets = UINT64_MAX;
	cr_assert_eq(nfp_ntopng_flow_parts(&sampled), UINT64_MAX);
	cr_assert_gt(nfp_ntopng_flow_parts(&once), NFP_NTOPNG_PARTS_MAX);
}

#define TCP (NFP_HAVE_IPV4 | NFP_HAVE_PROTOCOL | NFP_HAVE_PORTS | NFP_HAVE_TCP | NFP_HAVE_TIMES)

/* Who is the client: ntopng turns a flow round when its source port is the lower one, unless CLIENT_TCP_FLAGS has a SYN. */
static const struct {
	const char *what;
	uint16_t src_port, dst_port;
	uint8_t flags;
	uint32_t have;
	uint8_t direction, rev_flags;
	gboolean client, server;
} sides[] = {
	{ "a client", 40000, 80, 0x1b, 0, 0, 0, TRUE, FALSE },
	{ "a client with a low port", 1000, 8080, 0x02, 0, 0, 0, TRUE, FALSE },
	{ "a server's answers", 80, 40000, 0x1b, 0, 0, 0, FALSE, FALSE },
	{ "the middle of a connection", 80, 40000, 0x18, 0, 0, 0, TRUE, FALSE },
	{ "a biflow", 1000, 8080, 0x1b, NFP_HAVE_BIFLOW | NFP_HAVE_REVERSE, NFP_BIFLOW_INITIATOR, 0x12, TRUE, TRUE },
	{ "known to have begun", 1000, 8080, 0x1b, NFP_HAVE_BIFLOW, NFP_BIFLOW_INITIATOR, 0, TRUE, FALSE },
	{ "known to answer", 40000, 80, 0x1b, NFP_HAVE_BIFLOW, NFP_BIFLOW_REVERSE_INITIATOR, 0, FALSE, FALSE },
};

Test(ntopng_flow, sides_of_a_connection)
{
	NfpNtopngFlow exporter;
	Flow flow = flow_new();

	nfp_ntopng_flow_init(&exporter, "2001:db8::1");
	for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
		NfpRecord record = { .have = TCP | sides[i].have,
				     .protocol = 6,
				     .src_port = sides[i].src_port,
				     .dst_port = sides[i].dst_port,
				     .tcp_flags = sides[i].flags,
				     .rev_tcp_flags = sides[i].rev_flags,
				     .rev_packets = 5,
				     .biflow_direction = sides[i].direction };
		uint8_t out[NFP_NTOPNG_FLOW_MAX];

		read_flow(out, nfp_ntopng_flow_put(&exporter, &record, 0, 1, out), &flow);
		cr_assert_eq(number(&flow, 6), sides[i].flags | sides[i].rev_flags);
		cr_assert_eq(has(&flow, NTOP + 78), sides[i].client, "%s", sides[i].what);
		cr_assert_eq(has(&flow, NTOP + 79), sides[i].server, "%s", sides[i].what);
		if (sides[i].client)
			cr_assert_eq(number(&flow, NTOP + 78), sides[i].flags);
		cr_assert_eq(number(&flow, 24), sides[i].have & NFP_HAVE_REVERSE ? 5 : 0);
		cr_assert_str_eq(text(&flow, 131), "2001:db8::1");
		cr_assert_not(has(&flow, 130));
	}
	flow_clear(&flow);
}

/* The examples of ntopng.md's source, nDPI. */
Test(ntopng_flow, tlv_of_ndpi)
{
	uint8_t out[64];
	uint8_t *at = nfp_tlv_uint(out, 11, 8006);

	at = nfp_tlv_text(at, 8, "10.0.0.123", 10);
	at = nfp_tlv_uint(at, 57550, 0x123456789abull);
	at = nfp_tlv_end(at);
	cr_assert_eq(at - out, 4 + 14 + 11 + 1);
	cr_assert_eq(memcmp(out, "\x23\x0b\x1f\x46\x2b\x08\x00\x0a" "10.0.0.123" "\x35\xe0\xce\x00\x00\x01\x23\x45\x67\x89\xab\x01", 30), 0);
}
