/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "support/enrich_sink.h"

Test(format_routes, the_origin_is_the_last_of_the_path)
{
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_expect(nfp_test_sink_read(&test, "routes",
				     "# a comment\n"
				     "192.0.2.0/24|64496 64497 64500\n"
				     "2001:db8::/32|64501\n"
				     "198.51.100.0/24 | AS64502 \n"
				     "TABLE_DUMP2|1700000000|B|203.0.113.1|64496|10.0.0.0/8|64496 4200000000|IGP|203.0.113.1|0|0||NAG||\n"
				     "10.9.0.0/16||\n", NULL));
	cr_expect_str_eq(test.rows->str, "cidr=192.0.2.0/24 as_number=64500; cidr=2001:db8::/32 as_number=64501; "
					 "cidr=198.51.100.0/24 as_number=64502; cidr=10.0.0.0/8 as_number=4200000000; ",
			 "%s", test.rows->str);
	cr_expect_eq(test.sink.skipped, 2, "the comment, and a route of the router itself");
	nfp_test_sink_clear(&test);
}

Test(format_routes, lines_that_are_wrong)
{
	NfpTestSink test;

	nfp_test_sink_init(&test);
	cr_expect(nfp_test_sink_read(&test, "routes",
				     "192.0.2.0/24\n10.0.0.0/8|1 {2,3}\n10.0.0.0/8|1 x\n10.0.0.1/8|1\nTABLE_DUMP2|1|B\n", NULL));
	cr_expect_str_eq(test.rows->str, "");
	cr_expect_str_eq(test.faults->str,
			 "1: 192.0.2.0/24 is not prefix|AS path; 2: 10.0.0.0/8 has a set of ASes as its origin; "
			 "3: 10.0.0.0/8 has no number of an AS at the end of its path; "
			 "4: 10.0.0.1/8 has bits behind its length; 5: B is not prefix|AS path; ", "%s", test.faults->str);
	nfp_test_sink_clear(&test);
}
