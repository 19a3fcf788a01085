// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "encode/encoder.h"
#include "support/encode_records.h"

#define SIZE 32768
#define N 3000

typedef struct {
	char topic[17];
	uint32_t id, source, payload;
} Head;

/* The header, octet by octet. */
static Head read_head(const uint8_t *message, ssize_t length)
{
	const uint8_t *at = message + 1;
	Head head = { 0 };

	cr_assert_gt(length, 37);
	cr_assert_eq(message[0], 36);
	memcpy(head.topic, at, 16);
	cr_assert_eq(at[16], 4);
	cr_assert_eq(at[17], strcmp(head.topic, "flow") == 0 ? 2 : 0);
	cr_assert_eq(at[18] | at[19], 0);
	head.payload = at[20] | (uint32_t)at[21] << 8 | (uint32_t)at[22] << 16 | (uint32_t)at[23] << 24;
	cr_assert_eq(memcmp(at + 20, at + 24, 4), 0);
	cr_assert_eq(head.payload, length - 37);
	head.id = (uint32_t)at[28] << 24 | (uint32_t)at[29] << 16 | (uint32_t)at[30] << 8 | at[31];
	head.source = (uint32_t)at[32] << 24 | (uint32_t)at[33] << 16 | (uint32_t)at[34] << 8 | at[35];
	return head;
}

static NfpEncoder *make(const char *hostname, uint32_t domain)
{
	NfpEncoderOptions options = { .protocol = "ntopng", .domain = domain, .hostname = hostname,
				      .address = "192.0.2.1", .sampling = 1 };
	NfpEncoder *encoder = nfp_encoder_new(&options, NULL);

	cr_assert_not_null(encoder);
	nfp_encoder_start_session(encoder);
	return encoder;
}

/* Everything that a refresh tells, as "event template ...". */
static char *announce(NfpEncoder *encoder, uint32_t domain, uint32_t *id)
{
	g_autoptr(GString) topics = g_string_new(NULL);
	NfpEncoderStats stats = { 0 };
	uint8_t out[SIZE];
	ssize_t length;

	nfp_encoder_refresh(encoder, domain);
	while ((length = nfp_encoder_announce(encoder, domain, 1700000000, &stats, out, sizeof(out))) > 0) {
		Head head = read_head(out, length);

		cr_assert_eq(head.id, (*id)++);
		g_string_append_printf(topics, "%s%s", topics->len ? " " : "", head.topic);
	}
	cr_assert_eq(length, 0);
	return g_string_free(g_steal_pointer(&topics), FALSE);
}

Test(ntopng, announcements)
{
	g_autoptr(NfpEncoder) encoder = make("edge1", 1);
	uint32_t id = 0, other = 0;
	guint described = 0;

	cr_assert(nfp_encoder_beat(encoder) > 0 && nfp_encoder_beat(encoder) < 10,
		  "a probe that is silent for 10 s is taken for gone");
	for (guint beat = 0; beat < 25; beat++) {
		g_autofree char *topics = announce(encoder, 0, &id);
		g_autofree char *others = announce(encoder, 5, &other);

		cr_assert(g_str_has_prefix(topics, "event"));
		described += strcmp(topics, "event template option option") == 0;
		cr_assert_str_eq(others, "event");
	}
	cr_assert_eq(described, 3);
	nfp_encoder_start_session(encoder);
	id = 0;
	g_autofree char *again = announce(encoder, 0, &id);
	cr_assert_str_eq(again, "event template option option");
}

Test(ntopng, short_messages)
{
	g_autoptr(NfpEncoder) encoder = make("edge1", 1);
	NfpRecord record = { .have = NFP_HAVE_ALWAYS, .packets = 1, .octets = 1 };
	NfpEncoderStats stats = { 0 };
	uint32_t used = 7, unsendable = 7;
	uint8_t out[1000];

	nfp_encoder_refresh(encoder, 0);
	cr_assert_gt(nfp_encoder_announce(encoder, 0, 1, &stats, out, sizeof(out)), 0);
	cr_assert_eq(nfp_encoder_announce(encoder, 0, 1, &stats, out, sizeof(out)), -EMSGSIZE);
	cr_assert_eq(nfp_encoder_announce(encoder, 0, 1, &stats, out, 20), -EMSGSIZE);
	cr_assert_eq(nfp_encoder_records(encoder, 0, 1, &record, 1, out, 100, &used, &unsendable), -EMSGSIZE);
	record.octets = UINT64_MAX;
	cr_assert_eq(nfp_encoder_records(encoder, 0, 1, &record, 1, out, sizeof(out), &used, &unsendable),
		     -EMSGSIZE, "no number of flows carries that");
	cr_assert_eq(used, 7);
	cr_assert_eq(unsendable, 7);
}

/* Records of one message, by counting the ends that only a decoder tells from other octets: here all flows are alike. */
Test(ntopng, never_more_than_255_flows)
{
	g_autoptr(NfpEncoder) encoder = make("edge1", 1);
	g_autofree NfpRecord *records = g_new0(NfpRecord, N);
	g_autofree uint8_t *out = g_malloc(65535);
	uint32_t at = 0, messages = 0;

	for (guint i = 0; i < N; i++)
		records[i] = (NfpRecord){ .have = NFP_HAVE_ALWAYS, .packets = 1, .octets = 100 };
	while (at < N) {
		uint32_t used = 0, unsendable = 0;
		ssize_t length = nfp_encoder_records(encoder, 0, 1, records + at, N - at, out, 65535, &used,
						     &unsendable);
		Head head = read_head(out, length);

		cr_assert_eq(head.id, messages++);
		cr_assert_str_eq(head.topic, "flow");
		cr_assert(used > 100 && used <= 255, "%u", used);
		cr_assert_eq(out[37], 1);
		cr_assert_eq(out[38], 1);
		cr_assert_eq(out[length - 1], 1);
		at += used;
	}
	/* 4 GiB and more are several flows. */
	records[0].octets = 200ull << 32;
	records[1].octets = 100ull << 32;
	uint32_t used = 0, unsendable = 0;
	cr_assert_gt(nfp_encoder_records(encoder, 0, 1, records, 2, out, 65535, &used, &unsendable), 0);
	cr_assert_eq(used, 0 + 1, "201 and 101 flows are two messages");
}

Test(ntopng, source_ids)
{
	static const struct {
		const char *hostname;
		uint32_t domain, index;
	} probes[] = { { "edge1", 1, 0 }, { "edge1", 2, 0 }, { "edge2", 1, 0 }, { "edge1", 1, 7 } };
	uint32_t seen[G_N_ELEMENTS(probes)];

	for (guint i = 0; i < G_N_ELEMENTS(probes); i++) {
		g_autoptr(NfpEncoder) encoder = make(probes[i].hostname, probes[i].domain);
		NfpEncoderStats stats = { 0 };
		uint8_t out[SIZE];

		nfp_encoder_refresh(encoder, probes[i].index);
		seen[i] = read_head(out, nfp_encoder_announce(encoder, probes[i].index, 1, &stats, out, SIZE)).source;
		cr_assert_neq(seen[i], 0);
		for (guint j = 0; j < i; j++)
			cr_assert_neq(seen[i], seen[j]);
	}
}

Test(ntopng, an_address_that_is_none)
{
	NfpEncoderOptions options = { .protocol = "ntopng", .domain = 1, .address = "edge1" };
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_encoder_new(&options, &err));
	cr_assert(strstr(err->message, "edge1"), "%s", err->message);
}
