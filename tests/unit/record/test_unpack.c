/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "record/pack.h"
#include "record/pack_layout.h"

static void expect(GByteArray *octets, const char *message)
{
	g_autoptr(GError) err = NULL;
	uint64_t hash = XXH3_64bits(octets->data, octets->len);

	g_byte_array_append(octets, (const uint8_t *)&hash, sizeof(hash));
	cr_assert_null(nfp_unpack(octets->data, octets->len, &err));
	cr_assert(g_error_matches(err, NFP_ERROR, NFP_ERROR_FAILED));
	cr_assert_str_eq(err->message, message);
	g_byte_array_unref(octets);
}

static GByteArray *head(uint32_t magic, uint32_t image, uint32_t records)
{
	const uint32_t words[] = { magic, image, records };

	return g_byte_array_append(g_byte_array_new(), (const uint8_t *)words, sizeof(words));
}

Test(unpack, says_what_is_wrong)
{
	g_autoptr(GError) err = NULL;

	cr_assert_null(nfp_unpack((const uint8_t *)"123", 3, &err));
	cr_assert_str_eq(err->message, "it ends too early");
	g_clear_error(&err);
	cr_assert_null(nfp_unpack((const uint8_t *)"0123456789", 10, &err));
	cr_assert_str_eq(err->message, "its check sum is wrong");

	expect(head(GUINT32_SWAP_LE_BE(NFP_PACK_MAGIC), 8, 1), "no packed batch of this machine's byte order");
	expect(head(NFP_PACK_MAGIC, 7, 1), "impossible size or number of records");
	expect(head(NFP_PACK_MAGIC, 1u << 20, 1), "impossible size or number of records");
	expect(head(NFP_PACK_MAGIC, 8, NFP_BATCH_RECORDS + 1), "impossible size or number of records");
	expect(head(NFP_PACK_MAGIC, 8, 1), "it ends too early");
}
