/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>
#include <xxhash.h>

#include "record/format.h"
#include "record/pack.h"
#include "record/pack_layout.h"
#include "support/encode_records.h"

static NfpBatch *random_batch(uint32_t n, uint64_t seed)
{
	NfpBatch *batch = nfp_batch_new(n, NULL);

	batch->bucket_start_ns = 1700000000000000001ull;
	batch->bucket_end_ns = 1700000060000000001ull;
	batch->domain = 3;
	for (batch->n = 0; batch->n < n; batch->n++)
		nfp_test_record(&batch->records[batch->n], batch->n % NFP_TEST_KINDS, &seed);
	return batch;
}

static NfpBatch *again(const NfpBatch *batch, gsize *ret_size)
{
	g_autoptr(GBytes) octets = nfp_pack(batch);
	g_autoptr(GError) err = NULL;
	gsize size;
	const uint8_t *data = g_bytes_get_data(octets, &size);
	NfpBatch *copy = nfp_unpack(data, size, &err);

	cr_assert_not_null(copy, "%s", err ? err->message : "");
	if (ret_size)
		*ret_size = size;
	return copy;
}

static void assert_same_json(const NfpRecord *a, const NfpRecord *b)
{
	g_autoptr(GString) want = g_string_new(NULL);
	g_autoptr(GString) got = g_string_new(NULL);

	nfp_format_json(want, "h", a);
	nfp_format_json(got, "h", b);
	cr_assert_str_eq(got->str, want->str);
}

/* Every kind of record, with tunnels and with facts: the JSON line has every field, and the UID. */
Test(pack, every_kind_comes_back)
{
	g_autoptr(NfpBatch) batch = random_batch(4 * NFP_TEST_KINDS < NFP_BATCH_RECORDS ? 4 * NFP_TEST_KINDS :
						 NFP_BATCH_RECORDS, 1);
	g_autoptr(NfpBatch) copy = again(batch, NULL);

	cr_assert_eq(copy->n, batch->n);
	cr_assert_eq(copy->domain, 3);
	cr_assert_eq(copy->bucket_start_ns, batch->bucket_start_ns);
	cr_assert_eq(copy->bucket_end_ns, batch->bucket_end_ns);
	for (uint32_t i = 0; i < batch->n; i++)
		assert_same_json(&batch->records[i], &copy->records[i]);
}

Test(pack, no_records)
{
	g_autoptr(NfpBatch) batch = random_batch(0, 1);
	g_autoptr(NfpBatch) copy = again(batch, NULL);

	cr_assert_eq(copy->n, 0);
}

/* A member that is new and in no row of fields.def nor in the list beside it would be lost. What is in no member
 * here is padding: none but behind the last one. */
Test(pack, no_member_is_left_out)
{
	g_auto(NfpPackLayout) layout;
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);
	g_autoptr(NfpBatch) copy = NULL;
	uint8_t carried[sizeof(NfpRecord)] = { 0 };

	nfp_pack_layout_init(&layout);
	for (guint i = 0; i < layout.fields->len; i++) {
		const NfpPackField *field = &g_array_index(layout.fields, NfpPackField, i);

		memset(carried + field->offset, 1, field->size);
	}
	for (guint i = 0; i < layout.pointers->len; i++)
		memset(carried + g_array_index(layout.pointers, NfpPackPointer, i).offset, 1, sizeof(void *));
	memset(carried + offsetof(NfpRecord, zero), 1, sizeof(batch->records->zero));
	for (gsize i = 0; i <= offsetof(NfpRecord, rev_end_reason); i++)
		cr_assert(carried[i], "octet %zu of a record is in no member that is packed", i);

	/* With all that `have` can say: each comes back. Pointers lead nowhere here. */
	memset(batch->records, 0xa5, sizeof(NfpRecord));
	batch->records->have = UINT32_MAX & ~(uint32_t)(NFP_HAVE_PLACES | NFP_HAVE_INTERFACES | NFP_HAVE_APPLICATION);
	batch->records->tunnel_depth = 4;
	batch->n = 1;
	copy = again(batch, NULL);
	for (guint i = 0; i < layout.fields->len; i++) {
		const NfpPackField *field = &g_array_index(layout.fields, NfpPackField, i);

		cr_assert_eq(memcmp((uint8_t *)batch->records + field->offset,
				    (uint8_t *)copy->records + field->offset, field->size), 0, "%s", field->name);
	}
	/* Nobody promised that they lead anywhere: they are not followed. */
	cr_assert_null(copy->records->src_place);
}

/* What a record does not have is not memory of somebody else's. */
Test(pack, what_is_not_had_is_not_told)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(1, NULL);
	g_autoptr(NfpBatch) copy = NULL;

	memset(batch->records, 0xa5, sizeof(NfpRecord));
	batch->records->have = NFP_HAVE_IPV4;
	batch->n = 1;
	copy = again(batch, NULL);
	for (gsize i = NFP_RECORD_PLAIN; i < sizeof(NfpRecord); i++)
		cr_assert_eq(((const uint8_t *)copy->records)[i], 0, "%zu", i);
}

Test(pack, records_of_one_kind_are_small)
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(1000, NULL);
	g_autoptr(NfpBatch) copy = NULL;
	gsize size = 0;

	memset(batch->records, 0, 1000 * sizeof(NfpRecord));
	for (batch->n = 0; batch->n < 1000; batch->n++) {
		NfpRecord *record = &batch->records[batch->n];

		record->have = NFP_HAVE_IPV4 | NFP_HAVE_PORTS;
		record->flow_id = batch->n * 7919;
		record->packets = batch->n;
		record->octets = batch->n * 100;
		record->bucket_start_ns = 1700000000000000000ull;
	}
	copy = again(batch, &size);
	cr_assert_eq(copy->n, 1000);
	cr_assert_eq(copy->records[999].octets, 99900);
	cr_assert_lt(size, 1000 * 40 + 8192);
}

/* A batch is kept as long as its facts are read: the copy has its own. */
Test(pack, facts_are_the_copys_own)
{
	static const NfpText text = { "Köln", 5 };
	NfpPlace *place = g_new0(NfpPlace, 1);
	g_autoptr(NfpBatch) batch = nfp_batch_new(2, NULL);
	g_autoptr(NfpBatch) copy = NULL;

	place->as_number = 64500;
	place->as_name = place->country = place->city = place->site = place->customer = place->host =
		(NfpText){ "", 0 };
	for (guint i = 0; i < NFP_LABELS; i++)
		place->labels[i] = place->as_name;
	place->city = text;
	memset(batch->records, 0, 2 * sizeof(NfpRecord));
	batch->n = 2;
	for (guint i = 0; i < 2; i++) {
		batch->records[i].have = NFP_HAVE_PLACES;
		batch->records[i].src_place = batch->records[i].dst_place = place;
	}
	copy = again(batch, NULL);
	memset(place, 0xdb, sizeof(*place));
	cr_assert_eq(copy->records[1].dst_place->as_number, 64500);
	cr_assert_str_eq(copy->records[1].dst_place->city.text, "Köln");
	cr_assert_eq(copy->records[1].dst_place->city.length, 5);
	cr_assert_str_eq(copy->records[0].src_place->labels[7].text, "");
	cr_assert_eq(copy->records[0].src_place, copy->records[1].dst_place, "one fact stays one");
	g_free(place);
}

/* Cut anywhere, or with any octet changed: an error. With the check sum put right again: whatever it is, nothing
 * is read beyond the end (sanitizers tell). */
Test(pack, damage)
{
	g_autoptr(NfpBatch) batch = random_batch(40, 7);
	g_autoptr(GBytes) octets = nfp_pack(batch);
	gsize size;
	const uint8_t *data = g_bytes_get_data(octets, &size);
	uint64_t seed = 3;

	for (gsize n = 0; n < size; n += 1 + n / 64) {
		g_autoptr(GError) err = NULL;

		cr_assert_null(nfp_unpack(data, n, &err));
		cr_assert_not_null(err);
	}
	for (guint i = 0; i < 3000; i++) {
		g_autofree uint8_t *copy = g_memdup2(data, size);
		g_autoptr(GError) err = NULL;
		g_autoptr(NfpBatch) got = NULL;
		gsize at = nfp_test_random(&seed) % (size - 8);
		uint64_t hash;

		copy[at] ^= (uint8_t)(1 + nfp_test_random(&seed) % 255);
		cr_assert_null(nfp_unpack(copy, size, NULL));
		hash = XXH3_64bits(copy, size - 8);
		memcpy(copy + size - 8, &hash, 8);
		got = nfp_unpack(copy, size, &err);
		cr_assert_eq(got == NULL, err != NULL);
		for (uint32_t r = 0; got && r < got->n; r++)
			assert_same_json(&got->records[r], &got->records[r]);
	}
}

static GByteArray *other_version(const NfpBatch *batch, const char *name, const char *other)
{
	g_autoptr(GBytes) octets = nfp_pack(batch);
	gsize size;
	const uint8_t *data = g_bytes_get_data(octets, &size);
	GByteArray *copy = g_byte_array_new();
	uint8_t *at;
	uint64_t hash;

	g_byte_array_append(copy, data, (guint)size);
	at = memmem(copy->data, size, name, strlen(name));
	cr_assert_not_null(at);
	memcpy(at, other, strlen(other));
	hash = XXH3_64bits(copy->data, size - 8);
	memcpy(copy->data + size - 8, &hash, 8);
	return copy;
}

/* Members by their names: what is not known is left out, what is not there is zero. */
Test(pack, another_version)
{
	g_autoptr(NfpBatch) batch = random_batch(5, 11);
	g_autoptr(GByteArray) other = other_version(batch, "\x07packets", "\x07squids!");
	g_autoptr(NfpBatch) copy = nfp_unpack(other->data, other->len, NULL);

	cr_assert_not_null(copy);
	for (guint i = 0; i < 5; i++) {
		cr_assert_eq(copy->records[i].packets, 0);
		cr_assert_eq(copy->records[i].octets, batch->records[i].octets);
		cr_assert_eq(copy->records[i].flow_id, batch->records[i].flow_id);
	}
}

Test(pack, facts_of_another_version)
{
	g_autoptr(NfpBatch) batch = random_batch(NFP_TEST_KINDS, 11);
	g_autoptr(GByteArray) other = other_version(batch, "\x08NfpPlace", "\x08NfpPlaza");
	g_autoptr(NfpBatch) copy = nfp_unpack(other->data, other->len, NULL);
	guint ports = 0;

	cr_assert_not_null(copy);
	for (guint i = 0; i < copy->n; i++) {
		cr_assert_eq(copy->records[i].have & NFP_HAVE_PLACES, 0);
		cr_assert_null(copy->records[i].src_place);
		ports += (copy->records[i].have & NFP_HAVE_INTERFACES) != 0;
	}
	cr_assert_gt(ports, 0, "the other kinds of facts are there");
}
