/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <json-glib/json-glib.h>

#include "app/talkers.h"

#define START 1795390440000000000ull
#define LENGTH 10000000000ull

/* One record a pair of numbers. */
static void publish(NfpTalkers *t, uint32_t domain, uint64_t start, guint n, const uint64_t (*sizes)[2])
{
	g_autoptr(NfpBatch) batch = nfp_batch_new(n, NULL);

	batch->domain = domain;
	batch->bucket_start_ns = start;
	batch->bucket_end_ns = start + LENGTH;
	for (guint i = 0; i < n; i++)
		batch->records[i] = (NfpRecord){ .have = NFP_HAVE_IPV4 | NFP_HAVE_PLACES, .packets = sizes[i][0],
						 .octets = sizes[i][1], .src4 = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i } };
	batch->n = n;
	nfp_talkers_publish(t, batch);
}

static void done(NfpTalkers *t, uint32_t domain, uint64_t start)
{
	nfp_talkers_bucket_done(t, domain, (struct nfp_bucket){ start, start + LENGTH });
}

static JsonArray *domains(NfpTalkers *t, JsonNode **ret_root)
{
	g_autofree char *text = nfp_talkers_json(t);

	*ret_root = json_from_string(text, NULL);
	cr_assert_not_null(*ret_root, "%s", text);
	return json_object_get_array_member(json_node_get_object(*ret_root), "domains");
}

static gint64 value(JsonArray *list, guint i, const char *name)
{
	return json_object_get_int_member(json_array_get_object_element(list, i), name);
}

Test(talkers, nothing_yet)
{
	g_autoptr(NfpTalkers) t = nfp_talkers_new();
	g_autoptr(JsonNode) root = NULL;

	cr_expect_eq(json_array_get_length(domains(t, &root)), 0);
}

Test(talkers, the_bucket_shows_when_it_is_whole)
{
	static const uint64_t first[][2] = { { 1, 900 }, { 7, 700 } }, second[][2] = { { 5, 50000 } };
	g_autoptr(NfpTalkers) t = nfp_talkers_new();
	g_autoptr(JsonNode) a = NULL, b = NULL, c = NULL;
	JsonObject *top;
	JsonArray *list;

	publish(t, 0, START, 2, first);
	top = json_array_get_object_element(domains(t, &a), 0);
	cr_expect_eq(json_array_get_length(json_object_get_array_member(top, "by_octets")), 0);
	done(t, 0, START);
	publish(t, 0, START + LENGTH, 1, second);
	top = json_array_get_object_element(domains(t, &b), 0);
	cr_expect_eq(json_object_get_int_member(top, "start_ts"), (gint64)START);
	cr_expect_eq(json_object_get_int_member(top, "records"), 2);
	list = json_object_get_array_member(top, "by_octets");
	cr_expect_eq(json_array_get_length(list), 2);
	cr_expect_eq(value(list, 0, "octets"), 900);
	list = json_object_get_array_member(top, "by_packets");
	cr_expect_eq(value(list, 0, "packets"), 7);
	done(t, 0, START + LENGTH);
	top = json_array_get_object_element(domains(t, &c), 0);
	list = json_object_get_array_member(top, "by_octets");
	cr_expect_eq(json_array_get_length(list), 1);
	cr_expect_eq(value(list, 0, "octets"), 50000);
}

Test(talkers, an_empty_bucket_is_the_last_one_too)
{
	static const uint64_t first[][2] = { { 1, 900 } };
	g_autoptr(NfpTalkers) t = nfp_talkers_new();
	g_autoptr(JsonNode) root = NULL;
	JsonObject *top;

	publish(t, 0, START, 1, first);
	done(t, 0, START);
	done(t, 0, START + LENGTH);
	top = json_array_get_object_element(domains(t, &root), 0);
	cr_expect_eq(json_object_get_int_member(top, "start_ts"), (gint64)(START + LENGTH));
	cr_expect_eq(json_array_get_length(json_object_get_array_member(top, "by_octets")), 0);
}

static int descending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return x[1] < y[1] ? 1 : x[1] > y[1] ? -1 : 0;
}

/* Against sorting all of them. */
Test(talkers, the_largest_of_many)
{
	g_autoptr(NfpTalkers) t = nfp_talkers_new();
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	g_autoptr(JsonNode) root = NULL;
	static uint64_t sizes[3000][2];
	JsonArray *list;

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		sizes[i][0] = g_rand_int_range(rand, 1, 100);
		sizes[i][1] = g_rand_int_range(rand, 64, 1 << 20);
	}
	for (guint i = 0; i < 3; i++)
		publish(t, 4, START, 1000, sizes + 1000 * i);
	done(t, 4, START);
	list = json_object_get_array_member(json_array_get_object_element(domains(t, &root), 0), "by_octets");
	qsort(sizes, G_N_ELEMENTS(sizes), sizeof(sizes[0]), descending);
	cr_assert_eq(json_array_get_length(list), NFP_TALKERS);
	for (guint i = 0; i < NFP_TALKERS; i++)
		cr_expect_eq(value(list, i, "octets"), (gint64)sizes[i][1]);
}

Test(talkers, domains_have_lists_of_their_own_up_to_a_limit)
{
	static const uint64_t one[][2] = { { 1, 100 } };
	g_autoptr(NfpTalkers) t = nfp_talkers_new();
	g_autoptr(JsonNode) root = NULL;

	for (uint32_t domain = 0; domain < 100; domain++) {
		publish(t, domain, START, 1, one);
		done(t, domain, START);
	}
	cr_expect_eq(json_array_get_length(domains(t, &root)), 64);
}
