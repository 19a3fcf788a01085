/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_sink.h"

typedef struct {
	const char *format, *text, *rows, *faults;
} Case;

Test(format_csv, tables_by_their_columns)
{
	static const Case cases[] = {
		{ "csv", "cidr,as_number,as_name\n192.0.2.0/24,64500,\"Example, Inc.\"\n",
		  "cidr=192.0.2.0/24 as_number=64500 as_name=Example, Inc.; ", "" },
		{ "csv", "\xef\xbb\xbf#network,country_iso_code\r\n2001:DB8::/32,DE\r\n", "cidr=2001:db8::/32 country=DE; ", "" },
		{ "csv", "ASN,IP Prefix,Max Length,Trust Anchor\nAS13335,1.0.0.0/24,24,apnic\n",
		  "cidr=1.0.0.0/24 as_number=13335; ", "" },
		{ "tsv", "address\tname\n192.0.2.1\tgw \"x\"\n", "address=192.0.2.1 name=gw \"x\"; ", "" },
		{ "csv", "Service Name,Port Number,Transport Protocol,Description\nhttps,443,tcp,x\n,444,tcp,\nx,,udp,\nx11,6000-6063,tcp,\n",
		  "port_first=443 protocol=tcp name=https; port_first=6000 port_last=6063 protocol=tcp name=x11; ", "" },
		{ "csv", "match,role,speed\neth*,uplink,10000\n", "match=eth* role=uplink speed=10000; ", "" },
		{ "csv", "cidr,site\n\n# nothing\n10.0.0.0/8,a\n", "cidr=10.0.0.0/8 site=a; ", "" },
		{ "csv", "cidr,cidr,site\n10.0.0.0/8,11.0.0.0/8,a\n", "cidr=10.0.0.0/8 site=a; ", "" },
		{ "csv", "cidr,as_number\n10.0.0.0/8\n10.0.0.0/8,x\n10.0.0.0/8,1,2\n\"10\n,4\n", "cidr=10.0.0.0/8; ",
		  "3: x is no number of an AS; 4: 10.0.0.0/8 has more fields than the first line; "
		  "5: \"10 has a quote that does not end on its line; 6: cidr is missing; " },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		NfpTestSink test;

		nfp_test_sink_init(&test);
		cr_expect(nfp_test_sink_read(&test, cases[i].format, cases[i].text, &err), "%s", err ? err->message : "");
		cr_expect_str_eq(test.rows->str, cases[i].rows, "%s", test.rows->str);
		cr_expect_str_eq(test.faults->str, cases[i].faults, "%s", test.faults->str);
		nfp_test_sink_clear(&test);
	}
}

Test(format_csv, columns_that_are_not_used_are_told)
{
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_expect(nfp_test_sink_read(&test, "csv", "cidr,colour,site,size\n", NULL));
	cr_expect_str_eq(test.notes->str, "columns that are not used: \"colour\", \"size\"");
	nfp_test_sink_clear(&test);
}

Test(format_csv, a_first_line_that_names_nothing)
{
	static const char *const cases[][2] = {
		{ "", "it is empty" }, { "a,b\n1,2\n", "line 1 does not name the columns" }, { "\"a\n", "line 1 has a quote" },
		{ "as_number,country\n", "line 1 does not name the columns" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		NfpTestSink test;

		nfp_test_sink_init(&test);
		cr_expect_not(nfp_test_sink_read(&test, "csv", cases[i][0], &err));
		cr_expect(g_str_has_prefix(err->message, cases[i][1]), "%s", err->message);
		nfp_test_sink_clear(&test);
	}
}
