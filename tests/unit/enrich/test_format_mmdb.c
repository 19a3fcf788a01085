/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_db.h"
#include "support/enrich_sink.h"

static const NfpTestNetwork networks[] = {
	{ "192.0.2.0/24", "autonomous_system_number=#64500 autonomous_system_organization=EXAMPLE" },
	{ "198.51.100.0/25", "country.iso_code=DE city.names.en=Berlin" },
	{ "10.0.0.0/8", "asn=AS64501 as_name=Flat country_code=FR city=Paris" },
	{ "11.0.0.0/8", "something=else" },
	{ "2001:db8::/32", "country.iso_code=NL" },
};

static gboolean read_file(NfpTestDb *db, const guint8 *data, gsize size, NfpTestSink *test, GError **err)
{
	g_autofree char *path = nfp_test_db_file(db, "x.mmdb");

	nfp_test_db_write(path, (const char *)data, (gssize)size);
	return nfp_format_read(nfp_format_find("mmdb"), path, &test->sink, err);
}

Test(format_mmdb, layouts_in_a_tree_of_ipv6)
{
	for (guint aliases = 0; aliases < 2; aliases++) {
		g_autoptr(GByteArray) file = nfp_test_mmdb(6, networks, G_N_ELEMENTS(networks), aliases);
		g_autoptr(GError) err = NULL;
		NfpTestSink test;
		NfpTestDb db;

		nfp_test_db_init(&db);
		nfp_test_sink_init(&test);
		cr_expect(read_file(&db, file->data, file->len, &test, &err), "%s", err ? err->message : "");
		cr_expect_str_eq(test.rows->str,
				 "cidr=10.0.0.0/8 as_number=64501 as_name=Flat country=FR city=Paris; "
				 "cidr=192.0.2.0/24 as_number=64500 as_name=EXAMPLE; "
				 "cidr=198.51.100.0/25 country=DE city=Berlin; cidr=2001:db8::/32 country=NL; ", "%s",
				 test.rows->str);
		cr_expect_eq(test.sink.skipped, 1);
		nfp_test_sink_clear(&test);
		nfp_test_db_clear(&db);
	}
}

Test(format_mmdb, a_tree_of_ipv4)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(4, networks, 2, FALSE);
	NfpTestSink test;
	NfpTestDb db;

	nfp_test_db_init(&db);
	nfp_test_sink_init(&test);
	cr_expect(read_file(&db, file->data, file->len, &test, NULL));
	cr_expect_str_eq(test.rows->str, "cidr=192.0.2.0/24 as_number=64500 as_name=EXAMPLE; "
					 "cidr=198.51.100.0/25 country=DE city=Berlin; ", "%s", test.rows->str);
	nfp_test_sink_clear(&test);
	nfp_test_db_clear(&db);
}

/* One octet after the other is wrong: an error or other rows, never an end without one. */
Test(format_mmdb, damage)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(4, networks, 2, FALSE);
	guint errors = 0;
	NfpTestDb db;

	nfp_test_db_init(&db);
	for (guint i = 0; i < file->len; i += 3) {
		g_autofree guint8 *bad = g_memdup2(file->data, file->len);
		g_autoptr(GError) err = NULL;
		NfpTestSink test;

		bad[i] ^= 0xff;
		nfp_test_sink_init(&test);
		cr_assert_eq(read_file(&db, bad, file->len, &test, &err), err == NULL);
		errors += err != NULL;
		nfp_test_sink_clear(&test);
	}
	cr_expect_gt(errors, 5);
	nfp_test_db_clear(&db);
}

Test(format_mmdb, a_tree_without_an_end)
{
	g_autoptr(GByteArray) file = nfp_test_mmdb(4, networks, 1, FALSE);
	g_autoptr(GError) err = NULL;
	NfpTestSink test;
	NfpTestDb db;

	memcpy(file->data + 6, (const guint8[]){ 0, 0, 1, 0, 0, 1 }, 6); /* both ways of node 1 lead to node 1 */
	nfp_test_db_init(&db);
	nfp_test_sink_init(&test);
	cr_expect_not(read_file(&db, file->data, file->len, &test, &err));
	cr_expect(strstr(err->message, "its tree is deeper than addresses are long"), "%s", err->message);
	nfp_test_sink_clear(&test);
	nfp_test_db_clear(&db);
}
