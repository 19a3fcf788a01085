/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrich/tables.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_db.h"

/* The rows and the schema say the same. */
Test(tables, are_those_of_the_database)
{
	NfpTestDb test;

	nfp_test_db_init(&test);
	for (guint i = 0; i < NFP_TABLES_N; i++) {
		g_autofree char *count = g_strdup_printf("SELECT count(*) FROM pragma_table_info('%s')", nfp_tables[i].name);

		cr_expect_eq(nfp_database_number(test.db, count, NULL), nfp_tables[i].n + 1, "and the source");
		for (guint j = 0; j < nfp_tables[i].n; j++) {
			g_autofree char *sql = g_strdup_printf("SELECT %s FROM %s", nfp_tables[i].columns[j].name,
							       nfp_tables[i].name);
			g_autoptr(sqlite3_stmt) stmt = nfp_database_prepare(test.db, sql, NULL);

			cr_expect(stmt, "%s", sql);
		}
	}
	nfp_test_db_clear(&test);
}

Test(tables, names)
{
	const NfpTable *prefix = &nfp_tables[NFP_TABLE_PREFIX];

	cr_expect_eq(nfp_table_find("service"), NFP_TABLE_SERVICE);
	cr_expect_eq(nfp_table_find("services"), -1);
	cr_expect_eq(nfp_column_find(prefix, "cidr"), 0);
	cr_expect_eq(nfp_column_find(prefix, "asn"), -1);
	cr_expect_eq(nfp_column_guess(prefix, "ASN"), nfp_column_find(prefix, "as_number"));
	cr_expect_eq(nfp_column_guess(prefix, "IP Prefix"), 0);
	cr_expect_eq(nfp_column_guess(prefix, "Trust Anchor"), -1);
}

static const char *check(NfpTableId table, const char *column, const char *text)
{
	static char value[NFP_VALUE_TEXT];
	const char *why = "?";
	const NfpColumn *c = &nfp_tables[table].columns[nfp_column_find(&nfp_tables[table], column)];

	return nfp_column_check(c, text, value, &why) ? value : why;
}

Test(tables, values)
{
	char text[300];

	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "cidr", "2001:DB8:0::/32"), "2001:db8::/32");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "cidr", "192.0.2.1/24"), "has bits behind its length");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "cidr", ""), "is missing");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "city", ""), "");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "as_number", "AS4294967295"), "4294967295");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "as_number", "4294967296"), "is no number of an AS");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "as_number", "AS"), "is no number of an AS");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "as_number", "1.5"), "is no number of an AS");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "as_name", "a\xff"), "is not UTF-8");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "priority", "-7"), "-7");
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "priority", "--7"), "is no priority: -1000000 to 1000000");
	cr_expect_str_eq(check(NFP_TABLE_HOST, "address", "192.0.2.1"), "192.0.2.1");
	cr_expect_str_eq(check(NFP_TABLE_HOST, "address", "192.0.2.0/24"), "is no address");
	cr_expect_str_eq(check(NFP_TABLE_SERVICE, "protocol", "UDP-Lite"), "udplite");
	cr_expect_str_eq(check(NFP_TABLE_SERVICE, "protocol", "17"), "udp");
	cr_expect_str_eq(check(NFP_TABLE_SERVICE, "protocol", "89"), "89");
	cr_expect(g_str_has_prefix(check(NFP_TABLE_SERVICE, "protocol", "256"), "is no protocol"));
	cr_expect_str_eq(check(NFP_TABLE_SERVICE, "port_first", "65536"), "is no port: 0 to 65535");
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "site", text), text);
	text[255] = 'x';
	text[256] = '\0';
	cr_expect_str_eq(check(NFP_TABLE_PREFIX, "site", text), "is longer than 255 octets");
}

Test(tables, protocols)
{
	uint8_t protocol;

	cr_assert(nfp_protocol_parse("sctp", &protocol));
	cr_expect_eq(protocol, 132);
	cr_expect_str_eq(nfp_protocol_name(6), "tcp");
	cr_expect_null(nfp_protocol_name(1));
}
