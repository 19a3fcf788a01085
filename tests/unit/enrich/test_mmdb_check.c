/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/mmdb_check.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_sink.h"

static const NfpTestNetwork network = { "192.0.2.0/24", "autonomous_system_number=#64500" };

static const char *check(const GByteArray *file)
{
	return nfp_mmdb_check(file->data, file->len);
}

static guint8 *find(GByteArray *file, const char *text)
{
	guint8 *at = memmem(file->data, file->len, text, strlen(text));

	cr_assert(at, "%s", text);
	return at + strlen(text);
}

Test(mmdb_check, a_good_one)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(6, &network, 1, FALSE);

	cr_expect_null(check(file), "%s", check(file));
}

Test(mmdb_check, a_tree_that_does_not_fit)
{
	static const guint8 counts[][4] = { { 0x65, 0x53, 0xf1, 0 }, { 0xff, 0xff, 0xff, 0xff }, { 0x2a, 0xaa, 0xaa, 0xab }, { 0, 0, 1, 0 } };

	for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autoptr(GByteArray) file = nfp_test_mmdb(6, &network, 1, FALSE);

		memcpy(find(file, "node_count") + 1, counts[i], 4);
		cr_expect_str_eq(check(file), "its tree is larger than the file");
	}
}

Test(mmdb_check, numbers_that_cannot_be)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(6, &network, 1, FALSE);

	find(file, "record_size")[2] = 25;
	cr_expect_str_eq(check(file), "it says no good number of nodes or bits of a record");
	find(file, "record_size")[2] = 24;
	memset(find(file, "node_count") + 1, 0, 4);
	cr_expect_str_eq(check(file), "it says no good number of nodes or bits of a record");
}

Test(mmdb_check, no_description)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(6, &network, 1, FALSE);

	find(file, "MaxMind")[0] = '!';
	cr_expect_str_eq(check(file), "it is no MaxMind DB: it does not describe itself");
	cr_expect_str_eq(nfp_mmdb_check((const uint8_t *)"", 0), "it is no MaxMind DB: it does not describe itself");
}

/* Cut anywhere, and with any octet of the description changed: an answer, and no read beyond the end (run by ASan). */
Test(mmdb_check, any_damage)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(4, &network, 1, FALSE);
	gsize begin = (gsize)(find(file, "MaxMind.com") - file->data);
	guint faults = 0;

	for (gsize length = 0; length < file->len; length++) {
		g_autofree guint8 *cut = g_memdup2(file->data, length);

		cr_assert(nfp_mmdb_check(cut ? cut : (const guint8 *)"", length));
	}
	for (gsize i = begin; i < file->len; i++) {
		for (guint value = 0; value < 256; value++) {
			g_autofree guint8 *bad = g_memdup2(file->data, file->len);

			bad[i] = (guint8)value;
			faults += nfp_mmdb_check(bad, file->len) != NULL;
		}
	}
	cr_expect_gt(faults, 1000);
}

/* A pointer to a key stands for the key. */
Test(mmdb_check, pointers)
{
	static const char metadata[] = "\xab\xcd\xefMaxMind.com"
				       "\xe3\x4anode_count\xa1\x01" /* 0: map of three, 1: the key */
				       "\x4brecord_size\xa1\x18"    /* 14: the key */
				       "\x20\x01\xa1\x02";          /* node_count again, by a pointer */
	g_autoptr(GByteArray) file = g_byte_array_new();

	g_byte_array_append(file, (const guint8[64]){ 0 }, 64);
	g_byte_array_append(file, (const guint8 *)metadata, sizeof(metadata) - 1);
	cr_expect_str_eq(check(file), "its description of itself is damaged", "said twice");
	find(file, "MaxMind.com")[0] = 0xe2;
	cr_expect_null(check(file), "%s", check(file));
}
